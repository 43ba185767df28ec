//! URL configuration: which URL leads to which view.

pub(crate) mod admin;
mod apps;
mod generic;
mod model_views;
mod router;
mod target;
mod view;

use keytrail_model::HttpMethod;

use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId, Program, Site};
use crate::resolve::Resolver;
use crate::symbols::Sym;
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId, Operator, Stmt};

/// A view behind a URL, before access is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) pattern: String,
    pub(crate) method: HttpMethod,
    /// The function that answers.
    pub(crate) view: FunctionRef,
    pub(crate) class: Option<ClassRef>,
    /// The decorator `@action` or `@api_view` of the view, for its keywords.
    pub(crate) action: Option<Site>,
    /// The action of a viewset that answers: `list`, `reveal`.
    pub(crate) action_name: Option<Box<str>>,
    /// The call of `as_view`, for its keywords.
    pub(crate) made: Option<Site>,
    /// Where the URL is declared.
    pub(crate) declared: Site,
    /// Decorators and wrappers at the URL.
    pub(crate) wrappers: Vec<Site>,
}

/// Views whose first parameter is a part of their URL.
pub(crate) fn with_url_first(
    program: &Program,
    bindings: &[Binding],
) -> rustc_hash::FxHashSet<FunctionRef> {
    let named = bindings
        .iter()
        .filter(|binding| binding.names_first_parameter(program));
    named.map(|binding| binding.view).collect()
}

impl Binding {
    /// True where the URL itself names the view's first parameter (`/keys/<id>` for
    /// `def show(id)`, as Flask, Chalice and `FastAPI` have it): it is no request then.
    fn names_first_parameter(&self, program: &Program) -> bool {
        let ir = &program.module(self.view.0).ir;
        let first = ir.function(self.view.1).parameters.first();
        first.is_some_and(|first| {
            let name = ir.text(first.name);
            self.pattern
                .split(['<', '>', '{', '}'])
                .skip(1)
                .step_by(2)
                .any(|part| part.split(':').any(|word| word == name))
        })
    }

    /// A Lambda function, which API Gateway stands in front of.
    pub(crate) fn is_lambda(&self) -> bool {
        self.pattern.starts_with(LAMBDA)
    }
}

/// How the pattern of a Lambda function begins: which URLs lead to it, the code does not say.
const LAMBDA: &str = "(lambda) ";
const DEEPEST_INCLUDE: u32 = 12;
const MOST_ROUTES: usize = 20_000;
const MOST_STEPS: usize = 400_000;
pub(crate) const HTTP: [(&str, HttpMethod); 5] = [
    ("get", HttpMethod::Get),
    ("post", HttpMethod::Post),
    ("put", HttpMethod::Put),
    ("patch", HttpMethod::Patch),
    ("delete", HttpMethod::Delete),
];
/// Methods of generic views that the framework calls for each request.
pub(crate) const HOOKS: [&str; 22] = [
    "get_context_data",
    "get_queryset",
    "get_object",
    "get_serializer_class",
    "get_serializer",
    "perform_create",
    "perform_update",
    "perform_destroy",
    "form_valid",
    "form_invalid",
    "dispatch",
    "initial",
    "get_form_kwargs",
    "get_form_class",
    "filter_queryset",
    "get_permissions",
    "setup",
    "post_save",
    "render_to_response",
    "to_representation",
    "finalize_response",
    "get_initial",
];

pub(crate) struct Urls<'a> {
    program: &'a Program,
    resolver: &'a Resolver<'a>,
    found: Vec<Binding>,
    active: Vec<ModuleId>,
    steps: usize,
    /// The class around: `self.reveal` in an admin's `get_urls`.
    class: Option<ClassRef>,
    /// `DEBUG` is known to be off where the project is deployed.
    debug_off: bool,
    model_views: Option<model_views::ModelViews>,
}

#[derive(Clone, Default)]
struct Prefix {
    pattern: String,
    wrappers: Vec<Site>,
    made: Option<Site>,
}

