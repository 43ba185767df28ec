//! See the page beside this file.

use keytrail_model::{Asset, AssetKind, Control, Finding, Severity, Tri};

use crate::around::{assets, lacks};
use crate::{Context, Draft, Kind, Meta, Rule};

/// Nothing replaces a secret or a key by itself.
pub(crate) struct KeyTooOld;

static META: Meta = Meta {
    id: "key-too-old",
    title: "Nothing replaces a secret or an encryption key by itself",
    cwe: &[324],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("key_too_old.md"),
};

impl Rule for KeyTooOld {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for secret in assets(cx, AssetKind::Secret) {
            let rotated = secret.posture(Control::Rotated);
            // To change a pepper ends all that was made with it.
            let pepper = last_name(&secret.name);
            if !["pepper", "salt"].iter().any(|word| pepper.contains(word))
                && rotated.is_none_or(|it| it.state == Tri::No)
            {
                let message = "is rotated by nothing: a key that got out stays good until somebody thinks of it";
                let fix =
                    "Give it a rotation with a function that gets a new key from the provider";
                tell(cx, secret, Severity::Low, message, fix, out);
            } else if lacks(secret, Control::RotationWorks) {
                let message = "was not rotated when its schedule said so: the rotation fails";
                let fix = "Read the log of the function that rotates it, and rotate it now";
                tell(cx, secret, Severity::Low, message, fix, out);
            } else if lacks(secret, Control::RotatedInTime) {
                let message = "is rotated less often than every 90 days";
                tell(
                    cx,
                    secret,
                    META.severity,
                    message,
                    "Rotate it every 90 days or sooner",
                    out,
                );
            }
            if lacks(secret, Control::Used) {
                let message = "was read by nobody for 90 days or longer";
                let fix = "Delete it, and end the key in it, once nothing needs it";
                tell(cx, secret, META.severity, message, fix, out);
            }
        }
        for key in assets(cx, AssetKind::EncryptionKey) {
            if lacks(key, Control::Rotated) {
                let message = "is never rotated";
                tell(
                    cx,
                    key,
                    META.severity,
                    message,
                    "Switch on the yearly rotation of the key",
                    out,
                );
            }
        }
    }
}

fn tell(
    cx: &Context<'_>,
    asset: &Asset,
    severity: Severity,
    what: &str,
    fix: &str,
    out: &mut Vec<Finding>,
) {
    let kind = asset.kind.as_str();
    let kind = match asset.kind {
        AssetKind::Secret => "Secret",
        _ => kind,
    };
    Draft::new(cx, &META, &asset.location)
        .severity(severity)
        .subject(&*asset.address)
        .message(format!("{kind} `{}` {what}.", asset.address))
        .fix(fix)
        .add(out);
}

/// `pepper` of `shop/production/pepper`.
fn last_name(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase()
}
