//! Keys lie in files.

use keytrail_model::{
    Actor, Confidence, EdgeKind, KeyPower, KeyRef, Location, Node, Place, Sighting,
    SightingConfidence, Step,
};

use super::edit;
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
    let power = if sighting.context.test {
        KeyPower::Low
    } else {
        power_of_provider(&sighting.provider)
    };
    out.power(&key, power);
    let label = format!("{} {} in the file", sighting.title, sighting.masked);
    lies_in(
        &key,
        &Step::new(label, sighting.location.clone()),
        sure(sighting),
        sighting.context.ignored_file,
        out,
    );
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

fn sure(sighting: &Sighting) -> Confidence {
    match sighting.confidence {
        SightingConfidence::High => Confidence::Likely,
        SightingConfidence::Medium if !sighting.provider.starts_with("generic") => {
            Confidence::Likely
        }
        SightingConfidence::Medium | SightingConfidence::Low => Confidence::Possible,
    }
}
