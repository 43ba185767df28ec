//! Permission classes: those of REST framework by name, own ones by what they look at.

use keytrail_model::{Access, HttpMethod, Step};

use super::super::urls::{Binding, assigned};
use super::asked::Asking;
use super::{Doors, strength, who};
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::resolve::Base;
use crate::syntax::ir::{Expr, ExprId, Operator, Stmt};

impl Doors<'_> {
    /// `permission_classes`, `get_permissions` over the lineage.
    pub(super) fn class_permissions(
        &self,
        class: ClassRef,
        asking: Asking<'_>,
        verdicts: &mut Vec<(Access, Step)>,
    ) -> bool {
        let find = |name: &str| self.program.symbols.find(name);
        for base in &self.resolver.class(class).lineage {
            let Base::Class(base) = base else { continue };
            let facts = self.resolver.class(*base);
            if let Some(&own) = find("get_permissions").and_then(|name| facts.methods.get(&name))
                && let Some(verdict) = self.returned_permissions(own, class, asking)
            {
                verdicts.push(verdict);
                return true;
            }
            let list = facts
                .fields
                .iter()
                .rev()
                .find(|(name, _)| Some(*name) == find("permission_classes"));
            if let Some((_, Some(list))) = list {
                verdicts.push(self.permission_list(base.0, *list, asking));
                return true;
            }
        }
        false
    }

    /// The entries of a list of classes, through variables, `+` and other classes' lists.
    fn entries(&self, module: ModuleId, list: ExprId, depth: u32) -> Vec<(ModuleId, ExprId)> {
        let linked = self.program.module(module);
        if depth > 6 {
            return vec![(module, list)];
        }
        match linked.ir.expr(list) {
            Expr::Sequence(parts) => parts.iter().map(|&part| (module, part)).collect(),
            Expr::Binary(Operator::Add, left, right) => {
                let mut entries = self.entries(module, *left, depth + 1);
                entries.extend(self.entries(module, *right, depth + 1));
                entries
            }
            Expr::Attribute(object, name) => {
                let Some(Shape::Class(class)) = self.resolver.expression(module, *object) else {
                    return vec![(module, list)];
                };
                let name = linked.sym(*name);
                let field = self.resolver.class(class).lineage.iter().find_map(|base| {
                    let Base::Class(base) = base else { return None };
                    let fields = &self.resolver.class(*base).fields;
                    let (_, value) = fields.iter().rev().find(|(own, _)| *own == name)?;
                    Some((base.0, (*value)?))
                });
                field.map_or(vec![(module, list)], |(place, value)| {
                    self.entries(place, value, depth + 1)
                })
            }
            Expr::Name(name) => {
                let places = self.resolver.variable(module, linked.sym(*name));
                let value = places.into_iter().find_map(|(place, name)| {
                    let body = &self.program.module(place).ir.function(0).body;
                    body.iter()
                        .find_map(|statement| assigned(self.program, place, statement, name))
                        .map(|value| (place, value))
                });
                value.map_or(vec![(module, list)], |(place, value)| {
                    self.entries(place, value, depth + 1)
                })
            }
            _ => vec![(module, list)],
        }
    }

    /// `[IsAuthenticated, IsOwner]`: the strictest of a list counts.
    pub(super) fn permission_list(
        &self,
        module: ModuleId,
        list: ExprId,
        asking: Asking<'_>,
    ) -> (Access, Step) {
        let location = self.location(Site(module, list));
        let parts = self.entries(module, list, 0);
        if parts.is_empty() {
            return (
                Access::Anonymous,
                Step::new("permission classes are empty: anybody may call", location),
            );
        }
        let access = parts
            .iter()
            .map(|&(module, part)| self.permission(module, part, asking))
            .max_by_key(|access| strength(*access))
            .unwrap_or(Access::Anonymous);
        let label = format!("permission classes let in {}", who(access));
        (access, Step::new(label, location))
    }

    fn permission(&self, module: ModuleId, expr: ExprId, asking: Asking<'_>) -> Access {
        let ir = &self.program.module(module).ir;
        if let Expr::Binary(operator, left, right) = ir.expr(expr) {
            let (left, right) = (
                self.permission(module, *left, asking),
                self.permission(module, *right, asking),
            );
            let stricter = strength(left) >= strength(right);
            return match operator {
                Operator::Or if stricter => right,
                Operator::Or => left,
                _ if stricter => left,
                _ => right,
            };
        }
        match self.resolver.expression(module, expr) {
            Some(Shape::Class(class)) => self.own_permission(class, asking),
            // `IsAuthenticated()` of an own class
            None if let Expr::Call(class, _) = ir.expr(expr) => {
                self.permission(module, *class, asking)
            }
            Some(Shape::External(path) | Shape::Object(path)) => {
                path.last().map_or(Access::Unknown, |&last| {
                    named_permission(self.program.text(last), asking.method)
                })
            }
            _ => Access::Unknown,
        }
    }

    /// A permission class of the tree: its bases, or what its check looks at.
    pub(super) fn own_permission(&self, class: ClassRef, asking: Asking<'_>) -> Access {
        let check = self
            .program
            .symbols
            .find("has_permission")
            .and_then(|name| self.resolver.method(class, name));
        let inherited = self
            .resolver
            .class(class)
            .lineage
            .iter()
            .filter_map(|base| match base {
                Base::External(path) => path
                    .last()
                    .map(|&last| named_permission(self.program.text(last), asking.method)),
                Base::Class(_) => None,
            })
            .max_by_key(|access| strength(*access))
            .unwrap_or(Access::Unknown);
        if let Some(check) = check {
            let own = self.lets_in(check, Some(asking), 0);
            let own = own.unwrap_or(Access::Unknown);
            if !self.asks_above(check) || inherited == Access::Unknown {
                return own;
            }
            let stricter = strength(own) > strength(inherited) && own != Access::Unknown;
            return if stricter { own } else { inherited };
        }
        inherited
    }

    /// True when a check asks `super()` too.
    fn asks_above(&self, function: FunctionRef) -> bool {
        let ir = &self.program.module(function.0).ir;
        let is_super = |expr: ExprId| {
            matches!(ir.expr(expr), Expr::Call(name, _)
                if matches!(ir.expr(*name), Expr::Name(name) if ir.text(*name) == "super"))
        };
        let mut open: Vec<ExprId> = Vec::new();
        for statement in &ir.function(function.1).body {
            match statement {
                Stmt::Return(Some(value), _) | Stmt::Assign { value, .. } => open.push(*value),
                Stmt::If { test, .. } => open.push(*test),
                _ => {}
            }
        }
        let mut steps = 0;
        while let Some(expr) = open.pop() {
            steps += 1;
            match ir.expr(expr) {
                Expr::Call(called, _) => match ir.expr(*called) {
                    Expr::Attribute(object, _) if is_super(*object) => return true,
                    _ => {}
                },
                Expr::Not(inner) => open.push(*inner),
                Expr::Logic(_, parts) if steps < 64 => open.extend(parts.iter().copied()),
                _ => {}
            }
        }
        false
    }

    pub(super) fn default_permission(
        &self,
        binding: &Binding,
        asking: Asking<'_>,
    ) -> (Access, Step) {
        if let Some((classes, location)) = &self.defaults.permissions {
            let access = classes
                .iter()
                .map(|dotted| match self.class_named(dotted) {
                    Some(class) => self.own_permission(class, asking),
                    None => named_permission(
                        dotted.rsplit('.').next().unwrap_or(dotted),
                        binding.method,
                    ),
                })
                .max_by_key(|access| strength(*access))
                .unwrap_or(Access::Anonymous);
            let label = if classes.is_empty() {
                "REST framework's default lets in anybody, and the view names no permission class"
                    .to_owned()
            } else {
                format!("the default permission classes let in {}", who(access))
            };
            (access, Step::new(label, location.clone()))
        } else {
            let location = match binding.class {
                Some(class) => self.class_location(class),
                None => self.program.function_location(binding.view),
            };
            (
                Access::Anonymous,
                Step::new(
                    "no permission class, and REST framework's default lets in anybody",
                    location,
                ),
            )
        }
    }
}

fn named_permission(name: &str, method: HttpMethod) -> Access {
    match name {
        "AllowAny" => Access::Anonymous,
        "IsAuthenticated" | "HasAPIKey" | "TokenHasReadWriteScope" | "TokenHasScope" => {
            Access::Authenticated
        }
        "IsAuthenticatedOrReadOnly" | "DjangoModelPermissionsOrAnonReadOnly" => {
            if method.writes() && method != HttpMethod::Any {
                Access::Authenticated
            } else {
                Access::Anonymous
            }
        }
        "IsAdminUser" | "DjangoModelPermissions" | "DjangoObjectPermissions" => Access::Privileged,
        _ => Access::Unknown,
    }
}
