//! Functions as values: parameters that are called, decorators of the project's own.

use super::arguments::Arguments;
use super::names::{MOST_FREE, parameter};
use super::passing::substitute;
use super::shape::Shape;
use super::summary::MOST_CALLBACKS;
use super::value::Value;
use super::{Callback, Machine, Summary};
use crate::program::{FunctionRef, Site};
use crate::syntax::ir::{Expr, ExprId};

/// Decorators on decorators on decorators are followed this far.
const MOST_NESTED: usize = 4;

impl Machine<'_> {
    /// A parameter is called: the caller knows what it is, and gives its result as a parameter more.
    pub(super) fn note_callback(
        &mut self,
        site: Site,
        shape: &Shape,
        arguments: &Arguments,
    ) -> Value {
        // handed on from a callee, structures lose their depth: functions that hand themselves round would else
        // build them up for ever
        let relayed = self.relayed > 0;
        let kept = |value: &Value| {
            if relayed {
                value.without_closures()
            } else {
                value.clone()
            }
        };
        let values = |list: &[(Value, Site)]| list.iter().map(|(value, _)| kept(value)).collect();
        let callback = Callback {
            site,
            callee: Value::of(shape.clone()),
            positional: values(&arguments.positional),
            keyword: arguments
                .keyword
                .iter()
                .map(|(name, value, _)| (*name, kept(value)))
                .collect(),
            star: arguments.star.as_ref().map(kept),
            double: arguments.double.as_ref().map(kept),
        };
        let callbacks = &mut self.out.summary.callbacks;
        let held = callbacks
            .iter()
            .position(|held| held.site == site && held.callee == callback.callee);
        let index = held.unwrap_or(callbacks.len());
        match held {
            Some(index) => callbacks[index] = callback,
            None if index < MOST_CALLBACKS => callbacks.push(callback),
            None => return Value::default(),
        }
        let own = self.module.ir.function(self.function.1).parameters.len();
        parameter(own + MOST_FREE + index)
    }

    /// Calls what the callee would call of what it was given; what that gives follows the other bindings.
    pub(super) fn apply_callbacks(
        &mut self,
        site: Site,
        callee: FunctionRef,
        summary: &Summary,
        bindings: &mut Vec<Value>,
    ) {
        let module = self.shared.program.module(callee.0);
        let own = module.ir.function(callee.1).parameters.len();
        bindings.resize(own + MOST_FREE, Value::default());
        for callback in &summary.callbacks {
            let at = |value: &Value| substitute(value, bindings, site, callee);
            let function = at(&callback.callee);
            let known =
                |shape: &Shape| !matches!(shape, Shape::None | Shape::Str(_) | Shape::Bool(_));
            if !function.shapes.iter().any(known) {
                bindings.push(Value::default());
                continue;
            }
            let arguments = Arguments {
                positional: callback
                    .positional
                    .iter()
                    .map(|value| (at(value), site))
                    .collect(),
                keyword: callback
                    .keyword
                    .iter()
                    .map(|(name, value)| (*name, at(value), site))
                    .collect(),
                star: callback.star.as_ref().map(at),
                double: callback.double.as_ref().map(at),
            };
            self.relayed += 1;
            let given = self.call_value(site, &function, None, &arguments);
            self.relayed -= 1;
            bindings.push(given);
        }
    }

    /// A function under decorators of the project's own: what they make of it is called. `None` when there are
    /// none, or when they are not seen to call it.
    pub(super) fn invoke_decorated(
        &mut self,
        site: Site,
        callee: FunctionRef,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Option<Value> {
        let wrappers = self.shared.resolver.wrappers(callee)?;
        if self.unwrapped.contains(&callee) || self.unwrapped.len() >= MOST_NESTED {
            return None;
        }
        self.unwrapped.push(callee);
        let mut function = Value::of(Shape::Function(callee));
        for &(wrapper, makes_one) in wrappers.iter().rev() {
            let mut made = Value::of(Shape::Function(wrapper));
            if makes_one {
                made = self.call_value(site, &made, None, &Arguments::default());
            }
            let given = Arguments {
                positional: vec![(function, site)],
                ..Arguments::default()
            };
            function = self.call_value(site, &made, None, &given);
        }
        let before = self.out.calls.len();
        let mut given = Arguments {
            positional: arguments.positional.clone(),
            keyword: arguments.keyword.clone(),
            star: arguments.star.clone(),
            double: arguments.double.clone(),
        };
        if let Some(receiver) = receiver {
            given.positional.insert(0, (receiver.clone(), site));
        }
        let closure = |shape: &Shape| matches!(shape, Shape::Closure(..) | Shape::Partial(_));
        let result = function
            .shapes
            .iter()
            .any(closure)
            .then(|| self.call_value(site, &function, None, &given));
        self.unwrapped.pop();
        let reached = self.out.calls[before..]
            .iter()
            .any(|(called, _)| *called == callee);
        result.filter(|_| reached)
    }

    /// What decorators of the project's own do when a module is imported: `@register("name")`.
    pub(super) fn run_decorators(&mut self, decorators: &[ExprId], decorated: &Value) {
        for &decorator in decorators {
            let module = self.module;
            let named = match module.ir.expr(decorator) {
                Expr::Call(function, _) => *function,
                _ => decorator,
            };
            let own = matches!(
                self.shared.resolver.expression(self.function.0, named),
                Some(Shape::Function(_))
            );
            if own {
                let made = self.expr(decorator);
                let site = self.site(decorator);
                let given = Arguments {
                    positional: vec![(decorated.clone(), site)],
                    ..Arguments::default()
                };
                self.call_value(site, &made, None, &given);
            }
        }
    }
}
