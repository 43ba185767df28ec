//! See the page beside this file.

use keytrail_graph::{Tie, is_test_file, names_an_owner};
use keytrail_model::{Access, Confidence, Finding, Flow, KeyRole, Route, Severity, Sink, Source};

use crate::{Context, Draft, Kind, Meta, Rule};

/// An identifier that the caller chooses decides whose item is read.
pub(crate) struct UnownedLookup;

static META: Meta = Meta {
    id: "unowned-lookup",
    title: "An identifier that the caller chooses decides whose item is read or written",
    cwe: &[639, 285],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("unowned_lookup.md"),
};

impl Rule for UnownedLookup {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            if operation.keys.is_empty() || is_test_file(&operation.location.span().path) {
                continue;
            }
            let Tie::None {
                chosen: Some(chosen),
                doubtful,
            } = Tie::of(&cx.joined, operation, &[])
            else {
                continue;
            };
            let routes = cx.open_routes(operation);
            let Some(&(table, join)) = cx.joined.tables_of(number).first() else {
                continue;
            };
            let by_index = operation.index.is_some();
            let reads_keys = !cx.joined.keys_read_by(number).is_empty();
            if routes.is_empty() || by_index || !(reads_keys || is_owned(cx, table)) {
                continue;
            }
            let name = cx.table_name(table);
            let confidence = if doubtful { Confidence::Possible } else { join };
            let what = if reads_keys {
                format!("with {}", cx.key_names(table))
            } else {
                "of another owner".to_owned()
            };
            Draft::new(cx, &META, &operation.location)
                .path(cx.path_to_callers(number))
                .severity(if reads_keys { Severity::Medium } else { Severity::Low })
                .confidence(confidence)
                .steps([chosen, keytrail_model::Step::new(
                    format!("{} on `{name}` takes it as its key", operation.kind.as_str()),
                    operation.location.clone(),
                )])
                .subject(name)
                .message(format!(
                    "{} on table `{name}` takes its key from the caller ({}) and nothing ties it to the caller: naming an identifier is enough to reach an item {what}.",
                    operation.kind.as_str(),
                    crate::context::routes(&routes)
                ))
                .unsafe_fix("Make the owner the partition key and take it from request.user")
                .fix("Compare the item's owner with request.user before using it, and answer 404 otherwise")
                .add(out);
        }
        for flow in &cx.joined.flows {
            placed(cx, flow, out);
        }
    }
}

/// A record that a caller writes into the partition of an owner whom the caller names.
fn placed(cx: &Context<'_>, flow: &Flow, out: &mut Vec<Finding>) {
    let (Source::Request(..), Sink::Store(at, attribute)) = (&flow.source, &flow.sink) else {
        return;
    };
    let routes = cx.joined.calls.routes_to(&flow.function);
    let open: Vec<&Route> = routes
        .into_iter()
        .filter(|route| route.access != Access::Privileged && route.method.writes())
        .collect();
    if open.is_empty() || !flow.checks.is_empty() || is_test_file(&at.span().path) {
        return;
    }
    for number in cx.joined.operations_for(at, &flow.function) {
        let operation = cx.joined.operations[number];
        let Some(&(table, join)) = cx.joined.tables_of(number).first() else {
            continue;
        };
        let held = operation.conditional || !operation.checks.is_empty();
        if held || !names_an_owner(attribute) || !is_partition(cx, table, attribute) {
            continue;
        }
        let name = cx.table_name(table);
        let keys = cx.holds_keys(table);
        Draft::new(cx, &META, at)
            .severity(if keys { Severity::Medium } else { Severity::Low })
            .confidence(join)
            .steps(flow.steps.iter().cloned())
            .subject(format!("{name}.{attribute}"))
            .message(format!(
                "{} on table `{name}` takes the owner (`{attribute}`) from the caller ({}): anybody who may call it writes into anybody's partition.",
                operation.kind.as_str(),
                crate::context::routes(&open)
            ))
            .unsafe_fix("Take the owner from request.user")
            .add(out);
    }
}

fn is_partition(cx: &Context<'_>, table: keytrail_graph::TableId, attribute: &str) -> bool {
    let declared = cx.joined.tables.node(table).believed();
    declared
        .flat_map(|declared| &declared.keys)
        .any(|key| key.role == KeyRole::Partition && key.attribute == attribute)
}

/// A table whose key names an owner, or whose items are written with one.
fn is_owned(cx: &Context<'_>, table: keytrail_graph::TableId) -> bool {
    let declared = cx.joined.tables.node(table).believed();
    let by_key = declared
        .flat_map(|declared| &declared.keys)
        .any(|key| names_an_owner(&key.attribute));
    by_key
        || cx.joined.operations_on(table).iter().any(|&number| {
            let operation = cx.joined.operations[number];
            operation.writes.iter().any(|name| names_an_owner(name))
        })
}
