//! A callee's summary as its caller reads it: what is passed in the place of parameters.

use std::cell::RefCell;
use std::sync::Arc;

use keytrail_model::Transform;
use rustc_hash::FxHashMap;

use super::shape::{Aws, Clause, NameSourceRef, Shape};
use super::taint::{Fields, Label, Taint, Tie, hop, then};
use super::value::Value;
use super::{Trace, What};
use crate::program::{FunctionRef, Site};
use crate::symbols::Sym;

/// Of a value that comes from more places than this, the parts are not told apart: each would be
/// joined with all the others.
const MOST_STRUCTURED: usize = 4;
/// Structures in structures are read so deep.
const DEEPEST: u32 = 4;

/// `value` of a callee as its caller sees it, `bindings` being the parameters' values.
pub(crate) fn substitute(
    value: &Value,
    bindings: &[Value],
    site: Site,
    callee: FunctionRef,
) -> Value {
    Passing::new(bindings, site, callee).of(value)
}

/// One call: the values of the callee's parameters. A summary names the same parts of them again
/// and again; each is made once.
pub(super) struct Passing<'b> {
    bindings: &'b [Value],
    site: Site,
    callee: FunctionRef,
    /// Parts of parameters, with the hop into the callee; `None` for those that hold nothing.
    parts: RefCell<FxHashMap<(u16, Fields), Option<Value>>>,
}

impl<'b> Passing<'b> {
    pub(super) fn new(bindings: &'b [Value], site: Site, callee: FunctionRef) -> Self {
        Self {
            bindings,
            site,
            callee,
            parts: RefCell::default(),
        }
    }

    /// `value` of the callee as its caller sees it.
    pub(super) fn of(&self, value: &Value) -> Value {
        self.at(value, 0)
    }

    /// The same for one taint: all that this origin may be.
    pub(super) fn taint(&self, taint: &Taint) -> Value {
        self.of(&Value {
            taints: super::list::List::one(taint.clone()),
            ..Value::default()
        })
    }

    /// True when nothing that is passed for `taint` holds data.
    pub(super) fn is_empty(&self, taint: &Taint) -> bool {
        match taint.label {
            Label::Param(index) => self
                .bindings
                .get(usize::from(index))
                .is_none_or(|binding| !binding.is_tainted()),
            _ => false,
        }
    }

    fn at(&self, value: &Value, depth: u32) -> Value {
        if !value.has_params() && !value.has_open_tie() {
            return value.clone();
        }
        let mut result = Value::default();
        if let Some(fields) = &value.fields
            && depth < DEEPEST
        {
            let fields = fields
                .iter()
                .map(|(name, value)| (*name, self.at(value, depth + 1)));
            result.fields = Some(fields.collect());
        }
        let passed = |taint: &&Taint| matches!(taint.label, Label::Param(_));
        let many = value.taints.iter().filter(passed).count() > MOST_STRUCTURED;
        for taint in &value.taints {
            match taint.label {
                Label::Param(index) => self.add_passed(index, taint, many, &mut result),
                _ => self.add_own(taint, &mut result),
            }
        }
        for shape in &value.shapes {
            self.shape(shape, depth, &mut result);
        }
        result
    }

    /// What the callee has by itself.
    fn add_own(&self, taint: &Taint, result: &mut Value) {
        let mut taint = taint.clone();
        taint.path = named(&taint.path, self.bindings);
        taint.tie = taint
            .tie
            .as_ref()
            .and_then(|tie| bound_tie(tie, self.bindings))
            .map(Box::new);
        result.add_taint(taint);
    }

    /// What is passed for a parameter.
    fn add_passed(&self, index: u16, taint: &Taint, many: bool, result: &mut Value) {
        let Some(mut part) = self.part(index, &taint.path) else {
            return;
        };
        if many {
            part = part.flat();
            part.taints
                .retain(|one| !result.holds(one, taint.transform));
        }
        part = changed(part, taint);
        let tie = taint.tie.as_ref();
        if let Some(tie) = tie.and_then(|tie| bound_tie(tie, self.bindings)) {
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

    /// A part of a parameter's value, on its way into the callee.
    fn part(&self, index: u16, path: &Fields) -> Option<Value> {
        let binding = self.bindings.get(usize::from(index))?;
        let entry = |shape: &Shape| matches!(shape, Shape::SomeEntry);
        if binding.taints.is_empty()
            && binding.fields.is_none()
            && !binding.shapes.iter().any(entry)
        {
            return None;
        }
        let path = named(path, self.bindings);
        if let Some(held) = self.parts.borrow().get(&(index, path)) {
            return held.clone();
        }
        let mut part = at_path(binding, &path);
        part.shapes.retain(entry);
        let passed = What::Passed(self.callee);
        let part = part.map_traces(&|trace| hop(self.site, passed, trace), 0);
        let part = (!part.is_nothing()).then_some(part);
        let mut parts = self.parts.borrow_mut();
        parts.insert((index, path), part.clone());
        part
    }

    fn shape(&self, shape: &Shape, depth: u32, result: &mut Value) {
        let bindings = self.bindings;
        let inner = |value: &Value| self.at(value, depth + 1);
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
                    let trace = hop(self.site, What::Source, &None);
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
            Shape::Aws(aws) if depth < DEEPEST => result.add_shape(match &**aws {
                Aws::Open(service, resource) => {
                    Shape::Aws(Arc::new(Aws::of_service(inner(service), *resource)))
                }
                Aws::Table(name) if name.has_params() => {
                    Shape::Aws(Arc::new(Aws::Table(inner(name))))
                }
                Aws::BatchWriter(name) if name.has_params() => {
                    Shape::Aws(Arc::new(Aws::BatchWriter(inner(name))))
                }
                _ => shape.clone(),
            }),
            Shape::Condition(clauses) if depth < DEEPEST => {
                let clauses = clauses
                    .iter()
                    .map(|clause| Clause {
                        value: inner(&clause.value),
                        ..clause.clone()
                    })
                    .collect();
                result.add_shape(Shape::Condition(Arc::new(clauses)));
            }
            Shape::Closure(function, captured) if depth < DEEPEST => {
                let captured = captured
                    .iter()
                    .map(|(name, value)| (*name, inner(value)))
                    .collect();
                result.add_shape(Shape::Closure(*function, Arc::new(captured)));
            }
            Shape::Partial(partial) if depth < DEEPEST => {
                result.add_shape(Shape::Partial(Arc::new(partial.map(&inner))));
            }
            other => result.add_shape(other.clone()),
        }
    }
}

/// With what the callee did to it, on the callee's own way.
fn changed(part: Value, taint: &Taint) -> Value {
    let part = match &taint.trace {
        None => part,
        Some(_) => part.map_traces(&|trace: &Trace| then(trace, &taint.trace), 0),
    };
    match taint.transform {
        Transform::None => part,
        Transform::Masked => part.sliced(),
        other => part.transformed(other),
    }
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

pub(crate) fn at_path(value: &Value, path: &[Sym]) -> Value {
    let mut part = value.clone();
    for &name in path {
        part = part.field(name);
    }
    part
}
