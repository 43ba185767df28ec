//! See the page beside this file.

use keytrail_graph::{KeyAttribute, TableId};
use keytrail_model::{Confidence, Finding, Severity, Sink, Source, Step, names_a_secret};
use std::collections::BTreeSet;

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key that is only compared is kept as it is.
pub(crate) struct VerifyOnlyKeyKept;

static META: Meta = Meta {
    id: "verify-only-key-kept",
    title: "A key that is only compared is kept as it is",
    cwe: &[256, 312],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("verify_only_key_kept.md"),
};

impl Rule for VerifyOnlyKeyKept {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (table, key) in cx.key_attributes() {
            if key.confidence < Confidence::Likely {
                continue;
            }
            let Some(proof) = only_verified(cx, table, key) else {
                continue;
            };
            let name = cx.table_name(table);
            for location in &key.written {
                Draft::new(cx, &META, location)
                    .steps(key.evidence.iter().cloned())
                    .steps(proof.iter().cloned())
                    .subject(format!("{name}.{}", key.attribute))
                    .message(format!(
                        "`{}` of table `{name}` is only ever compared, yet kept as it is; its HMAC would do and opens nothing.",
                        key.attribute
                    ))
                    .unsafe_fix(format!(
                        "Store HMAC-SHA-256 of `{}` under a pepper from a vault, and compare with hmac.compare_digest",
                        key.attribute
                    ))
                    .add(out);
            }
        }
    }
}

/// Compared or looked up by, and used for nothing else: the places that do.
fn only_verified(cx: &Context<'_>, table: TableId, key: &KeyAttribute) -> Option<BTreeSet<Step>> {
    let mut proof = BTreeSet::new();
    for &number in cx.joined.operations_on(table) {
        let operation = cx.joined.operations[number];
        let looked_up = operation.keys.iter().any(|bound| {
            bound.attribute.as_deref() == Some(&*key.attribute) && names_a_secret(&key.attribute)
        });
        if looked_up {
            let label = format!("{} looks it up", operation.kind.as_str());
            proof.insert(Step::new(label, operation.location.clone()));
        }
        for flow in cx.joined.flows_from(&operation.location) {
            let picks = matches!(&flow.source, Source::Item(_, path) if *path == key.attribute);
            if !picks {
                continue;
            }
            match flow.sink {
                Sink::Compare | Sink::CompareDigest => {
                    proof.insert(Step::new("it is compared", flow.location.clone()));
                }
                Sink::Replay | Sink::ThirdParty(_) | Sink::Url | Sink::AwsCredential => {
                    return None;
                }
                _ => {}
            }
        }
    }
    (!proof.is_empty()).then_some(proof)
}
