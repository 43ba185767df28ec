//! One change of an item. Its images may hold keys: they are handed out by reference and never shown.

use std::fmt;

use serde_json::{Map, Value};

/// What happened to the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamChange {
    /// It is new.
    Insert,
    /// It was changed.
    Modify,
    /// It was removed.
    Remove,
}

/// One change, as the stream tells it: what, not by whom.
#[derive(Clone)]
pub struct StreamRecord {
    /// What happened.
    pub change: StreamChange,
    /// Its place in the shard.
    pub sequence: String,
    /// Seconds since 1970, roughly.
    pub at: f64,
    /// True where the service itself did it, because the item expired.
    pub expired: bool,
    keys: Map<String, Value>,
    new: Option<Map<String, Value>>,
    old: Option<Map<String, Value>>,
}

/// Law 1: no value of an item.
impl fmt::Debug for StreamRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let image = |image: &Option<Map<String, Value>>| image.as_ref().map(Map::len);
        f.debug_struct("StreamRecord")
            .field("change", &self.change)
            .field("sequence", &self.sequence)
            .field("attributes_new", &image(&self.new))
            .field("attributes_old", &image(&self.old))
            .finish_non_exhaustive()
    }
}

impl StreamRecord {
    /// From a record of `GetRecords`; `None` where it is none.
    pub(crate) fn of(mut record: Value) -> Option<Self> {
        let change = match record.get("eventName")?.as_str()? {
            "INSERT" => StreamChange::Insert,
            "MODIFY" => StreamChange::Modify,
            "REMOVE" => StreamChange::Remove,
            _ => return None,
        };
        let expired = record
            .get("userIdentity")
            .and_then(|who| who.get("PrincipalId").or_else(|| who.get("principalId")))
            .and_then(Value::as_str)
            == Some("dynamodb.amazonaws.com");
        let body = record.get_mut("dynamodb")?;
        let at = body
            .get("ApproximateCreationDateTime")
            .and_then(Value::as_f64);
        let mut image = |name: &str| match body.get_mut(name).map(Value::take) {
            Some(Value::Object(fields)) => Some(fields),
            _ => None,
        };
        let keys = image("Keys").unwrap_or_default();
        let (new, old) = (image("NewImage"), image("OldImage"));
        Some(Self {
            change,
            sequence: body.get("SequenceNumber")?.as_str()?.to_owned(),
            at: at.unwrap_or_default(),
            expired,
            keys,
            new,
            old,
        })
    }

    /// The item's key.
    pub fn keys(&self) -> &Map<String, Value> {
        &self.keys
    }

    /// The item as it is now, where the stream carries it.
    pub fn new_image(&self) -> Option<&Map<String, Value>> {
        self.new.as_ref()
    }

    /// The item as it was, where the stream carries it.
    pub fn old_image(&self) -> Option<&Map<String, Value>> {
        self.old.as_ref()
    }
}
