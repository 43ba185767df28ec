//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, OperationKind, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A request scans a whole table.
pub(crate) struct ScanInRequest;

static META: Meta = Meta {
    id: "scan-in-request",
    title: "A request scans a whole table",
    cwe: &[770, 200],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("scan_in_request.md"),
};

impl Rule for ScanInRequest {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            if operation.kind != OperationKind::Scan
                || is_test_file(&operation.location.span().path)
            {
                continue;
            }
            let routes = cx.open_routes(operation);
            let Some(&(table, _)) = cx.joined.tables_of(number).first() else {
                continue;
            };
            if routes.is_empty() {
                continue;
            }
            let name = cx.table_name(table);
            let keys = if cx.joined.keys_read_by(number).is_empty() {
                String::new()
            } else {
                format!(", {} included", cx.key_names(table))
            };
            Draft::new(cx, &META, &operation.location)
                .path(cx.path_to_callers(number))
                .severity(Severity::Low)
                .subject(name)
                .message(format!(
                    "{} scans table `{name}`: every item of every owner is read{keys}.",
                    capital(&crate::context::routes(&routes))
                ))
                .unsafe_fix(format!("Query `{name}` by the caller's own partition"))
                .add(out);
        }
    }
}

fn capital(text: &str) -> String {
    if text == "a request" {
        "A request".to_owned()
    } else {
        text.to_owned()
    }
}
