//! `match`: what a pattern binds.

use super::Machine;
use super::assign::unpacked;
use super::shape::Shape;
use super::taint::What;
use super::value::Value;
use crate::syntax::ir::{ExprId, Name, Pattern};

impl Machine<'_> {
    pub(super) fn bind_pattern(&mut self, pattern: &Pattern, value: &Value, subject: ExprId) {
        match pattern {
            Pattern::Any => {}
            Pattern::Bind(name) => self.bind_name(*name, value, subject),
            Pattern::Star(name) => {
                if let Some(name) = name {
                    self.bind_name(*name, value, subject);
                }
            }
            Pattern::As(inner, name) => {
                self.bind_pattern(inner, value, subject);
                self.bind_name(*name, value, subject);
            }
            Pattern::Or(patterns) => {
                for inner in patterns {
                    self.bind_pattern(inner, value, subject);
                }
            }
            Pattern::Sequence(patterns) => {
                let star = |pattern: &Pattern| matches!(pattern, Pattern::Star(_));
                let starred = patterns.iter().position(star);
                for (index, inner) in patterns.iter().enumerate() {
                    let part = unpacked(value, index, starred, patterns.len());
                    self.bind_pattern(inner, &part, subject);
                }
            }
            Pattern::Mapping(entries, rest) => {
                let mut left = value.clone();
                for (key, inner) in entries {
                    let Some(name) = self.expr(*key).constant() else {
                        self.bind_pattern(inner, &value.flat(), subject);
                        continue;
                    };
                    self.bind_pattern(inner, &value.field(name), subject);
                    left.set_field(name, Value::default());
                }
                if let Some(rest) = rest {
                    self.bind_name(*rest, &left, subject);
                }
            }
            Pattern::Class(class, positional, keyword) => {
                self.bind_class(*class, positional, keyword, value, subject);
            }
        }
    }

    fn bind_class(
        &mut self,
        class: ExprId,
        positional: &[Pattern],
        keyword: &[(Name, Pattern)],
        value: &Value,
        subject: ExprId,
    ) {
        let class = self
            .expr(class)
            .shapes
            .iter()
            .find_map(|shape| match shape {
                Shape::Class(class) => Some(*class),
                _ => None,
            });
        for (index, inner) in positional.iter().enumerate() {
            let field = class.and_then(|class| self.shared.resolver.class(class).fields.get(index));
            let part = match (class, field) {
                (_, Some(&(name, _))) => self.attribute(value, name, subject),
                // `str(text)`: the value itself
                (None, None) => value.clone(),
                (Some(_), None) => value.flat(),
            };
            self.bind_pattern(inner, &part, subject);
        }
        for (name, inner) in keyword {
            let part = self.attribute(value, self.sym(*name), subject);
            self.bind_pattern(inner, &part, subject);
        }
    }

    fn bind_name(&mut self, name: Name, value: &Value, subject: ExprId) {
        let name = self.sym(name);
        let value = value.hopped(self.site(subject), What::Assigned(name));
        self.env.vars.insert(name, value);
    }
}
