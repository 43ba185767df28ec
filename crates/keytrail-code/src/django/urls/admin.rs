//! Django's admin: the pages of each registered model.

use keytrail_model::HttpMethod;

use super::{Binding, Prefix, Urls};
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::resolve::{Base, Resolver};
use crate::syntax::ir::{Expr, ExprId, Stmt};

/// True for a class that Django's admin makes pages of.
pub(crate) fn is_model_admin(
    program: &crate::program::Program,
    resolver: &Resolver<'_>,
    class: ClassRef,
) -> bool {
    let is = |base: &Base| match base {
        Base::External(path) => path.last().is_some_and(|&last| {
            let name = program.text(last);
            name.ends_with("ModelAdmin") || (name.ends_with("Admin") && name != "SiteAdmin")
        }),
        Base::Class(_) => false,
    };
    resolver.class(class).lineage.iter().any(is)
}

impl Urls<'_> {
    /// `admin.site`, or a site of the project's own.
    pub(super) fn is_admin_site(&self, id: ModuleId, expr: ExprId) -> bool {
        let of_admin = |path: &[crate::symbols::Sym]| {
            path.iter().any(|&part| self.text(part) == "admin")
                && path.last().is_some_and(|&last| {
                    let name = self.text(last);
                    name == "site" || name.ends_with("AdminSite")
                })
        };
        if let Some(Shape::External(path)) = self.resolver.expression(id, expr)
            && of_admin(&path)
        {
            return true;
        }
        self.places(id, expr).into_iter().any(|(place, name)| {
            let linked = self.program.module(place);
            let body = &linked.ir.function(0).body;
            body.iter().any(|statement| {
                let Some(value) = super::assigned(self.program, place, statement, name) else {
                    return false;
                };
                let Expr::Call(called, _) = linked.ir.expr(value) else {
                    return false;
                };
                match self.resolver.expression(place, *called) {
                    Some(Shape::External(path)) => of_admin(&path),
                    Some(Shape::Class(class)) => {
                        self.resolver.descends_from(class, &|path| of_admin(path))
                    }
                    _ => false,
                }
            })
        })
    }

    /// One route for the pages of each class of the admin, and those of its `get_urls`.
    pub(super) fn admin(&mut self, prefix: &Prefix) {
        for (id, module) in (0u32..).zip(&self.program.modules) {
            for (index, declared) in (0u32..).zip(&module.ir.classes) {
                let class = ClassRef(id, index);
                if !is_model_admin(self.program, self.resolver, class) {
                    continue;
                }
                let Some(model) = self.administered(class) else {
                    continue;
                };
                let label = module.path.rsplit('/').nth(1).unwrap_or("*");
                let prefix = prefix.then(&format!("{label}/{}/", model.to_ascii_lowercase()));
                let view = FunctionRef(id, declared.body);
                let site = Site(id, declared.bases.first().copied().unwrap_or_default());
                self.push(Binding {
                    pattern: prefix.pattern.clone(),
                    method: HttpMethod::Any,
                    view,
                    class: Some(class),
                    action: None,
                    action_name: None,
                    made: None,
                    declared: site,
                    wrappers: prefix.wrappers.clone(),
                });
                self.own_urls(class, &prefix);
            }
        }
    }

    /// `def get_urls(self): return [path("reveal/", self.reveal)] + super().get_urls()`.
    fn own_urls(&mut self, class: ClassRef, prefix: &Prefix) {
        let Some(method) = self.method(class, "get_urls") else {
            return;
        };
        let program = self.program;
        self.class = Some(class);
        let mut blocks: Vec<&[Stmt]> = vec![&program.module(method.0).ir.function(method.1).body];
        while let Some(block) = blocks.pop() {
            for statement in block {
                if let Stmt::Return(Some(value), _) | Stmt::Assign { value, .. } = statement {
                    self.list(method.0, *value, prefix, 1);
                }
                statement.blocks(&mut |block| blocks.push(block));
            }
        }
        self.class = None;
    }

    /// The model of `@admin.register(Key)` or `admin.site.register(Key, KeyAdmin)`.
    fn administered(&self, class: ClassRef) -> Option<String> {
        let module = self.program.module(class.0);
        let declaration = module.ir.class(class.1);
        let last = |expr: ExprId| match module.ir.expr(expr) {
            Expr::Name(name) | Expr::Attribute(_, name) => Some(module.ir.text(*name).to_owned()),
            _ => None,
        };
        let by_decorator = declaration.decorators.iter().find_map(|&decorator| {
            let Expr::Call(called, arguments) = module.ir.expr(decorator) else {
                return None;
            };
            (last(*called)? == "register").then(|| last(arguments.first()?.value))?
        });
        by_decorator.or_else(|| {
            let own = module.sym(declaration.name);
            let body = &module.ir.function(0).body;
            body.iter().find_map(|statement| {
                let Stmt::Expr(call) = statement else {
                    return None;
                };
                let Expr::Call(called, arguments) = module.ir.expr(*call) else {
                    return None;
                };
                let registers = last(*called)? == "register"
                    && matches!(module.ir.expr(arguments.get(1)?.value), Expr::Name(name)
                        if module.sym(*name) == own);
                registers.then(|| last(arguments.first()?.value))?
            })
        })
    }
}
