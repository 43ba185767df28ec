use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Safety, Tool};

/// What `fix` makes or would make, and what it leaves to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fixes {
    /// Version of this form: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Who made it.
    pub tool: Tool,
    /// True where the files were written.
    pub applied: bool,
    /// The edits of the sources, by file and place.
    pub changes: Vec<SourceEdit>,
    /// The edits of the least cut and what becomes of each; null unless the least cut was asked for.
    pub least_cut: Option<Vec<CutEdit>>,
    /// Findings that no edit closes, and why.
    pub left: Vec<LeftFinding>,
    /// Findings that count, as the tree is.
    pub findings_before: u64,
    /// Findings that count, once the edits are made.
    pub findings_after: u64,
    /// Exposure paths that the edits close.
    pub paths_closed: u64,
    /// Exposure paths, as the tree is.
    pub paths: u64,
}

/// One edit of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceEdit {
    /// The file.
    pub path: String,
    /// Line of the first change, from 1, in the file as it was.
    pub line: u32,
    /// The remedy's name.
    pub remedy: String,
    /// An imperative sentence.
    pub title: String,
    /// Whether behaviour is kept but for the leak.
    pub safety: Safety,
    /// What else changes, or what has to be done beside it; empty without.
    pub note: String,
    /// The findings that it closes.
    pub closes: Vec<FindingPlace>,
}

/// A finding, by rule and place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FindingPlace {
    /// The rule.
    pub rule: String,
    /// The file.
    pub path: String,
    /// From 1, as the file was.
    pub line: u32,
}

/// An edit of the least cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CutEdit {
    /// The same as in the report's `least_cut`.
    pub id: String,
    /// An imperative sentence: what is to be done.
    pub title: String,
    /// The file.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// Whether it is made.
    pub state: CutState,
    /// Why it is not made, or what else it changes; empty without.
    pub note: String,
}

/// What becomes of an edit of the least cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CutState {
    /// Among `changes`.
    Automatic,
    /// There is an edit, which changes more than the leak and is not made without `--unsafe`.
    NeedsUnsafe,
    /// A person has to do it.
    ByHand,
}

/// A finding that no edit closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftFinding {
    /// Which.
    pub finding: FindingPlace,
    /// Why.
    pub why: String,
}
