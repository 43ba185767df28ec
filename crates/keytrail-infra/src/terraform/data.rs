//! Data sources: policy documents, and what is known of things outside the configuration.

use std::sync::Arc;

use keytrail_model::FileSpan;

use super::ast::Block;
use super::eval::{Evaluator, named_unknown};
use super::hcl;
use super::scope::Scope;
use crate::arns::arn;
use crate::json;
use crate::text::{Id, Piece, Text, address_of};
use crate::value::{Map, Node, Value};

impl<'p> Evaluator<'p> {
    pub(crate) fn data_attribute(
        &self,
        block: &'p Block,
        scope: &Scope<'p>,
        id: &Id,
        name: &str,
        span: &FileSpan,
    ) -> Node {
        let kind = block.labels.first().map_or("", String::as_str);
        let argument = |name: &str| {
            let given = block.body.attribute(name);
            given.map(|given| self.eval(&given.value, scope))
        };
        let named = || argument("name").and_then(|node| node.as_text());
        let found = match (kind, name) {
            ("aws_iam_policy_document", "json" | "minified_json") => {
                return self.document(block, scope, span);
            }
            ("aws_dynamodb_table", "arn") => named().map(|name| table_arn(&name, "")),
            ("aws_dynamodb_table", "stream_arn") => {
                named().map(|name| table_arn(&name, "/stream/"))
            }
            ("aws_iam_role", "arn") => named().map(|name| iam_arn("role", &name)),
            ("aws_iam_user", "arn") => argument("user_name")
                .and_then(|node| node.as_text())
                .map(|name| iam_arn("user", &name)),
            ("aws_dynamodb_table" | "aws_iam_role", "id") => named(),
            ("aws_iam_policy", "arn") if block.body.attribute("arn").is_none() => {
                named().map(|name| iam_arn("policy", &name))
            }
            ("aws_partition", "partition") => Some(Text::literal("aws")),
            ("template_file", "rendered") => return self.rendered(block, scope, span),
            ("local_file", "content") => {
                let path = argument("filename");
                return path
                    .and_then(|path| self.text_function("file", &[path], span, scope))
                    .unwrap_or_else(|| Node::unknown(span));
            }
            _ => None,
        };
        match found {
            Some(text) => Node::new(Value::Text(text), span),
            None => argument(name)
                .unwrap_or_else(|| named_unknown(&format!("{}.{name}", address_of(id)), span)),
        }
    }

    fn rendered(&self, block: &'p Block, scope: &Scope<'p>, span: &FileSpan) -> Node {
        let body = self.body(&block.body, scope, &block.span);
        let template = body.get("template").and_then(|node| node.as_str());
        let parts = template.and_then(|text| hcl::template(&span.path, text));
        match (parts, body.get("vars")) {
            (Some(parts), Some(vars)) => self.fill(&parts, vars, span),
            _ => Node::unknown(span),
        }
    }

    // --- aws_iam_policy_document

    fn document(&self, block: &'p Block, scope: &Scope<'p>, span: &FileSpan) -> Node {
        let body = self.deeper(&block.span, || self.body(&block.body, scope, &block.span));
        if body.is_unknown() {
            return Node::unknown(span);
        }
        let mut statements = Vec::new();
        for field in ["source_policy_documents", "source_json"] {
            statements.extend(documents(&body, field));
        }
        let own = body.get("statement").map_or_else(Vec::new, Node::items);
        for statement in own.into_iter().map(statement) {
            overlay(&mut statements, statement);
        }
        for field in ["override_policy_documents", "override_json"] {
            for statement in documents(&body, field) {
                overlay(&mut statements, statement);
            }
        }
        let mut map = Map::default();
        map.insert(
            "Version",
            block.header.clone(),
            Node::text("2012-10-17", &block.header),
        );
        map.insert(
            "Statement",
            block.header.clone(),
            Node::list(statements, &block.span),
        );
        let document = Node::map(map, &block.span);
        Node::new(Value::Encoded(Arc::new(document)), span)
    }
}

/// The statements of the documents that a field lists. One that can't be read stays as an
/// unknown statement, so that it shows.
fn documents(body: &Node, field: &str) -> Vec<Node> {
    let listed = body.get(field).map_or_else(Vec::new, Node::items);
    let mut statements = Vec::new();
    for node in listed {
        let parsed = match &node.value {
            Value::Encoded(inner) => Some((**inner).clone()),
            Value::Text(text) if text.known() == Some("") => continue,
            Value::Text(text) => json::text(text, &node.span),
            _ => None,
        };
        match parsed
            .as_ref()
            .and_then(|document| document.get("Statement"))
        {
            Some(list) => statements.extend(list.items().into_iter().cloned()),
            None => statements.push(Node::unknown(&node.span)),
        }
    }
    statements
}

