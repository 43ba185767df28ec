//! Routes that decorators declare: Django Ninja, and the small frameworks beside Django.

use keytrail_model::HttpMethod;
use rustc_hash::FxHashMap;

use super::{Binding, HTTP, Prefix, Urls, assigned};
use crate::interp::Shape;
use crate::program::{FunctionRef, ModuleId, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{Argument, Expr, ExprId, FunctionKind, Stmt};

/// What a variable holds whose methods are route decorators.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// Answers by itself.
    Application,
    /// Answers where another one mounts it.
    Part,
}

/// A variable of a module.
type Place = (ModuleId, Sym);

/// A function behind a route decorator, with the decorator.
type Decorated = (FunctionRef, ExprId);

const MOUNTS: [&str; 4] = [
    "add_router",
    "include_router",
    "register_blueprint",
    "register_controllers",
];
const DEEPEST: u32 = 6;

impl Urls<'_> {
    fn holder(&self, (module, name): Place) -> Option<(Holder, Site)> {
        let linked = self.program.module(module);
        let body = &linked.ir.function(0).body;
        body.iter().find_map(|statement| {
            let value = assigned(self.program, module, statement, name)?;
            let Expr::Call(called, _) = linked.ir.expr(value) else {
                return None;
            };
            let Some(Shape::External(path)) = self.resolver.expression(module, *called) else {
                return None;
            };
            let first = self.text(*path.first()?);
            if !matches!(
                first,
                "ninja"
                    | "ninja_extra"
                    | "fastapi"
                    | "flask"
                    | "chalice"
                    | "quart"
                    | "aws_lambda_powertools"
            ) {
                return None;
            }
            let holder = match self.text(*path.last()?) {
                "NinjaAPI"
                | "NinjaExtraAPI"
                | "FastAPI"
                | "Flask"
                | "Chalice"
                | "Quart"
                | "APIGatewayRestResolver"
                | "APIGatewayHttpResolver" => Holder::Application,
                "Router" | "APIRouter" | "Blueprint" => Holder::Part,
                _ => return None,
            };
            Some((holder, Site(module, value)))
        })
    }

    /// True for a `NinjaAPI`.
    pub(super) fn is_application(&self, module: ModuleId, name: Sym) -> bool {
        matches!(self.holder((module, name)), Some((Holder::Application, _)))
    }

    /// `path("api/", api.urls)`.
    pub(super) fn mounted(&mut self, module: ModuleId, name: Sym, prefix: &Prefix, depth: u32) {
        if depth > DEEPEST {
            return;
        }
        let decorated = self.decorated();
        self.holder_routes((module, name), prefix, &decorated, depth);
    }

    /// Applications that answer by themselves, without Django's URL configuration; then parts
    /// that are mounted in ways that are not seen: their own pattern is what is known.
    pub(super) fn applications(&mut self) {
        let decorated = self.decorated();
        let mut places: Vec<(Place, Holder)> = decorated
            .keys()
            .filter_map(|&place| Some((place, self.holder(place)?.0)))
            .collect();
        places.sort_unstable_by_key(|(place, holder)| {
            (*holder == Holder::Part, place.0, self.program.text(place.1))
        });
        for (place, _) in places {
            let own = &decorated[&place];
            let known = self
                .found
                .iter()
                .any(|binding| own.iter().any(|(function, _)| *function == binding.view));
            if !known {
                self.holder_routes(place, &Prefix::root(), &decorated, 0);
            }
        }
    }

    /// Functions behind `@holder.method(…)`, by the holder.
    fn decorated(&self) -> FxHashMap<Place, Vec<Decorated>> {
        let mut found: FxHashMap<Place, Vec<Decorated>> = FxHashMap::default();
        for (id, module) in (0u32..).zip(&self.program.modules) {
            for (number, function) in (0u32..).zip(&module.ir.functions) {
                if function.kind != FunctionKind::Plain {
                    continue;
                }
                for &decorator in &function.decorators {
                    let Expr::Call(called, _) = module.ir.expr(decorator) else {
                        continue;
                    };
                    let Expr::Attribute(holder, method) = module.ir.expr(*called) else {
                        continue;
                    };
                    if !is_route_method(module.ir.text(*method)) {
                        continue;
                    }
                    let places = self.places(id, *holder);
                    if let Some(&place) = places.iter().find(|place| self.holder(**place).is_some())
                    {
                        found
                            .entry(place)
                            .or_default()
                            .push((FunctionRef(id, number), decorator));
                    }
                }
            }
        }
        found
    }

    fn holder_routes(
        &mut self,
        place: Place,
        prefix: &Prefix,
        decorated: &FxHashMap<Place, Vec<Decorated>>,
        depth: u32,
    ) {
        self.steps += 1;
        if depth > DEEPEST || self.steps > super::MOST_STEPS {
            return;
        }
        let Some((holder, made)) = self.holder(place) else {
            return;
        };
        let mut prefix = prefix.clone();
        if holder == Holder::Part {
            let arguments = self.arguments_of(made);
            for name in ["prefix", "url_prefix"] {
                if let Some(own) = self.argument(made.0, arguments, usize::MAX, name) {
                    prefix = prefix.then(&self.pattern(made.0, own));
                }
            }
        }
        if !prefix.wrappers.contains(&made) {
            prefix.wrappers.push(made);
        }
        for &(function, decorator) in decorated.get(&place).into_iter().flatten() {
            self.decorated_route(function, decorator, &prefix);
        }
        self.parts(place, &prefix, decorated, depth);
    }

    /// `path("ws/keys/", KeyConsumer.as_asgi())`.
    pub(super) fn sockets(&mut self) {
        let program = self.program;
        for (id, module) in (0u32..).zip(&program.modules) {
            if !module.ir.names.iter().any(|name| &**name == "as_asgi") {
                continue;
            }
            for (number, expr) in (0u32..).zip(&module.ir.exprs) {
                if let Expr::Call(_, arguments) = expr {
                    self.socket(Site(id, number), arguments);
                }
            }
        }
    }

    fn socket(&mut self, call: Site, arguments: &[Argument]) {
        let module = self.program.module(call.0);
        let Some(view) = self.argument(call.0, arguments, 1, "view") else {
            return;
        };
        let Expr::Call(called, _) = module.ir.expr(view) else {
            return;
        };
        let Expr::Attribute(class, name) = module.ir.expr(*called) else {
            return;
        };
        if module.ir.text(*name) != "as_asgi" {
            return;
        }
        let Some(Shape::Class(class)) = self.resolver.expression(call.0, *class) else {
            return;
        };
        let route = self.argument(call.0, arguments, 0, "route");
        let route = route.map_or(String::new(), |route| self.pattern(call.0, route));
        let body = self.program.module(class.0).ir.class(class.1).body;
        let answers = ["receive", "receive_json", "connect"];
        let view = answers
            .iter()
            .find_map(|name| self.method(class, name))
            .unwrap_or(FunctionRef(class.0, body));
        self.push(Binding {
            pattern: Prefix::root().then(&route).pattern,
            method: HttpMethod::Any,
            view,
            class: Some(class),
            action: None,
            action_name: None,
            made: None,
            declared: call,
            wrappers: Vec::new(),
        });
    }

    fn arguments_of(&self, call: Site) -> &'_ [Argument] {
        match self.program.module(call.0).ir.expr(call.1) {
            Expr::Call(_, arguments) => arguments,
            _ => &[],
        }
    }

    fn decorated_route(&mut self, view: FunctionRef, decorator: ExprId, prefix: &Prefix) {
        let program = self.program;
        let module = program.module(view.0);
        let Expr::Call(called, arguments) = module.ir.expr(decorator) else {
            return;
        };
        let Expr::Attribute(_, method) = module.ir.expr(*called) else {
            return;
        };
        let method = module.ir.text(*method);
        // `api_operation(["GET", "POST"], "/keys")` names its methods first
        let at = usize::from(method == "api_operation");
        let route = ["path", "rule"]
            .iter()
            .find_map(|name| self.argument(view.0, arguments, at, name));
        let route = route.map_or(String::new(), |route| self.pattern(view.0, route));
        let methods = if let Some((_, method)) = HTTP.iter().find(|(name, _)| *name == method) {
            vec![*method]
        } else {
            let list = ["methods", "http_methods"]
                .iter()
                .find_map(|name| self.argument(view.0, arguments, usize::MAX, name))
                .or_else(|| (at == 1).then(|| arguments.first().map(|first| first.value))?);
            let methods = list.map(|list| self.methods(view.0, list));
            methods
                .filter(|methods| !methods.is_empty())
                .unwrap_or_else(|| vec![HttpMethod::Get])
        };
        let pattern = prefix.then(&route).pattern;
        for method in methods {
            self.push(Binding {
                pattern: pattern.clone(),
                method,
                view,
                class: None,
                action: Some(Site(view.0, decorator)),
                action_name: None,
                made: None,
                declared: Site(view.0, decorator),
                wrappers: prefix.wrappers.clone(),
            });
        }
    }

    /// `api.add_router("/keys", router)`, `app.include_router(router, prefix="/keys")`.
    fn parts(
        &mut self,
        place: Place,
        prefix: &Prefix,
        decorated: &FxHashMap<Place, Vec<Decorated>>,
        depth: u32,
    ) {
        let program = self.program;
        for (id, module) in (0u32..).zip(&program.modules) {
            let mentions = module.ir.names.iter().any(|name| MOUNTS.contains(&&**name));
            if !mentions {
                continue;
            }
            let mut blocks: Vec<&[Stmt]> = module
                .ir
                .functions
                .iter()
                .filter(|function| function.kind != FunctionKind::ClassBody)
                .map(|function| &*function.body)
                .collect();
            while let Some(block) = blocks.pop() {
                for statement in block {
                    if let Stmt::Expr(call) = statement
                        && let Expr::Call(called, arguments) = module.ir.expr(*call)
                        && let Expr::Attribute(holder, mount) = module.ir.expr(*called)
                        && MOUNTS.contains(&module.ir.text(*mount))
                        && self.is_place(id, *holder, place)
                    {
                        self.part(Site(id, *call), arguments, prefix, decorated, depth);
                    }
                    statement.blocks(&mut |block| blocks.push(block));
                }
            }
        }
    }

    /// Names of functions' own variables count too: `def create_app(): app = Flask(…)`.
    fn is_place(&self, id: ModuleId, holder: ExprId, place: Place) -> bool {
        self.places(id, holder).contains(&place)
    }

    fn part(
        &mut self,
        call: Site,
        arguments: &[Argument],
        prefix: &Prefix,
        decorated: &FxHashMap<Place, Vec<Decorated>>,
        depth: u32,
    ) {
        let module = self.program.module(call.0);
        let mut prefix = prefix.clone();
        prefix.wrappers.push(call);
        let mut parts: Vec<Place> = Vec::new();
        for argument in arguments {
            match (argument.kind, module.ir.expr(argument.value)) {
                // the router by its dotted name, or the pattern
                (_, Expr::Str(text)) => {
                    let text = module.ir.text(*text);
                    let dotted = text.rsplit_once('.').and_then(|(module, name)| {
                        Some((
                            self.program.module_named(module)?,
                            self.program.symbols.find(name)?,
                        ))
                    });
                    match dotted {
                        Some(place) if !text.starts_with('/') => parts.push(place),
                        _ if is_pattern(module, argument) => prefix = prefix.then(text),
                        _ => {}
                    }
                }
                _ => parts.extend(
                    self.places(call.0, argument.value)
                        .into_iter()
                        .filter(|place| self.holder(*place).is_some()),
                ),
            }
        }
        for part in parts {
            self.holder_routes(part, &prefix, decorated, depth + 1);
        }
    }
}

fn is_pattern(module: &crate::program::LinkedModule, argument: &Argument) -> bool {
    use crate::syntax::ir::ArgumentKind;
    match argument.kind {
        ArgumentKind::Positional => true,
        ArgumentKind::Keyword(name) => {
            matches!(module.ir.text(name), "prefix" | "url_prefix")
        }
        _ => false,
    }
}

fn is_route_method(name: &str) -> bool {
    HTTP.iter().any(|(method, _)| *method == name)
        || matches!(name, "route" | "api_operation" | "api_route")
}
