//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, OperationKind, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Limit counts items before the filter.
pub(crate) struct LimitBeforeFilter;

static META: Meta = Meta {
    id: "limit-before-filter",
    title: "Limit counts items before the filter",
    cwe: &[670, 840],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("limit_before_filter.md"),
};

impl Rule for LimitBeforeFilter {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let ranged = matches!(operation.kind, OperationKind::Query | OperationKind::Scan);
            let filtered = operation.limit && !operation.filter.is_empty() && !operation.paginated;
            if !ranged || !filtered || is_test_file(&operation.location.span().path) {
                continue;
            }
            let Some(&(table, _)) = cx.joined.tables_of(number).first() else {
                continue;
            };
            let names: Vec<&str> = operation.filter.iter().map(String::as_str).collect();
            Draft::new(cx, &META, &operation.location)
                .severity(if cx.holds_keys(table) { Severity::Medium } else { Severity::Low })
                .subject(cx.table_name(table))
                .message(format!(
                    "Limit counts the items of `{}` before the filter on {} applies: a match behind one that does not match is missed.",
                    cx.table_name(table),
                    crate::context::list(&names)
                ))
                .fix("Read page by page until a match is found, or make the filtered attribute part of the sort key")
                .add(out);
        }
    }
}
