//! Runs the analysis of all functions until nothing changes.
//!
//! Bodies of modules and classes come first, then every function once. From then on sweeps go from
//! callees to callers: of each level, the functions whose callees or cells changed are analysed in
//! parallel and against what was known before that level. What a level gives does not depend on
//! the order in which it was computed (law 6).

use std::collections::BTreeSet;
use std::sync::Arc;

use keytrail_model::Progress;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::interp::{Cell, Kept, Machine, Ran, Shared, State, Summary, Value};
use crate::order;
use crate::program::{FunctionRef, Site};
use crate::syntax::ir::FunctionKind;

/// Longer chains of calls than this are cut: what they would still add is lost, and counted.
pub(crate) const MOST_ROUNDS: usize = 14;
/// From this round on summaries only grow. Bounds on their size make the analysis forget, and
/// what it forgets in turn could keep two functions changing each other for ever.
const WIDEN_AFTER: usize = 5;
/// A variable that has become more so often is a bag: its parts are not told apart any longer, or
/// every use would change it again.
const MOST_GROWTH: u16 = 48;

/// The outcome of every function.
pub(crate) struct Fixpoint {
    pub(crate) functions: Vec<FunctionRef>,
    pub(crate) outcomes: Vec<Kept>,
    pub(crate) state: State,
    pub(crate) rounds: usize,
    /// Functions that would still have changed.
    pub(crate) unfinished: usize,
}

pub(crate) fn run(shared: &Shared<'_>, progress: &Progress) -> Fixpoint {
    let functions: Vec<FunctionRef> = shared.program.functions().collect();
    let mut state = State::default();
    let nothing = Arc::new(Summary::default());
    for module in &shared.program.modules {
        state.offsets.push(state.summaries.len());
        let summaries = module.ir.functions.iter().map(|_| Arc::clone(&nothing));
        state.summaries.extend(summaries);
    }
    progress.expect(functions.len() as u64);
    let count = functions.len();
    let mut sweeps = Sweeps {
        shared,
        outcomes: std::iter::repeat_with(Kept::default).take(count).collect(),
        dependents: Dependents::new(count),
        reads: vec![0; count],
        functions,
        state,
        growth: FxHashMap::default(),
    };
    // module and class bodies first: they fill the cells that functions read
    let (bodies, rest): (Vec<usize>, Vec<usize>) =
        (0..count).partition(|&index| sweeps.is_body(index));
    let changed = sweeps.wave(&bodies, false);
    progress.advance(bodies.len() as u64);
    let mut first: BTreeSet<usize> = rest.into_iter().collect();
    first.extend(changed);
    let first: Vec<usize> = first.into_iter().collect();
    let mut dirty: BTreeSet<usize> = sweeps.wave(&first, false).into_iter().collect();
    progress.advance(first.len() as u64);
    let levels = order::levels(&sweeps.callees());
    let mut rounds = 2;
    while !dirty.is_empty() && rounds < MOST_ROUNDS {
        dirty = sweeps.sweep(&levels, dirty, rounds >= WIDEN_AFTER, progress);
        rounds += 1;
    }
    Fixpoint {
        functions: sweeps.functions,
        outcomes: sweeps.outcomes,
        state: sweeps.state,
        rounds,
        unfinished: dirty.len(),
    }
}

/// Who reads what, each reader once.
struct Dependents {
    of_function: Vec<Vec<u32>>,
    of_cell: FxHashMap<Cell, Vec<u32>>,
}

impl Dependents {
    fn new(functions: usize) -> Self {
        Self {
            of_function: vec![Vec::new(); functions],
            of_cell: FxHashMap::default(),
        }
    }

    fn add(list: &mut Vec<u32>, reader: usize) {
        let reader = u32::try_from(reader).unwrap_or(u32::MAX);
        if let Err(at) = list.binary_search(&reader) {
            list.insert(at, reader);
        }
    }
}

struct Sweeps<'a> {
    shared: &'a Shared<'a>,
    functions: Vec<FunctionRef>,
    state: State,
    outcomes: Vec<Kept>,
    dependents: Dependents,
    /// The digest of what each function read last.
    reads: Vec<u64>,
    /// How often a cell has become more.
    growth: FxHashMap<Cell, u16>,
}

