//! Exceptions: what is raised with data in it, and who catches it.

use super::Machine;
use super::shape::Shape;
use super::value::Value;
use crate::program::Site;
use crate::resolve::Base;
use crate::syntax::ir::{ExprId, Handler};

/// Exceptions that one function tells its callers.
pub(super) const MOST_RAISED: usize = 4;

impl Machine<'_> {
    /// `raise X(…)`, or `raise` alone in a handler.
    pub(super) fn raise(&mut self, value: Option<ExprId>) {
        match value {
            Some(value) => {
                let raised = self.expr(value);
                self.note_raised(raised);
            }
            None => {
                for again in self.caught.last().cloned().unwrap_or_default() {
                    self.note_raised(again);
                }
            }
        }
    }

    /// Only what holds something is kept.
    pub(super) fn note_raised(&mut self, value: Value) {
        let room = self.raised.len() < MOST_RAISED;
        if room && value.is_tainted() && !self.raised.contains(&value) {
            self.raised.push(value);
        }
    }

    /// Takes what this handler catches out of `open`.
    pub(super) fn caught_by(&mut self, handler: &Handler, open: &mut Vec<Value>) -> Vec<Value> {
        let Some(class) = handler.class.filter(|_| !open.is_empty()) else {
            return std::mem::take(open);
        };
        let classes = self.expr(class);
        let broad = classes.shapes.iter().any(|shape| {
            matches!(shape, Shape::External(path)
                if path.last().is_some_and(|&last| matches!(self.text(last), "Exception" | "BaseException")))
        });
        let (caught, rest) = std::mem::take(open)
            .into_iter()
            .partition(|raised| broad || self.catches(&classes, raised));
        *open = rest;
        caught
    }

    /// True when the classes may catch it: the same class, or one that it derives from.
    fn catches(&self, classes: &Value, raised: &Value) -> bool {
        raised.shapes.iter().any(|shape| match shape {
            Shape::Instance(own) => {
                let lineage = &self.shared.resolver.class(*own).lineage;
                classes.shapes.iter().any(|class| match class {
                    Shape::Class(class) => lineage.contains(&Base::Class(*class)),
                    Shape::External(path) => lineage.iter().any(
                        |base| matches!(base, Base::External(own) if own.last() == path.last()),
                    ),
                    _ => false,
                })
            }
            Shape::Object(own) => classes
                .shapes
                .iter()
                .any(|class| matches!(class, Shape::External(path) if own.last() == path.last())),
            _ => false,
        })
    }

    /// What a traceback shows of the exception that is being handled.
    pub(super) fn handled_text(&mut self, site: Site) -> Value {
        let mut text = Value::default();
        for caught in self.caught.last().cloned().unwrap_or_default() {
            text.join(&self.as_text(&caught, site));
        }
        text
    }
}
