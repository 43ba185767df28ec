//! Who stands behind the door of a route.

use keytrail_model::{
    Access, Actor, Confidence, EdgeKind, Edit, Guard, Location, Node, Place, Route, Step,
};

use super::edit;
use crate::build::Builder;
use crate::naming::route_name;

/// A route without a lock opens to anybody, and with a lock still to anybody with an account;
/// a privileged one opens to staff. Which lesser actors an authenticated route opens to depends
/// on what is read behind it, so `flows` adds those by [`admit`].
pub(crate) fn edges(route: &Route, out: &mut Builder) {
    match route.access {
        Access::Anonymous => {
            out.edge(
                door(route),
                EdgeKind::ReachableBy,
                Node::Actor(Actor::Anonymous),
            )
            .steps(evidence(route, "nothing asks who is calling"))
            .guards([Guard {
                present: false,
                step: Step::new("no sign-in is required", lock_location(route).clone()),
            }])
            .edits(locks(route))
            .add();
            admit(route, Actor::AnyUser, out);
        }
        Access::Privileged => admit(route, Actor::Staff, out),
        Access::Authenticated | Access::Unknown => {}
    }
}

/// Opens the door of a route to an actor.
pub(crate) fn admit(route: &Route, actor: Actor, out: &mut Builder) {
    let label = match route.access {
        Access::Unknown => "a check that was not understood decides who may call",
        Access::Privileged => "only staff may call",
        Access::Anonymous | Access::Authenticated => "any signed-in user may call",
    };
    let confidence = if route.access == Access::Unknown {
        Confidence::Possible
    } else {
        Confidence::Likely
    };
    let guard = (route.access != Access::Anonymous).then(|| Guard {
        present: true,
        step: evidence(route, label).remove(0),
    });
    out.edge(door(route), EdgeKind::ReachableBy, Node::Actor(actor))
        .confidence(confidence)
        .steps(evidence(route, label))
        .guards(guard)
        .add();
}

pub(crate) fn door(route: &Route) -> Node {
    Node::Place(Place::Door {
        route: route_name(route),
    })
}

/// Never empty.
fn evidence(route: &Route, otherwise: &str) -> Vec<Step> {
    if route.access_evidence.is_empty() {
        vec![Step::new(otherwise, route.view_location.clone())]
    } else {
        route.access_evidence.clone()
    }
}

fn lock_location(route: &Route) -> &Location {
    route
        .access_evidence
        .first()
        .map_or(&route.view_location, |step| &step.location)
}

/// A permission on the view, or where the project's default decides, that default.
fn locks(route: &Route) -> Vec<Edit> {
    let mut edits = Vec::new();
    let setting = route
        .access_evidence
        .iter()
        .find(|step| matches!(step.location, Location::Setting { .. }));
    let at = route
        .access_evidence
        .iter()
        .map(|step| &step.location)
        .find(|location| matches!(location, Location::Code { .. }))
        .unwrap_or(&route.view_location);
    let what = at.symbol().unwrap_or(&route.view);
    edits.push(edit(
        format!("sign-in:{what}:{at}"),
        format!("Require a sign-in on `{what}` ({})", route.pattern),
        at,
        1,
    ));
    if let Some(step) = setting {
        edits.push(edit(
            format!("default-permission:{}", step.location),
            "Require a sign-in by default: set DEFAULT_PERMISSION_CLASSES to IsAuthenticated"
                .to_owned(),
            &step.location,
            1,
        ));
    }
    edits
}
