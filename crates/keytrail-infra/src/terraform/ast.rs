//! Terraform's configuration as the evaluator reads it, the same from HCL and from JSON.

use keytrail_model::FileSpan;

#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) span: FileSpan,
    pub(crate) value: Expr,
}

#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) labels: Vec<String>,
    /// From the block's word to its last label: what one points at.
    pub(crate) header: FileSpan,
    /// The whole.
    pub(crate) span: FileSpan,
    pub(crate) body: Body,
}

impl Body {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    pub(crate) fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: FileSpan,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Template(Template),
    List(Vec<Expr>),
    Object(Vec<(Expr, Expr)>),
    Variable(String),
    Conditional(Box<[Expr; 3]>),
    Call {
        name: String,
        arguments: Vec<Expr>,
        expand: bool,
    },
    Traversal(Box<Expr>, Vec<Step>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    Binary(Operator, Box<[Expr; 2]>),
    For(Box<For>),
}

#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) parts: Vec<Part>,
    /// For a heredoc: the line of its first character, and the indent taken off.
    pub(crate) block: Option<(u32, u32)>,
}

#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Interpolation(Expr),
    If(Box<Expr>, Vec<Part>, Vec<Part>),
    For(Box<For>, Vec<Part>),
}

#[derive(Debug)]
pub(crate) struct For {
    pub(crate) key_name: Option<String>,
    pub(crate) value_name: String,
    pub(crate) collection: Expr,
    pub(crate) key: Option<Expr>,
    pub(crate) value: Expr,
    pub(crate) condition: Option<Expr>,
    pub(crate) grouping: bool,
}

#[derive(Debug)]
pub(crate) enum Step {
    Attribute(String),
    Index(Expr),
    /// `[*]` and `.*`: what follows applies to each element.
    Splat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    LessEqual,
    GreaterEqual,
    Less,
    Greater,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    And,
    Or,
}
