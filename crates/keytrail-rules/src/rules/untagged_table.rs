//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key table says neither its environment nor its owner.
pub(crate) struct UntaggedTable;

static META: Meta = Meta {
    id: "untagged-table",
    title: "A key table says neither its environment nor its owner",
    cwe: &[1053],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("untagged_table.md"),
};

impl Rule for UntaggedTable {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for table in cx.joined.keys.tables() {
            let name = cx.table_name(table);
            for declared in cx.joined.tables.node(table).in_templates() {
                let Some(tags) = &declared.tags else { continue };
                let says = |words: &[&str]| {
                    tags.keys().any(|key| {
                        let key = key.to_ascii_lowercase();
                        words.iter().any(|word| key.contains(word))
                    })
                };
                if says(&["env", "stage"]) {
                    continue;
                }
                Draft::new(cx, &META, &declared.location)
                    .subject(name)
                    .message(format!(
                        "Table `{name}` holds keys and no tag says which environment it belongs to, so no policy can tell by it."
                    ))
                    .fix(format!("Tag `{name}` with its environment, owner and data class"))
                    .add(out);
            }
        }
    }
}
