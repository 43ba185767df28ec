//! See the page beside this file.

use keytrail_graph::covers;
use keytrail_model::{Confidence, Finding, KeyElement, Location, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is the primary key of a table or index.
pub(crate) struct KeyAsPrimaryKey;

static META: Meta = Meta {
    id: "key-as-primary-key",
    title: "A key is the primary key of a table or index",
    cwe: &[312, 532],
    severity: Severity::Medium,
    needs: &[Kind::Code, Kind::Infra],
    page: include_str!("key_as_primary_key.md"),
};

impl Rule for KeyAsPrimaryKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (table, key) in cx.key_attributes() {
            let name = cx.table_name(table);
            let is_it = |element: &KeyElement| covers(&element.attribute, &key.attribute);
            let mut places: Vec<(Location, String)> = Vec::new();
            for declared in cx.joined.tables.node(table).believed() {
                if declared.keys.iter().any(is_it) {
                    places.push((declared.location.clone(), format!("table `{name}`")));
                }
                for index in &declared.indexes {
                    if index.keys.iter().any(is_it) {
                        let what = format!("index `{}` of `{name}`", index.name);
                        places.push((index.location.clone(), what));
                    }
                }
            }
            for (location, what) in places {
                let severity = if key.confidence >= Confidence::Likely {
                    Severity::Medium
                } else {
                    Severity::Low
                };
                Draft::new(cx, &META, &location)
                    .path(cx.path_of_attribute(table, &key.attribute))
                    .severity(severity)
                    .confidence(key.confidence)
                    .subject(format!("{name}.{}", key.attribute))
                    .message(format!(
                        "`{}` is a primary key of {what}: key attributes are written in the clear to CloudTrail data events, metrics and contributor insights.",
                        key.attribute
                    ))
                    .unsafe_fix(format!(
                        "Look items up by an HMAC of `{}` and keep the key itself out of the item",
                        key.attribute
                    ))
                    .add(out);
            }
        }
    }
}
