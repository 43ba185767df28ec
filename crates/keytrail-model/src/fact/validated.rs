//! Whether a key still works, as its vendor says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Fingerprint, Masked};

/// What a vendor says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Liveness {
    /// It was taken.
    Live,
    /// It was refused as a key that is not valid (any more).
    Refused,
    /// The answer says neither, or there was none.
    Unknown,
}

impl Liveness {
    /// As in JSON v1: `live`, `refused`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// A vendor was asked about one of its keys, and this is all that is kept of the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Validated {
    /// Which key.
    pub fingerprint: Fingerprint,
    /// See [`crate::Sighting::provider`].
    pub provider: String,
    /// What was said.
    pub liveness: Liveness,
    /// Status of the answer; `None` without one.
    pub status: Option<u16>,
    /// The request without the key: `GET https://api.github.com/user`.
    pub asked: String,
    /// The one host that got the key.
    pub host: String,
    /// Whose key it is, masked.
    pub identity: Option<Masked>,
    /// The day, `2026-11-24`.
    pub day: String,
    /// Why it is not known; empty otherwise.
    pub why: String,
}

impl fmt::Display for Validated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, day, why, .. } = self;
        let status = self.status.unwrap_or_default();
        match self.liveness {
            Liveness::Live => {
                write!(f, "Live: {host} took it on {day} ({status}")?;
                if let Some(identity) = &self.identity {
                    write!(f, ", as {identity}")?;
                }
                f.write_str(").")
            }
            Liveness::Refused => {
                write!(f, "Refused by {host} on {day} ({status}): rotated already?")
            }
            Liveness::Unknown => write!(f, "Whether it still works is not known: {why}."),
        }
    }
}
