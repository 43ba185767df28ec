//! How far a stream was read: plain data, for whoever keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::CloudError;

const VERSION: u32 = 1;

/// Where a shard stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Position {
    /// After this sequence number.
    After(String),
    /// Read to its end.
    Done,
}

/// How far a stream was read. It names sequence numbers and nothing of any item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCheckpoint {
    version: u32,
    /// The stream's ARN.
    stream: String,
    pub(crate) shards: BTreeMap<String, Position>,
}

impl StreamCheckpoint {
    pub(crate) fn new(stream: &str) -> Self {
        Self {
            version: VERSION,
            stream: stream.to_owned(),
            shards: BTreeMap::new(),
        }
    }

    /// As JSON, to be kept.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From JSON that [`Self::to_json`] wrote for this stream.
    pub fn from_json(stream: &str, text: &str) -> Result<Self, CloudError> {
        let refused = |why: &str| CloudError::State {
            path: format!("for the stream {stream}"),
            why: why.to_owned(),
        };
        let found: Self =
            serde_json::from_str(text).map_err(|_| refused("is no checkpoint of a stream"))?;
        if found.version != VERSION {
            return Err(refused("was written by another version"));
        }
        if found.stream != stream {
            return Err(refused("is of another stream"));
        }
        Ok(found)
    }

    /// Forgets shards that the stream has no more: they can't come back.
    pub(crate) fn keep(&mut self, known: impl Fn(&str) -> bool) {
        self.shards.retain(|shard, _| known(shard));
    }
}
