//! Doors of routes that decorators declare: `auth=` of Django Ninja, `Depends` of `FastAPI`,
//! `before_request` of Flask, `authorizer=` of Chalice.

use keytrail_model::{Access, Step};

use super::{Doors, strength};
use crate::django::urls::Binding;
use crate::interp::Shape;
use crate::program::{FunctionRef, ModuleId, Site};
use crate::syntax::ir::{Expr, ExprId};

const DEEPEST: u32 = 5;

impl Doors<'_> {
    /// What the declaration of a route, and of what it is part of, asks of callers.
    pub(super) fn of_application(&self, binding: &Binding, verdicts: &mut Vec<(Access, Step)>) {
        let Some(decorator) = binding.action.filter(|_| binding.class.is_none()) else {
            return;
        };
        // the nearest `auth=` decides
        let mut places = vec![decorator];
        places.extend(binding.wrappers.iter().rev());
        let auth = places
            .iter()
            .find_map(|&site| Some((site.0, self.keyword(site, "auth")?)));
        if let Some((module, auth)) = auth {
            verdicts.push(self.ninja_auth(module, auth));
        }
        for &site in &places {
            for name in ["authorizer", "api_key_required"] {
                if let Some(value) = self.keyword(site, name)
                    && !self.is_nothing(site.0, value)
                {
                    let step = Step::new(
                        format!("{name} decides who may call"),
                        self.location(Site(site.0, value)),
                    );
                    verdicts.push((Access::Unknown, step));
                }
            }
            if let Some(list) = self.keyword(site, "dependencies")
                && let Expr::Sequence(parts) = self.program.module(site.0).ir.expr(list)
            {
                verdicts.extend(
                    parts
                        .iter()
                        .filter_map(|&part| self.dependency(site.0, part, 0)),
                );
            }
            for &(made, check) in &self.before_request {
                if made == site
                    && let Some(verdict) = self.body_check(check)
                {
                    verdicts.push(verdict);
                }
            }
        }
        verdicts.extend(self.parameters(binding.view, 0));
    }

    fn is_nothing(&self, module: ModuleId, expr: ExprId) -> bool {
        matches!(
            self.program.module(module).ir.expr(expr),
            Expr::None | Expr::Bool(false)
        )
    }

    /// `auth=None`, `auth=django_auth`, `auth=[ApiKey(), django_auth]`: any of a list lets in.
    fn ninja_auth(&self, module: ModuleId, auth: ExprId) -> (Access, Step) {
        let ir = &self.program.module(module).ir;
        let location = self.location(Site(module, auth));
        if self.is_nothing(module, auth) {
            let step = Step::new("auth=None lets in anybody", location);
            return (Access::Anonymous, step);
        }
        let parts = match ir.expr(auth) {
            Expr::Sequence(parts) => parts.to_vec(),
            _ => vec![auth],
        };
        let of = |part: ExprId| {
            let name = match self.resolver.expression(module, part) {
                Some(Shape::External(path) | Shape::Object(path)) => {
                    path.last().map_or("", |&last| self.program.text(last))
                }
                _ => "",
            };
            match name {
                "django_auth" | "SessionAuth" => Access::Authenticated,
                "django_auth_superuser"
                | "django_auth_is_staff"
                | "SessionAuthSuperUser"
                | "SessionAuthIsStaff" => Access::Privileged,
                _ => Access::Unknown,
            }
        };
        let access = parts
            .into_iter()
            .map(of)
            .min_by_key(|access| strength(*access))
            .unwrap_or(Access::Anonymous);
        let label = format!("auth= lets in {}", super::who(access));
        (access, Step::new(label, location))
    }

    /// `user=Depends(current_user)` among a function's parameters.
    fn parameters(&self, function: FunctionRef, depth: u32) -> Vec<(Access, Step)> {
        let ir = &self.program.module(function.0).ir;
        let parameters = &ir.function(function.1).parameters;
        parameters
            .iter()
            .flat_map(|parameter| {
                // `Annotated[User, Depends(current_user)]`
                let noted = parameter
                    .annotation
                    .and_then(|annotation| match ir.expr(annotation) {
                        Expr::Subscript(_, inner) => match ir.expr(*inner) {
                            Expr::Sequence(parts) => parts.last().copied(),
                            _ => None,
                        },
                        _ => None,
                    });
                parameter.default.into_iter().chain(noted)
            })
            .filter_map(|value| self.dependency(function.0, value, depth))
            .collect()
    }

    /// What `Depends(check)` asks.
    fn dependency(&self, module: ModuleId, expr: ExprId, depth: u32) -> Option<(Access, Step)> {
        let ir = &self.program.module(module).ir;
        let Expr::Call(called, arguments) = ir.expr(expr) else {
            return None;
        };
        let (Expr::Name(name) | Expr::Attribute(_, name)) = ir.expr(*called) else {
            return None;
        };
        if depth > DEEPEST || !matches!(ir.text(*name), "Depends" | "Security") {
            return None;
        }
        let check = arguments.first()?.value;
        let location = self.location(Site(module, expr));
        let unknown = |label: String| Some((Access::Unknown, Step::new(label, location.clone())));
        match self.resolver.expression(module, check)? {
            Shape::Function(function) => self.body_check(function).or_else(|| {
                self.parameters(function, depth + 1)
                    .into_iter()
                    .max_by_key(|(access, _)| strength(*access))
            }),
            Shape::External(path) | Shape::Object(path) => {
                let dotted = self.resolver.dotted(&path);
                let telling = ["security", "auth", "login", "jwt"];
                let lower = dotted.to_ascii_lowercase();
                telling
                    .iter()
                    .any(|word| lower.contains(word))
                    .then(|| unknown(format!("{dotted} may check the caller")))?
            }
            // `oauth2 = OAuth2PasswordBearer(…)`
            _ => None,
        }
        .or_else(|| {
            let Expr::Name(name) = ir.expr(check) else {
                return None;
            };
            let lower = ir.text(*name).to_ascii_lowercase();
            ["oauth", "bearer", "auth", "api_key", "security"]
                .iter()
                .any(|word| lower.contains(word))
                .then(|| unknown(format!("{} may check the caller", ir.text(*name))))?
        })
    }

    /// Functions behind `@app.before_request`, by the call that made the application.
    pub(super) fn functions_before_requests(&self) -> Vec<(Site, FunctionRef)> {
        let mut found = Vec::new();
        for (id, module) in (0u32..).zip(&self.program.modules) {
            for (number, function) in (0u32..).zip(&module.ir.functions) {
                for &decorator in &function.decorators {
                    let Expr::Attribute(holder, hook) = module.ir.expr(decorator) else {
                        continue;
                    };
                    let hook = module.ir.text(*hook);
                    if !matches!(hook, "before_request" | "before_app_request") {
                        continue;
                    }
                    let Expr::Name(holder) = module.ir.expr(*holder) else {
                        continue;
                    };
                    for (place, name) in self.resolver.variable(id, module.sym(*holder)) {
                        let body = &self.program.module(place).ir.function(0).body;
                        let made = body.iter().find_map(|statement| {
                            super::super::urls::assigned(self.program, place, statement, name)
                        });
                        if let Some(made) = made {
                            found.push((Site(place, made), FunctionRef(id, number)));
                        }
                    }
                }
            }
        }
        found
    }
}
