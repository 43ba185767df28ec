//! The compact representation of a module: arenas of expressions, functions and classes,
//! names as indices. About a fifth of the syntax tree's size.

use std::sync::Arc;

use super::LineIndex;

/// Index into [`Module::names`], which the linker maps to program-wide symbols.
pub(crate) type Name = u32;
/// Index into [`Module::exprs`].
pub(crate) type ExprId = u32;
/// Index into [`Module::functions`]; 0 is the module's own body.
pub(crate) type FunctionId = u32;
/// Index into [`Module::classes`].
pub(crate) type ClassId = u32;
/// Byte range in the source.
pub(crate) type Range = (u32, u32);

pub(crate) type Block = Box<[Stmt]>;

#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) lines: LineIndex,
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) ranges: Vec<Range>,
    pub(crate) functions: Vec<Function>,
    pub(crate) classes: Vec<Class>,
    /// Functions some of whose variables an inner function writes.
    pub(crate) nonlocal_in: Vec<FunctionId>,
}

#[derive(Debug)]
pub(crate) enum Expr {
    Name(Name),
    Attribute(ExprId, Name),
    /// A string literal, concatenated parts joined; long ones are cut to their first part.
    Str(Name),
    Bytes,
    Int(i64),
    Float,
    Bool(bool),
    None,
    Call(ExprId, Box<[Argument]>),
    Subscript(ExprId, ExprId),
    Slice(Option<ExprId>, Option<ExprId>),
    /// `None` as key: `**other`.
    Dict(Box<[(Option<ExprId>, ExprId)]>),
    /// List, tuple or set: for data flow all the same.
    Sequence(Box<[ExprId]>),
    Binary(Operator, ExprId, ExprId),
    Not(ExprId),
    Negative(ExprId),
    /// `and` (true) or `or`.
    Logic(bool, Box<[ExprId]>),
    Compare(ExprId, Box<[(Comparator, ExprId)]>),
    Conditional {
        test: ExprId,
        then: ExprId,
        other: ExprId,
    },
    Lambda(FunctionId),
    Format(Box<[FormatPart]>),
    Comprehension(Box<Comprehension>),
    Yield(Option<ExprId>),
    Walrus(Name, ExprId),
    Starred(ExprId),
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Percent,
    Multiply,
    Or,
    And,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparator {
    Equal,
    NotEqual,
    In,
    NotIn,
    Is,
    IsNot,
    Order,
}

#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) kind: ArgumentKind,
    pub(crate) value: ExprId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentKind {
    Positional,
    Star,
    Keyword(Name),
    DoubleStar,
}

#[derive(Debug)]
pub(crate) enum FormatPart {
    Text(Name),
    Value(ExprId),
}

#[derive(Debug)]
pub(crate) struct Comprehension {
    /// The key of a dictionary comprehension.
    pub(crate) key: Option<ExprId>,
    pub(crate) element: ExprId,
    pub(crate) generators: Box<[Generator]>,
}

#[derive(Debug)]
pub(crate) struct Generator {
    pub(crate) target: ExprId,
    pub(crate) iter: ExprId,
    pub(crate) conditions: Box<[ExprId]>,
}

#[derive(Debug)]
pub(crate) enum Stmt {
    Expr(ExprId),
    Assign {
        targets: Box<[ExprId]>,
        value: ExprId,
    },
    /// An annotation, with or without a value.
    Annotated {
        target: ExprId,
        annotation: ExprId,
        value: Option<ExprId>,
    },
    Augmented {
        target: ExprId,
        operator: Operator,
        value: ExprId,
    },
    Return(Option<ExprId>, Range),
    If {
        test: ExprId,
        then: Block,
        other: Block,
    },
    For {
        target: ExprId,
        iter: ExprId,
        body: Block,
        other: Block,
    },
    While {
        test: ExprId,
        body: Block,
        other: Block,
    },
    With {
        items: Box<[(ExprId, Option<ExprId>)]>,
        body: Block,
    },
    Try(Box<Try>),
    Raise(Option<ExprId>),
    Assert(ExprId),
    Import(Box<[ImportedModule]>),
    ImportFrom(Box<ImportFrom>),
    Global(Box<[Name]>),
    Nonlocal(Box<[Name]>),
    /// `del item["api_key"]`.
    Delete(Box<[ExprId]>),
    Function(FunctionId),
    Class(ClassId),
    Match {
        subject: ExprId,
        cases: Box<[Case]>,
    },
    /// `break` and `continue`.
    Jump,
}

#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) body: Block,
    pub(crate) handlers: Box<[Handler]>,
    pub(crate) other: Block,
    pub(crate) finally: Block,
    /// Of the whole `try` body, to tell which calls it covers.
    pub(crate) body_range: Range,
}

