//! See the page beside this file.

use keytrail_model::{Asset, AssetKind, Control, Finding, Severity, names_a_secret};

use crate::around::{assets, lacks};
use crate::{Context, Draft, Kind, Meta, Rule};

/// A vault keeps secrets in the clear, under a key that anybody in the account may use, or can be lost.
pub(crate) struct VaultUnprotected;

static META: Meta = Meta {
    id: "vault-unprotected",
    title: "A vault keeps secrets in the clear, or can be lost at once",
    cwe: &[311, 312],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("vault_unprotected.md"),
};

impl Rule for VaultUnprotected {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for parameter in assets(cx, AssetKind::Parameter) {
            let last = parameter.name.rsplit('/').next().unwrap_or_default();
            let secret = names_a_secret(last);
            if secret && lacks(parameter, Control::EncryptedAtRest) {
                tell(
                    cx,
                    parameter,
                    Severity::Medium,
                    "is named like a secret and kept as plain text",
                    "Make it a SecureString under a key of your own, and rotate what it held",
                    out,
                );
            } else if secret && lacks(parameter, Control::OwnKey) {
                let fix = "Give it a customer-managed key";
                tell(cx, parameter, META.severity, OWN, fix, out);
            }
        }
        for secret in assets(cx, AssetKind::Secret) {
            if lacks(secret, Control::Recoverable) {
                let what = "is gone at once when it is deleted";
                let fix = "Leave a recovery window of at least a week";
                tell(cx, secret, Severity::Low, what, fix, out);
            } else if lacks(secret, Control::OwnKey) {
                let fix = "Give it a customer-managed key";
                tell(cx, secret, META.severity, OWN, fix, out);
            }
        }
        for key in assets(cx, AssetKind::EncryptionKey) {
            if lacks(key, Control::Kept) {
                let what =
                    "waits to be deleted: what it encrypts can't be read any more after that";
                let fix = "Take the deletion back, unless nothing needs it";
                tell(cx, key, Severity::Medium, what, fix, out);
            } else if lacks(key, Control::Enabled) {
                let what = "is switched off: what it encrypts can't be read";
                let fix = "Switch it on, or delete it once nothing needs it";
                tell(cx, key, Severity::Low, what, fix, out);
            }
        }
    }
}

const OWN: &str = "is encrypted under the account's default key, whose policy nobody can narrow";

fn tell(
    cx: &Context<'_>,
    asset: &Asset,
    severity: Severity,
    what: &str,
    fix: &str,
    out: &mut Vec<Finding>,
) {
    let kind = match asset.kind {
        AssetKind::Parameter => "Parameter",
        AssetKind::Secret => "Secret",
        _ => "KMS key",
    };
    Draft::new(cx, &META, &asset.location)
        .severity(severity)
        .subject(&*asset.address)
        .message(format!("{kind} `{}` {what}.", asset.address))
        .fix(fix)
        .add(out);
}
