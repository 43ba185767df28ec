//! See the page beside this file.

use std::collections::BTreeMap;

use keytrail_graph::stands_for_a_key;
use keytrail_model::{Confidence, Finding, Severity, Sighting, SightingConfidence, Step};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key lies in a log of a job or an application.
pub(crate) struct KeyInCiLog;

static META: Meta = Meta {
    id: "key-in-ci-log",
    title: "A key lies in a log file",
    cwe: &[532],
    severity: Severity::Medium,
    needs: &[Kind::Files],
    page: include_str!("key_in_ci_log.md"),
};

impl Rule for KeyInCiLog {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        // One key of one writer in one file.
        let mut keys: BTreeMap<_, Vec<&Sighting>> = BTreeMap::new();
        for &sighting in &cx.joined.sightings {
            if let Some(writer) = &sighting.context.writer {
                let path = &sighting.location.span().path;
                let key = sighting.fingerprint.ok_or(&sighting.location);
                keys.entry((path, writer, key)).or_default().push(sighting);
            }
        }
        for ((_, writer, _), places) in keys {
            report(cx, writer, &places, out);
        }
    }
}

fn report(cx: &Context<'_>, writer: &str, places: &[&Sighting], out: &mut Vec<Finding>) {
    let Some(sighting) = places.first() else {
        return;
    };
    let local = sighting.context.ignored_file;
    let weak = sighting.confidence == SightingConfidence::Low || stands_for_a_key(sighting);
    let by = if writer == "unknown" {
        "; its lines do not say what wrote it".to_owned()
    } else {
        format!(", written by {writer}")
    };
    let rotate = if sighting.rotate.is_empty() {
        "Rotate the key".to_owned()
    } else {
        sighting.rotate.clone()
    };
    let label = format!("{} {} is logged", sighting.title, sighting.masked);
    Draft::new(cx, &META, &sighting.location)
        .path(cx.path_at(&sighting.location).filter(|_| !local))
        .severity(if local || weak {
            Severity::Low
        } else {
            Severity::Medium
        })
        .confidence(if sighting.confidence == SightingConfidence::High {
            Confidence::Likely
        } else {
            Confidence::Possible
        })
        .steps([Step::new(label, sighting.location.clone())])
        .subject(format!("{} {writer}", sighting.provider))
        .message(format!(
            "{} {} stands in {} of this log{by}. Whoever reads logs has the key.",
            sighting.title,
            sighting.masked,
            lines(places)
        ))
        .validated(sighting.fingerprint, local)
        .unsafe_fix(rotate)
        .unsafe_fix("Mask the key where the line is written, and delete the log")
        .add(out);
}

fn lines(places: &[&Sighting]) -> String {
    match places {
        [_] => "a line".to_owned(),
        places => format!("{} lines", places.len()),
    }
}
