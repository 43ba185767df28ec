//! See the page beside this file.

use std::collections::BTreeMap;

use keytrail_graph::{is_deployed, is_temporary, stands_for_a_key};
use keytrail_model::{
    Confidence, Finding, Fingerprint, Location, SettingValue, Severity, Sighting,
    SightingConfidence, Step,
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
        let mut keys: BTreeMap<Same<'_>, Vec<&Sighting>> = BTreeMap::new();
        for &sighting in &cx.joined.sightings {
            // `key-in-ci-log` tells of those.
            let logged = sighting.context.writer.is_some();
            if !logged && !is_default_secret_key(cx, sighting) {
                keys.entry(same(sighting)).or_default().push(sighting);
            }
        }
        for places in keys.into_values() {
            report(cx, &places, out);
        }
    }
}

/// One key in one file; a key of low entropy only by its place.
type Same<'s> = (&'s str, Result<Fingerprint, &'s Location>);

fn same(sighting: &Sighting) -> Same<'_> {
    let path = &*sighting.location.span().path;
    (path, sighting.fingerprint.ok_or(&sighting.location))
}

/// At the first place; the others are told.
fn report(cx: &Context<'_>, places: &[&Sighting], out: &mut Vec<Finding>) {
    let Some((sighting, others)) = places.split_first() else {
        return;
    };
    let local = sighting.context.ignored_file;
    let name = match &sighting.context.name {
        Some(name) => format!(" as `{name}`"),
        None => String::new(),
    };
    let rotate = if sighting.rotate.is_empty() {
        "Rotate the key".to_owned()
    } else {
        sighting.rotate.clone()
    };
    let steps = places.iter().map(|place| {
        let label = format!("{} {} in the file", place.title, place.masked);
        Step::new(label, place.location.clone())
    });
    Draft::new(cx, &META, &sighting.location)
        .path(cx.path_at(&sighting.location).filter(|_| !local))
        .severity(if local {
            Severity::Low
        } else {
            off_path(sighting)
        })
        .confidence(sure(sighting))
        .steps(steps)
        .subject(subject(sighting))
        .message(format!(
            "{} {}{name}{}. {}{}",
            sighting.title,
            sighting.masked,
            more(others),
            where_it_is(cx, sighting),
            since(cx, sighting)
        ))
        .validated(sighting.fingerprint, local)
        .unsafe_fix(rotate)
        .unsafe_fix("Load it from Secrets Manager or Parameter Store when the process starts")
        .add(out);
}

fn more(others: &[&Sighting]) -> String {
    const SHOWN: usize = 5;
    if others.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = others
        .iter()
        .take(SHOWN)
        .map(|place| place.location.span().line.to_string())
        .collect();
    let rest = if others.len() > SHOWN { ", …" } else { "" };
    format!(
        ", in {} places of this file (also lines {}{rest})",
        others.len() + 1,
        lines.join(", ")
    )
}

/// Since when, where the history was read.
fn since(cx: &Context<'_>, sighting: &Sighting) -> String {
    let path = &sighting.location.span().path;
    let first = cx
        .joined
        .history
        .iter()
        .filter(|it| it.sighting.location.span().path == *path)
        .filter(|it| {
            it.sighting.fingerprint.is_some() && it.sighting.fingerprint == sighting.fingerprint
        })
        .find_map(|it| it.first.as_ref());
    first.map_or_else(String::new, |first| {
        let id = first.id.get(..10).unwrap_or(&first.id);
        format!(
            " It is in the history since {} ({id}): taking it out of the file does not take it back.",
            first.date
        )
    })
}

fn where_it_is(cx: &Context<'_>, sighting: &Sighting) -> &'static str {
    if sighting.context.ignored_file {
        "The file is local, not committed."
    } else if stands_for_a_key(sighting) {
        "The file is a test, an example or a set-up for development; a key that works does not belong there either."
    } else if is_temporary(&cx.joined, sighting) {
        "It is a temporary credential: expired, unless it is hours old."
    } else {
        "Whoever has the repository has the key."
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
        SightingConfidence::High | SightingConfidence::Medium if !stands_for_a_key(sighting) => {
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