impl Prefix {
    fn root() -> Self {
        Self {
            pattern: "/".to_owned(),
            ..Self::default()
        }
    }

    /// With more of the pattern.
    fn then(&self, more: &str) -> Self {
        Self {
            pattern: joined(&self.pattern, more),
            ..self.clone()
        }
    }
}

/// All routes, from the given root modules; without any, from every module with `urlpatterns`
/// that no other includes.
pub(crate) fn bindings(
    program: &Program,
    resolver: &Resolver<'_>,
    roots: &[ModuleId],
    debug_off: bool,
) -> Vec<Binding> {
    let mut urls = Urls {
        program,
        resolver,
        found: Vec::new(),
        active: Vec::new(),
        steps: 0,
        class: None,
        debug_off,
        model_views: None,
    };
    let mut visited = Vec::new();
    for &root in roots {
        urls.module(root, &Prefix::root(), 0);
        urls.handlers(root);
        visited.push(root);
    }
    if urls.found.is_empty() {
        urls.without_root(&visited);
    }
    urls.applications();
    urls.sockets();
    let mut found = urls.found;
    found.dedup();
    found
}

/// One route for each Lambda function that answers requests.
pub(crate) fn of_lambdas(program: &Program, handlers: &[FunctionRef]) -> Vec<Binding> {
    handlers
        .iter()
        .map(|&view| Binding {
            pattern: format!("{LAMBDA}{}", program.qualified(view)),
            method: HttpMethod::Any,
            view,
            class: None,
            action: None,
            action_name: None,
            made: None,
            declared: Site::head(view),
            wrappers: Vec::new(),
        })
        .collect()
}

/// The value that a statement assigns (or adds) to `name`.
pub(super) fn assigned(
    program: &Program,
    module: ModuleId,
    statement: &Stmt,
    name: Sym,
) -> Option<ExprId> {
    let linked = program.module(module);
    let is = |target: ExprId| matches!(linked.ir.expr(target), Expr::Name(own) if linked.sym(*own) == name);
    match statement {
        Stmt::Assign { targets, value } if targets.iter().any(|&target| is(target)) => Some(*value),
        Stmt::Annotated { target, value, .. } if is(*target) => *value,
        Stmt::Augmented { target, value, .. } if is(*target) => Some(*value),
        _ => None,
    }
}