/// A statement with the `Sid` of an earlier one takes its place.
fn overlay(statements: &mut Vec<Node>, statement: Node) {
    let sid = |node: &Node| node.get("Sid").and_then(Node::as_str).map(str::to_owned);
    let wanted = sid(&statement);
    let place = statements
        .iter()
        .position(|other| wanted.is_some() && sid(other) == wanted);
    match place {
        Some(number) => statements[number] = statement,
        None => statements.push(statement),
    }
}

/// A `statement` block as the JSON it becomes.
fn statement(block: &Node) -> Node {
    const FIELDS: &[(&str, &str)] = &[
        ("sid", "Sid"),
        ("effect", "Effect"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ];
    let Some(source) = block.as_map() else {
        return block.clone();
    };
    let mut map = Map::default();
    map.insert(
        "Effect",
        block.span.clone(),
        Node::text("Allow", &block.span),
    );
    for (name, json) in FIELDS {
        let field = source.fields.get(*name);
        if let Some(field) = field.filter(|field| !matches!(field.node.value, Value::Null)) {
            map.insert(*json, field.key.clone(), variables(&field.node));
        }
    }
    for (name, json) in [
        ("principals", "Principal"),
        ("not_principals", "NotPrincipal"),
    ] {
        if let Some(blocks) = block.get(name) {
            map.insert(json, blocks.span.clone(), principals(blocks));
        }
    }
    if let Some(conditions) = block.get("condition") {
        map.insert("Condition", conditions.span.clone(), condition(conditions));
    }
    Node::map(map, &block.span)
}

fn principals(blocks: &Node) -> Node {
    let mut map = Map::default();
    for block in blocks.items() {
        let kind = block.get("type").and_then(Node::as_str).unwrap_or("AWS");
        let identifiers = block.get("identifiers");
        let items = identifiers.map_or_else(Vec::new, Node::items);
        let mut all = map.fields.get(kind).map_or_else(Vec::new, |field| {
            field.node.items().into_iter().cloned().collect()
        });
        all.extend(items.into_iter().cloned());
        map.insert(kind, block.span.clone(), Node::list(all, &block.span));
    }
    Node::map(map, &blocks.span)
}

fn condition(blocks: &Node) -> Node {
    let mut operators = Map::default();
    for block in blocks.items() {
        let text = |name: &str| block.get(name).and_then(Node::as_str);
        let (Some(operator), Some(variable)) = (text("test"), text("variable")) else {
            operators.open = true;
            continue;
        };
        let values = block
            .get("values")
            .cloned()
            .unwrap_or_else(|| Node::unknown(&block.span));
        let mut keys = match operators
            .fields
            .get(operator)
            .and_then(|field| field.node.as_map())
        {
            Some(map) => Map {
                fields: map.fields.clone(),
                open: map.open,
            },
            None => Map::default(),
        };
        let mut all: Vec<Node> = keys.fields.get(variable).map_or_else(Vec::new, |field| {
            field.node.items().into_iter().cloned().collect()
        });
        let values = variables(&values);
        all.extend(values.items().into_iter().cloned());
        keys.insert(variable, block.span.clone(), Node::list(all, &block.span));
        operators.insert(operator, block.span.clone(), Node::map(keys, &block.span));
    }
    Node::map(operators, &blocks.span)
}

/// Policy variables are written `&{…}` in documents.
fn variables(node: &Node) -> Node {
    let value = match &node.value {
        Value::Text(text) => Value::Text(Text::from_pieces(
            text.pieces()
                .iter()
                .map(|piece| match piece {
                    Piece::Lit(text) => Piece::Lit(text.replace("&{", "${")),
                    other => other.clone(),
                })
                .collect(),
        )),
        Value::List(items) => Value::List(Arc::new(items.iter().map(variables).collect())),
        Value::OneOf(items) => Value::OneOf(Arc::new(items.iter().map(variables).collect())),
        other => other.clone(),
    };
    Node::new(value, &node.span)
}

fn table_arn(name: &Text, rest: &str) -> Text {
    let mut text = arn("dynamodb", "table/");
    text.append(name);
    text.push(Piece::Lit(rest.to_owned()));
    if !rest.is_empty() {
        text.push(Piece::Hole(None));
    }
    text
}

fn iam_arn(kind: &str, name: &Text) -> Text {
    let mut text = arn("iam", &format!("{kind}/"));
    text.append(name);
    text
}
