//! Terraform's JSON form (`*.tf.json`) into [`Body`].
//!
//! Strings are templates there, and `{"resource": {"type": {"name": {…}}}}` stands for a
//! block with two labels. Nested blocks can't be told from maps without the provider's
//! schema, so they stay attributes; readers of resources take either.

use super::ast::{Attribute, Block, Body, Expr, ExprKind, Template};
use super::hcl;
use crate::value::{Node, Value};

/// How many labels the blocks of a file's top level have.
const LABELS: &[(&str, usize)] = &[
    ("data", 2),
    ("module", 1),
    ("output", 1),
    ("provider", 1),
    ("resource", 2),
    ("variable", 1),
    ("locals", 0),
    ("terraform", 0),
];

/// The body of a file.
pub(crate) fn file(root: &Node) -> Body {
    let mut body = Body::default();
    for (kind, labels) in LABELS {
        let Some(node) = root.get(kind) else { continue };
        for item in node.items() {
            blocks(kind, *labels, &mut Vec::new(), item, &mut body);
        }
    }
    body
}

/// The attributes of a variable file.
pub(crate) fn attributes(node: &Node) -> Body {
    Body {
        attributes: fields(node),
        blocks: Vec::new(),
    }
}

fn blocks(kind: &str, missing: usize, labels: &mut Vec<String>, node: &Node, body: &mut Body) {
    if missing == 0 {
        for item in node.items() {
            body.blocks.push(Block {
                kind: kind.to_owned(),
                labels: labels.clone(),
                header: item.span.clone(),
                span: item.span.clone(),
                body: attributes(item),
            });
        }
        return;
    }
    for item in node.items() {
        for (name, field) in item.as_map().into_iter().flat_map(|map| &map.fields) {
            labels.push(name.clone());
            let first = body.blocks.len();
            blocks(kind, missing - 1, labels, &field.node, body);
            if missing == 1 {
                for block in &mut body.blocks[first..] {
                    block.header = field.key.clone();
                }
            }
            labels.pop();
        }
    }
}

fn fields(node: &Node) -> Vec<Attribute> {
    node.as_map()
        .into_iter()
        .flat_map(|map| &map.fields)
        .filter(|(name, _)| *name != "//")
        .map(|(name, field)| Attribute {
            name: name.clone(),
            span: field.key.clone(),
            value: expr(&field.node),
        })
        .collect()
}

fn expr(node: &Node) -> Expr {
    let kind = match &node.value {
        Value::Bool(value) => ExprKind::Bool(*value),
        Value::Number(value) => ExprKind::Number(*value),
        Value::Text(_) => text(node),
        Value::List(items) => ExprKind::List(items.iter().map(expr).collect()),
        Value::Map(map) => ExprKind::Object(
            map.fields
                .iter()
                .map(|(name, field)| {
                    let key = Node::text(name.clone(), &field.key);
                    (expr(&key), expr(&field.node))
                })
                .collect(),
        ),
        // JSON has no other kinds of values.
        Value::Null
        | Value::OneOf(_)
        | Value::Encoded(_)
        | Value::Resource(_)
        | Value::Unknown(_) => ExprKind::Null,
    };
    Expr {
        kind,
        span: node.span.clone(),
    }
}

fn text(node: &Node) -> ExprKind {
    let text = node.as_str().unwrap_or_default();
    if !text.contains("${") && !text.contains("%{") {
        return ExprKind::Text(text.to_owned());
    }
    match hcl::template_at(&node.span, text) {
        Some(parts) => ExprKind::Template(Template { parts, block: None }),
        None => ExprKind::Text(text.to_owned()),
    }
}
