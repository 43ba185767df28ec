//! What the running service was seen to answer: the same key in an answer and in an item makes every hop
//! between them observed, and no guess.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use keytrail_model::{
    Actor, Answer, Caller, Confidence, Edge, EdgeKind, Fingerprint, Location, Node, Place, SeenKey,
    Step, StoredKey, StoredKeys,
};

use super::attribute_node;
use crate::Joined;
use crate::build::Builder;
use crate::identity::{class, concrete, power_of_provider};
use crate::naming::same_route;

/// Every answer with a key in it, on the edges that the other facts drew.
pub(crate) fn edges(joined: &Joined<'_>, out: &mut Builder) {
    let homes = homes(joined);
    for answer in &joined.answers {
        for key in &answer.keys {
            let known = key.fingerprint.and_then(|print| homes.get(&print));
            let known = known.map_or(&[][..], Vec::as_slice);
            for home in known {
                tie(joined, (*answer, key), home, out);
            }
            if known.is_empty() {
                outside_alone(joined, answer, key, out);
            }
        }
    }
}

/// An attribute whose items hold the key.
struct Home<'f> {
    table: Arc<str>,
    stored: &'f StoredKeys,
    key: &'f StoredKey,
}

fn homes<'f>(joined: &Joined<'f>) -> BTreeMap<Fingerprint, Vec<Home<'f>>> {
    let mut homes: BTreeMap<Fingerprint, Vec<Home<'f>>> = BTreeMap::new();
    for &stored in &joined.stored_keys {
        let named = joined.tables.named(&stored.table);
        let table = named.map_or_else(
            || Arc::from(stored.table.as_str()),
            |id| Arc::clone(&joined.tables.node(id).name),
        );
        for key in &stored.examples {
            if let Some(print) = key.fingerprint {
                homes.entry(print).or_default().push(Home {
                    table: Arc::clone(&table),
                    stored,
                    key,
                });
            }
        }
    }
    homes
}

/// Who is wrong to be given it; `None` where it may be the caller's own: what one route answers to one
/// caller only.
fn reader(joined: &Joined<'_>, answer: &Answer, key: &SeenKey) -> Option<Actor> {
    if answer.caller == Caller::Anonymous {
        return Some(Actor::Anonymous);
    }
    if answer.of_another {
        return Some(Actor::OtherTenant);
    }
    if alike(joined, answer, key).any(|other| other.of_another) {
        return Some(Actor::OtherTenant);
    }
    alike(joined, answer, key).next().map(|_| Actor::AnyUser)
}

/// Other callers' answers at the same route that have the same key.
fn alike<'j>(
    joined: &'j Joined<'_>,
    answer: &'j Answer,
    key: &'j SeenKey,
) -> impl Iterator<Item = &'j Answer> {
    let same = move |it: &SeenKey| it.fingerprint.is_some() && it.fingerprint == key.fingerprint;
    joined.answers.iter().copied().filter(move |other| {
        other.caller != answer.caller
            && route_of(&other.location) == route_of(&answer.location)
            && other.keys.iter().any(same)
    })
}

/// What the last hop tells.
fn told(joined: &Joined<'_>, answer: &Answer, key: &SeenKey) -> Step {
    let whom = match &answer.caller {
        Caller::Anonymous => "a caller without credentials".to_owned(),
        Caller::Named(_) => {
            let mut names: BTreeSet<String> = alike(joined, answer, key)
                .filter_map(|other| match &other.caller {
                    Caller::Named(name) => Some(format!("`{name}`")),
                    Caller::Anonymous => None,
                })
                .collect();
            if let Caller::Named(own) = &answer.caller {
                names.insert(format!("`{own}`"));
            }
            let names: Vec<String> = names.into_iter().collect();
            names.join(" and ")
        }
    };
    Step::new(
        format!(
            "the running service answers {whom} with it: `{}` holds {}",
            key.field, key.masked
        ),
        answer.location.clone(),
    )
}

pub(super) fn route_of(location: &Location) -> (&str, &str) {
    (
        location.symbol().unwrap_or("GET"),
        location.span().path.as_ref(),
    )
}

/// The hops from the item to the caller, each raised to observed.
fn tie(
    joined: &Joined<'_>,
    (answer, key): (&Answer, &SeenKey),
    home: &Home<'_>,
    out: &mut Builder,
) {
    let class = class(&home.table, &home.stored.attribute);
    let rest = attribute_node(&home.table, &home.stored.attribute);
    let lies = Step::new(
        format!("{} lies in the item {}", home.key.masked, home.key.item),
        home.stored.location.clone(),
    );
    out.power(&class, power_of_provider(&home.key.provider));
    let stored = |edge: &Edge| edge.from == Node::Key(class.clone()) && edge.to == rest;
    if !out.raise(stored, std::slice::from_ref(&lies)) {
        out.edge(Node::Key(class.clone()), EdgeKind::StoredIn, rest.clone())
            .observed()
            .steps([lies])
            .add();
    }
    if let Some(way) = way(out, &rest, answer) {
        for hop in way {
            out.raise(|edge| *edge == hop, &[]);
        }
        open_door(joined, answer, key, out);
    } else if let Some(actor) = reader(joined, answer, key) {
        let response = response(answer);
        out.edge(rest, EdgeKind::ServedBy, response.clone())
            .observed()
            .steps([told(joined, answer, key)])
            .add();
        lead_out(joined, answer, key, response, actor, out);
    }
}

