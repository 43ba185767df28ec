//! Keys in the items of a table.

use super::AttributePath;
use crate::{Fingerprint, Location};
use serde::{Deserialize, Serialize};

/// One key that was seen in an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoredKey {
    /// `None` for keys of low entropy.
    pub fingerprint: Option<Fingerprint>,
    /// What a person may see of the key: its mask as text, for it outlives a stop of the scan.
    pub masked: String,
    /// Provider's id.
    pub provider: String,
    /// The item's primary key, masked.
    pub item: String,
}

/// What the values of one attribute are, over all items that were read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoredKeys {
    /// The table's name.
    pub table: String,
    /// `metadata.api_key`; elements of lists and sets go by the list's name.
    pub attribute: AttributePath,
    /// The table in its account, or the file with its items.
    pub location: Location,
    /// Items that were read.
    pub items: u64,
    /// Values of the attribute in them.
    pub values: u64,
    /// Values that are keys.
    pub keys: u64,
    /// Keys by provider's id.
    pub providers: Vec<(String, u64)>,
    /// Keys by their length in characters, the most frequent first.
    pub shapes: Vec<(u64, u64)>,
    /// Some of the keys, each once, as they were met.
    pub examples: Vec<StoredKey>,
    /// True where only a sample of the items was read.
    pub sampled: bool,
    /// The day the items are of, `2024-05-31`; `None` for today.
    pub day: Option<String>,
}
