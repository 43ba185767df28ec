//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// The caller's words become part of an expression or table name.
pub(crate) struct CallerShapesExpression;

static META: Meta = Meta {
    id: "caller-shapes-expression",
    title: "The caller's words become part of an expression or table name",
    cwe: &[943, 89],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("caller_shapes_expression.md"),
};

impl Rule for CallerShapesExpression {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let Some(step) = &operation.shaped_by_caller else {
                continue;
            };
            if is_test_file(&operation.location.span().path) {
                continue;
            }
            let Some(&(table, _)) = cx.joined.tables_of(number).first() else {
                continue;
            };
            let reached = !cx.open_routes(operation).is_empty();
            let name = cx.table_name(table);
            let keys = cx.holds_keys(table);
            let what = if keys {
                format!(": {} can be guessed from what matches", cx.key_names(table))
            } else {
                String::new()
            };
            Draft::new(cx, &META, &operation.location)
                .severity(match (reached, keys) {
                    (true, true) => Severity::High,
                    (true, false) => Severity::Medium,
                    (false, _) => Severity::Low,
                })
                .steps([step.clone()])
                .subject(name)
                .message(format!(
                    "What the caller sends becomes part of the text of a {} on table `{name}`{what}.",
                    operation.kind.as_str()
                ))
                .fix("Use placeholders (ExpressionAttributeNames and Values) and a list of allowed names")
                .add(out);
        }
    }
}
