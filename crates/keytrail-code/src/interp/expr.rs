//! Expressions.

use std::sync::Arc;

use keytrail_model::SightingConfidence;

use super::Machine;
use super::arguments::Arguments;
use super::record::SinkKind;
use super::shape::Shape;
use super::taint::{Label, What, hop};
use super::value::Value;
use crate::program::{FunctionRef, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{Comparator, Expr, ExprId, FormatPart, Operator};

/// A slice that leaves no more characters than this hides a key.
const FEW: i64 = 8;
/// Longer texts are no names, expressions or statements.
const LONGEST_PATTERN: usize = 512;

/// The name that a caller gives, when it is one parameter's value.
pub(super) fn given_name(key: &Value) -> Option<Sym> {
    let mut parameters = key.shapes.iter().filter_map(|shape| match shape {
        Shape::Param(index, path) if path.is_empty() => Some(*index),
        _ => None,
    });
    let first = parameters.next()?;
    Sym::given(first).filter(|_| parameters.next().is_none())
}

impl Machine<'_> {
    pub(super) fn expr(&mut self, id: ExprId) -> Value {
        if self.fuel == 0 || self.depth > super::DEEPEST {
            return Value::default();
        }
        self.fuel -= 1;
        self.depth += 1;
        let value = self.evaluate(id);
        self.depth -= 1;
        value
    }

    pub(super) fn evaluate(&mut self, id: ExprId) -> Value {
        let module = self.module;
        match module.ir.expr(id) {
            Expr::Name(name) => self.variable(self.sym(*name)),
            Expr::Attribute(object, name) => {
                let receiver = self.expr(*object);
                self.attribute(&receiver, self.sym(*name), id)
            }
            Expr::Str(text) => self.literal(id, self.sym(*text)),
            Expr::Int(number) => Value::of(Shape::Int(*number)),
            Expr::Bool(value) => Value::of(Shape::Bool(*value)),
            Expr::None => Value::of(Shape::None),
            Expr::Call(function, arguments) => self.call(id, *function, arguments),
            Expr::Subscript(object, key) => self.subscript(id, *object, *key),
            Expr::Dict(entries) => self.dictionary(entries),
            Expr::Binary(operator, left, right) => {
                let mut value = self.binary(*operator, *left, *right);
                if self.next_number(*left, *right) {
                    value.join(&Self::guessable(self.site(id)));
                }
                value
            }
            Expr::Not(inner) => {
                self.expr(*inner);
                Value::default()
            }
            Expr::Sequence(parts) => self.sequence(parts),
            Expr::Logic(_, parts) => self.joined(parts),
            Expr::Compare(left, rest) => self.compare(id, *left, rest),
            Expr::Conditional { test, then, other } => {
                self.expr(*test);
                match self.outcome(*test) {
                    Some(true) => return self.expr(*then),
                    Some(false) => return self.expr(*other),
                    None => {}
                }
                let mut value = self.expr(*then);
                value.join(&self.expr(*other));
                value
            }
            Expr::Lambda(function) => self.closure(FunctionRef(self.function.0, *function)),
            Expr::Format(parts) => {
                let mut value = self.format(parts);
                if self.counted(parts) {
                    value.join(&Self::guessable(self.site(id)));
                }
                value
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Yield(inner) => {
                if let Some(inner) = inner {
                    let value = self.expr(*inner);
                    let value = self.with_ties(&value);
                    self.out.summary.returned.join(&value);
                }
                Value::default()
            }
            Expr::Walrus(name, value) => {
                let value = self.expr(*value);
                let name = self.sym(*name);
                let value = value.hopped(self.site(id), What::Assigned(name));
                self.env.vars.insert(name, value.clone());
                value
            }
            Expr::Starred(inner) => self.expr(*inner),
            Expr::Negative(_) | Expr::Slice(..) | Expr::Bytes | Expr::Float | Expr::Other => {
                Value::default()
            }
        }
    }

    /// A list, tuple or set that is written out.
    fn sequence(&mut self, parts: &[ExprId]) -> Value {
        let module = self.module;
        let starred = |part: &ExprId| matches!(module.ir.expr(*part), Expr::Starred(_));
        if parts.len() > Sym::PLACES as usize || parts.iter().any(starred) {
            let mut value = Value::default();
            for &part in parts {
                let inner = self.expr(part);
                value.join(&if starred(&part) {
                    inner.element()
                } else {
                    inner
                });
            }
            return value;
        }
        Value::sequence(parts.iter().map(|&part| self.expr(part)).collect())
    }

    pub(super) fn joined(&mut self, parts: &[ExprId]) -> Value {
        let mut value = Value::default();
        for &part in parts {
            value.join(&self.expr(part));
        }
        value
    }

    /// A string: a source when it is a key by its own looks.
    pub(super) fn literal(&mut self, id: ExprId, text: Sym) -> Value {
        let mut value = Value::of(Shape::Str(text));
        let plain = self.text(text);
        let examined = || {
            let hit = self.shared.detector.examine(plain, None);
            hit.is_some_and(|hit| hit.confidence >= SightingConfidence::Medium)
        };
        if plain.len() >= 16 && self.shared.memo.is_key(text, examined) {
            let site = self.site(id);
            value.join(&Value::tainted(
                Label::Literal(site),
                hop(site, What::Source, &None),
            ));
        }
        value
    }

    // ---- parts ----

    pub(super) fn subscript(&mut self, id: ExprId, object: ExprId, key: ExprId) -> Value {
        let module = self.module;
        let receiver = self.expr(object);
        if let Expr::Slice(lower, upper) = module.ir.expr(key) {
            let mut part = self.slice(&receiver, *lower, *upper);
            let end = upper.and_then(|upper| self.number(upper));
            if lower.is_none() && self.short_part(object, end) {
                part.join(&Self::guessable(self.site(id)));
            }
            return part;
        }
        let key = self.expr(key);
        let words = self.shared.words;
        let is_environment = receiver.shapes.iter().any(
            |shape| matches!(shape, Shape::External(path) if path.as_slice() == [words.os, words.environ]),
        );
        match key.constant() {
            Some(name) if is_environment => self.environment(name, id),
            Some(name) => {
                let mut part = receiver.field(name);
                for shape in &receiver.shapes {
                    if let Shape::Instance(class) = shape {
                        let site = self.site(id);
                        part.join(&self.instance_item(&receiver, *class, &key, site));
                    }
                }
                part
            }
            None => {
                let names = key.names();
                let of_a_loop =
                    |taint: &super::taint::Taint| taint.label == Label::WholeEnvironment;
                if is_environment && !key.taints.iter().any(of_a_loop) {
                    // One variable, whatever its name is; a name that came out of the environment
                    // is one of a loop over all of it.
                    let mut part = Self::environment_of_caller(&key, &Value::default());
                    for name in names {
                        part.join(&self.environment(name, id));
                    }
                    return part;
                }
                if !names.is_empty() && !is_environment {
                    let mut part = Value::default();
                    for name in names {
                        part.join(&receiver.field(name));
                    }
                    return part;
                }
                Self::numbered(&receiver, &key)
            }
        }
    }

    /// `rows[0]`, or an entry whose name is not known.
    fn numbered(receiver: &Value, key: &Value) -> Value {
        let index = key.shapes.iter().find_map(|shape| match shape {
            Shape::Int(number) => Some(usize::try_from(*number).ok()),
            _ => None,
        });
        if let Some(name) = given_name(key).filter(|_| receiver.fields.is_none()) {
            let mut element = receiver.field(name);
            for shape in &receiver.shapes {
                element.add_shape(shape.clone());
            }
            return element;
        }
        let Some(index) = index else {
            if key.shapes.contains(&Shape::OtherName) {
                return Value {
                    taints: receiver.taints.clone(),
                    ..Value::default()
                };
            }
            let mut element = receiver.field(Sym::ANY);
            for shape in &receiver.shapes {
                element.add_shape(shape.clone());
            }
            return element;
        };
        let place = index.and_then(Sym::place);
        if let Some(place) = place
            && (receiver.has_places() || receiver.has_params())
        {
            return receiver.field(place);
        }
        if receiver.has_places() {
            return receiver.element();
        }
        let mut element = receiver.flat();
        element.join(receiver);
        element
    }

    /// `object[key]` of an own class: what `__getitem__` gives.
    pub(super) fn instance_item(
        &mut self,
        receiver: &Value,
        class: crate::program::ClassRef,
        key: &Value,
        site: Site,
    ) -> Value {
        let Some(method) = self.shared.program.symbols.find("__getitem__") else {
            return Value::default();
        };
        match self.shared.resolver.method(class, method) {
            Some(function) => {
                let arguments = Arguments {
                    positional: vec![(key.clone(), site)],
                    ..Arguments::default()
                };
                self.invoke(site, function, Some(receiver), &arguments)
            }
            None => Value::default(),
        }
    }

    pub(super) fn slice(
        &mut self,
        receiver: &Value,
        lower: Option<ExprId>,
        upper: Option<ExprId>,
    ) -> Value {
        let lower = lower.and_then(|expr| self.number(expr));
        let upper = upper.and_then(|expr| self.number(expr));
        let few = match (lower, upper) {
            (None, Some(end)) => (1..=FEW).contains(&end),
            (Some(start), None) => (-FEW..0).contains(&start),
            (Some(start), Some(end)) => start >= 0 && end > start && end - start <= FEW,
            (None, None) => false,
        };
        if few {
            receiver.sliced()
        } else {
            receiver.clone()
        }
    }

    pub(super) fn number(&self, expr: ExprId) -> Option<i64> {
        match self.module.ir.expr(expr) {
            Expr::Int(number) => Some(*number),
            Expr::Negative(inner) => match self.module.ir.expr(*inner) {
                Expr::Int(number) => number.checked_neg(),
                _ => None,
            },
            _ => None,
        }
    }

    // ---- composed values ----

    pub(super) fn dictionary(&mut self, entries: &[(Option<ExprId>, ExprId)]) -> Value {
        let mut value = Value::with_fields(Vec::new());
        for &(key, entry) in entries {
            let part = self.expr(entry);
            match key.map(|key| self.expr(key)) {
                None => {
                    value.overlay(&part);
                }
                Some(key) => {
                    if let Some(name) = key.constant() {
                        value.set_field(name, part);
                    } else {
                        let part = part.flat();
                        for taint in &part.taints {
                            value.add_taint(taint.clone());
                        }
                    }
                }
            }
        }
        value
    }

    pub(super) fn binary(&mut self, operator: Operator, left: ExprId, right: ExprId) -> Value {
        let left = self.expr(left);
        let right = self.expr(right);
        if operator == Operator::Percent
            && let Some(text) = self.percent(&left, &right)
        {
            return text;
        }
        self.combined(operator, left, &right)
    }

    /// `left + right`, `left | right`… of values.
    pub(super) fn combined(&self, operator: Operator, left: Value, right: &Value) -> Value {
        let conditions: Vec<_> = [&left, right]
            .into_iter()
            .flat_map(|value| &value.shapes)
            .filter_map(|shape| match shape {
                Shape::Condition(clauses) => Some(clauses),
                _ => None,
            })
            .collect();
        if !conditions.is_empty() {
            let clauses = conditions
                .iter()
                .flat_map(|clauses| clauses.iter().cloned())
                .take(12)
                .collect();
            return Value::of(Shape::Condition(Arc::new(clauses)));
        }
        match operator {
            Operator::Or => {
                let mut value = left;
                value.overlay(right);
                value
            }
            Operator::Add | Operator::Percent => {
                let pattern = self.pattern(&[Some(&left), Some(right)]);
                // lists keep their elements' fields, strings have none
                let mut value = if left.fields.is_some() || right.fields.is_some() {
                    // of two lists the places move
                    let mut value = left.element();
                    value.join(&right.element());
                    value.shapes.retain(|shape| !matches!(shape, Shape::Str(_)));
                    value
                } else {
                    let mut value = left.text();
                    value.join(&right.text());
                    value
                };
                if let (Operator::Add, Some(pattern)) = (operator, pattern) {
                    value.add_shape(pattern);
                }
                value
            }
            Operator::And | Operator::Multiply | Operator::Other => {
                let mut value = left.text();
                value.join(&right.text());
                value
            }
        }
    }

    pub(super) fn format(&mut self, parts: &[FormatPart]) -> Value {
        let mut value = Value::default();
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                FormatPart::Text(text) => pieces.push(Value::of(Shape::Str(self.sym(*text)))),
                FormatPart::Value(inner) => {
                    let part = self.expr(*inner);
                    let site = self.site(*inner);
                    value.join(&self.as_text(&part, site).text());
                    pieces.push(part);
                }
            }
        }
        let pieces: Vec<Option<&Value>> = pieces.iter().map(Some).collect();
        if let Some(pattern) = self.pattern(&pieces) {
            value.add_shape(pattern);
        }
        value
    }

    /// The text that a value is, or the one pattern that it follows.
    pub(super) fn known_text<'v>(&'v self, value: &'v Value) -> Option<&'v str> {
        if let Some(text) = value.constant() {
            return Some(self.text(text));
        }
        let mut patterns = value.shapes.iter().filter_map(|shape| match shape {
            Shape::Pattern(text) => Some(&**text),
            _ => None,
        });
        let first = patterns.next()?;
        patterns.next().is_none().then_some(first)
    }

    /// Constant parts with `*` for the others; `None` when nothing is constant.
    pub(super) fn pattern(&self, pieces: &[Option<&Value>]) -> Option<Shape> {
        let mut text = String::new();
        let mut constant = false;
        for piece in pieces {
            let piece = piece.and_then(|value| self.known_text(value));
            match piece {
                Some(piece) => {
                    constant |= piece.chars().any(char::is_alphanumeric);
                    text.push_str(piece);
                }
                None if !text.ends_with('*') => text.push('*'),
                None => {}
            }
        }
        if !constant || text.len() > LONGEST_PATTERN {
            return None;
        }
        match self.shared.program.symbols.find(&text) {
            Some(known) if !text.contains('*') => Some(Shape::Str(known)),
            _ => Some(Shape::Pattern(Arc::from(text))),
        }
    }

    pub(super) fn compare(
        &mut self,
        id: ExprId,
        left: ExprId,
        rest: &[(Comparator, ExprId)],
    ) -> Value {
        let first = self.expr(left);
        for &(comparator, right) in rest {
            let second = self.expr(right);
            if let Some(condition) = Self::compared(comparator, &first, &second) {
                return condition;
            }
            if matches!(comparator, Comparator::Equal | Comparator::NotEqual) {
                // against a constant nothing is verified
                let constant = |value: &Value| !value.is_tainted();
                if !constant(&first) && !constant(&second) {
                    let site = self.site(id);
                    self.sink(&SinkKind::Compare, site, &first);
                    self.sink(&SinkKind::Compare, site, &second);
                }
            }
        }
        Value::default()
    }
}
