//! Who passes the door of a view: decorators, permission classes, mixins, middleware, the
//! project's defaults, and checks in the body.

use std::collections::BTreeMap;

use keytrail_model::{Access, HttpMethod, Location, Step};

mod apps;
mod asked;
mod body;
mod by_action;
mod decorator;
mod lets_in;
mod middleware;
mod permission;
mod throttle;

use self::asked::Asking;
pub(crate) use self::body::denies;
use super::settings::{SettingsIndex, texts};
use super::urls::Binding;
use super::urls::admin::is_model_admin;
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, Program, Site};
use crate::resolve::{Base, Resolver};
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, Stmt};

/// What the settings say for views that say nothing.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    /// DRF's permission classes, by dotted name, and where they are set.
    pub(crate) permissions: Option<(Vec<String>, Location)>,
    /// Middleware that asks callers to sign in.
    guards: Vec<middleware::Guard>,
    /// DRF's default throttles are set.
    pub(crate) throttled: bool,
    /// Settings that are true or false whatever the environment says.
    switches: BTreeMap<String, bool>,
}

/// Of a view that the project's sign-in middleware lets through.
const PUBLIC: &str = "lets in anybody";

/// The answer for one route.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) access: Access,
    pub(crate) evidence: Vec<Step>,
    pub(crate) csrf_exempt: Option<Location>,
    pub(crate) throttled: bool,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            access: Access::Anonymous,
            evidence: Vec::new(),
            csrf_exempt: None,
            throttled: false,
        }
    }
}

pub(crate) struct Doors<'a> {
    program: &'a Program,
    resolver: &'a Resolver<'a>,
    defaults: Defaults,
    /// Functions that run before every request of an application, by the call that made it.
    before_request: Vec<(Site, FunctionRef)>,
}

impl<'a> Doors<'a> {
    pub(crate) fn new(
        program: &'a Program,
        resolver: &'a Resolver<'a>,
        settings: &SettingsIndex,
    ) -> Self {
        let mut doors = Self {
            program,
            resolver,
            defaults: Defaults::default(),
            before_request: Vec::new(),
        };
        doors.before_request = doors.functions_before_requests();
        doors.defaults = doors.read_defaults(settings);
        doors
    }

    fn read_defaults(&self, settings: &SettingsIndex) -> Defaults {
        let permissions = settings
            .deployed("REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES")
            .and_then(|setting| {
                let names = texts(&setting.value)?.into_iter().map(str::to_owned);
                Some((names.collect(), setting.location.clone()))
            });
        let throttled = settings
            .deployed("REST_FRAMEWORK.DEFAULT_THROTTLE_CLASSES")
            .and_then(|setting| texts(&setting.value))
            .is_some_and(|classes| !classes.is_empty());
        Defaults {
            permissions,
            guards: self.guards(settings),
            throttled,
            switches: settings.switches(),
        }
    }

    fn class_named(&self, dotted: &str) -> Option<ClassRef> {
        let (module, class) = dotted.rsplit_once('.')?;
        let module = self.program.module_named(module)?;
        let class = self.program.symbols.find(class)?;
        self.resolver
            .global(module, class)
            .into_iter()
            .find_map(|shape| match shape {
                Shape::Class(class) => Some(class),
                _ => None,
            })
    }

    pub(crate) fn of(&self, binding: &Binding) -> Door {
        let mut door = Door::default();
        let view = binding.view;
        let asking = Asking {
            method: binding.method,
            action: binding.action_name.as_deref(),
        };
        let module = self.program.module(view.0);
        let decorators = &module.ir.function(view.1).decorators;
        let mut verdicts: Vec<(Access, Step)> = Vec::new();
        for &wrapper in &binding.wrappers {
            self.decorator(wrapper, asking, &mut verdicts, &mut door);
        }
        for &decorator in decorators {
            self.decorator(Site(view.0, decorator), asking, &mut verdicts, &mut door);
        }
        let mut drf = decorators
            .iter()
            .any(|&decorator| self.called(Site(view.0, decorator)) == Some("api_view"));
        let mut decided = verdicts
            .iter()
            .any(|(_, step)| step.label.starts_with("permission classes"));
        if let Some(class) = binding.class {
            drf |= self.is_drf(class);
            if let Some(action) = binding.action
                && let Some(list) = self.keyword(action, "permission_classes")
            {
                verdicts.push(self.permission_list(action.0, list, asking));
                decided = true;
            }
            // `KeyView.as_view(permission_classes=[…])`
            if let Some(made) = binding.made
                && let Some(list) = self.keyword(made, "permission_classes")
            {
                verdicts.push(self.permission_list(made.0, list, asking));
                decided = true;
            }
            if is_model_admin(self.program, self.resolver, class) {
                verdicts.extend(self.of_admin(binding, class));
                decided = true;
            }
            if !decided {
                decided = self.class_permissions(class, asking, &mut verdicts);
            }
            self.mixins(class, &mut verdicts, &mut door, view, asking);
        }
        self.of_application(binding, &mut verdicts);
        if drf && !decided {
            verdicts.push(self.default_permission(binding, asking));
        }
        if let Some((access, step)) = self.body_check(view) {
            verdicts.push((access, step));
        }
        if verdicts.is_empty() && binding.class.is_none() {
            verdicts.extend(self.of_dispatched(view, asking, 0));
        }
        if binding.is_lambda() {
            let location = self.program.function_location(view);
            let label = "API Gateway and its authorizer decide who may call";
            verdicts.push((Access::Unknown, Step::new(label, location)));
        }
        if let Some(class) = binding.class
            && self.is_consumer(class)
        {
            verdicts.extend(self.of_consumer(class));
        }
        let public = verdicts
            .iter()
            .any(|(_, step)| step.label.ends_with(PUBLIC));
        verdicts.extend(self.guarded(&binding.pattern, drf, public));
        let own = self.own_throttles(binding);
        door.throttled = match own {
            Some(own) => door.throttled || own,
            None => door.throttled || (drf && self.defaults.throttled),
        };
        if let Some(worst) = verdicts.iter().map(|(access, _)| strength(*access)).max() {
            door.access = verdicts
                .iter()
                .map(|(access, _)| *access)
                .find(|access| strength(*access) == worst)
                .unwrap_or(Access::Anonymous);
        }
        door.evidence = verdicts
            .into_iter()
            .filter(|(access, _)| *access == door.access)
            .map(|(_, step)| step)
            .collect();
        if door.evidence.is_empty() {
            let location = self.program.function_location(view);
            door.evidence
                .push(Step::new("nothing asks the caller to sign in", location));
        }
        door
    }

