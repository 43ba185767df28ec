//! Keys lie in files.

use keytrail_model::{
    Actor, Committed, Confidence, EdgeKind, Environment, Held, KeyPower, KeyRef, Location, Node,
    Place, Sighting, SightingConfidence, Step,
};

use super::{edit, is_test_file};
use crate::Joined;
use crate::build::Builder;
use crate::identity::{concrete, power_of_provider};

/// Key → file → whoever reads the repository; a file that version control leaves out stays local.
pub(crate) fn edges(joined: &Joined<'_>, sighting: &Sighting, out: &mut Builder) {
    let key = concrete(
        joined,
        &sighting.provider,
        sighting.fingerprint,
        &sighting.location,
    );
    out.power(&key, power(sighting));
    let label = format!("{} {} in the file", sighting.title, sighting.masked);
    lies_in(
        &key,
        &Step::new(label, sighting.location.clone()),
        sure(joined, sighting),
        sighting.context.ignored_file,
        out,
    );
}

/// What only its context speaks for is of doubtful worth.
fn power(sighting: &Sighting) -> KeyPower {
    let doubtful =
        sighting.confidence == SightingConfidence::Low && sighting.provider.starts_with("generic");
    if doubtful || stands_for_a_key(sighting) {
        KeyPower::Low
    } else {
        power_of_provider(&sighting.provider)
    }
}

/// Key → a version of a file in the history → whoever has a clone. What only this clone holds stays
/// local, and a key that the file has to this day is told there.
pub(crate) fn committed(joined: &Joined<'_>, committed: &Committed, out: &mut Builder) {
    if stands_there_still(joined, committed) {
        return;
    }
    let sighting = &committed.sighting;
    let key = concrete(
        joined,
        &sighting.provider,
        sighting.fingerprint,
        &sighting.location,
    );
    out.power(&key, power(sighting));
    let version = Node::Place(Place::File(sighting.location.clone()));
    let label = format!("{} {} in the history", sighting.title, sighting.masked);
    out.edge(Node::Key(key), EdgeKind::StoredIn, version.clone())
        .confidence(sure(joined, sighting))
        .steps([Step::new(label, sighting.location.clone())])
        .edits([rotate(sighting)])
        .add();
    if matches!(committed.held, Held::Reflog | Held::Nothing) {
        return;
    }
    let label = "every clone has the commit: taking the key out of the file did not take it back";
    out.edge(
        version,
        EdgeKind::ReachableBy,
        Node::Actor(Actor::RepositoryReader),
    )
    .steps([Step::new(label, sighting.location.clone())])
    .add();
}

/// True for a key that is seen in the same file of the working tree.
pub fn stands_there_still(joined: &Joined<'_>, committed: &Committed) -> bool {
    let old = &committed.sighting;
    let path = &old.location.span().path;
    joined.sightings.iter().any(|now| {
        let same = match old.fingerprint {
            Some(fingerprint) => now.fingerprint == Some(fingerprint),
            None => now.provider == old.provider && now.context.name == old.context.name,
        };
        same && now.location.span().path == *path
    })
}

/// Rewriting a history that others have cloned closes nothing: only a new key does.
fn rotate(sighting: &Sighting) -> keytrail_model::Edit {
    let span = sighting.location.span();
    let id = match sighting.fingerprint {
        Some(fingerprint) => format!("rotate:{fingerprint}"),
        None => format!("rotate:{}:{}", span.path, span.line),
    };
    let what = format!("Rotate the key that {} had", span.path);
    edit(id, what, &sighting.location, 2)
}

