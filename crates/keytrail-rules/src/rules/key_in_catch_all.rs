//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key hides in a catch-all map.
pub(crate) struct KeyInCatchAll;

static META: Meta = Meta {
    id: "key-in-catch-all",
    title: "A key hides in a catch-all map",
    cwe: &[312],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Infra, Kind::Items],
    page: include_str!("key_in_catch_all.md"),
};

impl Rule for KeyInCatchAll {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (table, key) in cx.key_attributes() {
            let Some((map, _)) = key.attribute.split_once('.') else {
                continue;
            };
            let name = cx.table_name(table);
            for location in &key.written {
                Draft::new(cx, &META, location)
                    .path(cx.path_of_attribute(table, &key.attribute))
                    .confidence(key.confidence)
                    .steps(key.evidence.iter().cloned())
                    .subject(format!("{name}.{}", key.attribute))
                    .message(format!(
                        "A key lies inside the map `{map}` of table `{name}` (`{}`): whoever is given the map has it.",
                        key.attribute
                    ))
                    .unsafe_fix(format!("Take the key out of `{map}` and store its alias"))
                    .add(out);
            }
        }
    }
}
