//! Parser and lowering of expressions.

use ruff_python_ast as ast;
use ruff_python_ast::token::Token;
use ruff_python_ast::{Expr as Syntax, InterpolatedStringElement, Number, PySourceType};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::ir::{
    Argument, ArgumentKind, Class, Comparator, Comprehension, Expr, ExprId, FormatPart, Function,
    FunctionId, FunctionKind, Generator, Module, Name, Operator, Parameter, ParameterKind, Range,
};
use super::{LineIndex, depth};

/// A module, and what its parser complained about.
pub(crate) struct Parsed {
    pub(crate) module: Module,
    pub(crate) problems: Vec<SyntaxProblem>,
}

/// One complaint. Never the source text.
pub(crate) enum SyntaxProblem {
    /// The line, from 1, and what the parser says.
    Invalid { line: u32, message: String },
    /// Nested so deep that nothing was read.
    TooDeep,
}

/// Longer literals are documentation or data; nothing here needs them whole.
const LONGEST_STRING: usize = 1024;
/// Deeper nesting is generated or hostile; the parts below are left out.
pub(super) const DEEPEST: u32 = 200;

/// Parses `source`, broken or not: what can be understood of it is lowered.
pub(crate) fn parse(source: &str) -> Parsed {
    let lines = LineIndex::new(source);
    if depth::is_too_deep(source) {
        let mut lowering = Lowering::new(lines);
        lowering.module(&[]);
        return Parsed {
            module: lowering.module,
            problems: vec![SyntaxProblem::TooDeep],
        };
    }
    let parsed = ruff_python_parser::parse_unchecked_source(source, PySourceType::Python);
    let problems = parsed
        .errors()
        .iter()
        .take(3)
        .map(|error| SyntaxProblem::Invalid {
            line: lines.position(error.location.start().to_u32()).0,
            message: complaint(&error.error),
        })
        .collect();
    let mut lowering = Lowering::new(lines);
    lowering.module(&parsed.syntax().body);
    let module = lowering.fitted();
    let depth = depth::bound(parsed.tokens().iter().map(Token::kind));
    depth::drop_tree(parsed, depth);
    Parsed { module, problems }
}

/// The parser's words, without whatever source text it quotes.
fn complaint(error: &ruff_python_parser::ParseErrorType) -> String {
    let text = error.to_string();
    match text.find(['`', '"', '\'']) {
        Some(quote) if text[quote..].len() > 24 => text[..quote].trim_end().to_owned(),
        _ => text,
    }
}

pub(super) struct Lowering<'a> {
    pub(super) module: Module,
    names: FxHashMap<&'a str, Name>,
    owned: FxHashMap<Box<str>, Name>,
    pub(super) function: FunctionId,
    pub(super) class: Option<u32>,
    pub(super) scope: Vec<&'a str>,
    pub(super) depth: u32,
}

impl<'a> Lowering<'a> {
    fn new(lines: LineIndex) -> Self {
        Self {
            module: Module {
                lines,
                names: Vec::new(),
                exprs: Vec::new(),
                ranges: Vec::new(),
                functions: Vec::new(),
                classes: Vec::new(),
                nonlocal_in: Vec::new(),
            },
            names: FxHashMap::default(),
            owned: FxHashMap::default(),
            function: 0,
            class: None,
            scope: Vec::new(),
            depth: 0,
        }
    }

    /// The module, which stays, without the room that it grew in.
    fn fitted(self) -> Module {
        let mut module = self.module;
        module.names.shrink_to_fit();
        module.exprs.shrink_to_fit();
        module.ranges.shrink_to_fit();
        module.functions.shrink_to_fit();
        module
    }

    fn module(&mut self, body: &'a [ast::Stmt]) {
        let name = self.name("");
        self.module.functions.push(Function {
            name,
            qualified: "".into(),
            parameters: Box::default(),
            body: Box::default(),
            decorators: Box::default(),
            class: None,
            parent: 0,
            range: (0, 0),
            kind: FunctionKind::Module,
        });
        self.module.functions[0].body = self.block(body);
    }

