//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, OperationKind, Severity, Sink, Source};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key record is written without a condition.
pub(crate) struct UnconditionalPut;

static META: Meta = Meta {
    id: "unconditional-put",
    title: "A key record is written without a condition",
    cwe: &[362, 639],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("unconditional_put.md"),
};

impl Rule for UnconditionalPut {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let puts = matches!(
                operation.kind,
                OperationKind::PutItem
                    | OperationKind::TransactWriteItems
                    | OperationKind::BatchWriteItem
            );
            // a batch that only deletes replaces nothing
            let writes = !operation.writes.is_empty();
            if !puts
                || !writes
                || operation.conditional
                || is_test_file(&operation.location.span().path)
            {
                continue;
            }
            let routes = cx.open_routes(operation);
            for table in cx.key_tables_of(number) {
                if routes.is_empty() || has_made_identifier(cx, operation) {
                    continue;
                }
                let name = cx.table_name(table);
                Draft::new(cx, &META, &operation.location)
                    .severity(Severity::Low)
                    .subject(name)
                    .message(format!(
                        "{} on table `{name}` has no condition: a second write replaces another key record without a word ({}).",
                        operation.kind.as_str(),
                        crate::context::routes(&routes)
                    ))
                    .fix(format!(
                        "Add ConditionExpression=\"attribute_not_exists({})\"",
                        partition(cx, table)
                    ))
                    .add(out);
            }
        }
    }
}

/// A random identifier made here collides with nobody's.
fn has_made_identifier(cx: &Context<'_>, operation: &keytrail_model::Operation) -> bool {
    cx.joined.flows_to(&operation.location).iter().any(|flow| {
        matches!((&flow.source, &flow.sink), (Source::Generated(_), Sink::Store(_, attribute))
            if !keytrail_model::names_a_secret(attribute))
    })
}

fn partition(cx: &Context<'_>, table: keytrail_graph::TableId) -> String {
    let declared = cx.joined.tables.node(table).main();
    declared
        .and_then(|declared| declared.keys.first())
        .map_or_else(
            || "the partition key".to_owned(),
            |key| key.attribute.clone(),
        )
}
