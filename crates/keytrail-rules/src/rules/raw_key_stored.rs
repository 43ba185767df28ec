//! See the page beside this file.

use keytrail_graph::{KeyAttribute, TableId};
use keytrail_model::{Confidence, Finding, Location, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is stored in DynamoDB as plain text.
pub(crate) struct RawKeyStored;

static META: Meta = Meta {
    id: "raw-key-stored",
    title: "A key is stored in DynamoDB as plain text",
    cwe: &[312, 522],
    severity: Severity::Medium,
    needs: &[Kind::Code, Kind::Infra],
    page: include_str!("raw_key_stored.md"),
};

impl Rule for RawKeyStored {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (table, key) in cx.key_attributes() {
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

/// Every write of a key in the clear; where none was seen, the write that names the attribute or
/// the template's own item. An attribute that is only ever read is not shown here.
fn places(cx: &Context<'_>, table: TableId, key: &KeyAttribute) -> Vec<Location> {
    if !key.written.is_empty() {
        return key.written.iter().cloned().collect();
    }
    let seeded = cx
        .joined
        .tables
        .node(table)
        .declared
        .iter()
        .flat_map(|declared| &declared.seeded)
        .filter(|(name, _)| *name == key.attribute)
        .map(|(_, location)| location.clone());
    let named = cx
        .joined
        .operations_on(table)
        .iter()
        .map(|&number| cx.joined.operations[number])
        .filter(|operation| operation.writes.contains(&key.attribute))
        .map(|operation| operation.location.clone());
    let mut places: Vec<Location> = seeded.chain(named).collect();
    places.sort_unstable();
    places.dedup();
    places
}
