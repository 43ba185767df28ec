//! See the page beside this file.

use std::collections::BTreeMap;

use keytrail_model::{AssetKind, Control, Finding, Location, Severity, Tri};

use crate::around::{assets, runs_on_keys};
use crate::{Context, Draft, Kind, Meta, Rule};

/// A DAX cluster keeps or sends items in the clear.
pub(crate) struct DaxOpen;

static META: Meta = Meta {
    id: "dax-open",
    title: "A DAX cluster keeps or sends items in the clear",
    cwe: &[311, 319],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("dax_open.md"),
};

impl Rule for DaxOpen {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for cache in assets(cx, AssetKind::Cache) {
            let severity = if runs_on_keys(cx, &cache.location) {
                Severity::Medium
            } else {
                META.severity
            };
            let mut found: BTreeMap<&Location, (Severity, Vec<&str>)> = BTreeMap::new();
            for &(control, words, open) in WANTED {
                let Some(posture) = cache.posture(control).filter(|it| it.state == Tri::No) else {
                    continue;
                };
                let place = found
                    .entry(&posture.location)
                    .or_insert((Severity::Info, Vec::new()));
                place.0 = place.0.max(if open { severity } else { Severity::Info });
                place.1.push(words);
            }
            for (location, (severity, missing)) in found {
                Draft::new(cx, &META, location)
                    .severity(severity)
                    .subject(format!("{} {}", cache.address, missing.join(" ")))
                    .message(format!(
                        "DAX cluster `{}` {}: it holds copies of whatever items are read through it.",
                        cache.address,
                        missing.join(" and ")
                    ))
                    .unsafe_fix("Make a new cluster with encryption at rest and TLS; neither can be changed on this one")
                    .add(out);
            }
        }
    }
}

/// What is wanted, how its absence is told, and whether that opens anything.
const WANTED: &[(Control, &str, bool)] = &[
    (Control::EncryptedAtRest, "is not encrypted at rest", true),
    (Control::EncryptedInTransit, "speaks without TLS", true),
    (Control::Redundant, "has one node", false),
];
