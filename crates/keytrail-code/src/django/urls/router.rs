//! Routers of REST framework and the actions of viewsets.

use keytrail_model::HttpMethod;

use super::{Binding, Prefix, Urls, assigned};
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::resolve::Base;
use crate::symbols::Sym;
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
    /// `router.urls`: what was registered; of other objects with `urls`, what they hold.
    pub(super) fn router(&mut self, id: ModuleId, router: ExprId, prefix: &Prefix, depth: u32) {
        if depth > super::DEEPEST_INCLUDE {
            return;
        }
        if self.is_admin_site(id, router) {
            self.admin(prefix);
            return;
        }
        for (place, name) in self.places(id, router) {
            if self.is_application(place, name) {
                self.mounted(place, name, prefix, depth);
            } else {
                self.router_variable(place, name, prefix, depth);
            }
        }
    }

    /// The module variables that a name or attribute may be.
    pub(super) fn places(&self, id: ModuleId, expr: ExprId) -> Vec<(ModuleId, Sym)> {
        let module = self.program.module(id);
        match module.ir.expr(expr) {
            Expr::Name(name) => self.resolver.variable(id, module.sym(*name)),
            Expr::Attribute(object, name) => match self.resolver.expression(id, *object) {
                Some(Shape::Module(inner)) => self.resolver.variable(inner, module.sym(*name)),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Everything that is registered at one router.
    fn router_variable(&mut self, place: ModuleId, name: Sym, prefix: &Prefix, depth: u32) {
        let program = self.program;
        let linked = program.module(place);
        let (prefix, slash) = self.router_head(place, name, prefix, 0);
        let mut blocks: Vec<&[Stmt]> = vec![&linked.ir.function(0).body];
        while let Some(block) = blocks.pop() {
            for statement in block {
                let (Stmt::Expr(call) | Stmt::Assign { value: call, .. }) = statement else {
                    if let Stmt::For {
                        target, iter, body, ..
                    } = statement
                    {
                        self.registered_in_loop(place, name, (*target, *iter), body, &prefix);
                    }
                    statement.blocks(&mut |block| blocks.push(block));
                    continue;
                };
                self.registration(place, *call, name, &prefix, slash, depth);
            }
        }
    }

    /// Of a nested router, the pattern of the resource above; and whether URLs end in a slash.
    fn router_head(
        &self,
        place: ModuleId,
        name: Sym,
        prefix: &Prefix,
        depth: u32,
    ) -> (Prefix, bool) {
        let linked = self.program.module(place);
        let body = &linked.ir.function(0).body;
        let made = body
            .iter()
            .find_map(|statement| assigned(self.program, place, statement, name));
        let Some(Expr::Call(called, arguments)) = made.map(|made| linked.ir.expr(made)) else {
            return (prefix.clone(), true);
        };
        let slash = self
            .argument(place, arguments, usize::MAX, "trailing_slash")
            .is_none_or(|value| !matches!(linked.ir.expr(value), Expr::Bool(false)));
        let nested = matches!(linked.ir.expr(*called), Expr::Name(name) | Expr::Attribute(_, name)
            if linked.ir.text(*name).starts_with("Nested"));
        if !nested {
            return (prefix.clone(), slash);
        }
        let parent = self.argument(place, arguments, 1, "parent_prefix");
        let lookup = self.argument(place, arguments, 2, "lookup");
        let parent = parent.map_or("*".to_owned(), |parent| self.pattern(place, parent));
        let lookup = lookup.map_or("nested".to_owned(), |lookup| self.pattern(place, lookup));
        let above = arguments
            .first()
            .and_then(|above| self.places(place, above.value).pop())
            .filter(|_| depth < super::DEEPEST_INCLUDE)
            .map(|(place, name)| self.router_head(place, name, prefix, depth + 1).0);
        let above = above.unwrap_or_else(|| prefix.clone());
        (above.then(&format!("{parent}/{{{lookup}_pk}}/")), slash)
    }

    /// `router.register(…)`, also chained; `router.registry.extend(other.registry)`.
    fn registration(
        &mut self,
        place: ModuleId,
        call: ExprId,
        name: Sym,
        prefix: &Prefix,
        slash: bool,
        depth: u32,
    ) {
        let linked = self.program.module(place);
        let Expr::Call(function, arguments) = linked.ir.expr(call) else {
            return;
        };
        let Expr::Attribute(object, method) = linked.ir.expr(*function) else {
            return;
        };
        let is_router = |expr: ExprId| matches!(linked.ir.expr(expr), Expr::Name(own) if linked.sym(*own) == name);
        match (linked.ir.text(*method), linked.ir.expr(*object)) {
            ("register", _) if is_router(*object) => {
                self.registered(place, call, arguments, prefix, slash);
            }
            ("extend", Expr::Attribute(own, registry))
                if linked.ir.text(*registry) == "registry" && is_router(*own) =>
            {
                let Some(Expr::Attribute(other, _)) =
                    arguments.first().map(|first| linked.ir.expr(first.value))
                else {
                    return;
                };
                for (place, name) in self.places(place, *other) {
                    if depth < super::DEEPEST_INCLUDE {
                        self.router_variable(place, name, prefix, depth + 1);
                    }
                }
            }
            // drf-extensions: `router.register(…).register(…, parents_query_lookups=[…])`
            ("register", Expr::Call(inner, above)) => {
                if let Expr::Attribute(router, _) = linked.ir.expr(*inner)
                    && is_router(*router)
                {
                    self.registered(place, *object, above, prefix, slash);
                    let parent = self
                        .argument(place, above, 0, "prefix")
                        .map_or(String::new(), |route| self.pattern(place, route));
                    let prefix = prefix.then(&format!("{parent}/{{parent_lookup}}/"));
                    self.registered(place, call, arguments, &prefix, slash);
                }
            }
            _ => {}
        }
    }

    /// `for prefix, viewset in [("keys", KeyViewSet)]: router.register(prefix, viewset)`.
    fn registered_in_loop(
        &mut self,
        place: ModuleId,
        router: Sym,
        (target, iter): (ExprId, ExprId),
        body: &[Stmt],
        prefix: &Prefix,
    ) {
        let linked = self.program.module(place);
        let (Expr::Sequence(targets), Expr::Sequence(rows)) =
            (linked.ir.expr(target), linked.ir.expr(iter))
        else {
            return;
        };
        for statement in body {
            let Stmt::Expr(call) = statement else {
                continue;
            };
            let Expr::Call(function, arguments) = linked.ir.expr(*call) else {
                continue;
            };
            let registers = matches!(linked.ir.expr(*function), Expr::Attribute(object, method)
                if linked.ir.text(*method) == "register"
                    && matches!(linked.ir.expr(*object), Expr::Name(own) if linked.sym(*own) == router));
            if !registers {
                continue;
            }
            for &row in rows {
                let Expr::Sequence(values) = linked.ir.expr(row) else {
                    continue;
                };
                let of = |argument: Option<ExprId>| {
                    let Expr::Name(name) = linked.ir.expr(argument?) else {
                        return argument;
                    };
                    let is = |target: &ExprId| matches!(linked.ir.expr(*target), Expr::Name(own) if own == name);
                    match targets.iter().position(is) {
                        Some(index) => values.get(index).copied(),
                        None => argument,
                    }
                };
                let route = of(self.argument(place, arguments, 0, "prefix"));
                let view = of(self.argument(place, arguments, 1, "viewset"));
                if let (Some(route), Some(view)) = (route, view) {
                    self.registered_view(place, row, (route, view), prefix, true);
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
        slash: bool,
    ) {
        let route = self.argument(id, arguments, 0, "prefix");
        let view = self.argument(id, arguments, 1, "viewset");
        if let (Some(route), Some(view)) = (route, view) {
            self.registered_view(id, call, (route, view), prefix, slash);
        }
    }

    fn registered_view(
        &mut self,
        id: ModuleId,
        call: ExprId,
        (route, view): (ExprId, ExprId),
        prefix: &Prefix,
        slash: bool,
    ) {
        let Some(Shape::Class(class)) = self.resolver.expression(id, view) else {
            return;
        };
        let mut prefix = prefix.then(&self.pattern(id, route));
        while prefix.pattern.ends_with('/') {
            prefix.pattern.pop();
        }
        self.viewset(class, Site(id, call), &prefix, if slash { "/" } else { "" });
    }

    /// `prefix` without a slash at its end.
    fn viewset(&mut self, class: ClassRef, declared: Site, prefix: &Prefix, slash: &str) {
        let lookup = self.lookup(class);
        let with = |more: &str| Prefix {
            pattern: format!("{}{more}", prefix.pattern),
            ..prefix.clone()
        };
        let many = with(slash);
        let one = with(&format!("/{{{lookup}}}{slash}"));
        let allowed = self.allowed_methods(class);
        for (name, method, single) in ACTIONS {
            if allowed.as_ref().is_none_or(|all| all.contains(&method)) {
                self.action(
                    if single { &one } else { &many },
                    method,
                    name,
                    class,
                    declared,
                );
            }
        }
        let below = |base: &str| with(base);
        let (many, one) = (below("/"), below(&format!("/{{{lookup}}}/")));
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
                let own = self.program.module(view.0).ir.function(view.1).name;
                let own = self.program.module(view.0).sym(own);
                // what a class below replaces is not called
                if self.resolver.method(class, own) != Some(view) {
                    continue;
                }
                self.extra_action(view, class, declared, (&many, &one, slash));
            }
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
        (many, one, slash): (&Prefix, &Prefix, &str),
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
            pattern: format!("{}{path}{slash}", base.pattern),
            ..base.clone()
        };
        let mut methods = keyword("methods")
            .map(|list| self.methods(view.0, list))
            .unwrap_or_default();
        if methods.is_empty() {
            methods.push(HttpMethod::Get);
        }
        for method in methods {
            self.push(Binding {
                pattern: prefix.pattern.clone(),
                method,
                view,
                class: Some(class),
                action: Some(Site(view.0, decorator)),
                action_name: Some(module.ir.text(function.name).into()),
                made: prefix.made,
                declared,
                wrappers: prefix.wrappers.clone(),
            });
        }
    }
}
