use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Coverage, Location, Tool};

/// Every place in which one key was seen, in the order of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lineage {
    /// Version of this form: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Who made it.
    pub tool: Tool,
    /// The key's fingerprint under the project's salt.
    pub fingerprint: String,
    /// The provider's id; null where the key was not seen.
    pub provider: Option<String>,
    /// What it is, for people.
    pub title: Option<String>,
    /// What may be seen of it.
    pub masked: Option<String>,
    /// The earliest first; those without a day last, as they stand today.
    pub sightings: Vec<Seen>,
    /// What was read and what was not, one record a source.
    pub coverage: Vec<Coverage>,
}

/// One place in which a key was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// The kind of place.
    pub source: SeenIn,
    /// The first day, `YYYY-MM-DD`; null where only today is known.
    pub since: Option<String>,
    /// The last day; null where it is there still, or nobody knows.
    pub until: Option<String>,
    /// Where.
    pub location: Location,
    /// The name it is given there, a setting, an attribute.
    pub name: Option<String>,
    /// What is known of the place, a clause.
    pub what: String,
}

/// The kind of place in which a key was seen.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SeenIn {
    /// A commit, stash, tag, or an object that nothing names.
    History,
    /// A file as it is now.
    File,
    /// A log.
    Log,
    /// Where code sends it.
    Code,
    /// An item of a table, live or in an export.
    Item,
}

impl SeenIn {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::File => "file",
            Self::Log => "log",
            Self::Code => "code",
            Self::Item => "item",
        }
    }
}