/// A key in a file; `local` when version control leaves the file out.
pub(crate) fn lies_in(
    key: &KeyRef,
    step: &Step,
    confidence: Confidence,
    local: bool,
    out: &mut Builder,
) {
    let file = Node::Place(Place::File(step.location.clone()));
    out.edge(Node::Key(key.clone()), EdgeKind::StoredIn, file.clone())
        .confidence(confidence)
        .steps([step.clone()])
        .edits([load_from_vault(&step.location)])
        .add();
    if local {
        return;
    }
    // No node for the repository as a whole: its edge to the readers would need one place for
    // the evidence of all files.
    let label = "the file is in the repository: whoever has it, a fork or a clone, has the key";
    out.edge(
        file,
        EdgeKind::ReachableBy,
        Node::Actor(Actor::RepositoryReader),
    )
    .steps([Step::new(label, step.location.clone())])
    .add();
}

fn load_from_vault(location: &Location) -> keytrail_model::Edit {
    let span = location.span();
    edit(
        format!("literal:{}:{}", span.path, span.line),
        format!(
            "Rotate the key at {}:{} and load it from a vault",
            span.path, span.line
        ),
        location,
        2,
    )
}

/// True for a key in a test, a fixture, an example or a set-up for development. What a document
/// shows is one too, unless its shape says whose key it is: real keys end up in documents.
pub fn stands_for_a_key(sighting: &Sighting) -> bool {
    let path = &*sighting.location.span().path;
    let generic = sighting.provider.starts_with("generic");
    let development = generic && Environment::of_name(path) == Environment::Development;
    sighting.context.test
        || development
        || is_test_file(path)
        || shows_how(path)
        || (generic && is_document(path))
}

/// True for a file of a test, an example or the documents.
pub(crate) fn is_for_show(path: &str) -> bool {
    is_test_file(path) || shows_how(path) || is_document(path)
}

/// Files that show how something is tested or filled.
fn shows_how(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let (folders, file) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let folder = |part: &str| {
        let tests = ["test-", "test_"]
            .iter()
            .any(|start| part.starts_with(start))
            || ["-test", "-tests", "_test", "_tests"]
                .iter()
                .any(|end| part.ends_with(end));
        tests || is_example_word(part)
    };
    folders.split('/').any(folder)
        || file
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(is_example_word)
}

fn is_example_word(word: &str) -> bool {
    matches!(
        word,
        "test"
            | "tests"
            | "testing"
            | "testdata"
            | "testapp"
            | "testproject"
            | "e2e"
            | "spec"
            | "specs"
            | "mock"
            | "mocks"
            | "__mocks__"
            | "fixture"
            | "fixtures"
            | "example"
            | "examples"
            | "sample"
            | "samples"
            | "seed"
            | "seeds"
            | "seeder"
            | "cypress"
            | "playwright"
    )
}

fn is_document(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let end = lower.rsplit('.').next().unwrap_or_default();
    matches!(end, "md" | "rst" | "adoc")
        || lower
            .split('/')
            .rev()
            .skip(1)
            .any(|part| matches!(part, "doc" | "docs"))
}

/// True for an AWS key that expires by itself: an id that begins with `ASIA`, and the secret
/// that stands beside one.
pub fn is_temporary(joined: &Joined<'_>, sighting: &Sighting) -> bool {
    const BESIDE: u32 = 5;
    if !sighting.provider.starts_with("aws") {
        return false;
    }
    let span = sighting.location.span();
    let mut ids = joined
        .aws_ids_in(&span.path)
        .iter()
        .filter(|(line, _)| line.abs_diff(span.line) <= BESIDE)
        .peekable();
    let begins = |start: &str| sighting.masked.to_string().starts_with(start);
    if begins("ASIA") || begins("AKIA") {
        return begins("ASIA");
    }
    ids.peek().is_some() && ids.all(|&(_, temporary)| temporary)
}

fn sure(joined: &Joined<'_>, sighting: &Sighting) -> Confidence {
    if is_temporary(joined, sighting) {
        // Expired, unless it is hours old.
        return Confidence::Possible;
    }
    match sighting.confidence {
        SightingConfidence::High => Confidence::Likely,
        SightingConfidence::Medium if !sighting.provider.starts_with("generic") => {
            Confidence::Likely
        }
        SightingConfidence::Medium | SightingConfidence::Low => Confidence::Possible,
    }
}
