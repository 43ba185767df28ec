//! See the page beside this file.

use keytrail_model::{Encryption, Finding, Location, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key table is not encrypted under the customer's own key.
pub(crate) struct TableWithoutOwnKey;

static META: Meta = Meta {
    id: "table-without-own-key",
    title: "A key table is not encrypted under the customer's own key",
    cwe: &[311],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("table_without_own_key.md"),
};

impl Rule for TableWithoutOwnKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for table in cx.joined.keys.tables() {
            let name = cx.table_name(table);
            for declared in cx.joined.tables.node(table).in_templates() {
                let own = (String::new(), &declared.encryption, &declared.location);
                let replicas = declared.replicas.iter().map(|it| {
                    (
                        format!(" (replica in {})", it.region),
                        &it.encryption,
                        &it.location,
                    )
                });
                for (which, encryption, location) in std::iter::once(own).chain(replicas) {
                    weak(cx, name, &which, encryption, location, out);
                }
            }
        }
    }
}

fn weak(
    cx: &Context<'_>,
    table: &str,
    which: &str,
    encryption: &Encryption,
    location: &Location,
    out: &mut Vec<Finding>,
) {
    let whose = match encryption {
        Encryption::AwsOwned => "a key that AWS owns",
        Encryption::AwsManaged => "a key that AWS manages",
        Encryption::CustomerManaged(_) | Encryption::Unknown => return,
    };
    Draft::new(cx, &META, location)
        .subject(format!("{table}{which}"))
        .message(format!(
            "Table `{table}`{which} holds keys and is encrypted under {whose}: nobody can be shut out by a key policy. No encryption at rest holds off who may read items."
        ))
        .fix(format!("Encrypt `{table}` under a customer-managed key of its own environment"))
        .add(out);
}
