//! See the page beside this file.

use keytrail_graph::{covers, is_test_file};
use keytrail_model::{Finding, Location, Node, Place, Projection, Severity, Sink, Source};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A read brings the key though nothing needs it.
pub(crate) struct WholeItemRead;

static META: Meta = Meta {
    id: "whole-item-read",
    title: "A read brings the key though nothing needs it",
    cwe: &[200],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("whole_item_read.md"),
};

impl Rule for WholeItemRead {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let whole = operation.kind.reads() && operation.projection == Projection::Whole;
            if !whole || is_test_file(&operation.location.span().path) {
                continue;
            }
            let read: Vec<&str> = cx
                .joined
                .keys_read_by(number)
                .into_iter()
                .map(|(_, key)| key.attribute.as_str())
                .filter(|attribute| !is_used(cx, operation, attribute))
                .collect();
            let (false, Some(&(table, _))) = (read.is_empty(), cx.joined.tables_of(number).first())
            else {
                continue;
            };
            let name = cx.table_name(table);
            Draft::new(cx, &META, &operation.location)
                .subject(name)
                .message(format!(
                    "{} on table `{name}` reads whole items, {} with them{}",
                    operation.kind.as_str(),
                    crate::context::list(&read),
                    given_out(cx, number)
                ))
                .fix(format!(
                    "Give it a ProjectionExpression without {}",
                    crate::context::list(&read)
                ))
                .add(out);
        }
    }
}

/// Where what is read ends, for the rule that tells of that place has the path.
fn given_out(cx: &Context<'_>, number: usize) -> String {
    let place = cx
        .path_of_read(number)
        .and_then(|path| place_of(cx, &path.edges));
    match place {
        Some(at) => format!(
            ": they are given out at {}:{}.",
            at.span().path,
            at.span().line
        ),
        None => ".".to_owned(),
    }
}

fn place_of(cx: &Context<'_>, edges: &[usize]) -> Option<Location> {
    edges
        .iter()
        .find_map(|&edge| match &cx.graph.edges()[edge].to {
            Node::Place(
                Place::Response { location, .. }
                | Place::Log(location)
                | Place::DebugPage(location),
            ) => Some(location.clone()),
            _ => None,
        })
}

/// The code takes the key out of this very read for a use of its own.
fn is_used(cx: &Context<'_>, operation: &keytrail_model::Operation, attribute: &str) -> bool {
    cx.joined.flows_from(&operation.location).iter().any(|flow| {
        let uses = matches!(
            flow.sink,
            Sink::Replay | Sink::AwsCredential | Sink::Compare | Sink::CompareDigest
        );
        let picks = matches!(&flow.source, Source::Item(_, path) if !path.is_empty() && covers(path, attribute));
        uses && picks
    })
}
