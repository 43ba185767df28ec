//! See the page beside this file.

use keytrail_graph::{is_temporary, stands_for_a_key, stands_there_still};
use keytrail_model::{
    CommitRef, Committed, Confidence, Finding, Held, Severity, SightingConfidence, Step,
};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key was committed once, and is in no file any more, or in another.
pub(crate) struct KeyInHistory;

static META: Meta = Meta {
    id: "key-in-history",
    title: "A key lies in the history of the repository",
    cwe: &[540, 798],
    severity: Severity::Medium,
    needs: &[Kind::History],
    page: include_str!("key_in_history.md"),
};

impl Rule for KeyInHistory {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for &committed in &cx.joined.history {
            if !stands_there_still(&cx.joined, committed) {
                report(cx, committed, out);
            }
        }
    }
}

fn report(cx: &Context<'_>, committed: &Committed, out: &mut Vec<Finding>) {
    let sighting = &committed.sighting;
    let local = matches!(committed.held, Held::Reflog | Held::Nothing);
    let name = match &sighting.context.name {
        Some(name) => format!(" as `{name}`"),
        None => String::new(),
    };
    let rotate = if sighting.rotate.is_empty() {
        "Rotate the key"
    } else {
        &sighting.rotate
    };
    let label = format!("{} {} is committed", sighting.title, sighting.masked);
    Draft::new(cx, &META, &sighting.location)
        .path(cx.path_at(&sighting.location).filter(|_| !local))
        .severity(if local {
            Severity::Low
        } else {
            off_path(sighting.confidence, committed)
        })
        .confidence(sure(cx, committed))
        .steps([Step::new(label, sighting.location.clone())])
        .subject(subject(committed))
        .message(format!(
            "{} {}{name}{}. {}{}",
            sighting.title,
            sighting.masked,
            life(committed),
            held(&committed.held),
            elsewhere(cx, committed)
        ))
        .validated(sighting.fingerprint, local)
        .unsafe_fix(rotate)
        .unsafe_fix("Then take it out of the history (`git filter-repo --replace-text`), if all who have clones can fetch anew")
        .add(out);
}

/// `, from 2021-03-04 (0123456789) to 2022-01-02 (9876543210), in 12 commits`.
fn life(committed: &Committed) -> String {
    let told = |commit: &CommitRef| {
        let id = commit.id.get(..10).unwrap_or(&commit.id);
        format!("{} ({id})", commit.date)
    };
    match (&committed.first, &committed.last) {
        (Some(first), Some(last)) if first != last => format!(
            ", from {} to {}, in {} commits",
            told(first),
            told(last),
            committed.commits
        ),
        (Some(first), _) => format!(", in the one commit of {}", told(first)),
        _ => String::new(),
    }
}

fn held(held: &Held) -> String {
    match held {
        Held::Head => "It still stands in what is checked out.".to_owned(),
        Held::Tips(names) => format!(
            "It still stands in {}: whoever has a clone has the key.",
            names.join(", ")
        ),
        Held::Reachable => {
            "It is in no file any more, but whoever has a clone has the key.".to_owned()
        }
        Held::Reflog => {
            "Only the reflog of this clone still holds it, unless it was pushed.".to_owned()
        }
        Held::Nothing => {
            "Only an object of this clone that waits for the garbage collector still holds it, unless it was pushed.".to_owned()
        }
    }
}

/// The same key in a file of the tree.
fn elsewhere(cx: &Context<'_>, committed: &Committed) -> String {
    let Some(fingerprint) = committed.sighting.fingerprint else {
        return String::new();
    };
    let mut now = cx.joined.sightings.iter();
    now.find(|sighting| sighting.fingerprint == Some(fingerprint))
        .map_or_else(String::new, |sighting| {
            let span = sighting.location.span();
            format!(" The same key stands at {}:{} today.", span.path, span.line)
        })
}

fn off_path(confidence: SightingConfidence, committed: &Committed) -> Severity {
    let sighting = &committed.sighting;
    if confidence >= SightingConfidence::Medium && !stands_for_a_key(sighting) {
        Severity::Medium
    } else {
        Severity::Low
    }
}

fn sure(cx: &Context<'_>, committed: &Committed) -> Confidence {
    let sighting = &committed.sighting;
    if sighting.confidence == SightingConfidence::High && !is_temporary(&cx.joined, sighting) {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

/// Provider and name: stays when commits are added, and is no key.
fn subject(committed: &Committed) -> String {
    let sighting = &committed.sighting;
    match &sighting.context.name {
        Some(name) => format!("{} {name}", sighting.provider),
        None => sighting.provider.clone(),
    }
}
