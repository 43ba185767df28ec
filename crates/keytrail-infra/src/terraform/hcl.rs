//! HCL text into [`Body`]. The only place that knows the HCL library.

use std::ops::Range;
use std::sync::Arc;

use hcl_edit::Span;
use hcl_edit::expr::{
    BinaryOperator, Expression, ObjectKey, Traversal, TraversalOperator, UnaryOperator,
};
use hcl_edit::structure::{Body as HclBody, Structure};
use hcl_edit::template::{Directive, Element, StringTemplate, Template as HclTemplate};
use keytrail_model::FileSpan;

use super::ast::{Attribute, Block, Body, Expr, ExprKind, For, Operator, Part, Step, Template};
use crate::lines::Lines;

/// Where the text stops being HCL: line, and what the parser had expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadHcl {
    pub(crate) line: u32,
    pub(crate) expected: String,
}

/// Reads a file. What can't be read is told, and everything else is still read: the text is
/// cut where a line begins a new top-level block, and each part is read by itself.
pub(crate) fn file(path: &Arc<str>, text: &str) -> (Body, Vec<BadHcl>) {
    let lines = Lines::new(path, text);
    match hcl_edit::parser::parse_body(text) {
        Ok(body) => (Reader::new(&lines, 0).body(&body), Vec::new()),
        Err(_) => in_parts(text, &lines),
    }
}

/// A template that is a file by itself, as in `templatefile`; `None` where it is none.
pub(crate) fn template(path: &Arc<str>, text: &str) -> Option<Vec<Part>> {
    let lines = Lines::new(path, text);
    let template = hcl_edit::parser::parse_template(text).ok()?;
    Some(Reader::new(&lines, 0).parts(template.iter()))
}

/// A template inside a JSON string: everything in it has the string's place.
pub(crate) fn template_at(place: &FileSpan, text: &str) -> Option<Vec<Part>> {
    let lines = Lines::new(&place.path, text);
    let template = hcl_edit::parser::parse_template(text).ok()?;
    let reader = Reader {
        place: Some(place),
        ..Reader::new(&lines, 0)
    };
    Some(reader.parts(template.iter()))
}

fn in_parts(text: &str, lines: &Lines<'_>) -> (Body, Vec<BadHcl>) {
    let mut whole = Body::default();
    let mut bad = Vec::new();
    for range in top_level_parts(text) {
        let offset = range.start;
        match hcl_edit::parser::parse_body(&text[range]) {
            Ok(body) => {
                let body = Reader::new(lines, offset).body(&body);
                whole.attributes.extend(body.attributes);
                whole.blocks.extend(body.blocks);
            }
            Err(error) => {
                let (first, _) = lines.position(offset);
                let line = crate::lines::number(error.location().line());
                bad.push(BadHcl {
                    line: first + line - 1,
                    expected: error.message().to_owned(),
                });
            }
        }
    }
    (whole, bad)
}

/// Ranges that begin with a line whose first column starts a word and that opens a block.
fn top_level_parts(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let opens = line.trim_end().ends_with(['{', '}'])
            && line.starts_with(|c: char| c.is_ascii_lowercase());
        if opens && offset > 0 {
            starts.push(offset);
        }
        offset += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}

struct Reader<'a> {
    lines: &'a Lines<'a>,
    /// Of the part in the file.
    offset: usize,
    /// What every span becomes, where the text has no lines of its own.
    place: Option<&'a FileSpan>,
}

impl<'a> Reader<'a> {
    fn new(lines: &'a Lines<'a>, offset: usize) -> Self {
        Self {
            lines,
            offset,
            place: None,
        }
    }

    fn span(&self, range: Option<Range<usize>>) -> FileSpan {
        if let Some(place) = self.place {
            return place.clone();
        }
        let range = range.unwrap_or(0..0);
        self.lines
            .span(range.start + self.offset..range.end + self.offset)
    }