    /// A view that only hands the request on, to functions with doors of their own: the weakest
    /// of these.
    fn of_dispatched(
        &self,
        view: FunctionRef,
        asking: Asking<'_>,
        depth: u32,
    ) -> Option<(Access, Step)> {
        let module = self.program.module(view.0);
        let function = module.ir.function(view.1);
        let request = function.parameters.first()?.name;
        let mut found: Vec<(Access, Step)> = Vec::new();
        let mut blocks: Vec<&[Stmt]> = vec![&function.body];
        while let Some(block) = blocks.pop() {
            for statement in block {
                if let Stmt::Return(value, _) = statement {
                    let Expr::Call(called, arguments) = module.ir.expr((*value)?) else {
                        return None;
                    };
                    let first = arguments.first()?.value;
                    let handed =
                        matches!(module.ir.expr(first), Expr::Name(name) if *name == request);
                    let Some(Shape::Function(inner)) = self.resolver.expression(view.0, *called)
                    else {
                        return None;
                    };
                    if !handed || depth > 3 {
                        return None;
                    }
                    found.push(self.of_function(inner, asking, depth)?);
                }
                statement.blocks(&mut |block| blocks.push(block));
            }
        }
        found
            .into_iter()
            .min_by_key(|(access, _)| strength(*access))
    }

    /// The strictest of a function's own decorators and checks.
    fn of_function(
        &self,
        function: FunctionRef,
        asking: Asking<'_>,
        depth: u32,
    ) -> Option<(Access, Step)> {
        let mut verdicts = Vec::new();
        let mut unused = Door::default();
        let module = self.program.module(function.0);
        for &decorator in &module.ir.function(function.1).decorators {
            let site = Site(function.0, decorator);
            self.decorator(site, asking, &mut verdicts, &mut unused);
        }
        verdicts.extend(self.body_check(function));
        if verdicts.is_empty() {
            return self.of_dispatched(function, asking, depth + 1);
        }
        verdicts
            .into_iter()
            .max_by_key(|(access, _)| strength(*access))
    }

    /// `async def connect(self): if self.scope["user"].is_anonymous: await self.close()`.
    fn of_consumer(&self, class: ClassRef) -> Option<(Access, Step)> {
        let name = self.program.symbols.find("connect")?;
        let connect = self.resolver.method(class, name)?;
        let module = self.program.module(connect.0);
        let calls = |block: &[Stmt], wanted: &str| {
            block.iter().any(|statement| {
                matches!(statement, Stmt::Expr(call)
                    if self.called(Site(connect.0, *call)) == Some(wanted))
            })
        };
        let body = &module.ir.function(connect.1).body;
        body.iter().find_map(|statement| {
            let Stmt::If { test, then, other } = statement else {
                return None;
            };
            let closes = calls(then, "close") || matches!(then.last(), Some(Stmt::Raise(_)));
            let access = if closes {
                self.asked(connect, *test, false, 0)
            } else if calls(then, "accept") && !calls(other, "accept") {
                self.asked(connect, *test, true, 0)
            } else {
                None
            }?;
            let location = self.program.location(Site(connect.0, *test), Some(connect));
            let label = format!("connect lets in {}", who(access));
            Some((access, Step::new(label, location)))
        })
    }

    /// Pages of the admin ask for staff; those of its `get_urls` only behind `admin_view`.
    fn of_admin(&self, binding: &Binding, class: ClassRef) -> Option<(Access, Step)> {
        let module = self.program.module(class.0);
        let own = binding.view.1 == module.ir.class(class.1).body;
        let wrapped = binding
            .wrappers
            .iter()
            .any(|&wrapper| self.called(wrapper) == Some("admin_view"));
        let location = self.class_location(class);
        let step = Step::new("Django's admin lets in staff", location);
        (own || wrapped).then_some((Access::Privileged, step))
    }

