//! See the page beside this file.

use keytrail_model::{AssetKind, Control, Finding, Severity};

use crate::around::{assets, lacks};
use crate::{Context, Draft, Kind, Meta, Rule};

/// A trail misses calls, or can be changed unnoticed.
pub(crate) struct TrailUnprotected;

static META: Meta = Meta {
    id: "trail-unprotected",
    title: "A trail misses calls, or can be changed unnoticed",
    cwe: &[778],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("trail_unprotected.md"),
};

const WANTED: &[(Control, &str)] = &[
    (Control::AllRegions, "leaves out other regions"),
    (Control::Validated, "has no validation of its files"),
    (Control::OwnKey, "is not encrypted under a key of your own"),
    (
        Control::Watched,
        "sends nothing to CloudWatch Logs, so nothing can raise an alarm",
    ),
];

impl Rule for TrailUnprotected {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for trail in assets(cx, AssetKind::Trail) {
            let off = lacks(trail, Control::Enabled);
            let mut missing: Vec<&str> = WANTED
                .iter()
                .filter(|(control, _)| lacks(trail, *control))
                .map(|(_, words)| *words)
                .collect();
            if off {
                missing.insert(0, "is switched off");
            }
            if missing.is_empty() {
                continue;
            }
            Draft::new(cx, &META, &trail.location)
                .severity(if off { Severity::Low } else { META.severity })
                .subject(&*trail.address)
                .message(format!("Trail `{}` {}.", trail.address, missing.join(" and ")))
                .fix("Record all regions, validate the files, encrypt them under a key of your own, and send events to a log group with alarms")
                .add(out);
        }
    }
}
