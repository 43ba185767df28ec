//! Properties of instances that are passed on: a callee that does not know the class reads them
//! like fields.

use super::Machine;
use super::arguments::Arguments;
use super::shape::Shape;
use super::value::Value;
use crate::program::{ClassRef, FunctionRef, Site};
use crate::resolve::Base;
use crate::symbols::Sym;

/// Of one class; more are not computed, and what reads them finds nothing.
const MOST_PROPERTIES: usize = 16;

impl Machine<'_> {
    /// What is passed, with what its class's properties give as fields.
    pub(super) fn with_properties(&mut self, site: Site, passed: &mut [Value]) {
        for value in passed {
            let Some(class) = instance_with_data(value) else {
                continue;
            };
            for (name, method) in self.properties(class) {
                if value.own_field(name).is_some() {
                    continue;
                }
                let given = self.invoke(site, method, Some(value), &Arguments::default());
                if !given.is_nothing() {
                    value.set_field(name, given);
                }
            }
        }
    }

    /// True for `record.masked`, which the class makes and no item holds.
    pub(super) fn is_made_by_model(&self, receiver: &Value, name: Sym) -> bool {
        receiver.shapes.iter().any(|shape| match shape {
            Shape::Instance(class) if self.model(*class).is_some() => {
                let method = self.shared.resolver.method(*class, name);
                method.is_some_and(|method| self.is_property(method))
            }
            _ => false,
        })
    }

    fn is_property(&self, method: FunctionRef) -> bool {
        let words = self.shared.words;
        self.decorated(method, words.property) || self.decorated(method, words.cached_property)
    }

    fn properties(&self, class: ClassRef) -> Vec<(Sym, FunctionRef)> {
        let resolver = self.shared.resolver;
        let mut found: Vec<(Sym, FunctionRef)> = Vec::new();
        for base in &resolver.class(class).lineage {
            let Base::Class(base) = base else { continue };
            let mut own: Vec<(Sym, FunctionRef)> = resolver
                .class(*base)
                .methods
                .iter()
                .filter(|(_, method)| self.is_property(**method))
                .map(|(name, method)| (*name, *method))
                .collect();
            own.sort_unstable_by_key(|(_, method)| *method);
            own.retain(|(name, _)| found.iter().all(|(known, _)| known != name));
            found.extend(own);
        }
        found.truncate(MOST_PROPERTIES);
        found
    }
}

/// The class of a value that is one instance and holds something.
fn instance_with_data(value: &Value) -> Option<ClassRef> {
    let mut classes = value.shapes.iter().filter_map(|shape| match shape {
        Shape::Instance(class) => Some(*class),
        _ => None,
    });
    let class = classes.next()?;
    (classes.next().is_none() && super::limit::holds_data(value)).then_some(class)
}
