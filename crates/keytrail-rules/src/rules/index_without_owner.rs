//! See the page beside this file.

use keytrail_graph::{Tie, is_test_file};
use keytrail_model::{Finding, OperationKind, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A query on an index returns the items of all owners.
pub(crate) struct IndexWithoutOwner;

static META: Meta = Meta {
    id: "index-without-owner",
    title: "A query on an index returns the items of all owners",
    cwe: &[639, 200],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("index_without_owner.md"),
};

impl Rule for IndexWithoutOwner {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let Some(index) = &operation.index else {
                continue;
            };
            let queries = operation.kind == OperationKind::Query;
            if !queries || is_test_file(&operation.location.span().path) {
                continue;
            }
            if Tie::of(&cx.joined, operation, &[]).holds() {
                continue;
            }
            let routes = cx.open_routes(operation);
            let read = cx.joined.keys_read_by(number);
            let (false, Some(&(table, _))) = (routes.is_empty(), read.first()) else {
                continue;
            };
            let name = cx.table_name(table);
            let shown = if index == "*" { "an index" } else { index };
            Draft::new(cx, &META, &operation.location)
                .path(cx.path_to_callers(number))
                .severity(Severity::Low)
                .subject(format!("{name}/{shown}"))
                .message(format!(
                    "The query on index `{shown}` of table `{name}` is not limited to one owner: it brings everybody's items, {} among their attributes ({}).",
                    cx.key_names(table),
                    crate::context::routes(&routes)
                ))
                .unsafe_fix(format!(
                    "Query an index that begins with the owner, from request.user, in place of `{shown}`"
                ))
                .add(out);
        }
    }
}
