//! Keys in the history of a repository.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::Sighting;

/// One commit, as far as a person needs it to find it again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommitRef {
    /// Its full name.
    pub id: Arc<str>,
    /// The day its author wrote it, `2024-05-31`, in UTC.
    pub date: String,
}

/// What still holds a version of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Held {
    /// The commit that is checked out: the key is still there.
    Head,
    /// Branches, tags or stashes, by their names, whose last commit has it still.
    Tips(Vec<String>),
    /// Earlier commits of branches, tags or stashes: every clone has it.
    Reachable,
    /// Commits that only the reflog of this clone still names.
    Reflog,
    /// Nothing: objects that wait for the garbage collector of this clone.
    Nothing,
}

/// A key in one file of the history.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Committed {
    /// The key, at its place in the first version of the file that has it.
    pub sighting: Sighting,
    /// The first commit with it; `None` where only an object has it that no commit holds.
    pub first: Option<CommitRef>,
    /// The last commit with it.
    pub last: Option<CommitRef>,
    /// How many commits have it.
    pub commits: u64,
    /// What still holds it.
    pub held: Held,
}
