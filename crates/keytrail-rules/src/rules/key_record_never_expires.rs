//! See the page beside this file.

use keytrail_graph::route_name;
use keytrail_model::{Access, Finding, Operation, Severity, Step};

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
            let open: Vec<Step> = cx
                .joined
                .operations_on(table)
                .iter()
                .filter_map(|&number| written_by_anybody(cx, cx.joined.operations[number]))
                .collect();
            let kept = node
                .in_templates()
                .filter(|it| !open.is_empty() && it.ttl.is_none());
            for declared in kept {
                Draft::new(cx, &META, &declared.location)
                    .steps(open.iter().cloned())
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

fn written_by_anybody(cx: &Context<'_>, operation: &Operation) -> Option<Step> {
    let routes = cx.open_routes(operation);
    let open = routes
        .into_iter()
        .find(|route| route.access == Access::Anonymous && route.method.writes());
    let label = format!(
        "{} writes what `{}` is sent",
        operation.kind.as_str(),
        route_name(open?)
    );
    let writes = operation.kind.writes() && !operation.kind.reads();
    writes.then(|| Step::new(label, operation.location.clone()))
}
