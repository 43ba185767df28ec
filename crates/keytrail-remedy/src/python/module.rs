//! A parsed module with its text.

use std::ops::Range;

use keytrail_model::FileSpan;
use ruff_python_ast::find_node::{CoveringNode, covering_node};
use ruff_python_ast::token::{TokenKind, parenthesized_range};
use ruff_python_ast::{AnyNodeRef, Expr, ExprCall, ExprRef, ModModule, PySourceType, Stmt};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::Why;
use crate::text::Text;

/// A module that parses without any complaint.
pub(crate) struct Module {
    pub(crate) text: Text,
    parsed: Parsed<ModModule>,
}

impl Module {
    pub(crate) fn parse(text: Text) -> Result<Self, Why> {
        if keytrail_code::nests_too_deep(text.as_str()) {
            return Err(Why::TooLarge);
        }
        let parsed =
            ruff_python_parser::parse_unchecked_source(text.as_str(), PySourceType::Python);
        if parsed.has_invalid_syntax() {
            return Err(Why::Broken);
        }
        Ok(Self { text, parsed })
    }

    /// The statements of the module itself.
    pub(crate) fn body(&self) -> &[Stmt] {
        &self.parsed.syntax().body
    }

    pub(crate) fn root(&self) -> AnyNodeRef<'_> {
        AnyNodeRef::from(self.parsed.syntax())
    }

    /// Text of an edit's own with the quotes that the file prefers.
    pub(crate) fn quotes(&self, text: &str) -> String {
        let strings =
            self.parsed.tokens().iter().filter(|token| {
                matches!(token.kind(), TokenKind::String | TokenKind::FStringStart)
            });
        let (mut single, mut double) = (0_usize, 0_usize);
        for token in strings {
            let source = self
                .source(token)
                .trim_start_matches(|c: char| c.is_ascii_alphabetic());
            match source.as_bytes() {
                [b'"', b'"', b'"', ..] => {}
                [b'"', ..] => double += 1,
                _ => single += 1,
            }
        }
        if single > double && !text.contains('\'') {
            text.replace('"', "'")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn source(&self, node: impl Ranged) -> &str {
        self.text.slice(bytes(node.range()))
    }

    /// The smallest node round a span, with those round it.
    pub(crate) fn covering(&self, span: &FileSpan) -> Option<CoveringNode<'_>> {
        self.covering_range(self.text.range(span)?)
    }

    pub(crate) fn covering_range(&self, range: Range<usize>) -> Option<CoveringNode<'_>> {
        let range = TextRange::new(size(range.start)?, size(range.end)?);
        self.root()
            .range()
            .contains_range(range)
            .then(|| covering_node(self.root(), range))
    }

    /// The call that a span covers, or the nearest round it.
    pub(crate) fn call(&self, span: &FileSpan) -> Result<&ExprCall, Why> {
        let node = self.covering(span);
        let call = node.and_then(|node| {
            node.ancestors().find_map(|node| match node {
                AnyNodeRef::ExprCall(call) => Some(call),
                _ => None,
            })
        });
        call.ok_or(Why::Shape("there is no call at this place"))
    }

    /// True where a statement of the module imports something below one of these packages.
    pub(crate) fn imports_from(&self, packages: &[&str]) -> bool {
        let known = |name: &str| packages.contains(&name.split('.').next().unwrap_or(name));
        self.body().iter().any(|statement| match statement {
            Stmt::Import(it) => it.names.iter().any(|alias| known(alias.name.as_str())),
            Stmt::ImportFrom(it) => it.module.as_ref().is_some_and(|name| known(name.as_str())),
            _ => false,
        })
    }

    /// The whole of an expression, the parentheses round it included.
    pub(crate) fn with_parentheses(&self, expr: &Expr, parent: AnyNodeRef<'_>) -> Range<usize> {
        let range = parenthesized_range(ExprRef::from(expr), parent, self.parsed.tokens());
        bytes(range.unwrap_or(expr.range()))
    }

    /// The value that is assigned to `name` on this line.
    pub(crate) fn assigned(&self, name: &str, line: u32) -> Option<(&Expr, Range<usize>)> {
        let start = self.text.offset(line, 1)?;
        let node = self.covering_range(start..start)?;
        let mut all: Vec<&Stmt> = node.ancestors().flat_map(statements_of).collect();
        all.extend(self.body());
        all.into_iter().find_map(|statement| {
            (self.text.line(statement.start().to_usize()) == line)
                .then(|| self.value_of(statement, name))
                .flatten()
        })
    }

    fn value_of<'m>(&self, statement: &'m Stmt, name: &str) -> Option<(&'m Expr, Range<usize>)> {
        let is_it = |target: &Expr| matches!(target, Expr::Name(it) if it.id.as_str() == name);
        let (value, parent) = match statement {
            Stmt::Assign(assign) if assign.targets.len() == 1 && is_it(&assign.targets[0]) => {
                (&*assign.value, AnyNodeRef::from(assign))
            }
            Stmt::AnnAssign(assign) if is_it(&assign.target) => {
                (assign.value.as_deref()?, AnyNodeRef::from(assign))
            }
            _ => return None,
        };
        Some((value, self.with_parentheses(value, parent)))
    }
}

/// The statements right below a node.
fn statements_of(node: AnyNodeRef<'_>) -> Vec<&Stmt> {
    match node {
        AnyNodeRef::StmtIf(it) => {
            let others = it.elif_else_clauses.iter().flat_map(|clause| &clause.body);
            it.body.iter().chain(others).collect()
        }
        AnyNodeRef::ElifElseClause(it) => it.body.iter().collect(),
        AnyNodeRef::StmtTry(it) => {
            let all = it.body.iter().chain(&it.orelse).chain(&it.finalbody);
            all.collect()
        }
        AnyNodeRef::ExceptHandlerExceptHandler(it) => it.body.iter().collect(),
        AnyNodeRef::StmtWith(it) => it.body.iter().collect(),
        AnyNodeRef::StmtClassDef(it) => it.body.iter().collect(),
        AnyNodeRef::StmtFunctionDef(it) => it.body.iter().collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn bytes(range: TextRange) -> Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}

fn size(at: usize) -> Option<TextSize> {
    u32::try_from(at).ok().map(TextSize::from)
}

/// A literal of `text`, which has neither quotes, backslashes nor control characters.
pub(crate) fn quoted(text: &str) -> Option<String> {
    let plain = |c: char| c != '"' && c != '\\' && !c.is_control();
    text.chars().all(plain).then(|| format!("\"{text}\""))
}