    pub(super) fn name(&mut self, text: &'a str) -> Name {
        let next = index(self.module.names.len());
        let names = &mut self.module.names;
        *self.names.entry(text).or_insert_with(|| {
            names.push(text.into());
            next
        })
    }

    /// For text that the source does not hold in one piece. It may get an index of its own
    /// beside an equal one from the source; the linker makes them one.
    fn owned_name(&mut self, text: &str) -> Name {
        if let Some(&name) = self.names.get(text).or_else(|| self.owned.get(text)) {
            return name;
        }
        let next = index(self.module.names.len());
        self.module.names.push(text.into());
        self.owned.insert(text.into(), next);
        next
    }

    fn push(&mut self, expr: Expr, range: TextRange) -> ExprId {
        let id = index(self.module.exprs.len());
        self.module.exprs.push(expr);
        self.module.ranges.push(span(range));
        id
    }

    pub(super) fn optional(&mut self, syntax: Option<&'a Syntax>) -> Option<ExprId> {
        syntax.map(|syntax| self.expr(syntax))
    }

    pub(super) fn list(&mut self, list: impl IntoIterator<Item = &'a Syntax>) -> Box<[ExprId]> {
        list.into_iter().map(|item| self.expr(item)).collect()
    }

    pub(super) fn expr(&mut self, syntax: &'a Syntax) -> ExprId {
        if self.depth >= DEEPEST {
            return self.push(Expr::Other, syntax.range());
        }
        self.depth += 1;
        let expr = self.lowered(syntax);
        self.depth -= 1;
        match expr {
            Lowered::New(expr) => self.push(expr, syntax.range()),
            Lowered::Same(id) => id,
        }
    }

    fn lowered(&mut self, syntax: &'a Syntax) -> Lowered {
        Lowered::New(match syntax {
            Syntax::Name(name) => Expr::Name(self.name(name.id.as_str())),
            Syntax::Attribute(attribute) => {
                let value = self.expr(&attribute.value);
                Expr::Attribute(value, self.name(attribute.attr.id.as_str()))
            }
            Syntax::StringLiteral(literal) => {
                let text = literal.value.to_str();
                let kept = head(text, LONGEST_STRING);
                if literal.value.is_implicit_concatenated() {
                    Expr::Str(self.owned_name(kept))
                } else {
                    Expr::Str(self.name(kept))
                }
            }
            Syntax::BytesLiteral(literal) => {
                let bytes: Vec<u8> = literal.value.bytes().take(LONGEST_STRING).collect();
                match std::str::from_utf8(&bytes) {
                    Ok(text) => Expr::Str(self.owned_name(text)),
                    Err(_) => Expr::Bytes,
                }
            }
            Syntax::NumberLiteral(number) => match &number.value {
                Number::Int(int) => int.as_i64().map_or(Expr::Float, Expr::Int),
                Number::Float(_) | Number::Complex { .. } => Expr::Float,
            },
            Syntax::BooleanLiteral(literal) => Expr::Bool(literal.value),
            Syntax::NoneLiteral(_) => Expr::None,
            Syntax::Call(call) => {
                let function = self.expr(&call.func);
                Expr::Call(function, self.arguments(&call.arguments))
            }
            Syntax::Subscript(subscript) => {
                let value = self.expr(&subscript.value);
                Expr::Subscript(value, self.expr(&subscript.slice))
            }
            Syntax::Slice(slice) => {
                let lower = self.optional(slice.lower.as_deref());
                Expr::Slice(lower, self.optional(slice.upper.as_deref()))
            }
            Syntax::Dict(dict) => Expr::Dict(
                dict.items
                    .iter()
                    .map(|item| (self.optional(item.key.as_ref()), self.expr(&item.value)))
                    .collect(),
            ),
            Syntax::List(list) => Expr::Sequence(self.list(&list.elts)),
            Syntax::Tuple(tuple) => Expr::Sequence(self.list(&tuple.elts)),
            Syntax::Set(set) => Expr::Sequence(self.list(&set.elts)),
            Syntax::BinOp(binary) => {
                let left = self.expr(&binary.left);
                Expr::Binary(operator(binary.op), left, self.expr(&binary.right))
            }
            Syntax::UnaryOp(unary) => {
                let operand = self.expr(&unary.operand);
                match unary.op {
                    ast::UnaryOp::Not => Expr::Not(operand),
                    ast::UnaryOp::USub => Expr::Negative(operand),
                    ast::UnaryOp::UAdd | ast::UnaryOp::Invert => return Lowered::Same(operand),
                }
            }
            Syntax::BoolOp(logic) => {
                Expr::Logic(logic.op == ast::BoolOp::And, self.list(&logic.values))
            }
            Syntax::Compare(compare) => {
                let left = self.expr(&compare.left);
                let rest = compare
                    .ops
                    .iter()
                    .zip(&compare.comparators)
                    .map(|(&op, right)| (comparator(op), self.expr(right)))
                    .collect();
                Expr::Compare(left, rest)
            }
            Syntax::If(conditional) => Expr::Conditional {
                test: self.expr(&conditional.test),
                then: self.expr(&conditional.body),
                other: self.expr(&conditional.orelse),
            },
            Syntax::Lambda(lambda) => Expr::Lambda(self.lambda(lambda)),
            Syntax::FString(string) => Expr::Format(self.format_parts(string.value.elements())),
            Syntax::TString(string) => Expr::Format(self.format_parts(string.value.elements())),
            Syntax::ListComp(c) => self.comprehension(None, &c.elt, &c.generators),
            Syntax::SetComp(c) => self.comprehension(None, &c.elt, &c.generators),
            Syntax::Generator(c) => self.comprehension(None, &c.elt, &c.generators),
            Syntax::DictComp(c) => self.comprehension(c.key.as_deref(), &c.value, &c.generators),
            Syntax::Await(inner) => return Lowered::Same(self.expr(&inner.value)),
            Syntax::Yield(inner) => Expr::Yield(self.optional(inner.value.as_deref())),
            Syntax::YieldFrom(inner) => Expr::Yield(Some(self.expr(&inner.value))),
            Syntax::Named(named) => {
                let value = self.expr(&named.value);
                match &*named.target {
                    Syntax::Name(name) => Expr::Walrus(self.name(name.id.as_str()), value),
                    _ => return Lowered::Same(value),
                }
            }
            Syntax::Starred(starred) => Expr::Starred(self.expr(&starred.value)),
            Syntax::EllipsisLiteral(_) | Syntax::IpyEscapeCommand(_) => Expr::Other,
        })
    }

