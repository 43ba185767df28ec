//! What is kept of one analysis of a function until the next one.

use std::hash::{Hash, Hasher as _};
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashSet, FxHasher};

use super::summary::{Cell, Outcome, Summary};
use super::value::Value;
use crate::program::{FunctionRef, Site};

/// What was read, in the order of reading, most repetitions left out.
#[derive(Debug)]
pub(super) struct Reads<T> {
    list: Vec<T>,
    /// What was read lately, by digest.
    recent: [Option<T>; RECENT],
}

const RECENT: usize = 32;

impl<T: Copy> Default for Reads<T> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            recent: [None; RECENT],
        }
    }
}

impl<T: Copy + Eq + Hash> Reads<T> {
    pub(super) fn insert(&mut self, read: T) {
        let mut hasher = FxHasher::default();
        read.hash(&mut hasher);
        let digest = usize::try_from(hasher.finish() >> 32).unwrap_or(0);
        let recent = &mut self.recent[digest % RECENT];
        if *recent != Some(read) {
            *recent = Some(read);
            self.list.push(read);
        }
    }

    /// Each once.
    fn into_set(mut self) -> Vec<T> {
        let mut seen = FxHashSet::default();
        self.list.retain(|read| seen.insert(*read));
        self.list
    }
}

/// Functions and cells, each once.
type ReadSets = (Vec<FunctionRef>, Vec<Cell>);

/// One analysis, against what was known before it.
pub(crate) struct Ran {
    /// The summary, where it tells callers something else than before.
    pub(crate) summary: Option<Arc<Summary>>,
    pub(crate) cells: Vec<(Cell, Value)>,
    /// What was read, where it is not what was read last time.
    pub(crate) reads: Option<ReadSets>,
    /// Of what was read.
    pub(crate) digest: u64,
    pub(crate) kept: Kept,
}

impl Ran {
    /// `known` is the summary of the analysis before this one, `digest` what it had read.
    pub(crate) fn of(mut outcome: Outcome, known: &Summary, widen: bool, digest: u64) -> Self {
        let functions = std::mem::take(&mut outcome.read_functions);
        let cells = std::mem::take(&mut outcome.read_cells);
        let mut hasher = FxHasher::default();
        (&functions.list, &cells.list).hash(&mut hasher);
        let read = hasher.finish();
        let mut summary = std::mem::take(&mut outcome.summary);
        if widen {
            summary.widen(known);
        }
        Self {
            summary: (!known.says(&summary)).then(|| Arc::new(summary)),
            cells: std::mem::take(&mut outcome.cells),
            reads: (read != digest).then(|| (functions.into_set(), cells.into_set())),
            digest: read,
            kept: Kept::of(outcome),
        }
    }
}

/// What facts are made of. Most functions only call others.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Each once, in the order in which they were met.
    pub(crate) calls: Box<[(FunctionRef, Site)]>,
    rest: Option<Box<Outcome>>,
}

impl Kept {
    fn of(mut outcome: Outcome) -> Self {
        let mut calls = std::mem::take(&mut outcome.calls);
        let mut seen = FxHashSet::default();
        calls.retain(|call| seen.insert(*call));
        Self {
            calls: calls.into_boxed_slice(),
            rest: (!outcome.notes_nothing()).then(|| Box::new(outcome)),
        }
    }
}

static NOTHING: LazyLock<Outcome> = LazyLock::new(Outcome::default);

impl Deref for Kept {
    type Target = Outcome;

    /// All but the calls.
    fn deref(&self) -> &Outcome {
        self.rest.as_deref().unwrap_or(&NOTHING)
    }
}

impl Outcome {
    /// True when nothing of it is needed for facts, but for what it calls.
    fn notes_nothing(&self) -> bool {
        self.sinks.is_empty()
            && self.operations.is_empty()
            && self.clients.is_empty()
            && self.headers.is_empty()
            && self.practices.is_empty()
            && self.tables.is_empty()
            && self.ties.is_empty()
            && self.held.is_empty()
            && self.looks.is_empty()
            && self.limits.is_empty()
            && self.handlers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_again_is_told_once_and_only_when_it_is_something_else() {
        let outcome = |reads: &[u32]| {
            let mut outcome = Outcome::default();
            for &read in reads {
                outcome.read_functions.insert(FunctionRef(0, read));
            }
            outcome
        };
        let known = Summary::default();
        let first = Ran::of(outcome(&[3, 1, 2, 4, 5, 6, 3]), &known, false, 0);
        let read = first.reads.map(|(functions, _)| functions.len());
        assert_eq!(read, Some(6));
        let again = Ran::of(outcome(&[3, 1, 2, 4, 5, 6, 3]), &known, false, first.digest);
        assert!(again.reads.is_none());
        let more = Ran::of(outcome(&[1, 2]), &known, false, first.digest);
        assert!(more.reads.is_some());
        assert!(more.summary.is_none());
    }

    #[test]
    fn calls_are_kept_once_in_order() {
        let call = |callee| (FunctionRef(0, callee), Site(0, callee));
        let outcome = Outcome {
            calls: vec![call(2), call(1), call(2)],
            ..Outcome::default()
        };
        let kept = Kept::of(outcome);
        assert_eq!(*kept.calls, [call(2), call(1)]);
        assert!(kept.rest.is_none());
    }
}
