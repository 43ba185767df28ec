//! See the page beside this file.

use keytrail_graph::{KeyAttribute, TableId, is_test_file};
use keytrail_model::{Confidence, Finding, Location, Severity, Sink};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is stored in DynamoDB as plain text.
pub(crate) struct RawKeyStored;

static META: Meta = Meta {
    id: "raw-key-stored",
    title: "A key is stored in DynamoDB as plain text",
    cwe: &[312, 522],
    severity: Severity::Medium,
    needs: &[Kind::Code, Kind::Infra, Kind::Items],
    page: include_str!("raw_key_stored.md"),
};

impl Rule for RawKeyStored {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        // What is only encoded is told by `weak-wrapping`.
        for (table, key) in cx.key_attributes().filter(|(_, key)| !key.only_encoded) {
            for location in places(cx, table, key) {
                let name = cx.table_name(table);
                let severity = if key.confidence >= Confidence::Likely {
                    Severity::Medium
                } else {
                    Severity::Low
                };
                Draft::new(cx, &META, &location)
                    .path(cx.path_of_attribute(table, &key.attribute))
                    .severity(severity)
                    .confidence(key.confidence)
                    .steps(key.evidence.iter().cloned())
                    .subject(format!("{name}.{}", key.attribute))
                    .message(format!(
                        "`{}` of table `{name}` holds keys as plain text: whoever reads an item has the key.",
                        key.attribute
                    ))
                    .unsafe_fix(format!(
                        "Keep only an HMAC of `{}` if it is merely verified, else put it in a vault and store its alias",
                        key.attribute
                    ))
                    .unsafe_fix(format!("Migrate the items of `{name}` and rotate the keys"))
                    .add(out);
            }
        }
    }
}

/// Every write of a key in the clear, the template's own items, and the writes that name the
/// attribute without a flow that says what goes in. An attribute that is only ever read is not
/// shown here.
fn places(cx: &Context<'_>, table: TableId, key: &KeyAttribute) -> Vec<Location> {
    let declared = cx.joined.tables.node(table).declared.iter();
    let seeded = declared
        .flat_map(|declared| &declared.seeded)
        .filter(|(name, _)| *name == key.attribute)
        .map(|(_, location)| location.clone());
    let named = cx
        .joined
        .operations_on(table)
        .iter()
        .map(|&number| cx.joined.operations[number])
        .filter(|operation| {
            operation.writes.contains(&key.attribute)
                && !is_test_file(&operation.location.span().path)
                && !has_flow(cx, &operation.location, &key.attribute)
        })
        .map(|operation| operation.location.clone());
    let mut places: Vec<Location> = key
        .written
        .iter()
        .cloned()
        .chain(key.rewritten.iter().cloned())
        .chain(seeded)
        .chain(named)
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// A flow into the attribute by this very write tells what is stored, so nothing is assumed.
fn has_flow(cx: &Context<'_>, at: &Location, attribute: &str) -> bool {
    cx.joined
        .flows_to(at)
        .iter()
        .any(|flow| matches!(&flow.sink, Sink::Store(_, name) if name == attribute))
}
