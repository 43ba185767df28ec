//! Imports of settings modules: layers are run where they are imported.

use super::eval::{Evaluator, Flow};
use super::value::{Located, Val};
use crate::interp::Shape;
use crate::program::Target;
use crate::symbols::Sym;
use crate::syntax::ir::ImportFrom;

impl Evaluator<'_> {
    pub(super) fn import_from(&mut self, import: &ImportFrom) -> Flow {
        let path = import.path.map(|path| self.sym(path));
        let Some(target) = self.program.import(self.module_id(), import.level, path) else {
            return Flow::Next;
        };
        for &(name, bound) in &import.names {
            if self.module().ir.text(name) == "*" {
                if let Some(flow) = self.import_star(target, import.level) {
                    return flow;
                }
                continue;
            }
            // a local file that is not in the tree
            let missing = import.level > 0 && matches!(target, Target::External(_));
            if missing && self.is_guarded() {
                return Flow::Raise;
            }
            if let Some(value) = self.member(target, self.sym(name)) {
                self.set(self.sym(bound), Some(value));
            }
        }
        Flow::Next
    }

    fn import_star(&mut self, target: &Target, level: u32) -> Option<Flow> {
        match target {
            Target::Module(id) => {
                self.run_module(*id);
                let scope = self.scopes.get(id)?;
                let opaque = scope.opaque;
                let mut names: Vec<(Sym, Located)> = scope
                    .names
                    .iter()
                    .filter(|(name, _)| !self.program.text(**name).starts_with('_'))
                    .map(|(name, value)| (*name, value.clone()))
                    .collect();
                names.sort_by(|left, right| {
                    self.program.text(left.0).cmp(self.program.text(right.0))
                });
                self.spend(names.len());
                for (name, value) in names {
                    self.set(name, Some(value));
                }
                if opaque {
                    self.make_opaque();
                }
                None
            }
            Target::Namespace(_) => None,
            // a local file that is not in the tree: what comes after `except ImportError` is known
            Target::External(_) if self.is_guarded() => Some(Flow::Raise),
            Target::External(_) if level > 0 => None,
            Target::External(path) => {
                let known = path
                    .first()
                    .is_some_and(|root| self.program.text(*root) == "django");
                if !known {
                    self.make_opaque();
                }
                None
            }
        }
    }

    pub(super) fn of_target(&self, target: &Target) -> Val {
        match target {
            Target::Module(id) => Val::Module(*id),
            Target::Namespace(directory) => Val::Namespace(directory.clone()),
            Target::External(path) => Val::External(self.resolver.dotted(path).into()),
        }
    }

    pub(super) fn of_shape(&self, shape: Shape) -> Val {
        match shape {
            Shape::Function(function) => Val::Function(function),
            Shape::Class(class) => Val::Class(class),
            Shape::Module(id) => Val::Module(id),
            Shape::Namespace(directory) => Val::Namespace(directory),
            Shape::External(path) => Val::External(self.resolver.dotted(&path).into()),
            Shape::Object(path) => Val::Object(self.resolver.dotted(&path).into()),
            _ => Val::Unknown,
        }
    }

    /// `target.name`: a definition, or a variable of a module, which is then run.
    pub(super) fn member(&mut self, target: &Target, name: Sym) -> Option<Located> {
        if let Target::Module(id) = target {
            let running = self.scopes.contains_key(id);
            let found = self.resolver.attribute(target, name).into_iter().next();
            if let (Some(shape), false) = (found, running) {
                return Some(Located {
                    val: self.of_shape(shape),
                    at: (*id, (0, 0)),
                });
            }
            self.run_module(*id);
            if let Some(value) = self.scopes.get(id).and_then(|scope| scope.names.get(&name)) {
                return Some(value.clone());
            }
        }
        let shape = self.resolver.attribute(target, name).into_iter().next()?;
        let at = (self.module_id(), (0, 0));
        Some(Located {
            val: self.of_shape(shape),
            at,
        })
    }
}