impl Sweeps<'_> {
    fn is_body(&self, index: usize) -> bool {
        let function = self.functions[index];
        let module = self.shared.program.module(function.0);
        matches!(
            module.ir.function(function.1).kind,
            FunctionKind::Module | FunctionKind::ClassBody
        )
    }

    fn callees(&self) -> Vec<Vec<usize>> {
        let index = |(callee, _): &(FunctionRef, Site)| self.state.index(*callee);
        self.outcomes
            .iter()
            .map(|outcome| outcome.calls.iter().map(index).collect())
            .collect()
    }

    /// Analyses `dirty` level by level, and what becomes dirty above on the way; returns who
    /// must run in the next sweep.
    fn sweep(
        &mut self,
        levels: &[usize],
        dirty: BTreeSet<usize>,
        widen: bool,
        progress: &Progress,
    ) -> BTreeSet<usize> {
        let mut next = BTreeSet::new();
        let mut pending: BTreeSet<(usize, usize)> = dirty
            .into_iter()
            .map(|index| (levels[index], index))
            .collect();
        while let Some(&(level, _)) = pending.first() {
            let above = pending.split_off(&(level + 1, 0));
            let wave: Vec<usize> = pending.iter().map(|(_, index)| *index).collect();
            pending = above;
            for index in self.wave(&wave, widen) {
                if levels[index] > level {
                    pending.insert((levels[index], index));
                } else {
                    next.insert(index);
                }
            }
            progress.advance(wave.len() as u64);
        }
        next
    }

    /// Analyses `dirty` in parallel, each against what was known before; returns who reads what
    /// has changed.
    fn wave(&mut self, dirty: &[usize], widen: bool) -> Vec<usize> {
        let sweeps = &*self;
        let results: Vec<Ran> = dirty
            .par_iter()
            .with_min_len(16)
            .map(|&index| sweeps.ran(index, widen))
            .collect();
        let mut changed: Vec<usize> = Vec::new();
        let mut changed_cells: Vec<Cell> = Vec::new();
        for (&index, ran) in dirty.iter().zip(results) {
            self.note_reads(index, &ran);
            if let Some(summary) = ran.summary {
                self.state.summaries[index] = summary;
                changed.push(index);
            }
            for (cell, value) in ran.cells {
                if self.write(cell, &value) {
                    changed_cells.push(cell);
                }
            }
            self.outcomes[index] = ran.kept;
        }
        // readers of this very wave count too: all of them are known only now
        let mut next: Vec<u32> = Vec::new();
        for index in changed {
            next.extend(&self.dependents.of_function[index]);
        }
        for cell in changed_cells {
            next.extend(self.dependents.of_cell.get(&cell).into_iter().flatten());
        }
        next.sort_unstable();
        next.dedup();
        next.into_iter().map(|index| index as usize).collect()
    }

    /// One function, and of what it gives only what is not known yet.
    fn ran(&self, index: usize, widen: bool) -> Ran {
        let outcome = Machine::run(self.shared, &self.state, self.functions[index]);
        let old = &self.state.summaries[index];
        let mut ran = Ran::of(outcome, old, widen, self.reads[index]);
        ran.cells.retain(|(cell, value)| self.adds(*cell, value));
        ran
    }

    fn note_reads(&mut self, index: usize, ran: &Ran) {
        let Some((functions, cells)) = &ran.reads else {
            return;
        };
        self.reads[index] = ran.digest;
        for read in functions {
            let callee = self.state.index(*read);
            Dependents::add(&mut self.dependents.of_function[callee], index);
        }
        for read in cells {
            Dependents::add(self.dependents.of_cell.entry(*read).or_default(), index);
        }
    }

    /// True when `value` is more than the cell holds.
    fn adds(&self, cell: Cell, value: &Value) -> bool {
        let Some(old) = self.state.cells.get(&cell) else {
            return true;
        };
        grow(&mut old.clone(), self.grown(cell), value)
    }

    /// How often a cell has become more.
    fn grown(&self, cell: Cell) -> u16 {
        self.growth.get(&cell).copied().unwrap_or_default()
    }

    /// Joins `value` into a cell; true when the cell became more.
    fn write(&mut self, cell: Cell, value: &Value) -> bool {
        let growth = self.grown(cell);
        let Some(old) = self.state.cells.get_mut(&cell) else {
            self.state.cells.insert(cell, value.clone());
            return true;
        };
        if !grow(old, growth, value) {
            return false;
        }
        self.growth.insert(cell, growth.saturating_add(1));
        if growth.saturating_add(1) == MOST_GROWTH {
            *old = old.flat();
        }
        true
    }
}

/// Joins `value` into what a cell holds that has become more so often; true when it does again.
fn grow(held: &mut Value, growth: u16, value: &Value) -> bool {
    if growth < MOST_GROWTH {
        held.grow(value)
    } else {
        held.grow(&value.flat())
    }
}
