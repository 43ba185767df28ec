//! An answer that has the attributes of a table's items: possible, and no more, for names prove nothing. Where
//! a key in it is the very key of an item, [`super::answers`] has said so.

use std::collections::BTreeSet;

use keytrail_model::{Actor, Answer, Caller, Confidence, EdgeKind, Node, Place, Step};

use super::answers::{response, route_of, way};
use super::attribute_node;
use crate::Joined;
use crate::build::Builder;
use crate::tables::TableId;

/// Attributes that an answer has to share with a table's items, keys and all.
const LEAST: usize = 3;

/// Every answer to anybody that looks like a table's items, with the attribute that holds keys among its fields.
pub(crate) fn edges(joined: &Joined<'_>, out: &mut Builder) {
    let open = joined
        .answers
        .iter()
        .filter(|answer| answer.caller == Caller::Anonymous);
    for answer in open {
        for table in joined.keys.tables() {
            if let Some(shared) = shared(joined, table, answer) {
                draw(joined, table, answer, &shared, out);
            }
        }
    }
}

/// The attributes that both have: the table's whole primary key, and others that writes set.
fn shared<'f>(joined: &Joined<'f>, table: TableId, answer: &Answer) -> Option<BTreeSet<&'f str>> {
    let main = joined.tables.node(table).believed().next()?;
    let primary: BTreeSet<&str> = main.keys.iter().map(|key| &*key.attribute).collect();
    let has = |name: &str| answer.fields.iter().any(|field| field == name);
    if primary.is_empty() || !primary.iter().all(|name| has(name)) {
        return None;
    }
    let writes = joined.operations_on(table).iter();
    let written = writes.flat_map(|&number| joined.operations[number].writes.iter());
    let mut known = primary;
    known.extend(written.map(String::as_str));
    known.retain(|name| has(name));
    Some(known)
}

fn draw(
    joined: &Joined<'_>,
    table: TableId,
    answer: &Answer,
    shared: &BTreeSet<&str>,
    out: &mut Builder,
) {
    let name = &joined.tables.node(table).name;
    for key in joined.keys.of(table) {
        let first = key.attribute.split('.').next().unwrap_or(&key.attribute);
        let holds = answer.fields.iter().any(|field| field == first);
        let rest = attribute_node(name, &key.attribute);
        let mut all = shared.clone();
        all.insert(first);
        // What the code or an item tied already needs no guess.
        if !holds || all.len() < LEAST || way(out, &rest, answer).is_some() || tied(out, answer) {
            continue;
        }
        let names: Vec<&str> = all.into_iter().collect();
        let step = Step::new(
            format!(
                "the running service answers anybody with records that have `{}`, as the items of `{name}` have",
                names.join("`, `")
            ),
            answer.location.clone(),
        );
        lead(answer, rest, &step, out);
    }
}

/// An item's own key was seen in this answer.
fn tied(out: &Builder, answer: &Answer) -> bool {
    let response = response(answer);
    out.edges()
        .any(|edge| edge.to == response && edge.confidence == Confidence::Observed)
}

fn lead(answer: &Answer, rest: Node, step: &Step, out: &mut Builder) {
    let (method, route) = route_of(&answer.location);
    let door = Node::Place(Place::Door {
        route: format!("{method} {route}"),
    });
    let response = response(answer);
    let hops = [
        (rest, EdgeKind::ServedBy, response.clone()),
        (response, EdgeKind::ServedBy, door.clone()),
        (door, EdgeKind::ReachableBy, Node::Actor(Actor::Anonymous)),
    ];
    for (from, kind, to) in hops {
        out.edge(from, kind, to)
            .confidence(Confidence::Possible)
            .steps([step.clone()])
            .add();
    }
}
