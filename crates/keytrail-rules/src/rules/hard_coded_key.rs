//! See the page beside this file.

use keytrail_graph::is_deployed;
use keytrail_model::{
    Confidence, Finding, Fingerprint, SettingValue, Severity, Sighting, SightingConfidence,
};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key lies in a file of the repository.
pub(crate) struct HardCodedKey;

static META: Meta = Meta {
    id: "hard-coded-key",
    title: "A key lies in a file of the repository",
    cwe: &[798, 540],
    severity: Severity::Medium,
    needs: &[Kind::Files],
    page: include_str!("hard_coded_key.md"),
};

impl Rule for HardCodedKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for sighting in &cx.joined.sightings {
            if is_default_secret_key(cx, sighting) {
                continue;
            }
            let local = sighting.context.ignored_file;
            let name = match &sighting.context.name {
                Some(name) => format!(" as `{name}`"),
                None => String::new(),
            };
            let where_it_is = match (local, sighting.context.test) {
                (true, _) => "The file is local, not committed.",
                (false, true) => {
                    "The file is a test or an example; a key that works does not belong there either."
                }
                (false, false) => "Whoever has the repository has the key.",
            };
            let rotate = if sighting.rotate.is_empty() {
                "Rotate the key".to_owned()
            } else {
                sighting.rotate.clone()
            };
            Draft::new(cx, &META, &sighting.location)
                .path(cx.path_at(&sighting.location).filter(|_| !local))
                .severity(if local {
                    Severity::Low
                } else {
                    off_path(sighting)
                })
                .confidence(sure(sighting))
                .subject(subject(sighting))
                .message(format!(
                    "{} {}{name}. {where_it_is}",
                    sighting.title, sighting.masked
                ))
                .unsafe_fix(rotate)
                .unsafe_fix(
                    "Load it from Secrets Manager or Parameter Store when the process starts",
                )
                .add(out);
        }
    }
}

/// `default-secret-key` tells of that one.
fn is_default_secret_key(cx: &Context<'_>, sighting: &Sighting) -> bool {
    let span = sighting.location.span();
    cx.joined
        .settings_named("SECRET_KEY")
        .iter()
        .any(|setting| {
            let other = setting.location.span();
            let same_place =
                other.path == span.path && (other.line..=other.end_line).contains(&span.line);
            let same_key = sighting.fingerprint.is_some()
                && fingerprint(&setting.value) == sighting.fingerprint;
            let told = is_deployed(&cx.joined, setting)
                && super::default_secret_key::is_insecure(&setting.value);
            told && (same_place || same_key)
        })
}

fn fingerprint(value: &SettingValue) -> Option<Fingerprint> {
    match value {
        SettingValue::Secret { fingerprint, .. } => *fingerprint,
        SettingValue::FromEnvironment {
            default: Some(default),
            ..
        } => match &**default {
            SettingValue::Secret { fingerprint, .. } => *fingerprint,
            _ => None,
        },
        _ => None,
    }
}

fn off_path(sighting: &Sighting) -> Severity {
    match sighting.confidence {
        SightingConfidence::High | SightingConfidence::Medium if !sighting.context.test => {
            Severity::Medium
        }
        _ => Severity::Low,
    }
}

fn sure(sighting: &Sighting) -> Confidence {
    if sighting.confidence == SightingConfidence::High {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

/// Provider and name: stays when lines move, and is no key.
fn subject(sighting: &Sighting) -> String {
    match &sighting.context.name {
        Some(name) => format!("{} {name}", sighting.provider),
        None => sighting.provider.clone(),
    }
}