    fn body(&self, body: &HclBody) -> Body {
        let mut out = Body::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => out.attributes.push(Attribute {
                    name: attribute.key.as_str().to_owned(),
                    span: self.span(attribute.span()),
                    value: self.expr(&attribute.value),
                }),
                Structure::Block(block) => out.blocks.push(self.block(block)),
            }
        }
        out
    }

    fn block(&self, block: &hcl_edit::structure::Block) -> Block {
        let start = block.ident.span().unwrap_or(0..0);
        let last = block.labels.last().and_then(Span::span);
        let end = last.unwrap_or_else(|| start.clone()).end;
        Block {
            kind: block.ident.as_str().to_owned(),
            labels: block
                .labels
                .iter()
                .map(|label| label.as_str().to_owned())
                .collect(),
            header: self.span(Some(start.start..end)),
            span: self.span(block.span()),
            body: self.body(&block.body),
        }
    }

    fn expr(&self, expression: &Expression) -> Expr {
        let span = self.span(expression.span());
        let kind = match expression {
            Expression::Null(_) => ExprKind::Null,
            Expression::Bool(value) => ExprKind::Bool(*value.value()),
            Expression::Number(value) => {
                ExprKind::Number(value.value().as_f64().unwrap_or_default())
            }
            Expression::String(text) => ExprKind::Text(text.as_str().to_owned()),
            Expression::Array(items) => {
                ExprKind::List(items.iter().map(|item| self.expr(item)).collect())
            }
            Expression::Object(object) => ExprKind::Object(
                object
                    .iter()
                    .map(|(key, value)| (self.key(key), self.expr(value.expr())))
                    .collect(),
            ),
            Expression::StringTemplate(template) => self.string_template(template),
            Expression::HeredocTemplate(heredoc) => {
                let content = self.span(heredoc.template.span());
                let indent = crate::lines::number(heredoc.indent().unwrap_or(0));
                ExprKind::Template(Template {
                    parts: self.parts(heredoc.template.iter()),
                    block: Some((content.line, indent)),
                })
            }
            Expression::Parenthesis(inner) => return self.expr(inner.inner()),
            Expression::Variable(name) => ExprKind::Variable(name.as_str().to_owned()),
            Expression::Conditional(conditional) => ExprKind::Conditional(Box::new([
                self.expr(&conditional.cond_expr),
                self.expr(&conditional.true_expr),
                self.expr(&conditional.false_expr),
            ])),
            Expression::FuncCall(call) => ExprKind::Call {
                name: call.name.name.as_str().to_owned(),
                arguments: call
                    .args
                    .iter()
                    .map(|argument| self.expr(argument))
                    .collect(),
                expand: call.args.expand_final(),
            },
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::UnaryOp(unary) => {
                let inner = Box::new(self.expr(&unary.expr));
                match unary.operator.value() {
                    UnaryOperator::Neg => ExprKind::Minus(inner),
                    UnaryOperator::Not => ExprKind::Not(inner),
                }
            }
            Expression::BinaryOp(binary) => ExprKind::Binary(
                operator(*binary.operator.value()),
                Box::new([self.expr(&binary.lhs_expr), self.expr(&binary.rhs_expr)]),
            ),
            Expression::ForExpr(each) => ExprKind::For(Box::new(For {
                key_name: name(each.intro.key_var.as_deref()),
                value_name: each.intro.value_var.as_str().to_owned(),
                collection: self.expr(&each.intro.collection_expr),
                key: each.key_expr.as_ref().map(|key| self.expr(key)),
                value: self.expr(&each.value_expr),
                condition: each.cond.as_ref().map(|cond| self.expr(&cond.expr)),
                grouping: each.grouping,
            })),
        };
        Expr { kind, span }
    }

    fn key(&self, key: &ObjectKey) -> Expr {
        match key {
            // A bare word is the key's text, not a variable.
            ObjectKey::Ident(name) | ObjectKey::Expression(Expression::Variable(name)) => Expr {
                kind: ExprKind::Text(name.as_str().to_owned()),
                span: self.span(name.span()),
            },
            ObjectKey::Expression(expression) => self.expr(expression),
        }
    }

    fn string_template(&self, template: &StringTemplate) -> ExprKind {
        ExprKind::Template(Template {
            parts: self.parts(template.iter()),
            block: None,
        })
    }

    fn traversal(&self, traversal: &Traversal) -> ExprKind {
        let steps = traversal
            .operators
            .iter()
            .map(|operator| match operator.value() {
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => Step::Splat,
                TraversalOperator::GetAttr(name) => Step::Attribute(name.as_str().to_owned()),
                TraversalOperator::Index(index) => Step::Index(self.expr(index)),
                TraversalOperator::LegacyIndex(index) => Step::Index(Expr {
                    kind: ExprKind::Text(index.to_string()),
                    span: self.span(operator.span()),
                }),
            })
            .collect();
        ExprKind::Traversal(Box::new(self.expr(&traversal.expr)), steps)
    }

    fn parts<'e>(&self, elements: impl Iterator<Item = &'e Element>) -> Vec<Part> {
        elements.map(|element| self.part(element)).collect()
    }

    fn part(&self, element: &Element) -> Part {
        match element {
            Element::Literal(text) => Part::Text(text.as_str().to_owned()),
            Element::Interpolation(inner) => Part::Interpolation(self.expr(&inner.expr)),
            Element::Directive(directive) => match &**directive {
                Directive::If(branch) => {
                    let then = self.inner(&branch.if_expr.template);
                    let otherwise = branch
                        .else_expr
                        .as_ref()
                        .map_or_else(Vec::new, |branch| self.inner(&branch.template));
                    Part::If(
                        Box::new(self.expr(&branch.if_expr.cond_expr)),
                        then,
                        otherwise,
                    )
                }
                Directive::For(each) => {
                    let intro = &each.for_expr;
                    let head = For {
                        key_name: name(intro.key_var.as_deref()),
                        value_name: intro.value_var.as_str().to_owned(),
                        collection: self.expr(&intro.collection_expr),
                        key: None,
                        value: Expr {
                            kind: ExprKind::Null,
                            span: self.span(intro.collection_expr.span()),
                        },
                        condition: None,
                        grouping: false,
                    };
                    Part::For(Box::new(head), self.inner(&intro.template))
                }
            },
        }
    }

    fn inner(&self, template: &HclTemplate) -> Vec<Part> {
        self.parts(template.iter())
    }
}

fn name(ident: Option<&hcl_edit::Ident>) -> Option<String> {
    ident.map(|ident| ident.as_str().to_owned())
}

fn operator(operator: BinaryOperator) -> Operator {
    match operator {
        BinaryOperator::Eq => Operator::Equal,
        BinaryOperator::NotEq => Operator::NotEqual,
        BinaryOperator::LessEq => Operator::LessEqual,
        BinaryOperator::GreaterEq => Operator::GreaterEqual,
        BinaryOperator::Less => Operator::Less,
        BinaryOperator::Greater => Operator::Greater,
        BinaryOperator::Plus => Operator::Plus,
        BinaryOperator::Minus => Operator::Minus,
        BinaryOperator::Mul => Operator::Times,
        BinaryOperator::Div => Operator::Divide,
        BinaryOperator::Mod => Operator::Modulo,
        BinaryOperator::And => Operator::And,
        BinaryOperator::Or => Operator::Or,
    }
}
