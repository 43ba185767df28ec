//! Runs the analysis of all functions until nothing changes.
//!
//! Each round analyses, in parallel and against the results of the round before, the functions
//! whose callees or cells changed. What a round gives does not depend on the order in which it
//! was computed (law 6).

use std::sync::Arc;

use keytrail_model::Progress;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::interp::{Cell, Machine, Outcome, Shared, State, Summary, Value};
use crate::program::FunctionRef;
use crate::syntax::ir::FunctionKind;

/// Longer chains of calls than this are cut: what they would still add is lost, and counted.
const MOST_ROUNDS: usize = 14;
/// From this round on summaries only grow. Bounds on their size make the analysis forget, and
/// what it forgets in turn could keep two functions changing each other for ever.
const WIDEN_AFTER: usize = 5;

/// The outcome of every function.
pub(crate) struct Fixpoint {
    pub(crate) functions: Vec<FunctionRef>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) state: State,
    pub(crate) rounds: usize,
    /// Functions that would still have changed.
    pub(crate) unfinished: usize,
}

pub(crate) fn run(shared: &Shared<'_>, progress: &Progress) -> Fixpoint {
    let functions: Vec<FunctionRef> = shared.program.functions().collect();
    let mut state = State::default();
    for module in &shared.program.modules {
        state.offsets.push(state.summaries.len());
        state.summaries.extend(
            module
                .ir
                .functions
                .iter()
                .map(|_| Arc::new(Summary::default())),
        );
    }
    progress.expect(functions.len() as u64);
    let mut outcomes: Vec<Outcome> = Vec::new();
    outcomes.resize_with(functions.len(), Outcome::default);
    // module and class bodies first: they fill the cells that functions read
    let (bodies, rest): (Vec<usize>, Vec<usize>) = (0..functions.len()).partition(|&index| {
        let function = functions[index];
        let kind = shared
            .program
            .module(function.0)
            .ir
            .function(function.1)
            .kind;
        matches!(kind, FunctionKind::Module | FunctionKind::ClassBody)
    });
    let mut dependents = Dependents::default();
    let mut dirty = bodies;
    let mut rest = Some(rest);
    let mut rounds = 0;
    loop {
        let changed = round(
            shared,
            &functions,
            &dirty,
            &mut state,
            &mut outcomes,
            &mut dependents,
            rounds >= WIDEN_AFTER,
        );
        progress.advance(dirty.len() as u64);
        rounds += 1;
        dirty = changed;
        if let Some(rest) = rest.take() {
            dirty.extend(rest);
            dirty.sort_unstable();
            dirty.dedup();
        }
        if dirty.is_empty() || rounds >= MOST_ROUNDS {
            break;
        }
    }
    let unfinished = dirty.len();
    Fixpoint {
        functions,
        outcomes,
        state,
        rounds,
        unfinished,
    }
}

/// Who reads what.
#[derive(Default)]
struct Dependents {
    of_function: FxHashMap<usize, FxHashSet<usize>>,
    of_cell: FxHashMap<Cell, FxHashSet<usize>>,
}

/// One round over `dirty`; returns who must run next, sorted.
fn round(
    shared: &Shared<'_>,
    functions: &[FunctionRef],
    dirty: &[usize],
    state: &mut State,
    outcomes: &mut [Outcome],
    dependents: &mut Dependents,
    widen: bool,
) -> Vec<usize> {
    let results: Vec<Outcome> = dirty
        .par_iter()
        .with_min_len(16)
        .map(|&index| Machine::run(shared, state, functions[index]))
        .collect();
    let mut next: FxHashSet<usize> = FxHashSet::default();
    let mut changed_functions = Vec::new();
    let mut changed_cells: Vec<Cell> = Vec::new();
    for (&index, mut outcome) in dirty.iter().zip(results) {
        for &read in &outcome.read_functions {
            dependents
                .of_function
                .entry(state.index(read))
                .or_default()
                .insert(index);
        }
        for &read in &outcome.read_cells {
            dependents.of_cell.entry(read).or_default().insert(index);
        }
        let mut summary = std::mem::take(&mut outcome.summary);
        if widen {
            summary.widen(&state.summaries[index]);
        }
        if *state.summaries[index] != summary {
            state.summaries[index] = Arc::new(summary);
            changed_functions.push(index);
        }
        for (cell, value) in outcome.cells.drain(..) {
            if write(state, cell, &value) {
                changed_cells.push(cell);
            }
        }
        outcomes[index] = outcome;
    }
    for index in changed_functions {
        next.extend(dependents.of_function.get(&index).into_iter().flatten());
    }
    for cell in changed_cells {
        next.extend(dependents.of_cell.get(&cell).into_iter().flatten());
    }
    let mut next: Vec<usize> = next.into_iter().collect();
    next.sort_unstable();
    next
}

/// Joins `value` into a cell; true when the cell became more.
fn write(state: &mut State, cell: Cell, value: &Value) -> bool {
    match state.cells.get_mut(&cell) {
        None => {
            state.cells.insert(cell, value.clone());
            true
        }
        Some(old) => {
            let before = old.clone();
            old.join(value);
            *old != before
        }
    }
}
