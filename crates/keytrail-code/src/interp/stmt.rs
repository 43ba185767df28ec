//! Statements.

use super::Machine;
use super::arguments::Arguments;
use super::shape::Shape;
use super::taint::{Label, What, hop};
use super::value::Value;
use crate::program::{ClassRef, FunctionRef, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, ExprId, Handler, Stmt, Try};

impl Machine<'_> {
    /// Runs a block; false when its end is not reached.
    pub(super) fn block(&mut self, block: &[Stmt]) -> bool {
        if self.depth > super::DEEPEST {
            return true;
        }
        self.depth += 1;
        let falls = block.iter().all(|statement| self.statement(statement));
        self.depth -= 1;
        falls
    }

    pub(super) fn statement(&mut self, statement: &Stmt) -> bool {
        match statement {
            Stmt::Expr(value) => {
                self.expr(*value);
            }
            Stmt::Assign { targets, value } => {
                let evaluated = self.expr(*value);
                for &target in targets {
                    self.assign(target, *value, &evaluated);
                }
            }
            Stmt::Annotated {
                target,
                annotation,
                value,
            } => {
                let mut evaluated = match value {
                    Some(value) => self.expr(*value),
                    None => return true,
                };
                self.annotated(*annotation, &mut evaluated);
                self.assign(*target, value.unwrap_or(*target), &evaluated);
            }
            Stmt::Augmented {
                target,
                operator,
                value,
            } => {
                let held = self.expr(*target);
                let added = self.expr(*value);
                let combined = self.combined(*operator, held, &added);
                self.assign(*target, *value, &combined);
            }
            Stmt::Return(value, _) => {
                if let Some(value) = value {
                    let returned = self.expr(*value);
                    let returned = self.with_ties(&returned);
                    self.returned_true(*value);
                    self.context_returned(*value, &returned);
                    self.out.summary.returned.join(&returned);
                }
                self.leave();
                return false;
            }
            Stmt::If { test, then, other } => return self.branch(*test, then, other),
            Stmt::For {
                target,
                iter,
                body,
                other,
            } => self.for_loop(*target, *iter, body, other),
            Stmt::While { test, body, other } => {
                self.expr(*test);
                self.repeated(body);
                self.block(other);
            }
            Stmt::With { items, body } => {
                for &(context, target) in items {
                    let value = self.expr(context);
                    let value = self.entered(value, context);
                    if let Some(target) = target {
                        self.assign(target, context, &value);
                    }
                }
                return self.block(body);
            }
            Stmt::Try(inner) => return self.try_statement(inner),
            Stmt::Raise(value) => {
                self.raise(*value);
                return false;
            }
            Stmt::Assert(test) => {
                self.expr(*test);
                self.asserted(*test);
            }
            Stmt::Import(_) | Stmt::ImportFrom(_) => self.import(statement),
            Stmt::Nonlocal(names) => {
                let names: Vec<Sym> = names.iter().map(|&name| self.sym(name)).collect();
                self.nonlocals.extend(names);
            }
            Stmt::Delete(targets) => targets.iter().for_each(|&target| self.delete(target)),
            Stmt::Global(names) => {
                let names: Vec<Sym> = names.iter().map(|&name| self.sym(name)).collect();
                self.globals.extend(names);
            }
            Stmt::Function(_) | Stmt::Class(_) => self.define(statement),
            Stmt::Match { subject, cases } => return self.match_statement(*subject, cases),
            Stmt::Jump => return false,
        }
        true
    }

    /// `def` and `class`, with what their decorators do.
    fn define(&mut self, statement: &Stmt) {
        let module = self.module;
        let (name, value, decorators) = match statement {
            Stmt::Function(id) => {
                let function = module.ir.function(*id);
                let value = self.closure(FunctionRef(self.function.0, *id));
                (function.name, value, &function.decorators)
            }
            Stmt::Class(id) => {
                let class = module.ir.class(*id);
                let value = Value::of(Shape::Class(ClassRef(self.function.0, *id)));
                (class.name, value, &class.decorators)
            }
            _ => return,
        };
        self.run_decorators(decorators, &value);
        let name = self.sym(name);
        self.env.vars.insert(name, value);
    }

    /// What `with x as y` binds: what an own class's `__enter__` gives, else the value itself.
    pub(super) fn entered(&mut self, value: Value, context: ExprId) -> Value {
        let enter = self.shared.words.enter;
        let method = value.shapes.iter().find_map(|shape| match shape {
            Shape::Instance(class) => self.shared.resolver.method(*class, enter),
            _ => None,
        });
        match method {
            Some(method) => {
                let site = self.site(context);
                self.invoke(site, method, Some(&value), &Arguments::default())
            }
            None => value,
        }
    }

    /// What `get_context_data` of a class view returns, its template shows.
    pub(super) fn context_returned(&mut self, value: ExprId, returned: &Value) {
        let module = self.module;
        let function = module.ir.function(self.function.1);
        let words = self.shared.words;
        if let Some(class) = function.class
            && self.sym(function.name) == words.get_context_data
        {
            let class = crate::program::ClassRef(self.function.0, class);
            if self.is_view(class) {
                let template = self.class_attribute(class, words.template_name);
                self.render(self.site(value), &template, returned);
            }
        }
    }

    pub(super) fn try_statement(&mut self, inner: &Try) -> bool {
        let before = self.env.clone();
        let outer = std::mem::take(&mut self.raised);
        let body_falls = self.block(&inner.body) && self.block(&inner.other);
        let after_body = self.env.clone();
        let mut falls = body_falls;
        let mut ends = if body_falls {
            vec![after_body.clone()]
        } else {
            Vec::new()
        };
        let mut open = std::mem::replace(&mut self.raised, outer);
        for handler in &inner.handlers {
            let caught = self.caught_by(handler, &mut open);
            // the exception may come before or after anything in the body
            self.env = before.clone();
            self.merge(&after_body);
            if self.handler(handler, inner, caught) {
                falls = true;
                ends.push(std::mem::take(&mut self.env));
            }
        }
        for left in open {
            self.note_raised(left);
        }
        match ends.split_first() {
            Some((first, rest)) => {
                self.env = first.clone();
                for end in rest {
                    self.merge(end);
                }
            }
            None => self.env = after_body,
        }
        self.block(&inner.finally) && falls
    }

    pub(super) fn handler(&mut self, handler: &Handler, inner: &Try, caught: Vec<Value>) -> bool {
        let site = self.handler_site(handler);
        if let Some(site) = site {
            if self.is_broad(handler) {
                self.out.handlers.push((site, inner.body_range));
                self.handling.push(site);
            }
            if let Some(name) = handler.name {
                let name = self.sym(name);
                let mut value = if self.is_broad(handler) {
                    Value::tainted(Label::Exception(site), hop(site, What::Source, &None))
                } else {
                    Value::default()
                };
                for caught in &caught {
                    value.join(&caught.hopped(site, What::Assigned(name)));
                }
                self.env.vars.insert(name, value);
            }
        }
        self.caught.push(caught);
        let falls = self.block(&handler.body);
        self.caught.pop();
        if site.is_some() && self.is_broad(handler) {
            self.handling.pop();
        }
        falls
    }

    pub(super) fn handler_site(&self, handler: &Handler) -> Option<Site> {
        handler.class.map(|class| self.site(class)).or_else(|| {
            // a bare `except:` has no expression of its own; its body's first one stands for it
            handler.body.iter().find_map(|statement| match statement {
                Stmt::Expr(value) | Stmt::Assign { value, .. } | Stmt::Return(Some(value), _) => {
                    Some(self.site(*value))
                }
                _ => None,
            })
        })
    }

    /// Catches whatever a call of AWS may throw: its text can hold what was sent.
    pub(super) fn is_broad(&self, handler: &Handler) -> bool {
        let Some(class) = handler.class else {
            return true;
        };
        let classes: Vec<ExprId> = match self.module.ir.expr(class) {
            Expr::Sequence(parts) => parts.to_vec(),
            _ => vec![class],
        };
        classes
            .iter()
            .any(|&class| match self.module.ir.expr(class) {
                Expr::Name(name) | Expr::Attribute(_, name) => {
                    matches!(
                        self.module.ir.text(*name),
                        "Exception"
                            | "BaseException"
                            | "ClientError"
                            | "BotoCoreError"
                            | "Boto3Error"
                    )
                }
                _ => false,
            })
    }

    /// Imports inside functions; those of modules are bound by the resolver.
    pub(super) fn import(&mut self, statement: &Stmt) {
        if self.function.1 == 0 {
            return;
        }
        match statement {
            Stmt::Import(modules) => {
                for import in modules {
                    let path = if import.aliased {
                        import.path
                    } else {
                        import.bound
                    };
                    let target =
                        self.shared
                            .program
                            .import(self.function.0, 0, Some(self.sym(path)));
                    if let Some(target) = target {
                        let value = Value::of(Shape::from(target));
                        let bound = self.sym(import.bound);
                        self.env.vars.insert(bound, value);
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let path = import.path.map(|path| self.sym(path));
                let Some(target) = self
                    .shared
                    .program
                    .import(self.function.0, import.level, path)
                else {
                    return;
                };
                for &(name, bound) in &import.names {
                    let value = self.module_attribute(target, self.sym(name));
                    let bound = self.sym(bound);
                    self.env.vars.insert(bound, value);
                }
            }
            _ => {}
        }
    }
}