/// The door of the route that was asked, as the code calls it.
fn door_behind(answer: &Answer, out: &Builder) -> Option<Node> {
    let (method, route) = route_of(&answer.location);
    out.edges().find_map(|edge| match &edge.from {
        Node::Place(Place::Door { route: named }) if same_route(named, method, route) => {
            Some(edge.from.clone())
        }
        _ => None,
    })
}

/// The door stood open to one who is wrong there: seen, whatever the code says of it.
fn open_door(joined: &Joined<'_>, answer: &Answer, key: &SeenKey, out: &mut Builder) {
    let Some(actor) = reader(joined, answer, key) else {
        return;
    };
    let Some(door) = door_behind(answer, out) else {
        return;
    };
    let anonymous = answer.caller == Caller::Anonymous;
    let opens = |edge: &Edge| {
        edge.from == door
            && match &edge.to {
                Node::Actor(Actor::Anonymous) => anonymous,
                Node::Actor(Actor::AnyUser | Actor::OtherTenant) => !anonymous,
                _ => false,
            }
    };
    let step = [told(joined, answer, key)];
    // One answer to one kind of caller is enough to show it.
    let shown = |edge: &Edge| {
        let here = |step: &Step| step.location.is_same_place(&answer.location);
        opens(edge) && edge.confidence == Confidence::Observed && edge.steps.iter().any(here)
    };
    if out.edges().any(shown) {
        return;
    }
    if !out.raise(opens, &step) {
        out.edge(door, EdgeKind::ReachableBy, Node::Actor(actor))
            .observed()
            .steps(step)
            .add();
    }
}

/// The edges from an attribute to the door of the route that answered, the shortest way.
pub(super) fn way(out: &Builder, from: &Node, answer: &Answer) -> Option<Vec<Edge>> {
    let (method, route) = route_of(&answer.location);
    let mut ahead: BTreeMap<&Node, Vec<&Edge>> = BTreeMap::new();
    for edge in out.edges() {
        ahead.entry(&edge.from).or_default().push(edge);
    }
    let mut by: BTreeMap<&Node, &Edge> = BTreeMap::new();
    let mut seen: BTreeSet<&Node> = BTreeSet::from([from]);
    let mut queue: VecDeque<&Node> = VecDeque::from([from]);
    while let Some(node) = queue.pop_front() {
        if let Node::Place(Place::Door { route: named }) = node {
            if !same_route(named, method, route) {
                continue;
            }
            let mut way = Vec::new();
            let mut at = node;
            while let Some(edge) = by.get(at) {
                way.push((*edge).clone());
                at = &edge.from;
            }
            way.reverse();
            return (!way.is_empty()).then_some(way);
        }
        for edge in ahead.get(node).into_iter().flatten() {
            if is_between(&edge.to) && seen.insert(&edge.to) {
                by.insert(&edge.to, edge);
                queue.push_back(&edge.to);
            }
        }
    }
    None
}

/// What lies between an item and a caller.
fn is_between(node: &Node) -> bool {
    matches!(
        node,
        Node::Place(
            Place::Index { .. } | Place::Read { .. } | Place::Response { .. } | Place::Door { .. }
        )
    )
}

pub(super) fn response(answer: &Answer) -> Node {
    let (method, route) = route_of(&answer.location);
    Node::Place(Place::Response {
        route: format!("{method} {route}"),
        location: answer.location.clone(),
    })
}

/// No item with the key is known: the answer is all there is, and it is enough.
fn outside_alone(joined: &Joined<'_>, answer: &Answer, key: &SeenKey, out: &mut Builder) {
    let Some(actor) = reader(joined, answer, key) else {
        return;
    };
    let node = concrete(joined, &key.provider, key.fingerprint, &answer.location);
    out.power(&node, power_of_provider(&key.provider));
    let response = response(answer);
    out.edge(Node::Key(node), EdgeKind::FlowsTo, response.clone())
        .observed()
        .steps([told(joined, answer, key)])
        .add();
    lead_out(joined, answer, key, response, actor, out);
}

fn lead_out(
    joined: &Joined<'_>,
    answer: &Answer,
    key: &SeenKey,
    response: Node,
    actor: Actor,
    out: &mut Builder,
) {
    let (method, route) = route_of(&answer.location);
    let door = Node::Place(Place::Door {
        route: format!("{method} {route}"),
    });
    out.edge(response, EdgeKind::ServedBy, door.clone())
        .observed()
        .steps([told(joined, answer, key)])
        .add();
    out.edge(door, EdgeKind::ReachableBy, Node::Actor(actor))
        .observed()
        .steps([told(joined, answer, key)])
        .add();
}

impl Builder {
    /// Makes the edges that `pick` names observed, with `more` evidence behind their own. True where
    /// there is one.
    fn raise(&mut self, pick: impl Fn(&Edge) -> bool, more: &[Step]) -> bool {
        let picked: Vec<Edge> = self.edges().filter(|edge| pick(edge)).cloned().collect();
        for edge in &picked {
            let mut raised = edge.clone();
            raised.confidence = Confidence::Observed;
            for step in more {
                if !raised.steps.contains(step) {
                    raised.steps.push(step.clone());
                }
            }
            self.replace(edge, raised);
        }
        !picked.is_empty()
    }
}
