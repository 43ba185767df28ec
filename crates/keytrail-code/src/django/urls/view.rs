//! From a view's object to the functions that answer.

use keytrail_model::HttpMethod;

use super::{Binding, HTTP, Prefix, Urls};
use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::resolve::Base;
use crate::syntax::ir::{Argument, Expr, ExprId};

impl Urls<'_> {
    pub(super) fn function_view(&mut self, view: FunctionRef, declared: Site, prefix: &Prefix) {
        for method in self.methods_of(view) {
            self.add(prefix, method, view, None, None, declared);
        }
    }

    /// From `@api_view([…])`, `@require_POST` and their kin; else any.
    pub(super) fn methods_of(&self, view: FunctionRef) -> Vec<HttpMethod> {
        let module = self.program.module(view.0);
        for &decorator in &module.ir.function(view.1).decorators {
            let (name, arguments): (_, &[Argument]) = match module.ir.expr(decorator) {
                Expr::Call(function, arguments) => (*function, arguments),
                _ => (decorator, &[]),
            };
            let (Expr::Name(name) | Expr::Attribute(_, name)) = module.ir.expr(name) else {
                continue;
            };
            match module.ir.text(*name) {
                "require_GET" | "require_safe" => return vec![HttpMethod::Get],
                "require_POST" => return vec![HttpMethod::Post],
                "api_view" | "require_http_methods" | "action" => {
                    let list = self
                        .argument(view.0, arguments, 0, "http_method_names")
                        .or_else(|| self.argument(view.0, arguments, 0, "methods"))
                        .or_else(|| self.argument(view.0, arguments, 0, "request_method_list"));
                    let methods = list
                        .map(|list| self.methods(view.0, list))
                        .unwrap_or_default();
                    return if methods.is_empty() {
                        vec![HttpMethod::Get]
                    } else {
                        methods
                    };
                }
                _ => {}
            }
        }
        vec![HttpMethod::Any]
    }

    pub(super) fn methods(&self, id: ModuleId, list: ExprId) -> Vec<HttpMethod> {
        let module = self.program.module(id);
        let Expr::Sequence(parts) = module.ir.expr(list) else {
            return Vec::new();
        };
        parts
            .iter()
            .filter_map(|&part| match module.ir.expr(part) {
                Expr::Str(text) => {
                    let lower = module.ir.text(*text).to_ascii_lowercase();
                    HTTP.iter()
                        .find(|(name, _)| *name == lower)
                        .map(|(_, method)| *method)
                }
                _ => None,
            })
            .collect()
    }

    pub(super) fn method(&self, class: ClassRef, name: &str) -> Option<FunctionRef> {
        self.resolver
            .method(class, self.program.symbols.find(name)?)
    }

    pub(super) fn class_view(
        &mut self,
        id: ModuleId,
        class: ClassRef,
        arguments: &[Argument],
        declared: Site,
        prefix: &Prefix,
    ) {
        // a viewset's as_view({"get": "list"})
        let module = self.program.module(id);
        if let Some(first) = arguments.first()
            && let Expr::Dict(entries) = module.ir.expr(first.value)
        {
            for &(key, value) in entries {
                let (Some(key), Expr::Str(action)) = (key, module.ir.expr(value)) else {
                    continue;
                };
                let Expr::Str(method) = module.ir.expr(key) else {
                    continue;
                };
                let method = module.ir.text(*method).to_ascii_lowercase();
                let Some((_, method)) = HTTP.iter().find(|(name, _)| *name == method) else {
                    continue;
                };
                let action = module.ir.text(*action).to_owned();
                self.action(prefix, *method, &action, class, declared);
            }
            return;
        }
        let allowed = self.allowed_methods(class);
        let mut own = Vec::new();
        for (name, method) in HTTP {
            if let Some(view) = self.method(class, name) {
                own.push(method);
                if allowed.as_ref().is_none_or(|all| all.contains(&method)) {
                    self.add(prefix, method, view, Some(class), None, declared);
                }
            }
        }
        self.supplied(class, &own, allowed.as_deref(), declared, prefix);
    }

    /// `http_method_names = ["get"]`.
    pub(super) fn allowed_methods(&self, class: ClassRef) -> Option<Vec<HttpMethod>> {
        let name = self.program.symbols.find("http_method_names")?;
        let lineage = &self.resolver.class(class).lineage;
        let (module, list) = lineage.iter().find_map(|base| {
            let Base::Class(base) = base else { return None };
            let fields = &self.resolver.class(*base).fields;
            let (_, value) = fields.iter().rev().find(|(own, _)| *own == name)?;
            Some((base.0, (*value)?))
        })?;
        let methods = self.methods(module, list);
        (!methods.is_empty()).then_some(methods)
    }

    /// One action of a viewset, the project's own or the framework's.
    pub(super) fn action(
        &mut self,
        prefix: &Prefix,
        method: HttpMethod,
        action: &str,
        class: ClassRef,
        declared: Site,
    ) {
        let view = match self.method(class, action) {
            Some(view) => view,
            None if self.supplies_action(class, action) => self.standing_for(class, method),
            None => return,
        };
        self.push(Binding {
            pattern: prefix.pattern.clone(),
            method,
            view,
            class: Some(class),
            action: None,
            action_name: Some(action.into()),
            made: prefix.made,
            declared,
            wrappers: prefix.wrappers.clone(),
        });
    }
}
