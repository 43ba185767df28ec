//! See the page beside this file.

use std::collections::BTreeMap;

use keytrail_graph::{TableId, is_test_file};
use keytrail_model::{
    Check, Finding, Flow, Location, Operation, OperationKind, Origin, Severity, Source, Step,
};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Everybody's items are read, and the owner is looked at afterwards.
pub(crate) struct FilterAfterRead;

static META: Meta = Meta {
    id: "filter-after-read",
    title: "Everybody's items are read, and the owner is looked at afterwards",
    cwe: &[639, 770],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("filter_after_read.md"),
};

impl Rule for FilterAfterRead {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut places: BTreeMap<(&str, u32), (&Location, TableId, usize, &Flow)> = BTreeMap::new();
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let wide = reads_everybody(operation) && !cx.open_routes(operation).is_empty();
            if !wide || is_test_file(&operation.location.span().path) {
                continue;
            }
            let Some(&(table, _)) = cx.joined.keys_read_by(number).first() else {
                continue;
            };
            for &flow in cx.joined.flows_from(&operation.location) {
                if let (Source::Item(..), Some(check)) = (&flow.source, check_of(operation, flow)) {
                    let at = &check.step.location;
                    places
                        .entry((&at.span().path, at.span().line))
                        .or_insert((at, table, number, flow));
                }
            }
        }
        for (location, table, number, flow) in places.into_values() {
            let operation = cx.joined.operations[number];
            let name = cx.table_name(table);
            Draft::new(cx, &META, location)
                .steps(flow.steps.iter().cloned())
                .steps([Step::new("only here the owner is looked at", location.clone())])
                .subject(name)
                .message(format!(
                    "{} brings everybody's items of table `{name}` into the process, {} with them, and the owner is looked at only afterwards: one slip shows them all.",
                    operation.kind.as_str(),
                    cx.key_names(table)
                ))
                .fix(format!("Query `{name}` with the owner, from request.user, in the key condition"))
                .add(out);
        }
    }
}

/// A scan, or a query whose key says nothing about who asks.
fn reads_everybody(operation: &Operation) -> bool {
    let owned = operation.keys.iter().any(|key| {
        let own = |origin: &Origin| matches!(origin, Origin::Identity(_));
        key.origins.iter().any(own)
    });
    matches!(operation.kind, OperationKind::Scan | OperationKind::Query) && !owned
}

/// The check by which the flow is tied to the caller. An operation that a caller of its function
/// checks carries that check too.
fn check_of<'c>(operation: &'c Operation, flow: &'c Flow) -> Option<&'c Check> {
    flow.checks.first().or(operation.checks.first())
}
