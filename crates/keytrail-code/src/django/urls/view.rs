//! From a view's object to the functions that answer.

use keytrail_model::HttpMethod;

use super::{HTTP, Prefix, Urls};
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
                if let Some(view) = self.method(class, module.ir.text(*action)) {
                    self.add(prefix, *method, view, Some(class), None, declared);
                }
            }
            return;
        }
        let mut any = false;
        for (name, method) in HTTP {
            if let Some(view) = self.method(class, name) {
                self.add(prefix, method, view, Some(class), None, declared);
                any = true;
            }
        }
        if !any {
            self.generic_view(class, declared, prefix);
        }
    }

    /// A view whose methods the framework supplies: its hooks stand for them.
    pub(super) fn generic_view(&mut self, class: ClassRef, declared: Site, prefix: &Prefix) {
        let external: Vec<&str> = self
            .resolver
            .class(class)
            .lineage
            .iter()
            .filter_map(|base| match base {
                Base::External(path) => path.last().map(|&last| self.program.text(last)),
                Base::Class(_) => None,
            })
            .collect();
        let writes = external.iter().any(|name| {
            ["Create", "Update", "Destroy", "Delete", "Form", "Edit"]
                .iter()
                .any(|word| name.contains(word))
        });
        let reads = !writes
            || external
                .iter()
                .any(|name| name.contains("List") || name.contains("Retrieve"));
        let hook = |names: &[&str]| names.iter().find_map(|name| self.method(class, name));
        let read = hook(&[
            "get_context_data",
            "get_queryset",
            "get_object",
            "list",
            "retrieve",
        ]);
        let write = hook(&[
            "form_valid",
            "perform_create",
            "perform_update",
            "create",
            "update",
        ]);
        let mut add = Vec::new();
        if reads && let Some(view) = read {
            add.push((HttpMethod::Get, view));
        }
        if writes && let Some(view) = write.or(read) {
            add.push((HttpMethod::Post, view));
        }
        if add.is_empty() && !external.is_empty() {
            // nothing of its own: the class stands for what the framework does
            let body = self.program.module(class.0).ir.class(class.1).body;
            let method = match (reads, writes) {
                (true, true) => HttpMethod::Any,
                (_, true) => HttpMethod::Post,
                _ => HttpMethod::Get,
            };
            add.push((method, FunctionRef(class.0, body)));
        }
        for (method, view) in add {
            self.add(prefix, method, view, Some(class), None, declared);
        }
    }
}
