//! See the page beside this file.

use keytrail_graph::{Tie, is_test_file, names_an_owner};
use keytrail_model::{Confidence, Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// An identifier that the caller chooses decides whose item is read.
pub(crate) struct UnownedLookup;

static META: Meta = Meta {
    id: "unowned-lookup",
    title: "An identifier that the caller chooses decides whose item is read",
    cwe: &[639, 285],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("unowned_lookup.md"),
};

impl Rule for UnownedLookup {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
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
    }
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
