//! What a function tells its callers, and how a caller reads it.

use rustc_hash::FxHashSet;

use super::operation::OperationRecord;
use super::outcome::Reads;
use super::record::{ClientRecord, HeaderRecord, PracticeRecord, SinkRecord};
use super::taint::{Label, Taint};
use super::value::Value;
use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::symbols::Sym;

/// A variable that outlives a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cell {
    Global(ModuleId, Sym),
    Attribute(ClassRef, Sym),
    /// A local of a function, read by functions inside it.
    Captured(FunctionRef, Sym),
    /// A local of a function, written by functions inside it.
    Nonlocal(FunctionRef, Sym),
}

/// What callers need to know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) returned: Value,
    /// Sinks that something of a parameter reaches.
    pub(crate) sinks: Vec<SinkRecord>,
    /// Calls of DynamoDB whose table or keys depend on a parameter.
    pub(crate) operations: Vec<OperationRecord>,
    /// Cells that something of a parameter is written to.
    pub(crate) cells: Vec<(Cell, Value)>,
    /// What the function stores in fields of its own instance (`self.x = …`).
    pub(crate) own_fields: Vec<(Sym, Value)>,
    /// Exceptions with data in them that leave the function.
    pub(crate) raised: Vec<Value>,
    /// Entries that the function sets in its parameters.
    pub(crate) changes: Vec<(u16, Sym, Value)>,
    /// Calls of what a caller passes: `def each(call, row): call(row)`.
    pub(crate) callbacks: Vec<Callback>,
    /// What it uses of the functions around it: further parameters, after the declared ones.
    pub(crate) free: Vec<Sym>,
    /// Values of parameters that a caller leaves out.
    pub(crate) defaults: Vec<Value>,
    /// On return, these parameters' parts have been compared with each other, or else the
    /// function raises.
    pub(crate) ties: Vec<(Taint, Taint, Site)>,
    /// The same, when it returns something true.
    pub(crate) when_true: Vec<(Taint, Taint, Site)>,
}

/// A call of something that is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Callback {
    pub(crate) site: Site,
    pub(crate) callee: Value,
    pub(crate) positional: Vec<Value>,
    pub(crate) keyword: Vec<(Sym, Value)>,
    pub(crate) star: Option<Value>,
    pub(crate) double: Option<Value>,
}

/// The same entries in any order.
fn alike<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one == other || (one.len() == other.len() && one.iter().all(|entry| other.contains(entry)))
}

impl Summary {
    /// True when `other` tells callers nothing else. The order of entries is that in which they
    /// were met.
    pub(crate) fn says(&self, other: &Self) -> bool {
        self.returned == other.returned
            && self.free == other.free
            && self.defaults == other.defaults
            && alike(&self.sinks, &other.sinks)
            && alike(&self.operations, &other.operations)
            && alike(&self.cells, &other.cells)
            && alike(&self.own_fields, &other.own_fields)
            && alike(&self.changes, &other.changes)
            && alike(&self.callbacks, &other.callbacks)
            && alike(&self.ties, &other.ties)
    }

    /// Keeps what an earlier round knew.
    pub(crate) fn widen(&mut self, old: &Self) {
        let new = std::mem::replace(&mut self.returned, old.returned.clone());
        self.returned.join(&new);
        self.sinks = grown(&old.sinks, &self.sinks, MOST_KEPT, |a, b| a == b);
        self.operations = grown(&old.operations, &self.operations, MOST_KEPT, |a, b| {
            a.site == b.site && a.chain == b.chain
        });
        self.callbacks = grown_callbacks(&old.callbacks, &self.callbacks);
        self.raised = grown(
            &old.raised,
            &self.raised,
            super::exception::MOST_RAISED,
            |a, b| a == b,
        );
        self.ties = grown(&old.ties, &self.ties, 16, |a, b| a == b);
        self.when_true = grown(&old.when_true, &self.when_true, 16, |a, b| a == b);
        self.cells = grown_values(&old.cells, &self.cells);
        self.own_fields = grown_values(&old.own_fields, &self.own_fields);
        let changes = |list: &[(u16, Sym, Value)]| -> Vec<((u16, Sym), Value)> {
            list.iter()
                .map(|(index, name, value)| ((*index, *name), value.clone()))
                .collect()
        };
        self.changes = grown_values(&changes(&old.changes), &changes(&self.changes))
            .into_iter()
            .map(|((index, name), value)| (index, name, value))
            .collect();
    }
}

