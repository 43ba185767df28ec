//! Another caller's objects. What proves it is content: the other caller is answered with the very object
//! of the first, which nobody else is given and which is not shared between them.

use std::collections::BTreeSet;

use keytrail_model::{SurfaceCheck, SurfaceKind};
use serde_json::Value;

use super::{exposure, lists, neighbours, owners, traversal};
use crate::client::{Answer, Ask, Who};
use crate::fill;
use crate::json;
use crate::operation::{In, Operation};
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::ObjectLevel;
/// Objects of one caller that the others ask for, of one operation.
const MOST_OBJECTS: usize = 3;
pub(super) fn run(scan: &mut Scan<'_>) {
    let objects: Vec<Read> = scan
        .reads
        .clone()
        .into_iter()
        .filter(|read| names_an_object(&read.operation))
        .collect();
    let identities = scan.client.identities.len();
    if objects.is_empty() {
        scan.reached(CHECK).not_applicable = Some("no operation takes an identifier".to_owned());
        return;
    }
    for read in &objects {
        scan.looked(CHECK);
        if scan.is_privileged(read.filled_for) && identities < 2 {
            continue;
        }
        if identities >= 2 {
            between_identities(scan, read);
            picked(scan, read);
        }
        neighbours::run(scan, read);
        traversal::run(scan, read);
    }
    lists::run(scan);
    if identities < 2 {
        let told = "two identities are needed to tell one caller's objects from another's; add a second --as NAME=…";
        scan.reached(CHECK).missing.push(told.to_owned());
    }
}

fn names_an_object(operation: &Operation) -> bool {
    !operation.path_params().is_empty()
        || !object_queries(operation).is_empty()
        || !operation.picks.is_empty()
}

/// Parameters of the query that name an object.
fn object_queries(operation: &Operation) -> Vec<String> {
    operation
        .params
        .iter()
        .filter(|param| param.place == In::Query)
        .map(|param| param.name.clone())
        .filter(|name| {
            name == "id" || name.ends_with("_id") || name.ends_with("Id") || name == "uuid"
        })
        .collect()
}

/// One owner's object, asked for by another.
fn between_identities(scan: &mut Scan<'_>, read: &Read) {
    for owner in identities(scan) {
        for target in targets(scan, &read.operation, owner) {
            for other in ordinary_others(scan, owner) {
                let Some(value) = given(scan, &target, owner, other) else {
                    continue;
                };
                let Some(proof) = whose(scan, read, &target, (owner, other), &value) else {
                    continue;
                };
                let subject = read.operation.path_params().join(",");
                tell(scan, read, &target, (owner, other), &subject, proof);
                neighbours::counted(scan, read, &target, owner);
                return;
            }
        }
    }
}

/// A parameter of the query picks the item: another's value is given for it.
fn picked(scan: &mut Scan<'_>, read: &Read) {
    for (query, attribute, why) in picks(&read.operation) {
        for owner in identities(scan) {
            for other in ordinary_others(scan, owner) {
                let Some(value) = scan.produced.telling(&attribute, owner, other) else {
                    continue;
                };
                let target = fill::target(&read.operation, &scan.produced, owner);
                let joint = if target.contains('?') { '&' } else { '?' };
                let target = format!("{target}{joint}{query}={}", fill::encode(&value));
                let Some(object) = given(scan, &target, owner, other) else {
                    continue;
                };
                let names_it = json::leaves(&object)
                    .iter()
                    .any(|leaf| leaf.name() == attribute && json::scalar(leaf.value) == value);
                if names_it {
                    let proof = format!(
                        "{why} Both are answered with the same {} values, whose `{attribute}` is the \
                         owner's, and a caller without credentials is not given them.",
                        json::content(&object).len()
                    );
                    tell(scan, read, &target, (owner, other), &query, proof);
                    return;
                }
            }
        }
    }
}

/// Parameters with the attribute whose value they take, and how that is known: by the code; else by a name that
/// speaks of owners, with each attribute that does.
fn picks(operation: &Operation) -> Vec<(String, String, String)> {
    let mut all: Vec<(String, String, String)> = Vec::new();
    for (query, attribute) in &operation.picks {
        let why =
            format!("The code reads `{query}` from the query and compares it with `{attribute}`.");
        all.push((query.clone(), attribute.clone(), why));
    }
    let declared = operation
        .params
        .iter()
        .filter(|param| param.place == In::Query && owners::is_param(&param.name));
    for param in declared {
        if operation
            .picks
            .iter()
            .any(|(query, _)| *query == param.name)
        {
            continue;
        }
        let why = format!("The specification has `{}` in the query.", param.name);
        let attributes = owners::attributes_of(&param.name);
        all.extend(
            attributes
                .into_iter()
                .map(|attribute| (param.name.clone(), attribute, why.clone())),
        );
    }
    all
}