    fn location(&self, site: Site) -> Location {
        self.program.location(site, None)
    }

    fn is_drf(&self, class: ClassRef) -> bool {
        self.resolver
            .class(class)
            .lineage
            .iter()
            .any(|base| match base {
                Base::External(path) => path
                    .first()
                    .is_some_and(|&first| self.program.text(first) == "rest_framework"),
                Base::Class(_) => false,
            })
    }

    fn mixins(
        &self,
        class: ClassRef,
        verdicts: &mut Vec<(Access, Step)>,
        door: &mut Door,
        view: FunctionRef,
        asking: Asking<'_>,
    ) {
        for base in &self.resolver.class(class).lineage {
            match base {
                Base::External(path) => {
                    let Some(&last) = path.last() else { continue };
                    let name = self.program.text(last);
                    let location = self.class_location(class);
                    match name {
                        "LoginRequiredMixin" => {
                            verdicts.push((
                                Access::Authenticated,
                                Step::new(
                                    "LoginRequiredMixin asks the caller to sign in",
                                    location,
                                ),
                            ));
                        }
                        "PermissionRequiredMixin"
                        | "StaffuserRequiredMixin"
                        | "SuperuserRequiredMixin" => {
                            verdicts.push((
                                Access::Privileged,
                                Step::new(format!("{name} asks for a permission"), location),
                            ));
                        }
                        "UserPassesTestMixin" => {
                            let test = self
                                .program
                                .symbols
                                .find("test_func")
                                .and_then(|name| self.resolver.method(class, name))
                                .and_then(|test| self.lets_in(test, None, 0));
                            verdicts.push((
                                test.unwrap_or(Access::Unknown),
                                Step::new("UserPassesTestMixin runs a test on the user", location),
                            ));
                        }
                        _ => {}
                    }
                }
                Base::Class(base) => {
                    let module = self.program.module(base.0);
                    let declaration = module.ir.class(base.1);
                    for &decorator in &declaration.decorators {
                        if !self.is_for(Site(base.0, decorator), view) {
                            continue;
                        }
                        self.decorator(Site(base.0, decorator), asking, verdicts, door);
                    }
                    let facts = self.resolver.class(*base);
                    for hook in ["dispatch", "initial", "check_permissions"] {
                        let Some(function) = self
                            .program
                            .symbols
                            .find(hook)
                            .and_then(|name| facts.methods.get(&name))
                        else {
                            continue;
                        };
                        let inner = self.program.module(function.0);
                        for &decorator in &inner.ir.function(function.1).decorators {
                            self.decorator(Site(function.0, decorator), asking, verdicts, door);
                        }
                        if let Some(verdict) = self.body_check(*function) {
                            verdicts.push(verdict);
                        }
                    }
                }
            }
        }
    }

    fn class_location(&self, class: ClassRef) -> Location {
        let range = self.program.module(class.0).ir.class(class.1).range;
        self.program.range_location(class.0, range, None)
    }

    /// All functions that the framework may call for a request to a class view.
    pub(crate) fn hooks(&self, class: ClassRef, method: HttpMethod) -> Vec<FunctionRef> {
        const WRITES: [&str; 6] = [
            "perform_create",
            "perform_update",
            "perform_destroy",
            "form_valid",
            "form_invalid",
            "post_save",
        ];
        // an admin's methods are called by their names in lists, a consumer's by the messages
        if is_model_admin(self.program, self.resolver, class) || self.is_consumer(class) {
            let lineage = self.resolver.class(class).lineage.iter();
            let mut methods: Vec<FunctionRef> = lineage
                .filter_map(|base| match base {
                    Base::Class(base) => Some(self.resolver.class(*base).methods.values()),
                    Base::External(_) => None,
                })
                .flatten()
                .copied()
                .collect();
            methods.sort_unstable();
            return methods;
        }
        super::urls::HOOKS
            .iter()
            .filter(|name| method != HttpMethod::Get || !WRITES.contains(name))
            .filter_map(|name| self.program.symbols.find(name))
            .filter_map(|name: Sym| self.resolver.method(class, name))
            .collect()
    }

    fn is_consumer(&self, class: ClassRef) -> bool {
        self.resolver.descends_from(class, &|path| {
            path.last()
                .is_some_and(|&last| self.program.text(last).ends_with("Consumer"))
        })
    }
}

/// Which of two checks on one route decides: the one that lets in fewer. A check that could not
/// be understood stands between any user and staff.
fn strength(access: Access) -> u8 {
    match access {
        Access::Anonymous => 0,
        Access::Authenticated => 1,
        Access::Unknown => 2,
        Access::Privileged => 3,
    }
}

fn who(access: Access) -> &'static str {
    match access {
        Access::Anonymous => "anybody",
        Access::Authenticated => "any signed-in user",
        Access::Privileged => "privileged users",
        Access::Unknown => "whom a check of the project's own lets in",
    }
}