const MOST_KEPT: usize = 64;
/// Calls of parameters that one function tells its callers.
pub(super) const MOST_CALLBACKS: usize = 16;

fn grown<T: Clone>(old: &[T], new: &[T], most: usize, same: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut all = old.to_vec();
    for one in new {
        let room = all.len() < most;
        match all.iter_mut().find(|held| same(held, one)) {
            Some(held) => *held = one.clone(),
            None if room => all.push(one.clone()),
            None => {}
        }
    }
    all
}

/// Calls of parameters only come to be more, and what they are given does: they go round between methods that
/// call each other through `super()`.
fn grown_callbacks(old: &[Callback], new: &[Callback]) -> Vec<Callback> {
    let mut all = old.to_vec();
    for one in new {
        let room = all.len() < MOST_CALLBACKS;
        let held = all
            .iter_mut()
            .find(|held| held.site == one.site && held.callee == one.callee);
        match held {
            Some(held) => held.join(one),
            None if room => all.push(one.clone()),
            None => {}
        }
    }
    all
}

impl Callback {
    fn join(&mut self, other: &Self) {
        for (own, value) in self.positional.iter_mut().zip(&other.positional) {
            own.join(value);
        }
        for (name, value) in &other.keyword {
            if let Some((_, own)) = self.keyword.iter_mut().find(|(own, _)| own == name) {
                own.join(value);
            }
        }
        for (own, value) in [
            (&mut self.star, &other.star),
            (&mut self.double, &other.double),
        ] {
            if let Some(value) = value {
                own.get_or_insert_with(Value::default).join(value);
            }
        }
    }
}

fn grown_values<K: Clone + PartialEq>(old: &[(K, Value)], new: &[(K, Value)]) -> Vec<(K, Value)> {
    let mut all = old.to_vec();
    for (key, value) in new {
        let room = all.len() < MOST_KEPT;
        match all.iter_mut().find(|(held, _)| held == key) {
            Some((_, held)) => held.join(value),
            None if room => all.push((key.clone(), value.clone())),
            None => {}
        }
    }
    all
}

/// Everything that one analysis gives.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) summary: Summary,
    /// Complete here: nothing depends on a caller.
    pub(crate) sinks: Vec<SinkRecord>,
    pub(crate) operations: Vec<OperationRecord>,
    pub(crate) cells: Vec<(Cell, Value)>,
    pub(crate) calls: Vec<(FunctionRef, Site)>,
    pub(crate) clients: Vec<ClientRecord>,
    pub(crate) headers: Vec<HeaderRecord>,
    pub(crate) practices: Vec<PracticeRecord>,
    /// Calls of `create_table`, with the table's name.
    pub(crate) tables: Vec<(Site, Value)>,
    /// Items tied to the caller by a check.
    pub(crate) ties: Vec<(Label, Site)>,
    /// Those of them that hold from there on, whatever is done with the item: the other way
    /// returns, raises or goes on to the next.
    pub(crate) held: FxHashSet<(Label, Site)>,
    /// Every comparison that ties something, or may at a caller.
    pub(crate) looks: FxHashSet<Site>,
    /// What is not followed here.
    pub(crate) limits: Vec<(Site, super::Limit)>,
    /// Names of the functions and cells that were read, for the next round.
    pub(super) read_functions: Reads<FunctionRef>,
    pub(super) read_cells: Reads<Cell>,
    /// Exception handlers: class site → calls of operations that the `try` body holds.
    pub(crate) handlers: Vec<(Site, (u32, u32))>,
}