    fn arguments(&mut self, arguments: &'a ast::Arguments) -> Box<[Argument]> {
        let mut list = Vec::with_capacity(arguments.args.len() + arguments.keywords.len());
        for argument in &arguments.args {
            let (kind, value) = match argument {
                Syntax::Starred(starred) => (ArgumentKind::Star, &*starred.value),
                other => (ArgumentKind::Positional, other),
            };
            let value = self.expr(value);
            list.push(Argument { kind, value });
        }
        for keyword in &arguments.keywords {
            let kind = match &keyword.arg {
                Some(name) => ArgumentKind::Keyword(self.name(name.id.as_str())),
                None => ArgumentKind::DoubleStar,
            };
            let value = self.expr(&keyword.value);
            list.push(Argument { kind, value });
        }
        list.into_boxed_slice()
    }

    fn format_parts(
        &mut self,
        parts: impl Iterator<Item = &'a InterpolatedStringElement>,
    ) -> Box<[FormatPart]> {
        parts
            .map(|part| match part {
                InterpolatedStringElement::Literal(literal) => {
                    FormatPart::Text(self.name(head(&literal.value, LONGEST_STRING)))
                }
                InterpolatedStringElement::Interpolation(inner) => {
                    FormatPart::Value(self.expr(&inner.expression))
                }
            })
            .collect()
    }

    fn comprehension(
        &mut self,
        key: Option<&'a Syntax>,
        element: &'a Syntax,
        generators: &'a [ast::Comprehension],
    ) -> Expr {
        let generators = generators
            .iter()
            .map(|generator| Generator {
                target: self.expr(&generator.target),
                iter: self.expr(&generator.iter),
                conditions: self.list(&generator.ifs),
            })
            .collect();
        Expr::Comprehension(Box::new(Comprehension {
            key: self.optional(key),
            element: self.expr(element),
            generators,
        }))
    }

