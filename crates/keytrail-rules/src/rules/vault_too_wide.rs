//! See the page beside this file.

use std::collections::BTreeMap;

use keytrail_model::{Finding, Location, Right, RightKind, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A principal may read every secret there is.
pub(crate) struct VaultTooWide;

static META: Meta = Meta {
    id: "vault-too-wide",
    title: "A principal may read every secret, or decrypt under every key",
    cwe: &[250, 732],
    severity: Severity::Medium,
    needs: &[Kind::Infra],
    page: include_str!("vault_too_wide.md"),
};

impl Rule for VaultTooWide {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut found: BTreeMap<(&str, &Location), Vec<&Right>> = BTreeMap::new();
        for &right in &cx.joined.rights {
            if let (Some(_), Some(step)) = (words(right.kind), right.statements.first()) {
                let place = (&*right.principal, &step.location);
                found.entry(place).or_default().push(right);
            }
        }
        for ((principal, location), rights) in found {
            let what: Vec<&str> = rights.iter().filter_map(|it| words(it.kind)).collect();
            let bound = rights.iter().all(|right| !right.conditions.is_empty());
            let only_decrypts = rights.iter().all(|it| it.kind == RightKind::Decrypt);
            Draft::new(cx, &META, location)
                .severity(if bound || only_decrypts {
                    Severity::Low
                } else {
                    META.severity
                })
                .subject(principal)
                .message(format!("`{principal}` may {}.", what.join(" and ")))
                .steps(rights.iter().flat_map(|right| right.statements.clone()))
                .unsafe_fix("Name the secrets by path or tag, and bind kms:Decrypt to one key and an encryption context")
                .add(out);
        }
    }
}

fn words(kind: RightKind) -> Option<&'static str> {
    match kind {
        RightKind::ReadSecrets => Some("read every secret of Secrets Manager"),
        RightKind::ReadParameters => Some("read every parameter of Parameter Store"),
        RightKind::Decrypt => Some("decrypt under every key of KMS"),
        RightKind::RaiseRights => None,
    }
}
