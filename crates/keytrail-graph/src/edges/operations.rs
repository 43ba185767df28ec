//! What calls of `DynamoDB` bring into the process.

use std::sync::Arc;

use keytrail_model::{
    Confidence, EdgeKind, Edit, Encryption, Guard, Node, Operation, Place, Sink, Source, Step,
};

use super::{attribute_node, edit, index_node, is_test_file};
use crate::Joined;
use crate::build::Builder;
use crate::keys::KeyAttribute;
use crate::naming::{covers, index_holds, shows};
use crate::tables::TableId;

/// Attribute (or index) → what the call reads.
pub(crate) fn edges(joined: &Joined<'_>, operation: &Operation, out: &mut Builder) {
    let Ok(number) = joined.operations.binary_search(&operation) else {
        return;
    };
    if is_test_file(&operation.location.span().path) {
        return;
    }
    for seen in seen_by(joined, number) {
        let name = &joined.tables.node(seen.table).name;
        let from = match &operation.index {
            None => attribute_node(name, &seen.key.attribute),
            Some(index) => {
                if !is_declared(joined, seen.table, index) {
                    undeclared_index(operation, name, index, &seen.key.attribute, out);
                }
                index_node(name, index, &seen.key.attribute)
            }
        };
        out.edge(
            from,
            EdgeKind::ReadableBy,
            node(operation, &seen.key.attribute),
        )
        .confidence(seen.confidence)
        .steps([Step::new(
            reading(operation, name, &seen.key.attribute),
            operation.location.clone(),
        )])
        .guards(at_rest(joined, seen.table))
        .edits(project(joined, operation, seen.key, name))
        .add();
    }
}

/// A key attribute that a call returns.
pub(crate) struct Seen<'j> {
    pub(crate) table: TableId,
    pub(crate) key: &'j KeyAttribute,
    pub(crate) confidence: Confidence,
}

/// The key attributes that call number `number` returns, by its table, index and projection.
pub(crate) fn seen_by<'j>(joined: &'j Joined<'_>, number: usize) -> Vec<Seen<'j>> {
    let operation = joined.operations[number];
    let returns = operation.kind.reads() || !joined.flows_from(&operation.location).is_empty();
    if !returns {
        return Vec::new();
    }
    let mut seen = Vec::new();
    for &(table, join) in joined.tables_of(number) {
        for key in joined.keys.of(table) {
            let projected = shows(&operation.projection, &key.attribute);
            let held = match &operation.index {
                None => Some(true),
                Some(index) => held_by(joined, table, index, &key.attribute),
            };
            let confidence = match (projected, held) {
                (Some(false), _) | (_, Some(false)) => continue,
                (Some(true), Some(true)) => join,
                _ => Confidence::Possible,
            };
            seen.push(Seen {
                table,
                key,
                confidence,
            });
        }
    }
    seen
}

/// The node of what a call brings in.
pub(crate) fn node(operation: &Operation, attribute: &str) -> Node {
    Node::Place(Place::Read {
        operation: operation.location.clone(),
        entry: Arc::clone(&operation.entry),
        attribute: attribute.to_owned(),
    })
}

fn is_declared(joined: &Joined<'_>, table: TableId, index: &str) -> bool {
    joined
        .tables
        .node(table)
        .believed()
        .any(|declared| declared.indexes.iter().any(|it| it.name == index))
}

/// Yes if any declaration says so, no if all that know the index say no.
fn held_by(joined: &Joined<'_>, table: TableId, index: &str, attribute: &str) -> Option<bool> {
    let mut answers = joined.tables.node(table).believed().flat_map(|declared| {
        let named = declared.indexes.iter().filter(|it| it.name == index);
        named.map(|it| index_holds(declared, it, attribute))
    });
    let first = answers.next()?;
    answers.fold(first, |known, next| match (known, next) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    })
}

/// No template declares the index: it may hold the attribute.
fn undeclared_index(
    operation: &Operation,
    table: &Arc<str>,
    index: &str,
    attribute: &str,
    out: &mut Builder,
) {
    let shown = if index == "*" { "an index" } else { index };
    let label =
        format!("index `{shown}` may copy `{attribute}`; no template read here declares it");
    out.edge(
        attribute_node(table, attribute),
        EdgeKind::ProjectedTo,
        index_node(table, index, attribute),
    )
    .confidence(Confidence::Possible)
    .steps([Step::new(label, operation.location.clone())])
    .add();
}

fn reading(operation: &Operation, table: &str, attribute: &str) -> String {
    let kind = operation.kind.as_str();
    match &operation.index {
        Some(index) if index != "*" => {
            format!("{kind} reads `{attribute}` of `{table}` through index `{index}`")
        }
        _ => format!("{kind} reads `{attribute}` of `{table}`"),
    }
}

/// Encryption at rest is there and holds off nobody who may read items.
pub(crate) fn at_rest(joined: &Joined<'_>, table: TableId) -> Option<Guard> {
    let declared = joined.tables.node(table).in_templates().next()?;
    let key = match &declared.encryption {
        Encryption::AwsOwned => "a key that AWS owns",
        Encryption::AwsManaged => "a key that AWS manages",
        Encryption::CustomerManaged(_) => "the customer's own key",
        Encryption::Unknown => return None,
    };
    Some(Guard {
        present: false,
        step: Step::new(
            format!("encryption at rest under {key}: it opens to whoever may read items"),
            declared.location.clone(),
        ),
    })
}

/// A projection that leaves the key out, unless the code needs the key from this very read.
fn project(
    joined: &Joined<'_>,
    operation: &Operation,
    key: &KeyAttribute,
    table: &str,
) -> Option<Edit> {
    let needed = joined.flows_from(&operation.location).iter().any(|flow| {
        let uses = matches!(
            flow.sink,
            Sink::Replay
                | Sink::AwsCredential
                | Sink::Compare
                | Sink::CompareDigest
                | Sink::KeyCondition(..)
        );
        let picks = matches!(&flow.source, Source::Item(_, path)
            if !path.is_empty() && covers(path, &key.attribute));
        uses && picks
    });
    (!needed && operation.kind.reads()).then(|| {
        edit(
            format!("projection:{}", operation.location),
            format!(
                "Give the {} on `{table}` a ProjectionExpression without its keys",
                operation.kind.as_str()
            ),
            &operation.location,
            2,
        )
    })
}
