//! See the page beside this file.

use keytrail_graph::{TableId, is_test_file, names_an_owner};
use keytrail_model::{Finding, KeyRole, PracticeKind, Severity, names_a_secret};

use crate::{Context, Draft, Kind, Meta, Rule};

/// The identifier of a key record can be guessed.
pub(crate) struct PredictableIdentifier;

static META: Meta = Meta {
    id: "predictable-identifier",
    title: "The identifier of a key record can be guessed",
    cwe: &[330, 340],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("predictable_identifier.md"),
};

impl Rule for PredictableIdentifier {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        for practice in &cx.joined.practices {
            let PracticeKind::PredictableIdentifier {
                operation,
                attribute,
                how,
            } = &practice.kind
            else {
                continue;
            };
            if is_test_file(&operation.span().path) {
                continue;
            }
            let mut tables: Vec<TableId> = cx
                .joined
                .operations_at(operation)
                .iter()
                .flat_map(|&number| cx.key_tables_of(number))
                .filter(|&table| identifies(cx, table, attribute))
                .collect();
            tables.sort_unstable();
            tables.dedup();
            for table in tables {
                let name = cx.table_name(table);
                Draft::new(cx, &META, &practice.location)
                    .severity(Severity::Low)
                    .steps(practice.steps.iter().cloned())
                    .subject(format!("{name}.{attribute}"))
                    .message(format!(
                        "`{attribute}` names the key records of table `{name}`, and {how}: others' can be guessed."
                    ))
                    .unsafe_fix("Use uuid.uuid4() or secrets.token_urlsafe(16)")
                    .add(out);
            }
        }
    }
}

/// The partition key; without a declaration, what calls itself an identifier of no owner's.
fn identifies(cx: &Context<'_>, table: TableId, attribute: &str) -> bool {
    let mut declared = cx
        .joined
        .tables
        .node(table)
        .believed()
        .flat_map(|declared| &declared.keys)
        .peekable();
    if declared.peek().is_some() {
        return declared.any(|key| key.role == KeyRole::Partition && key.attribute == attribute);
    }
    let named = matches!(attribute, "id" | "pk" | "uid") || attribute.ends_with("_id");
    named && !names_an_owner(attribute) && !names_a_secret(attribute)
}
