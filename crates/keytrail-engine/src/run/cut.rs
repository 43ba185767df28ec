//! What becomes of each edit of the least cut: made, only on wish, or left to a person.

use std::collections::BTreeMap;

use keytrail_model::{Edit, FixSafety};
use keytrail_remedy::{Change, Edited};

/// An edit of the least cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutEdit {
    /// What is to be done, and where.
    pub edit: Edit,
    /// What becomes of it.
    pub state: CutState,
}

/// What becomes of an edit of the least cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CutState {
    /// A change of the sources makes it.
    Automatic,
    /// A change would make it that alters more than the leak: what.
    NeedsUnsafe(String),
    /// A person has to do it: why.
    ByHand(&'static str),
}

/// What was proposed for each edit, before anything was tried.
pub(super) struct Proposed(BTreeMap<String, Option<String>>);

impl Proposed {
    /// Of these changes; those that are not safe are held back unless that is allowed.
    pub(super) fn of(changes: &[Change], allow_unsafe: bool) -> Self {
        let mut proposed: BTreeMap<String, Option<String>> = BTreeMap::new();
        for change in changes {
            let held = !allow_unsafe && change.safety != FixSafety::Safe;
            let held = held.then(|| change.note.clone());
            for edit in &change.edits {
                let known = proposed.entry(edit.clone()).or_insert_with(|| held.clone());
                // One that may be made is enough.
                if held.is_none() {
                    *known = None;
                }
            }
        }
        Self(proposed)
    }

    /// What became of the cut's edits once the files were edited and read again.
    pub(super) fn settle(&self, cut: Vec<Edit>, files: &[Edited]) -> Vec<CutEdit> {
        let made = |edit: &Edit| {
            let mut changes = files.iter().flat_map(|file| &file.changes);
            changes.any(|change| change.edits.contains(&edit.id))
        };
        let state = |edit: &Edit| match self.0.get(&edit.id) {
            _ if made(edit) => CutState::Automatic,
            Some(Some(note)) => CutState::NeedsUnsafe(note.clone()),
            Some(None) => CutState::ByHand("the automatic edit does not hold here"),
            None => CutState::ByHand("no automatic edit fits here"),
        };
        cut.into_iter()
            .map(|edit| CutEdit {
                state: state(&edit),
                edit,
            })
            .collect()
    }
}