fn identities(scan: &Scan<'_>) -> Vec<Who> {
    (0..scan.client.identities.len())
        .map(Who::Identity)
        .collect()
}

fn ordinary_others(scan: &Scan<'_>, owner: Who) -> Vec<Who> {
    let mut all = identities(scan);
    all.retain(|&who| who != owner && !scan.is_privileged(who));
    all
}

/// What owner and other are both answered at a target, where nobody else is.
fn given(scan: &mut Scan<'_>, target: &str, owner: Who, other: Who) -> Option<Value> {
    let asks = [owner, Who::Anonymous, other].map(|who| Ask::get(target, who));
    scan.client.all(&asks);
    let value = scan.content(target, owner)?.json?;
    if is_public(scan, target, &value) {
        return None;
    }
    let theirs = scan.content(target, other)?.json?;
    json::same_content(&value, &theirs).then_some(value)
}

/// Told, with both answers as facts: the same key in both is what ties the object to its item.
fn tell(
    scan: &mut Scan<'_>,
    read: &Read,
    target: &str,
    (owner, other): (Who, Who),
    subject: &str,
    proof: String,
) {
    let Some(answer) = scan.content(target, other) else {
        return;
    };
    let route = &read.operation.route;
    let ask = Ask::get(target, other);
    let sight = Sight::new(CHECK, SurfaceKind::OthersObject, route, &ask, &answer)
        .subject(subject)
        .seen(format!(
            "`GET {route}` gives {} the object of {}.",
            scan.name(other),
            scan.name(owner)
        ))
        .compared(proof)
        .worse(!crate::keys::seen(&scan.client, other, &answer, scan.prints).is_empty());
    scan.see(sight);
    // The exchange that shows a key to another says more than the one that shows it to its owner.
    exposure::keys_in(scan, route, &ask, &answer);
    scan.tell_answer(route, target, owner, false);
    scan.tell_answer(route, target, other, true);
}

/// The targets of an owner's own objects, those that only this owner's list has first.
fn targets(scan: &Scan<'_>, operation: &Operation, owner: Who) -> Vec<String> {
    let names = operation.path_params();
    let last = names
        .last()
        .map(|&name| name.to_owned())
        .or_else(|| object_queries(operation).first().cloned());
    let Some(last) = last else { return Vec::new() };
    let own = scan.produced.values(&operation.route, &last, owner);
    let others: BTreeSet<String> = (0..scan.client.identities.len())
        .map(Who::Identity)
        .filter(|&who| who != owner)
        .flat_map(|who| scan.produced.values(&operation.route, &last, who))
        .collect();
    let exclusive = own
        .into_iter()
        .filter(|value| !others.contains(value))
        .take(MOST_OBJECTS);
    exclusive
        .map(|value| {
            let first = |name: &str| {
                scan.produced
                    .values(&operation.route, name, owner)
                    .into_iter()
                    .next()
            };
            let target = fill::with(operation, &|name| {
                if name == last {
                    Some(value.clone())
                } else {
                    first(name)
                }
            });
            if names.is_empty() {
                let joint = if target.contains('?') { '&' } else { '?' };
                return format!("{target}{joint}{last}={}", fill::encode(&value));
            }
            target
        })
        .collect()
}

/// Nobody is given the same: then it is for everybody.
pub(super) fn is_public(scan: &Scan<'_>, target: &str, value: &Value) -> bool {
    let anonymous = scan
        .known(target, Who::Anonymous)
        .filter(Answer::is_success);
    anonymous
        .and_then(|answer| answer.json)
        .is_some_and(|other| json::same_content(value, &other))
}

/// What says that it is the owner's: a field that names it, or that only the owner's own list has it.
fn whose(
    scan: &Scan<'_>,
    read: &Read,
    target: &str,
    (owner, other): (Who, Who),
    value: &Value,
) -> Option<String> {
    let fields = json::content(value).len();
    let (selves, theirs) = (owners::selves(scan, owner), owners::selves(scan, other));
    let field = json::leaves(value).into_iter().find(|leaf| {
        let text = json::scalar(leaf.value);
        owners::is_field(leaf.name()) && selves.contains(&text) && !theirs.contains(&text)
    });
    let exclusive = {
        let name = read
            .operation
            .path_params()
            .last()
            .map(|&name| name.to_owned())?;
        let has = |who| scan.produced.values(&read.operation.route, &name, who);
        let in_target = |value: &String| target.contains(&fill::encode(value));
        has(owner).iter().any(in_target)
            && !has(other).iter().any(in_target)
            && !has(other).is_empty()
    };
    let because = match (&field, exclusive) {
        (Some(field), _) => format!("its `{}` names the owner", field.path),
        (None, true) => "the owner's own list has it and the other's has not".to_owned(),
        (None, false) => return None,
    };
    Some(format!(
        "Both are answered with the same {fields} values, {because}, and a caller without credentials is not given it."
    ))
}
