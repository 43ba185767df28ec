//! Fields of models that Django's admin shows and that hold a secret.

use keytrail_model::{AdminColumn, Fact, names_a_secret};

use super::Emitter;
use crate::django::urls::admin::is_model_admin;
use crate::interp::Shape;
use crate::program::{ClassRef, ModuleId, Site};
use crate::resolve::Base;
use crate::syntax::ir::{Expr, ExprId};

/// Attributes of an admin that name fields to show, and those that keep fields out.
const LISTS: [&str; 2] = ["list_display", "readonly_fields"];

impl Emitter<'_> {
    /// One fact for each secret field in a list of an admin. What a method of the admin shows is
    /// a flow of its own.
    pub(crate) fn admin_columns(&mut self) {
        let shared = self.shared;
        for (id, module) in (0u32..).zip(&shared.program.modules) {
            for index in (0u32..).take(module.ir.classes.len()) {
                let class = ClassRef(id, index);
                if is_model_admin(shared.program, shared.resolver, class) {
                    self.columns_of(class);
                }
            }
        }
    }

    fn columns_of(&mut self, class: ClassRef) {
        for list in LISTS {
            let Some((module, parts)) = self.list_of(class, list) else {
                continue;
            };
            for part in parts {
                self.column(class, list, module, part);
            }
        }
    }

    /// The entries of a list in the body of a class or of one above it.
    fn list_of(&self, class: ClassRef, name: &str) -> Option<(ModuleId, Vec<ExprId>)> {
        let resolver = self.shared.resolver;
        let name = self.shared.program.symbols.find(name)?;
        resolver.class(class).lineage.iter().find_map(|base| {
            let Base::Class(base) = base else { return None };
            let fields = &resolver.class(*base).fields;
            let (_, value) = fields.iter().rev().find(|(own, _)| *own == name)?;
            let ir = &self.shared.program.module(base.0).ir;
            match ir.expr((*value)?) {
                Expr::Sequence(parts) => Some((base.0, parts.to_vec())),
                _ => None,
            }
        })
    }

    fn column(&mut self, class: ClassRef, list: &str, module: ModuleId, part: ExprId) {
        let shared = self.shared;
        let ir = &shared.program.module(module).ir;
        let Expr::Str(text) = ir.expr(part) else {
            return;
        };
        let field = ir.text(*text);
        let own = shared.program.symbols.find(field);
        let is_method = own.is_some_and(|own| shared.resolver.method(class, own).is_some());
        if !names_a_secret(field) || is_method || self.is_masked(field) {
            return;
        }
        self.facts.insert(Fact::AdminColumn(AdminColumn {
            location: shared.program.location(Site(module, part), None),
            admin: shared.program.class_qualified(class),
            field: field.to_owned(),
            shown_in: list.to_owned(),
        }));
    }

    /// True where the tree's models have a property or method of that name: what it shows is not
    /// the field.
    fn is_masked(&self, field: &str) -> bool {
        let shared = self.shared;
        let Some(name) = shared.program.symbols.find(field) else {
            return true;
        };
        let mut declared = false;
        for (id, module) in (0u32..).zip(&shared.program.modules) {
            for index in (0u32..).take(module.ir.classes.len()) {
                let class = ClassRef(id, index);
                let facts = shared.resolver.class(class);
                let own = facts.fields.iter().find(|(own, _)| *own == name);
                let Some((_, Some(value))) = own else {
                    continue;
                };
                let Expr::Call(called, _) = module.ir.expr(*value) else {
                    continue;
                };
                declared |= match shared.resolver.expression(id, *called) {
                    Some(Shape::External(path)) => {
                        path.first() == Some(&shared.words.django)
                            && path.last().is_some_and(|&last| {
                                matches!(self.text(last), "CharField" | "TextField" | "JSONField")
                            })
                    }
                    _ => false,
                };
            }
        }
        !declared
    }
}
