//! Decorators that let in: of Django, of its REST framework, of the project's own.

use keytrail_model::{Access, Step};

use super::asked::Asking;
use super::{Door, Doors, PUBLIC};
use crate::interp::Shape;
use crate::program::{FunctionRef, Site};
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId};

impl<'a> Doors<'a> {
    /// The last part of a decorator's name, called or not.
    pub(super) fn called(&self, site: Site) -> Option<&'a str> {
        let module = self.program.module(site.0);
        let name = match module.ir.expr(site.1) {
            Expr::Call(function, _) => *function,
            _ => site.1,
        };
        match module.ir.expr(name) {
            Expr::Name(name) | Expr::Attribute(_, name) => Some(module.ir.text(*name)),
            _ => None,
        }
    }

    pub(super) fn arguments(&self, site: Site) -> &'a [Argument] {
        match self.program.module(site.0).ir.expr(site.1) {
            Expr::Call(_, arguments) => arguments,
            _ => &[],
        }
    }

    pub(super) fn keyword(&self, site: Site, name: &str) -> Option<ExprId> {
        let module = self.program.module(site.0);
        self.arguments(site)
            .iter()
            .find_map(|argument| match argument.kind {
                ArgumentKind::Keyword(own) if module.ir.text(own) == name => Some(argument.value),
                _ => None,
            })
    }

    pub(super) fn decorator(
        &self,
        site: Site,
        asking: Asking<'_>,
        verdicts: &mut Vec<(Access, Step)>,
        door: &mut Door,
    ) {
        let Some(name) = self.called(site) else {
            return;
        };
        let step = |what: &str| Step::new(format!("{name} {what}"), self.location(site));
        match name {
            "login_required"
            | "async_login_required"
            | "jwt_required"
            | "token_required"
            | "requires_auth"
            | "auth_required"
            | "authenticated" => {
                verdicts.push((Access::Authenticated, step("asks the caller to sign in")));
            }
            "permission_required"
            | "staff_member_required"
            | "superuser_required"
            | "admin_required" => {
                verdicts.push((Access::Privileged, step("asks for a permission")));
            }
            "user_passes_test" => {
                let test = self.arguments(site).first();
                let access = test
                    .and_then(|test| self.test_of_user(site.0, test.value))
                    .unwrap_or(Access::Unknown);
                verdicts.push((access, step("runs a test on the user")));
            }
            "login_not_required" => {
                verdicts.push((Access::Anonymous, step(PUBLIC)));
            }
            "permission_classes" => {
                if let Some(first) = self.arguments(site).first() {
                    verdicts.push(self.permission_list(site.0, first.value, asking));
                }
            }
            "csrf_exempt" => door.csrf_exempt = Some(self.location(site)),
            "method_decorator" => {
                if let Some(first) = self.arguments(site).first() {
                    let module = self.program.module(site.0);
                    let list = match module.ir.expr(first.value) {
                        Expr::Sequence(parts) => parts.to_vec(),
                        _ => vec![first.value],
                    };
                    for inner in list {
                        self.decorator(Site(site.0, inner), asking, verdicts, door);
                    }
                }
            }
            // what `throttle_classes` says is read for the whole view at once
            "ratelimit" | "rate_limit" | "axes_dispatch" | "throttle" => door.throttled = true,
            "csrf_protect"
            | "api_view"
            | "action"
            | "require_http_methods"
            | "require_GET"
            | "require_POST"
            | "require_safe"
            | "never_cache"
            | "cache_page"
            | "vary_on_headers"
            | "extend_schema"
            | "transaction"
            | "atomic"
            | "swagger_auto_schema"
            | "override"
            | "sensitive_post_parameters"
            | "gzip_page" => {}
            // a decorator of the tree that itself looks at the user
            _ => {
                if let Some(verdict) = self.own_decorator(site) {
                    verdicts.push(verdict);
                }
            }
        }
    }

    pub(super) fn own_decorator(&self, site: Site) -> Option<(Access, Step)> {
        let module = self.program.module(site.0);
        let name = match module.ir.expr(site.1) {
            Expr::Call(function, _) => *function,
            _ => site.1,
        };
        match self.resolver.expression(site.0, name)? {
            Shape::Function(function) => {
                let inner = self.program.module(function.0);
                // the wrapper inside holds the check
                let check = (0u32..)
                    .zip(&inner.ir.functions)
                    .filter(|(id, candidate)| {
                        *id == function.1 || self.inside(function, candidate.parent)
                    })
                    .find_map(|(id, _)| self.body_check(FunctionRef(function.0, id)));
                check.map(|(access, step)| {
                    (
                        access,
                        Step::new(format!("decorator {}", step.label), self.location(site)),
                    )
                })
            }
            Shape::External(path) => {
                let dotted = self.resolver.dotted(&path).to_ascii_lowercase();
                let telling = ["auth", "login", "permission", "require_token", "api_key"];
                telling.iter().any(|word| dotted.contains(word)).then(|| {
                    (
                        Access::Unknown,
                        Step::new(
                            format!("decorator {dotted} may check the caller"),
                            self.location(site),
                        ),
                    )
                })
            }
            _ => None,
        }
    }

    pub(super) fn inside(&self, function: FunctionRef, mut parent: u32) -> bool {
        let module = self.program.module(function.0);
        for _ in 0..8 {
            if parent == function.1 {
                return true;
            }
            if parent == 0 {
                return false;
            }
            parent = module.ir.function(parent).parent;
        }
        false
    }

    /// `@method_decorator(login_required, name="post")` guards that method alone.
    pub(super) fn is_for(&self, decorator: Site, view: FunctionRef) -> bool {
        let Some(name) = self.keyword(decorator, "name") else {
            return true;
        };
        let Expr::Str(name) = self.program.module(decorator.0).ir.expr(name) else {
            return true;
        };
        let name = self.program.module(decorator.0).ir.text(*name);
        let module = self.program.module(view.0);
        name == "dispatch" || name == module.ir.text(module.ir.function(view.1).name)
    }
}
