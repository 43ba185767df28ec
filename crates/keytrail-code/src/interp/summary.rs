//! What a function tells its callers, and how a caller reads it.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::operation::OperationRecord;
use super::outcome::Reads;
use super::record::{ClientRecord, HeaderRecord, PracticeRecord, SinkRecord};
use super::shape::{Aws, Clause, NameSourceRef, Shape};
use super::taint::{Fields, Label, Taint, Tie, then};
use super::value::Value;
use super::{Trace, What};
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

/// Of a value that comes from more places than this, the parts are not told apart: each would be
/// joined with all the others.
const MOST_STRUCTURED: usize = 4;

/// `value` of a callee as its caller sees it, `bindings` being the parameters' values.
pub(crate) fn substitute(
    value: &Value,
    bindings: &[Value],
    site: Site,
    callee: FunctionRef,
) -> Value {
    substitute_at(value, bindings, site, callee, 0)
}

fn substitute_at(
    value: &Value,
    bindings: &[Value],
    site: Site,
    callee: FunctionRef,
    depth: u32,
) -> Value {
    if !value.has_params() && !value.has_open_tie() {
        return value.clone();
    }
    let mut result = Value::default();
    if let Some(fields) = &value.fields
        && depth < 4
    {
        result.fields = Some(
            fields
                .iter()
                .map(|(name, value)| {
                    (
                        *name,
                        substitute_at(value, bindings, site, callee, depth + 1),
                    )
                })
                .collect(),
        );
    }
    let passed = |taint: &&Taint| matches!(taint.label, Label::Param(_));
    let many = value.taints.iter().filter(passed).count() > MOST_STRUCTURED;
    for taint in &value.taints {
        if let Label::Param(index) = taint.label {
            if let Some(binding) = bindings.get(usize::from(index)) {
                let mut part = at_path(binding, &named(&taint.path, bindings));
                if many {
                    part = part.flat();
                    part.taints
                        .retain(|one| !result.holds(one, taint.transform));
                }
                part.shapes
                    .retain(|shape| matches!(shape, Shape::SomeEntry));
                part = pass(&part, taint, site, callee);
                if let Some(tie) = taint.tie.as_ref().and_then(|tie| bound_tie(tie, bindings)) {
                    part = part.tied(&|_| Some(tie.clone()));
                }
                // parts that the callee set itself stay what it made them
                if result.fields.is_some() && taint.path.is_empty() {
                    for (name, inner) in part.fields.iter().flat_map(|fields| fields.iter()) {
                        if result.own_field(*name).is_none() {
                            result.set_field(*name, inner.clone());
                        }
                    }
                    for taint in part.taints {
                        result.add_taint(taint);
                    }
                } else {
                    result.join(&part);
                }
            }
        } else {
            let mut taint = taint.clone();
            taint.path = named(&taint.path, bindings);
            taint.tie = taint
                .tie
                .as_ref()
                .and_then(|tie| bound_tie(tie, bindings))
                .map(Box::new);
            result.add_taint(taint);
        }
    }
    for shape in &value.shapes {
        substitute_shape(shape, bindings, site, callee, depth, &mut result);
    }
    result
}

/// A path whose unknown names are what the caller gives for them.
fn named(path: &Fields, bindings: &[Value]) -> Fields {
    if path.iter().all(|name| name.giver().is_none()) {
        return *path;
    }
    let name = |name: &Sym| match name.giver() {
        None => *name,
        Some(parameter) => match bindings.get(usize::from(parameter)) {
            Some(given) => given
                .constant()
                .or_else(|| super::expr::given_name(given))
                .unwrap_or(Sym::ANY),
            None => Sym::ANY,
        },
    };
    path.iter().map(name).collect()
}

/// A callee's check, knowing what was compared: of the caller's identity, of what may yet be it, or
/// of something that ties nothing.
fn bound_tie(tie: &Tie, bindings: &[Value]) -> Option<Tie> {
    let Some((index, path)) = &tie.given else {
        return Some(tie.clone());
    };
    let compared = at_path(bindings.get(usize::from(*index))?, path);
    let given = |given| Tie {
        site: tie.site,
        given,
    };
    if compared.taints.iter().any(Taint::is_identity) {
        return Some(given(None));
    }
    compared.taints.iter().find_map(|taint| match taint.label {
        Label::Param(index) => Some(given(Some((index, taint.path)))),
        _ => None,
    })
}

/// The caller's value with what the callee did to it.
fn pass(part: &Value, taint: &Taint, site: Site, callee: FunctionRef) -> Value {
    let stepped = |trace: &Trace| {
        then(
            &super::taint::hop(site, What::Passed(callee), trace),
            &taint.trace,
        )
    };
    let mut part = part.map_traces(&stepped, 0);
    if taint.transform != keytrail_model::Transform::None {
        part = match taint.transform {
            keytrail_model::Transform::Masked => part.sliced(),
            other => part.transformed(other),
        };
    }
    part
}

fn substitute_shape(
    shape: &Shape,
    bindings: &[Value],
    site: Site,
    callee: FunctionRef,
    depth: u32,
    result: &mut Value,
) {
    let inner = |value: &Value| substitute_at(value, bindings, site, callee, depth + 1);
    match shape {
        Shape::Param(index, path) => {
            if let Some(binding) = bindings.get(usize::from(*index)) {
                for shape in at_path(binding, &named(path, bindings)).shapes {
                    result.add_shape(shape);
                }
            }
        }
        Shape::NameSource(NameSourceRef::Named(index)) => {
            let Some(binding) = bindings.get(usize::from(*index)) else {
                return;
            };
            if let Some(name) = binding.constant() {
                result.add_shape(Shape::NameSource(NameSourceRef::Environment(name)));
                let trace = super::taint::hop(site, What::Source, &None);
                result.join(&Value::tainted(Label::Environment(name), trace));
            }
            for shape in &binding.shapes {
                if let Shape::Param(index, path) = shape
                    && path.is_empty()
                {
                    result.add_shape(Shape::NameSource(NameSourceRef::Named(*index)));
                }
            }
        }
        Shape::Aws(aws) if depth < 4 => result.add_shape(match &**aws {
            Aws::Open(service, resource) => {
                Shape::Aws(Arc::new(Aws::of_service(inner(service), *resource)))
            }
            Aws::Table(name) if name.has_params() => Shape::Aws(Arc::new(Aws::Table(inner(name)))),
            Aws::BatchWriter(name) if name.has_params() => {
                Shape::Aws(Arc::new(Aws::BatchWriter(inner(name))))
            }
            _ => shape.clone(),
        }),
        Shape::Condition(clauses) if depth < 4 => {
            let clauses = clauses
                .iter()
                .map(|clause| Clause {
                    value: inner(&clause.value),
                    ..clause.clone()
                })
                .collect();
            result.add_shape(Shape::Condition(Arc::new(clauses)));
        }
        Shape::Closure(function, captured) if depth < 4 => {
            let captured = captured
                .iter()
                .map(|(name, value)| (*name, inner(value)))
                .collect();
            result.add_shape(Shape::Closure(*function, Arc::new(captured)));
        }
        Shape::Partial(partial) if depth < 4 => {
            result.add_shape(Shape::Partial(Arc::new(partial.map(&inner))));
        }
        other => result.add_shape(other.clone()),
    }
}

pub(crate) fn at_path(value: &Value, path: &[Sym]) -> Value {
    let mut part = value.clone();
    for &name in path {
        part = part.field(name);
    }
    part
}
