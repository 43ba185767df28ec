//! See the page beside this file.

use keytrail_model::{Finding, Location, Severity, Sink, Source};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// An AWS credential is stored in DynamoDB.
pub(crate) struct AwsCredentialStored;

static META: Meta = Meta {
    id: "aws-credential-stored",
    title: "An AWS credential is stored in DynamoDB",
    cwe: &[312, 522],
    severity: Severity::High,
    needs: &[Kind::Code, Kind::Items],
    page: include_str!("aws_credential_stored.md"),
};

impl Rule for AwsCredentialStored {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut places: BTreeMap<Location, (String, String)> = BTreeMap::new();
        for (table, key) in cx.key_attributes() {
            if is_aws(&key.attribute) {
                for location in &key.written {
                    let what = (cx.table_name(table).to_owned(), key.attribute.clone());
                    places.insert(location.clone(), what);
                }
            }
        }
        let is_pair = |(provider, _): &(String, u64)| provider.starts_with("aws-");
        for stored in &cx.joined.stored_keys {
            if stored.providers.iter().any(is_pair) {
                let what = (stored.table.clone(), stored.attribute.clone());
                places.insert(stored.location.clone(), what);
            }
        }
        for flow in &cx.joined.flows {
            let (Sink::Store(at, attribute), true) = (&flow.sink, flow.transform.is_readable())
            else {
                continue;
            };
            if source_is_aws(&flow.source) {
                let tables = cx.joined.operations_at(at).iter();
                let first = tables.flat_map(|&it| cx.joined.tables_of(it)).next();
                if let Some(&(table, _)) = first {
                    let what = (cx.table_name(table).to_owned(), attribute.clone());
                    places.entry(at.clone()).or_insert(what);
                }
            }
        }
        for (location, (table, attribute)) in places {
            let path = cx
                .joined
                .tables
                .named(&table)
                .and_then(|id| cx.path_of_attribute(id, &attribute));
            Draft::new(cx, &META, &location)
                .path(path)
                .subject(format!("{table}.{attribute}"))
                .message(format!(
                    "An AWS credential is stored as `{attribute}` of table `{table}`: whoever reads the item may act in the account."
                ))
                .unsafe_fix("Give what needs it a role instead, and delete the stored credential")
                .unsafe_fix("Rotate the credential at once")
                .add(out);
        }
    }
}

fn is_aws(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("aws_secret")
        || lower.contains("secret_access_key")
        || lower.contains("aws_session_token")
}

fn source_is_aws(source: &Source) -> bool {
    match source {
        Source::Literal { provider, .. } => provider.starts_with("aws"),
        Source::Setting(name) | Source::Environment(name) => is_aws(name),
        _ => false,
    }
}
