//! Routers of REST framework and the actions of viewsets.

use keytrail_model::HttpMethod;

use super::{Prefix, Urls, joined};
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::resolve::Base;
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId, Stmt};

/// Actions of a viewset: name, method, on one object.
const ACTIONS: [(&str, HttpMethod, bool); 6] = [
    ("list", HttpMethod::Get, false),
    ("create", HttpMethod::Post, false),
    ("retrieve", HttpMethod::Get, true),
    ("update", HttpMethod::Put, true),
    ("partial_update", HttpMethod::Patch, true),
    ("destroy", HttpMethod::Delete, true),
];

impl Urls<'_> {
    /// `router.urls`: what was registered.
    pub(super) fn router(&mut self, id: ModuleId, router: ExprId, prefix: &Prefix, depth: u32) {
        let module = self.program.module(id);
        let places = match module.ir.expr(router) {
            Expr::Name(name) => self.resolver.variable(id, module.sym(*name)),
            Expr::Attribute(object, name) => match self.resolver.expression(id, *object) {
                Some(Shape::Module(inner)) => self.resolver.variable(inner, module.sym(*name)),
                _ => return,
            },
            _ => return,
        };
        let _ = depth;
        for (place, name) in places {
            let program = self.program;
            let linked = program.module(place);
            let mut blocks: Vec<&[Stmt]> = vec![&linked.ir.function(0).body];
            while let Some(block) = blocks.pop() {
                for statement in block {
                    if let Stmt::Expr(call) = statement
                        && let Expr::Call(function, arguments) = linked.ir.expr(*call)
                        && let Expr::Attribute(object, method) = linked.ir.expr(*function)
                        && linked.ir.text(*method) == "register"
                        && matches!(linked.ir.expr(*object), Expr::Name(own) if linked.sym(*own) == name)
                    {
                        self.registered(place, *call, arguments, prefix);
                    }
                    statement.blocks(&mut |block| blocks.push(block));
                }
            }
        }
    }

    pub(super) fn registered(
        &mut self,
        id: ModuleId,
        call: ExprId,
        arguments: &[Argument],
        prefix: &Prefix,
    ) {
        let route = self
            .argument(id, arguments, 0, "prefix")
            .map_or(String::new(), |route| self.pattern(id, route));
        let Some(view) = self.argument(id, arguments, 1, "viewset") else {
            return;
        };
        let Some(Shape::Class(class)) = self.resolver.expression(id, view) else {
            return;
        };
        let mut prefix = prefix.clone();
        prefix.pattern = joined(&prefix.pattern, &route);
        if !prefix.pattern.ends_with('/') {
            prefix.pattern.push('/');
        }
        self.viewset(class, Site(id, call), &prefix);
    }

    pub(super) fn viewset(&mut self, class: ClassRef, declared: Site, prefix: &Prefix) {
        let lookup = self.lookup(class);
        let one = Prefix {
            pattern: format!("{}{{{lookup}}}/", prefix.pattern),
            wrappers: prefix.wrappers.clone(),
        };
        for (name, method, single) in ACTIONS {
            if let Some(view) = self.method(class, name) {
                self.add(
                    if single { &one } else { prefix },
                    method,
                    view,
                    Some(class),
                    None,
                    declared,
                );
            }
        }
        for base in self.resolver.class(class).lineage.clone() {
            let Base::Class(base) = base else { continue };
            let mut methods: Vec<FunctionRef> = self
                .resolver
                .class(base)
                .methods
                .values()
                .copied()
                .collect();
            methods.sort();
            for view in methods {
                self.extra_action(view, class, declared, prefix, &one);
            }
        }
        // actions that the framework supplies work on the hooks
        let hooks = [
            "get_queryset",
            "get_object",
            "perform_create",
            "perform_update",
        ];
        if ACTIONS
            .iter()
            .all(|(name, ..)| self.method(class, name).is_none())
            && let Some(view) = hooks.iter().find_map(|name| self.method(class, name))
        {
            self.add(prefix, HttpMethod::Get, view, Some(class), None, declared);
        }
    }

    pub(super) fn lookup(&self, class: ClassRef) -> String {
        let fields = &self.resolver.class(class).fields;
        let named = |wanted: &str| {
            fields
                .iter()
                .find(|(name, _)| self.text(*name) == wanted)
                .and_then(|(_, value)| {
                    let module = self.program.module(class.0);
                    match module.ir.expr((*value)?) {
                        Expr::Str(text) => Some(module.ir.text(*text).to_owned()),
                        _ => None,
                    }
                })
        };
        named("lookup_url_kwarg")
            .or_else(|| named("lookup_field"))
            .unwrap_or_else(|| "pk".to_owned())
    }

    /// `@action(detail=True, methods=["post"], url_path="reveal")`.
    pub(super) fn extra_action(
        &mut self,
        view: FunctionRef,
        class: ClassRef,
        declared: Site,
        many: &Prefix,
        one: &Prefix,
    ) {
        let module = self.program.module(view.0);
        let function = module.ir.function(view.1);
        let Some((decorator, arguments)) = function.decorators.iter().find_map(|&decorator| {
            let Expr::Call(function, arguments) = module.ir.expr(decorator) else {
                return None;
            };
            let (Expr::Name(name) | Expr::Attribute(_, name)) = module.ir.expr(*function) else {
                return None;
            };
            matches!(
                module.ir.text(*name),
                "action" | "detail_route" | "list_route"
            )
            .then_some((decorator, arguments))
        }) else {
            return;
        };
        let keyword = |name: &str| {
            arguments.iter().find_map(|argument| match argument.kind {
                ArgumentKind::Keyword(own) if module.ir.text(own) == name => Some(argument.value),
                _ => None,
            })
        };
        let detail = keyword("detail")
            .is_some_and(|value| matches!(module.ir.expr(value), Expr::Bool(true)));
        let path = match keyword("url_path").map(|value| module.ir.expr(value)) {
            Some(Expr::Str(text)) => module.ir.text(*text).to_owned(),
            _ => module.ir.text(function.name).to_owned(),
        };
        let base = if detail { one } else { many };
        let prefix = Prefix {
            pattern: format!("{}{path}/", base.pattern),
            wrappers: base.wrappers.clone(),
        };
        let mut methods = keyword("methods")
            .map(|list| self.methods(view.0, list))
            .unwrap_or_default();
        if methods.is_empty() {
            methods.push(HttpMethod::Get);
        }
        for method in methods {
            self.add(
                &prefix,
                method,
                view,
                Some(class),
                Some(Site(view.0, decorator)),
                declared,
            );
        }
    }
}
