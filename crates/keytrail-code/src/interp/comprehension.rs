//! Comprehensions, and the fields that they pick and drop.

use keytrail_model::Transform;

use super::Machine;
use super::shape::Shape;
use super::value::Value;
use crate::symbols::Sym;
use crate::syntax::ir::{Comparator, Comprehension, Expr, ExprId};

impl Machine<'_> {
    pub(super) fn comprehension(&mut self, comprehension: &Comprehension) -> Value {
        let saved = self.env.clone();
        if let Some(value) = self.unrolled_comprehension(comprehension) {
            self.env = saved;
            return value;
        }
        if let Some(value) = self.walked_comprehension(comprehension) {
            self.env = saved;
            return self.with_ties(&value);
        }
        for generator in &comprehension.generators {
            self.bind_generator(generator.target, generator.iter);
            for &condition in &generator.conditions {
                self.expr(condition);
                let ties = self.ties(condition);
                self.assume(&ties.when_true);
            }
        }
        let picked = self.picked_fields(comprehension);
        let element = self.expr(comprehension.element);
        let value = match (comprehension.key, picked) {
            (Some(_), Some(Picked::Only(names))) => {
                let source = self.expr_source(comprehension);
                Value::with_fields(
                    names
                        .iter()
                        .map(|&name| (name, source.field(name)))
                        .collect(),
                )
            }
            (Some(_), Some(Picked::Without(names))) => {
                let mut source = self.expr_source(comprehension);
                for name in names {
                    source.set_field(name, Value::default());
                }
                source
            }
            (Some(key), None) => {
                let key = self.expr(key);
                match key.constant() {
                    Some(name) => Value::with_fields(vec![(name, element)]),
                    None => self.keyed(comprehension, &element),
                }
            }
            (None, _) => element,
        };
        // only what the conditions leave is behind them, not what was walked
        let value = self.with_ties(&value);
        self.env = saved;
        value
    }

    /// `{name: item[name] for name in ("a", "b")}`, once for each text.
    pub(super) fn unrolled_comprehension(
        &mut self,
        comprehension: &Comprehension,
    ) -> Option<Value> {
        let [generator] = &*comprehension.generators else {
            return None;
        };
        let module = self.module;
        if self.loops > 1 || !matches!(module.ir.expr(generator.target), Expr::Name(_)) {
            return None;
        }
        let texts = self.expr(generator.iter);
        if texts.fields.is_some() || texts.names().is_empty() {
            return None;
        }
        let mut value = match comprehension.key {
            Some(_) => Value::with_fields(Vec::new()),
            None => Value::default(),
        };
        for name in texts.names() {
            let text = Value::of(Shape::Str(name));
            self.assign(generator.target, generator.iter, &text);
            for &condition in &generator.conditions {
                self.expr(condition);
            }
            let key = comprehension.key.map(|key| self.expr(key));
            let element = self.expr(comprehension.element);
            match key.and_then(|key| key.constant()) {
                Some(key) => value.set_field(key, element),
                None if comprehension.key.is_some() => value.join(&element.flat()),
                None => value.join(&element),
            }
        }
        Some(value)
    }

    /// `{k: f(v) for k, v in item.items()}`: the fields stay what they were.
    pub(super) fn keyed(&mut self, comprehension: &Comprehension, element: &Value) -> Value {
        let module = self.module;
        if let [generator] = &*comprehension.generators
            && let Expr::Call(function, arguments) = module.ir.expr(generator.iter)
            && arguments.is_empty()
            && let Expr::Attribute(receiver, name) = module.ir.expr(*function)
            && self.sym(*name) == self.shared.words.items
        {
            let source = self.expr(*receiver);
            let unchanged = element
                .taints
                .iter()
                .all(|taint| taint.transform == Transform::None);
            if source.fields.is_some() && unchanged {
                return Value {
                    shapes: super::list::List::new(),
                    ..source
                };
            }
        }
        element.flat()
    }

    /// The dictionary that a comprehension walks.
    pub(super) fn expr_source(&mut self, comprehension: &Comprehension) -> Value {
        let module = self.module;
        if let [generator] = &*comprehension.generators
            && let Expr::Call(function, _) = module.ir.expr(generator.iter)
            && let Expr::Attribute(receiver, _) = module.ir.expr(*function)
        {
            return self.expr(*receiver);
        }
        Value::default()
    }

    /// `{… for k, v in item.items() if k in ("a", "b")}` picks fields, `not in` and `!=` drop them;
    /// `{name: item[name] for name in ("a", "b")}` picks them too.
    pub(super) fn picked_fields(&mut self, comprehension: &Comprehension) -> Option<Picked> {
        let module = self.module;
        let [generator] = &*comprehension.generators else {
            return None;
        };
        for &condition in &generator.conditions {
            if let Expr::Compare(_, rest) = module.ir.expr(condition)
                && let [(comparator, right)] = &**rest
            {
                let names = self.constants(*right);
                if !names.is_empty() {
                    return match comparator {
                        Comparator::In | Comparator::Equal => Some(Picked::Only(names)),
                        Comparator::NotIn | Comparator::NotEqual => Some(Picked::Without(names)),
                        _ => None,
                    };
                }
            }
        }
        None
    }

    /// The constant strings that an expression lists.
    pub(super) fn constants(&mut self, expr: ExprId) -> Vec<Sym> {
        let module = self.module;
        if let Expr::Sequence(parts) = module.ir.expr(expr) {
            let parts = parts.to_vec();
            return parts
                .iter()
                .filter_map(|&part| self.expr(part).constant())
                .collect();
        }
        self.expr(expr)
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Str(text) => Some(*text),
                _ => None,
            })
            .collect()
    }
}

pub(super) enum Picked {
    Only(Vec<Sym>),
    Without(Vec<Sym>),
}
