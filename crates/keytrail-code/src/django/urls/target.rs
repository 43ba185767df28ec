//! What an entry of a URL configuration says: its pattern, and the view that it leads to.

use keytrail_model::HttpMethod;

use super::{DEEPEST_INCLUDE, Prefix, Urls, assigned};
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId, FormatPart, Operator};

impl Urls<'_> {
    pub(super) fn argument(
        &self,
        id: ModuleId,
        arguments: &[Argument],
        index: usize,
        name: &str,
    ) -> Option<ExprId> {
        let module = self.program.module(id);
        let keyword = arguments.iter().find(
            |argument| matches!(argument.kind, ArgumentKind::Keyword(own) if module.ir.text(own) == name),
        );
        keyword
            .or_else(|| {
                arguments
                    .get(index)
                    .filter(|argument| argument.kind == ArgumentKind::Positional)
            })
            .map(|argument| argument.value)
    }

    pub(super) fn pattern(&self, id: ModuleId, expr: ExprId) -> String {
        let module = self.program.module(id);
        match module.ir.expr(expr) {
            Expr::Str(text) => module
                .ir
                .text(*text)
                .trim_start_matches('^')
                .trim_end_matches('$')
                .to_owned(),
            // gettext_lazy("keys/")
            Expr::Call(_, arguments) => arguments
                .first()
                .map_or(String::new(), |first| self.pattern(id, first.value)),
            Expr::Binary(Operator::Add, left, right) => {
                format!("{}{}", self.pattern(id, *left), self.pattern(id, *right))
            }
            Expr::Format(parts) => parts
                .iter()
                .map(|part| match part {
                    FormatPart::Text(text) => module.ir.text(*text).to_owned(),
                    FormatPart::Value(value) => self.pattern(id, *value),
                })
                .collect(),
            Expr::Name(_) | Expr::Attribute(..) => {
                self.constant(id, expr).unwrap_or_else(|| "*".to_owned())
            }
            _ => "*".to_owned(),
        }
    }

    /// The text that a module's variable is set to.
    pub(super) fn constant(&self, id: ModuleId, expr: ExprId) -> Option<String> {
        let module = self.program.module(id);
        let places = match module.ir.expr(expr) {
            Expr::Name(name) => self.resolver.variable(id, module.sym(*name)),
            Expr::Attribute(object, name) => match self.resolver.expression(id, *object)? {
                Shape::Module(inner) => self.resolver.variable(inner, module.sym(*name)),
                _ => return None,
            },
            _ => return None,
        };
        places.into_iter().find_map(|(place, name)| {
            let ir = &self.program.module(place).ir;
            let body = &ir.function(0).body;
            body.iter().find_map(|statement| {
                let value = assigned(self.program, place, statement, name)?;
                match ir.expr(value) {
                    Expr::Str(text) => Some(ir.text(*text).to_owned()),
                    _ => None,
                }
            })
        })
    }

    pub(super) fn target(
        &mut self,
        id: ModuleId,
        target: ExprId,
        declared: Site,
        prefix: &Prefix,
        depth: u32,
    ) {
        let module = self.program.module(id);
        if let Expr::Call(function, arguments) = module.ir.expr(target) {
            match module.ir.expr(*function) {
                Expr::Attribute(class, name) if module.ir.text(*name) == "as_view" => {
                    let Some(class) = self.class_of(id, *class) else {
                        return;
                    };
                    let prefix = Prefix {
                        made: Some(Site(id, target)),
                        ..prefix.clone()
                    };
                    self.class_view(id, class, arguments, declared, &prefix);
                    return;
                }
                Expr::Name(name) | Expr::Attribute(_, name)
                    if module.ir.text(*name) == "include" =>
                {
                    self.include(id, arguments, prefix, depth);
                    return;
                }
                // csrf_exempt(view), cache_page(60)(view)
                _ => {
                    if let Some(last) = arguments
                        .iter()
                        .rev()
                        .find(|argument| argument.kind == ArgumentKind::Positional)
                    {
                        let mut prefix = prefix.clone();
                        prefix.wrappers.push(Site(id, *function));
                        self.target(id, last.value, declared, &prefix, depth);
                    }
                    return;
                }
            }
        }
        match module.ir.expr(target) {
            Expr::Lambda(function) => {
                self.function_view(FunctionRef(id, *function), declared, prefix);
            }
            Expr::Sequence(parts) if !parts.is_empty() => {
                // an old-style (patterns, app name, namespace) tuple
                self.list(id, parts[0], prefix, depth + 1);
            }
            Expr::Attribute(object, name) if module.ir.text(*name) == "urls" => {
                self.router(id, *object, prefix, depth);
            }
            Expr::Attribute(object, name) if matches!(module.ir.expr(*object), Expr::Name(own) if module.ir.text(*own) == "self") =>
            {
                let method = self
                    .class
                    .and_then(|class| self.resolver.method(class, module.sym(*name)));
                if let Some(view) = method {
                    self.add(prefix, HttpMethod::Any, view, self.class, None, declared);
                }
            }
            // `handler404 = "shop.views.missing"`, and URLs of older days
            Expr::Str(dotted) => {
                let Some((place, name)) = module.ir.text(*dotted).rsplit_once('.') else {
                    return;
                };
                let (Some(place), Some(name)) = (
                    self.program.module_named(place),
                    self.program.symbols.find(name),
                ) else {
                    return;
                };
                for shape in self.resolver.global(place, name) {
                    if let Shape::Function(view) = shape {
                        self.function_view(view, declared, prefix);
                    }
                }
            }
            _ => match self.resolver.expression(id, target) {
                Some(Shape::Function(view)) => self.function_view(view, declared, prefix),
                Some(Shape::Class(class)) => self.class_view(id, class, &[], declared, prefix),
                _ => self.view_variable(id, target, declared, prefix, depth),
            },
        }
    }

    /// The class that an expression names; of a variable, the one class that it is set to.
    pub(super) fn class_of(&self, id: ModuleId, expr: ExprId) -> Option<ClassRef> {
        match self.resolver.expression(id, expr) {
            Some(Shape::Class(class)) => Some(class),
            _ => None,
        }
    }

    /// `keys = KeyView.as_view()` in the views module.
    pub(super) fn view_variable(
        &mut self,
        id: ModuleId,
        target: ExprId,
        declared: Site,
        prefix: &Prefix,
        depth: u32,
    ) {
        if depth >= DEEPEST_INCLUDE {
            return;
        }
        let module = self.program.module(id);
        let places = match module.ir.expr(target) {
            Expr::Name(name) => self.resolver.variable(id, module.sym(*name)),
            Expr::Attribute(object, name) => match self.resolver.expression(id, *object) {
                Some(Shape::Module(inner)) => self.resolver.variable(inner, module.sym(*name)),
                _ => return,
            },
            _ => return,
        };
        for (place, name) in places {
            let program = self.program;
            for statement in &program.module(place).ir.function(0).body {
                if let Some(value) = assigned(program, place, statement, name)
                    && matches!(program.module(place).ir.expr(value), Expr::Call(..))
                {
                    self.target(place, value, declared, prefix, depth + 1);
                }
            }
        }
    }
}
