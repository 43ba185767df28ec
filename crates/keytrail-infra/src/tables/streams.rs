//! Who reads a table's stream.

use std::collections::BTreeMap;

use keytrail_model::{FileSpan, Problem, Step, Table};

use super::terraform::shown;
use crate::error::Error;
use crate::stack::{Index, Resource, Stack};
use crate::text::Id;
use crate::value::Node;

/// What could not be tied to a table.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Consumers of a stream whose table is not known.
    pub(crate) unresolved_streams: u64,
    /// One for each.
    pub(crate) problems: Vec<Problem>,
}

/// Event source mappings, pipes and SAM events.
pub(super) fn attach(
    stack: &Stack,
    index: &Index,
    tables: &mut BTreeMap<Id, Table>,
    stats: &mut Stats,
) {
    for resource in &stack.resources {
        let body = &resource.body;
        let mut consumer = |source: &Node, label: String, span: &FileSpan| {
            attach_one(resource, source, &label, span, index, tables, stats);
        };
        match resource.kind.as_str() {
            "aws_lambda_event_source_mapping" => {
                if let Some(source) = body.get("event_source_arn") {
                    let label = format!(
                        "function {} reads the stream",
                        reader(body, "function_name")
                    );
                    consumer(source, label, &resource.span);
                }
            }
            "AWS::Lambda::EventSourceMapping" => {
                if let Some(source) = body.get("EventSourceArn") {
                    let label =
                        format!("function {} reads the stream", reader(body, "FunctionName"));
                    consumer(source, label, &resource.span);
                }
            }
            "aws_pipes_pipe" | "AWS::Pipes::Pipe" => {
                if let Some(source) = body.get("source").or_else(|| body.get("Source")) {
                    let label = format!("pipe {} reads the stream", resource.label());
                    consumer(source, label, &resource.span);
                }
            }
            "AWS::Serverless::Function" => {
                for (source, span) in sam_events(body) {
                    let label = format!("function {} reads the stream", resource.label());
                    consumer(source, label, span);
                }
            }
            _ => {}
        }
    }
}

/// The streams of `Type: DynamoDB` events, with the place of the type.
fn sam_events(body: &Node) -> Vec<(&Node, &FileSpan)> {
    let events = body.get("Events").and_then(Node::as_map);
    events
        .into_iter()
        .flat_map(|events| events.fields.values())
        .filter_map(|field| {
            let kind = field.node.get("Type")?;
            let source = field.node.path("Properties.Stream")?;
            (kind.as_str() == Some("DynamoDB")).then_some((source, &kind.span))
        })
        .collect()
}

fn reader(body: &Node, field: &str) -> String {
    let Some(node) = body.get(field) else {
        return "*".to_owned();
    };
    match node
        .as_text()
        .as_ref()
        .and_then(|text| text.as_reference().map(|(id, _)| id.clone()))
    {
        Some(id) => crate::text::address_of(&id)
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_owned(),
        None => shown(node),
    }
}

fn attach_one(
    resource: &Resource,
    source: &Node,
    label: &str,
    span: &FileSpan,
    index: &Index,
    tables: &mut BTreeMap<Id, Table>,
    stats: &mut Stats,
) {
    let texts = source.texts();
    let ids: Vec<Id> = texts
        .iter()
        .flat_map(|text| index.find(text, "table/"))
        .map(|entry| entry.id.clone())
        .collect();
    // Queues and other streams are sources too; only what may be a table's stream counts as open.
    let maybe = texts.is_empty()
        || texts
            .iter()
            .any(|text| text.is_hole() || text.pattern().contains(":dynamodb:"));
    if ids.is_empty() && maybe {
        stats.unresolved_streams += 1;
        let problem = Error::UnresolvedStream.problem(&span.path, Some(span.line));
        stats.problems.push(problem);
    }
    for id in ids {
        if let Some(stream) = tables.get_mut(&id).and_then(|table| table.stream.as_mut()) {
            stream.consumers.push(Step::new(label, resource.at(span)));
        }
    }
}