    fn lambda(&mut self, lambda: &'a ast::ExprLambda) -> FunctionId {
        let parameters = lambda
            .parameters
            .as_deref()
            .map(|parameters| self.parameters(parameters))
            .unwrap_or_default();
        let name = self.name("<lambda>");
        let id = self.open_function(
            name,
            parameters,
            Box::default(),
            FunctionKind::Lambda,
            lambda.range,
        );
        let outer = std::mem::replace(&mut self.function, id);
        let value = self.expr(&lambda.body);
        self.function = outer;
        self.module.functions[id as usize].body = Box::new([super::ir::Stmt::Return(
            Some(value),
            span(lambda.body.range()),
        )]);
        id
    }

    pub(super) fn parameters(&mut self, parameters: &'a ast::Parameters) -> Box<[Parameter]> {
        let mut list = Vec::new();
        for plain in parameters.posonlyargs.iter().chain(&parameters.args) {
            list.push(self.parameter(
                &plain.parameter,
                plain.default.as_deref(),
                ParameterKind::Plain,
            ));
        }
        if let Some(star) = &parameters.vararg {
            list.push(self.parameter(star, None, ParameterKind::Star));
        }
        for keyword in &parameters.kwonlyargs {
            let default = keyword.default.as_deref();
            list.push(self.parameter(&keyword.parameter, default, ParameterKind::KeywordOnly));
        }
        if let Some(double) = &parameters.kwarg {
            list.push(self.parameter(double, None, ParameterKind::DoubleStar));
        }
        list.into_boxed_slice()
    }

    fn parameter(
        &mut self,
        parameter: &'a ast::Parameter,
        default: Option<&'a Syntax>,
        kind: ParameterKind,
    ) -> Parameter {
        Parameter {
            name: self.name(parameter.name.id.as_str()),
            kind,
            annotation: self.optional(parameter.annotation.as_deref()),
            default: self.optional(default),
        }
    }

    pub(super) fn open_function(
        &mut self,
        name: Name,
        parameters: Box<[Parameter]>,
        decorators: Box<[ExprId]>,
        kind: FunctionKind,
        range: TextRange,
    ) -> FunctionId {
        let id = index(self.module.functions.len());
        let qualified = self.qualified(name);
        self.module.functions.push(Function {
            name,
            qualified,
            parameters,
            body: Box::default(),
            decorators,
            class: self.class,
            parent: self.function,
            range: span(range),
            kind,
        });
        id
    }

    pub(super) fn qualified(&self, name: Name) -> Box<str> {
        let own = self.module.text(name);
        if self.scope.is_empty() {
            own.into()
        } else {
            format!("{}.{own}", self.scope.join(".")).into_boxed_str()
        }
    }

    pub(super) fn open_class(&mut self, class: Class) -> u32 {
        let id = index(self.module.classes.len());
        self.module.classes.push(class);
        id
    }
}

enum Lowered {
    New(Expr),
    Same(ExprId),
}

pub(super) fn span(range: TextRange) -> Range {
    (range.start().to_u32(), range.end().to_u32())
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The first `most` bytes of `text`, cut at a character.
fn head(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

pub(super) fn operator(operator: ast::Operator) -> Operator {
    match operator {
        ast::Operator::Add => Operator::Add,
        ast::Operator::Mod => Operator::Percent,
        ast::Operator::Mult => Operator::Multiply,
        ast::Operator::BitOr => Operator::Or,
        ast::Operator::BitAnd => Operator::And,
        _ => Operator::Other,
    }
}

fn comparator(comparator: ast::CmpOp) -> Comparator {
    match comparator {
        ast::CmpOp::Eq => Comparator::Equal,
        ast::CmpOp::NotEq => Comparator::NotEqual,
        ast::CmpOp::In => Comparator::In,
        ast::CmpOp::NotIn => Comparator::NotIn,
        ast::CmpOp::Is => Comparator::Is,
        ast::CmpOp::IsNot => Comparator::IsNot,
        _ => Comparator::Order,
    }
}