impl Urls<'_> {
    /// Every module with `urlpatterns` of its own.
    fn without_root(&mut self, visited: &[ModuleId]) {
        let program = self.program;
        let patterns = program.symbols.find("urlpatterns");
        for (id, module) in (0u32..).zip(&program.modules) {
            let declares = module.ir.function(0).body.iter().any(|statement| {
                patterns
                    .is_some_and(|patterns| assigned(program, id, statement, patterns).is_some())
            });
            if declares && !visited.contains(&id) {
                self.module(id, &Prefix::root(), 0);
            }
        }
        // what another includes is there twice: with the prefix is the true one
        let longest = self.found.clone();
        self.found.retain(|short| {
            !longest.iter().any(|long| {
                long.declared == short.declared
                    && long.method == short.method
                    && long.pattern.len() > short.pattern.len()
                    && long
                        .pattern
                        .ends_with(short.pattern.trim_start_matches('/'))
            })
        });
    }

    /// `handler404 = "shop.views.missing"`: views of every URL that has none.
    fn handlers(&mut self, id: ModuleId) {
        let program = self.program;
        for name in ["handler400", "handler403", "handler404", "handler500"] {
            let Some(sym) = program.symbols.find(name) else {
                continue;
            };
            let prefix = Prefix::root().then(&format!("({name})"));
            let body = &program.module(id).ir.function(0).body;
            for statement in body {
                if let Some(value) = assigned(program, id, statement, sym) {
                    self.target(id, value, Site(id, value), &prefix, 0);
                }
            }
        }
    }

    fn text(&self, sym: Sym) -> &str {
        self.program.text(sym)
    }

    fn module(&mut self, id: ModuleId, prefix: &Prefix, depth: u32) {
        if depth > DEEPEST_INCLUDE || self.active.contains(&id) {
            return;
        }
        self.active.push(id);
        if let Some(patterns) = self.program.symbols.find("urlpatterns") {
            self.variable(id, patterns, prefix, depth);
        }
        self.active.pop();
    }

    /// Every list that is assigned or added to a variable of a module.
    fn variable(&mut self, id: ModuleId, name: Sym, prefix: &Prefix, depth: u32) {
        let program = self.program;
        let mut blocks: Vec<&[Stmt]> = vec![&program.module(id).ir.function(0).body];
        while let Some(block) = blocks.pop() {
            for statement in block {
                if let Some(value) = assigned(program, id, statement, name) {
                    self.list(id, value, prefix, depth);
                }
                if let Stmt::Expr(value) = statement {
                    self.appended(id, *value, name, prefix, depth);
                }
                self.taken_blocks(id, statement, &mut |block| blocks.push(block));
            }
        }
    }

    /// The blocks of a statement that may run: those behind `if settings.DEBUG` may not where
    /// the project is deployed without.
    fn taken_blocks<'s>(&self, id: ModuleId, statement: &'s Stmt, f: &mut dyn FnMut(&'s [Stmt])) {
        if let Stmt::If { test, then, other } = statement
            && self.debug_off
        {
            let ir = &self.program.module(id).ir;
            let is_debug = |test: ExprId| {
                matches!(ir.expr(test), Expr::Attribute(_, name) | Expr::Name(name)
                    if ir.text(*name) == "DEBUG")
            };
            let taken = match ir.expr(*test) {
                Expr::Not(inner) if is_debug(*inner) => Some(then),
                _ if is_debug(*test) => Some(other),
                _ => None,
            };
            if let Some(taken) = taken {
                f(taken);
                return;
            }
        }
        statement.blocks(f);
    }

    /// `urlpatterns.append(path(…))`, `.extend([…])`.
    fn appended(&mut self, id: ModuleId, value: ExprId, name: Sym, prefix: &Prefix, depth: u32) {
        let module = self.program.module(id);
        if let Expr::Call(function, arguments) = module.ir.expr(value)
            && let Expr::Attribute(object, method) = module.ir.expr(*function)
            && matches!(module.ir.text(*method), "append" | "extend")
            && matches!(module.ir.expr(*object), Expr::Name(own) if module.sym(*own) == name)
            && let Some(first) = arguments.first()
        {
            self.list(id, first.value, prefix, depth);
        }
    }

    fn list(&mut self, id: ModuleId, list: ExprId, prefix: &Prefix, depth: u32) {
        // lists that include each other several times over would take for ever
        self.steps += 1;
        if depth > DEEPEST_INCLUDE || self.found.len() > MOST_ROUTES || self.steps > MOST_STEPS {
            return;
        }
        let module = self.program.module(id);
        match module.ir.expr(list) {
            Expr::Sequence(parts) => parts
                .iter()
                .for_each(|&part| self.list(id, part, prefix, depth)),
            Expr::Starred(inner) => self.list(id, *inner, prefix, depth),
            Expr::Binary(Operator::Add, left, right) => {
                self.list(id, *left, prefix, depth);
                self.list(id, *right, prefix, depth);
            }
            Expr::Name(name) => {
                let name = module.sym(*name);
                for (module, name) in self.resolver.variable(id, name) {
                    if Some(name) != self.program.symbols.find("urlpatterns") || module != id {
                        self.variable(module, name, prefix, depth + 1);
                    }
                }
            }
            Expr::Attribute(object, name) if module.ir.text(*name) == "urls" => {
                self.router(id, *object, prefix, depth);
            }
            Expr::Attribute(object, name) => {
                if let Some(Shape::Module(inner)) = self.resolver.expression(id, *object) {
                    self.variable(inner, module.sym(*name), prefix, depth + 1);
                }
            }
            Expr::Call(function, arguments) => {
                self.entry(id, list, *function, arguments, prefix, depth);
            }
            _ => {}
        }
    }

    /// `path("keys/", view)`, or a helper around a list.
    fn entry(
        &mut self,
        id: ModuleId,
        call: ExprId,
        function: ExprId,
        arguments: &[Argument],
        prefix: &Prefix,
        depth: u32,
    ) {
        let module = self.program.module(id);
        let (Expr::Name(name) | Expr::Attribute(_, name)) = module.ir.expr(function) else {
            return;
        };
        // `from django.urls import path as p`
        let own = module.ir.text(*name);
        let name = match self.resolver.expression(id, function) {
            Some(Shape::External(path)) => path.last().map_or(own, |&last| self.program.text(last)),
            _ => own,
        };
        match name {
            "path" | "re_path" | "url" => {
                let route = self
                    .argument(id, arguments, 0, "route")
                    .or_else(|| self.argument(id, arguments, 0, "regex"));
                let Some(target) = self.argument(id, arguments, 1, "view") else {
                    return;
                };
                let route = route.map_or(String::new(), |route| self.pattern(id, route));
                let mut prefix = prefix.clone();
                prefix.pattern = joined(&prefix.pattern, &route);
                self.target(id, target, Site(id, call), &prefix, depth);
            }
            "include" => self.include(id, arguments, prefix, depth),
            // i18n_patterns(…), format_suffix_patterns([…])
            "static" => {}
            "get_model_urls" => self.model_views(id, arguments, Site(id, call), prefix),
            _ => {
                for argument in arguments {
                    if argument.kind == ArgumentKind::Positional
                        || argument.kind == ArgumentKind::Star
                    {
                        self.list(id, argument.value, prefix, depth + 1);
                    }
                }
            }
        }
    }

    fn include(&mut self, id: ModuleId, arguments: &[Argument], prefix: &Prefix, depth: u32) {
        let Some(first) = arguments.first() else {
            return;
        };
        let module = self.program.module(id);
        let target = match module.ir.expr(first.value) {
            Expr::Sequence(parts)
                if parts.len() <= 3 && !parts.is_empty() && !self.is_entry(id, parts[0]) =>
            {
                parts[0]
            }
            _ => first.value,
        };
        match module.ir.expr(target) {
            Expr::Str(dotted) => {
                if let Some(inner) = self.program.module_named(module.ir.text(*dotted)) {
                    self.module(inner, prefix, depth + 1);
                }
            }
            Expr::Name(_) | Expr::Attribute(..) => match self.resolver.expression(id, target) {
                Some(Shape::Module(inner)) => self.module(inner, prefix, depth + 1),
                _ => self.list(id, target, prefix, depth + 1),
            },
            _ => self.list(id, target, prefix, depth + 1),
        }
    }

    fn is_entry(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        let Expr::Call(function, _) = module.ir.expr(expr) else {
            return false;
        };
        matches!(
            module.ir.expr(*function),
            Expr::Name(name) | Expr::Attribute(_, name) if matches!(module.ir.text(*name), "path" | "re_path" | "url")
        )
    }

    fn add(
        &mut self,
        prefix: &Prefix,
        method: HttpMethod,
        view: FunctionRef,
        class: Option<ClassRef>,
        action: Option<Site>,
        declared: Site,
    ) {
        let binding = Binding {
            pattern: prefix.pattern.clone(),
            method,
            view,
            class,
            action,
            action_name: None,
            made: prefix.made,
            declared,
            wrappers: prefix.wrappers.clone(),
        };
        self.push(binding);
    }

    fn push(&mut self, binding: Binding) {
        if self.found.len() < MOST_ROUTES
            && !self.found[self.found.len().saturating_sub(64)..].contains(&binding)
        {
            self.found.push(binding);
        }
    }

    // ---- routers ----
}

fn joined(prefix: &str, route: &str) -> String {
    if prefix.ends_with('/') && route.starts_with('/') {
        format!("{prefix}{}", &route[1..])
    } else {
        format!("{prefix}{route}")
    }
}
