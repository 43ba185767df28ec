//! Where a function's analysis begins and ends: parameters in, cells out.

use super::shape::Shape;
use super::taint::Label;
use super::value::Value;
use super::{Cell, Machine};
use crate::program::{ClassRef, FunctionRef};
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, ExprId, FunctionKind, Operator, ParameterKind};

impl Machine<'_> {
    pub(super) fn bind_parameters(&mut self) {
        let module = self.module;
        let function = module.ir.function(self.function.1);
        let is_method = function.class.is_some() && function.kind == FunctionKind::Plain;
        let is_static = self.decorated(self.function, self.shared.words.static_method);
        let is_class_method = self.decorated(self.function, self.shared.words.class_method);
        for (index, parameter) in function.parameters.iter().enumerate() {
            let name = self.sym(parameter.name);
            let number = u16::try_from(index).unwrap_or(u16::MAX);
            let default = match parameter.default {
                Some(default) => self.expr(default),
                None => Value::default(),
            };
            self.out.summary.defaults.push(default);
            let value = if let (0, true, false, Some(class)) =
                (index, is_method, is_static, function.class)
            {
                let class = ClassRef(self.function.0, class);
                let mut own = Value::of(if is_class_method {
                    Shape::Class(class)
                } else {
                    Shape::Instance(class)
                });
                // fields of the instance that the caller made
                own.add_shape(Shape::Param(0, super::Fields::new()));
                own
            } else if self.is_request(name, index, is_method) {
                Value::tainted(Label::Request, None)
            } else {
                let mut value = Value::tainted(Label::Param(number), None);
                value.add_shape(Shape::Param(number, super::Fields::new()));
                if is_method && let Some(passed) = self.passed_by_framework(name) {
                    value = passed;
                }
                if let Some(passed) = self.passed_around(index, name) {
                    value = passed;
                }
                if let Some(annotation) = parameter.annotation
                    && parameter.kind != ParameterKind::Star
                {
                    if let Some(body) = self.described_body(self.function, annotation) {
                        value = body;
                    }
                    self.annotated(annotation, &mut value);
                }
                value
            };
            self.env.vars.insert(name, value);
        }
    }

    /// By its name, or by its place where a route leads here.
    pub(super) fn is_request(&self, name: Sym, index: usize, is_method: bool) -> bool {
        // methods are left to their names: hooks get forms and serializers instead
        (name == self.shared.words.request && index <= 1)
            || (index == 0
                && !is_method
                && self.shared.views.contains(&self.function)
                && !self.shared.url_first.contains(&self.function)
                && !self.shared.around.handlers.contains(&self.function))
    }

    /// `store: KeyStore` says what the parameter is, `list[KeyStore]` what its elements are.
    pub(super) fn annotated(&mut self, annotation: ExprId, value: &mut Value) {
        let mut open = vec![(annotation, 0)];
        while let Some((annotation, depth)) = open.pop() {
            if depth > 6 {
                continue;
            }
            match self.module.ir.expr(annotation) {
                Expr::Subscript(_, inner) => open.push((*inner, depth + 1)),
                Expr::Sequence(parts) => open.extend(parts.iter().map(|&part| (part, depth + 1))),
                Expr::Binary(Operator::Or, left, right) => {
                    open.push((*right, depth + 1));
                    open.push((*left, depth + 1));
                }
                Expr::Str(text) => {
                    let text = self.module.ir.text(*text).to_owned();
                    if let Some(class) = self.quoted_class(&text) {
                        value.add_shape(Shape::Instance(class));
                    }
                }
                _ => {
                    let resolver = self.shared.resolver;
                    if let Some(Shape::Class(class)) =
                        resolver.expression(self.function.0, annotation)
                    {
                        value.add_shape(Shape::Instance(class));
                    }
                }
            }
        }
    }

    /// `"Store"`, `"Optional[Store]"`: a class named in an annotation's text.
    pub(super) fn quoted_class(&self, text: &str) -> Option<ClassRef> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter_map(|word| self.shared.program.symbols.find(word))
            .flat_map(|word| self.shared.resolver.global(self.function.0, word))
            .find_map(|shape| match shape {
                Shape::Class(class) => Some(class),
                _ => None,
            })
    }

    pub(super) fn decorated(&self, function: FunctionRef, name: Sym) -> bool {
        let module = self.shared.program.module(function.0);
        module.ir.function(function.1).decorators.iter().any(|&decorator| {
            matches!(module.ir.expr(decorator), Expr::Name(own) | Expr::Attribute(_, own) if module.sym(*own) == name)
        })
    }

    /// At the end: locals that inner functions may read become cells.
    pub(super) fn finish(&mut self) {
        let module = self.module;
        let function = module.ir.function(self.function.1);
        self.shown_by_framework();
        self.sent_by_decorator();
        self.shown_around();
        match function.kind {
            FunctionKind::Module => {
                let vars = std::mem::take(&mut self.env.vars);
                for (name, value) in vars {
                    self.out
                        .cells
                        .push((Cell::Global(self.function.0, name), value.shallow(0)));
                }
            }
            FunctionKind::ClassBody => {
                if let Some(class) = function.class {
                    let class = ClassRef(self.function.0, class);
                    let vars = std::mem::take(&mut self.env.vars);
                    for (name, value) in vars {
                        self.out
                            .cells
                            .push((Cell::Attribute(class, name), value.shallow(0)));
                    }
                    self.run_by_framework(class);
                }
            }
            FunctionKind::Plain | FunctionKind::Lambda => {
                let has_inner = module
                    .ir
                    .functions
                    .iter()
                    .skip(self.function.1 as usize + 1)
                    .any(|inner| inner.parent == self.function.1);
                if has_inner {
                    let vars = std::mem::take(&mut self.env.vars);
                    for (name, mut value) in vars {
                        value
                            .taints
                            .retain(|taint| !matches!(taint.label, Label::Param(_)));
                        value
                            .shapes
                            .retain(|shape| !matches!(shape, Shape::Param(..)));
                        self.out
                            .cells
                            .push((Cell::Captured(self.function, name), value.shallow(0)));
                    }
                }
            }
        }
    }
}