#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) class: Option<ExprId>,
    pub(crate) name: Option<Name>,
    pub(crate) body: Block,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) pattern: Pattern,
    pub(crate) guard: Option<ExprId>,
    pub(crate) body: Block,
}

#[derive(Debug)]
pub(crate) enum Pattern {
    /// Constants and `_`: binds nothing.
    Any,
    Bind(Name),
    As(Box<Pattern>, Name),
    Or(Box<[Pattern]>),
    Sequence(Box<[Pattern]>),
    Star(Option<Name>),
    /// Keys with their patterns, and `**rest`.
    Mapping(Box<[(ExprId, Pattern)]>, Option<Name>),
    Class(ExprId, Box<[Pattern]>, Box<[(Name, Pattern)]>),
}

#[derive(Debug)]
pub(crate) struct ImportedModule {
    /// `a.b.c`.
    pub(crate) path: Name,
    /// The name that is bound: the alias, or `a`.
    pub(crate) bound: Name,
    /// True with `as`: the whole path is bound.
    pub(crate) aliased: bool,
}

#[derive(Debug)]
pub(crate) struct ImportFrom {
    pub(crate) level: u32,
    /// Empty for `from . import x`.
    pub(crate) path: Option<Name>,
    /// Imported name and bound name; `*` stands for itself.
    pub(crate) names: Box<[(Name, Name)]>,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: Name,
    /// Name parts from the module down, with dots: `Class.method`; empty for the module.
    pub(crate) qualified: Box<str>,
    pub(crate) parameters: Box<[Parameter]>,
    pub(crate) body: Block,
    pub(crate) decorators: Box<[ExprId]>,
    /// The class whose body declares it.
    pub(crate) class: Option<ClassId>,
    /// The function whose body declares it (the module's for top-level ones).
    pub(crate) parent: FunctionId,
    /// Of the name, for people to look at.
    pub(crate) range: Range,
    pub(crate) kind: FunctionKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FunctionKind {
    Module,
    ClassBody,
    Plain,
    Lambda,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    pub(crate) kind: ParameterKind,
    pub(crate) annotation: Option<ExprId>,
    pub(crate) default: Option<ExprId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Plain,
    KeywordOnly,
    /// `*args`.
    Star,
    /// `**kwargs`.
    DoubleStar,
}

#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) name: Name,
    pub(crate) qualified: Box<str>,
    pub(crate) bases: Box<[ExprId]>,
    pub(crate) decorators: Box<[ExprId]>,
    /// The body, as a function of its own.
    pub(crate) body: FunctionId,
    pub(crate) range: Range,
}

impl Module {
    pub(crate) fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id as usize]
    }

    pub(crate) fn range(&self, id: ExprId) -> Range {
        self.ranges[id as usize]
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        &self.names[name as usize]
    }

    pub(crate) fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id as usize]
    }

    pub(crate) fn class(&self, id: ClassId) -> &Class {
        &self.classes[id as usize]
    }
}

impl Stmt {
    /// Calls `f` with each block inside the statement; not those of functions and classes.
    pub(crate) fn blocks<'a>(&'a self, f: &mut dyn FnMut(&'a [Stmt])) {
        match self {
            Self::If { then, other, .. } => {
                f(then);
                f(other);
            }
            Self::For { body, other, .. } | Self::While { body, other, .. } => {
                f(body);
                f(other);
            }
            Self::With { body, .. } => f(body),
            Self::Try(inner) => {
                f(&inner.body);
                inner.handlers.iter().for_each(|handler| f(&handler.body));
                f(&inner.other);
                f(&inner.finally);
            }
            Self::Match { cases, .. } => cases.iter().for_each(|case| f(&case.body)),
            _ => {}
        }
    }
}
