//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{
    Finding, Origin, Severity, Sink, Source, names_a_secret, names_a_vetted_reference,
};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is accepted on a read that may be old.
pub(crate) struct StaleAuthorization;

static META: Meta = Meta {
    id: "stale-authorization",
    title: "A key is accepted on a read that may be old",
    cwe: &[613, 367],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("stale_authorization.md"),
};

impl Rule for StaleAuthorization {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let in_request = cx.joined.calls.views_of(&operation.entry).next().is_some();
            let accepts =
                operation.kind.reads() && (looks_a_key_up(operation) || compares(cx, operation));
            if !accepts || operation.consistent || is_test_file(&operation.location.span().path) {
                continue;
            }
            let Some(&(table, _)) = cx.joined.tables_of(number).first() else {
                continue;
            };
            let name = cx.table_name(table);
            let (severity, why, what) = match &operation.index {
                Some(index) => (
                    Severity::Medium,
                    format!("index `{index}`, which is always a while behind"),
                    "Find the item by the index, then read it from the table with ConsistentRead=True",
                ),
                None => (
                    Severity::Low,
                    "an eventually consistent read".to_owned(),
                    "Read it with ConsistentRead=True",
                ),
            };
            let severity = if in_request { severity } else { Severity::Low };
            Draft::new(cx, &META, &operation.location)
                .severity(severity)
                .subject(name)
                .message(format!(
                    "A key of table `{name}` is accepted on {why}: one that was revoked works a while longer."
                ))
                .fix(what)
                .add(out);
        }
    }
}

/// By the key itself or its hash, sent by the caller.
fn looks_a_key_up(operation: &keytrail_model::Operation) -> bool {
    operation.keys.iter().any(|key| {
        let name = key.attribute.as_deref().unwrap_or_default();
        let hashed = names_a_vetted_reference(name)
            && ["hash", "hmac", "digest"]
                .iter()
                .any(|word| name.contains(word));
        let sent = key
            .origins
            .iter()
            .any(|origin| matches!(origin, Origin::Caller(..)));
        sent && (names_a_secret(name) || hashed)
    })
}

fn compares(cx: &Context<'_>, operation: &keytrail_model::Operation) -> bool {
    cx.joined
        .flows_from(&operation.location)
        .iter()
        .any(|flow| {
            let picks = matches!(&flow.source, Source::Item(_, path) if names_a_secret(path));
            picks && matches!(flow.sink, Sink::Compare | Sink::CompareDigest)
        })
}
