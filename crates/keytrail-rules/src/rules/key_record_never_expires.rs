//! See the page beside this file.

use keytrail_model::{Access, Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Records written by anybody never expire.
pub(crate) struct KeyRecordNeverExpires;

static META: Meta = Meta {
    id: "key-record-never-expires",
    title: "Records written by anybody never expire",
    cwe: &[404, 770],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("key_record_never_expires.md"),
};

impl Rule for KeyRecordNeverExpires {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for table in cx.joined.tables.ids() {
            let node = cx.joined.tables.node(table);
            let open = cx.joined.operations_on(table).iter().any(|&number| {
                let operation = cx.joined.operations[number];
                operation.kind.writes()
                    && cx
                        .open_routes(operation)
                        .iter()
                        .any(|route| route.access == Access::Anonymous)
            });
            for declared in node.in_templates().filter(|it| open && it.ttl.is_none()) {
                Draft::new(cx, &META, &declared.location)
                    .subject(&*node.name)
                    .message(format!(
                        "Anybody may write into table `{}`, and nothing there expires: what is written stays.",
                        node.name
                    ))
                    .fix(format!("Set a TTL attribute on `{}` and write it", node.name))
                    .add(out);
            }
        }
    }
}
