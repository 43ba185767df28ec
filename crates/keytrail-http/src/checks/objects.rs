//! Another caller's objects. What proves it is content: the other caller is answered with the very object
//! of the first, which nobody else is given and which is not shared between them.

use std::collections::BTreeSet;

use keytrail_model::{SurfaceCheck, SurfaceKind};
use serde_json::Value;

use crate::client::{Answer, Ask, Who};
use crate::fill;
use crate::json;
use crate::operation::{In, Operation};
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::ObjectLevel;
/// Objects of one caller that the others ask for, of one operation.
const MOST_OBJECTS: usize = 3;
/// Fields that say whose an object is.
const OWNERS: &[&str] = &[
    "owner",
    "owner_id",
    "ownerid",
    "user",
    "user_id",
    "userid",
    "username",
    "account",
    "account_id",
    "customer",
    "customer_id",
    "tenant",
    "tenant_id",
    "email",
    "organization_id",
    "org_id",
];

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
        }
        neighbours(scan, read);
        traversal(scan, read);
    }
    lists(scan);
    if identities < 2 {
        let told = "two identities are needed to tell one caller's objects from another's; add a second --as NAME=…";
        scan.reached(CHECK).missing.push(told.to_owned());
    }
}

fn names_an_object(operation: &Operation) -> bool {
    !operation.path_params().is_empty() || !object_queries(operation).is_empty()
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
    let callers: Vec<Who> = (0..scan.client.identities.len())
        .map(Who::Identity)
        .collect();
    for &owner in &callers {
        for target in targets(scan, &read.operation, owner) {
            let mut asks = vec![Ask::get(&target, owner), Ask::get(&target, Who::Anonymous)];
            asks.extend(
                callers
                    .iter()
                    .filter(|&&other| other != owner)
                    .map(|&other| Ask::get(&target, other)),
            );
            scan.client.all(&asks);
            let Some(own) = scan.content(&target, owner) else {
                continue;
            };
            let Some(value) = own.json.clone() else {
                continue;
            };
            if is_public(scan, &target, &value) {
                continue;
            }
            let others: Vec<Who> = callers
                .iter()
                .copied()
                .filter(|&other| other != owner && !scan.is_privileged(other))
                .collect();
            for other in others {
                let theirs = is_theirs(scan, read, &target, (owner, other), &value);
                let Some((answer, proof)) = theirs else {
                    continue;
                };
                let ask = Ask::get(&target, other);
                let sight = Sight::new(
                    CHECK,
                    SurfaceKind::OthersObject,
                    &read.operation.route,
                    &ask,
                    &answer,
                )
                .subject(read.operation.path_params().join(","))
                .seen(format!(
                    "`GET {}` gives {} the object of {}.",
                    read.operation.route,
                    scan.name(other),
                    scan.name(owner)
                ))
                .compared(proof)
                .worse(!crate::keys::seen(&scan.client, &answer, scan.prints).is_empty());
                scan.see(sight);
                counted(scan, read, &target, owner);
                return;
            }
        }
    }
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
fn is_public(scan: &Scan<'_>, target: &str, value: &Value) -> bool {
    let anonymous = scan
        .known(target, Who::Anonymous)
        .filter(Answer::is_success);
    anonymous
        .and_then(|answer| answer.json)
        .is_some_and(|other| json::same_content(value, &other))
}

/// The other is given the object, and it is the owner's: by a field that says so, or because only the
/// owner's own list has it.
fn is_theirs(
    scan: &mut Scan<'_>,
    read: &Read,
    target: &str,
    (owner, other): (Who, Who),
    value: &Value,
) -> Option<(Answer, String)> {
    let answer = scan.content(target, other)?;
    if !json::same_content(value, answer.json.as_ref()?) {
        return None;
    }
    let fields = json::content(value).len();
    let (selves, theirs) = (selves(scan, owner), selves(scan, other));
    let field = json::leaves(value).into_iter().find(|leaf| {
        let text = json::scalar(leaf.value);
        OWNERS.contains(&leaf.name().to_ascii_lowercase().as_str())
            && selves.contains(&text)
            && !theirs.contains(&text)
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
    Some((
        answer,
        format!(
            "Both are answered with the same {fields} values, {because}, and a caller without credentials is not given it."
        ),
    ))
}

/// What says who a caller is: values of owner's fields that all of its own records agree on, and what its
/// profile answers.
fn selves(scan: &Scan<'_>, who: Who) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    if let Who::Identity(number) = who {
        all.insert(scan.client.identities[number].name.clone());
    }
    for read in &scan.reads {
        if !is_profile(&read.operation.route) {
            continue;
        }
        let value = scan
            .known(&read.target, who)
            .filter(Answer::is_success)
            .and_then(|answer| answer.json);
        for leaf in value.iter().flat_map(json::leaves) {
            let name = leaf.name().to_ascii_lowercase();
            if OWNERS.contains(&name.as_str())
                || matches!(name.as_str(), "id" | "uuid" | "sub" | "pk")
            {
                all.insert(json::scalar(leaf.value));
            }
        }
    }
    all
}

fn is_profile(route: &str) -> bool {
    let last = route
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    matches!(
        last.as_str(),
        "me" | "whoami" | "profile" | "self" | "userinfo" | "current" | "account" | "user"
    )
}

/// With one identity, or none: the object beside one's own.
fn neighbours(scan: &mut Scan<'_>, read: &Read) {
    let who = read.filled_for;
    if who == Who::Anonymous || scan.is_privileged(who) || !scan.is_protected(read) {
        return;
    }
    let Some(value) = scan
        .content(&read.target, who)
        .and_then(|answer| answer.json)
    else {
        return;
    };
    let Some((before, id, after)) = last_id(&read.operation, &read.target) else {
        return;
    };
    let own = selves(scan, who);
    for next in beside(&id) {
        let target = format!("{before}{}{after}", fill::encode(&next));
        let ask = Ask::get(&target, who);
        scan.client.one(ask.clone());
        let Some(answer) = scan.content(&target, who) else {
            continue;
        };
        let Some(other) = answer.json.clone() else {
            continue;
        };
        if json::structure(&other) != json::structure(&value)
            || json::same_content(&other, &value)
            || is_public(scan, &target, &other)
        {
            continue;
        }
        let stranger = json::leaves(&other).into_iter().any(|leaf| {
            let same = |text: &str| {
                json::leaves(&value)
                    .iter()
                    .any(|own| own.path == leaf.path && json::scalar(own.value) == text)
            };
            let text = json::scalar(leaf.value);
            OWNERS.contains(&leaf.name().to_ascii_lowercase().as_str())
                && !same(&text)
                && !own.contains(&text)
        });
        let known = scan.seen.iter().any(|seen| {
            seen.kind == SurfaceKind::OthersObject
                && *seen.location.span().path == *read.operation.route
        });
        if stranger && !known {
            let sight = Sight::new(CHECK, SurfaceKind::NeighbourObject, &read.operation.route, &ask, &answer)
                .subject("neighbour")
                .seen(format!("`GET {}` gives {} the object beside its own, which is somebody else's.", read.operation.route, scan.name(who)))
                .compared("The object has the same fields with other values, and a field that says whose it is names somebody else.")
                .likely();
            scan.see(sight);
            counted(scan, read, &target, who);
            return;
        }
    }
}

/// The last parameter's value in a target, with what stands around it.
fn last_id(operation: &Operation, target: &str) -> Option<(String, String, String)> {
    let name = (*operation.path_params().last()?).to_owned();
    let marker = format!("{{{name}}}");
    let at = operation.route.split('/').position(|part| part == marker)?;
    let path = target.split('?').next()?;
    let parts: Vec<&str> = path.split('/').collect();
    let id = percent_encoding::percent_decode_str(parts.get(at)?)
        .decode_utf8()
        .ok()?
        .into_owned();
    let before = parts[..at].join("/") + "/";
    let after = parts[at + 1..]
        .iter()
        .fold(String::new(), |path, part| path + "/" + part);
    Some((before, id, after))
}

/// Identifiers next to one: numbers, numbers in base64, time-based UUIDs.
fn beside(id: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    if let Ok(number) = id.parse::<u64>() {
        return [number.checked_add(1), number.checked_sub(1)]
            .into_iter()
            .flatten()
            .map(|number| number.to_string())
            .collect();
    }
    let inner = STANDARD
        .decode(id)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(inner) = inner {
        let digits = inner.len() - inner.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (start, number) = inner.split_at(inner.len() - digits);
        if let Ok(number) = number.parse::<u64>() {
            let next = [number.checked_add(1), number.checked_sub(1)]
                .into_iter()
                .flatten();
            return next
                .map(|number| STANDARD.encode(format!("{start}{number}")))
                .collect();
        }
    }
    if id.len() == 36
        && id.as_bytes()[14] == b'1'
        && let Ok(low) = u32::from_str_radix(&id[..8], 16)
    {
        return [1_u32, 2]
            .into_iter()
            .map(|step| format!("{:08x}{}", low.wrapping_add(step), &id[8..]))
            .collect();
    }
    Vec::new()
}

fn counted(scan: &mut Scan<'_>, read: &Read, target: &str, who: Who) {
    let Some((_, id, _)) = last_id(&read.operation, target) else {
        return;
    };
    if beside(&id).is_empty() {
        return;
    }
    let ask = Ask::get(target, who);
    let Some(answer) = scan.known(target, who) else {
        return;
    };
    let sight = Sight::new(
        CHECK,
        SurfaceKind::CountedIdentifiers,
        &read.operation.route,
        &ask,
        &answer,
    )
    .subject("identifier")
    .seen(format!(
        "Identifiers of `{}` can be counted through: the next one is made from the last.",
        read.operation.route
    ))
    .compared("The identifier is a number, a number in base64, or a UUID made of the time.");
    scan.see(sight);
}

/// A path in an identifier, that leads to a file everybody knows.
fn traversal(scan: &mut Scan<'_>, read: &Read) {
    let Some((before, _, after)) = last_id(&read.operation, &read.target) else {
        return;
    };
    let who = read.filled_for;
    for path in [
        "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fwindows%2fwin.ini",
    ] {
        let ask = Ask::get(&format!("{before}{path}{after}"), who);
        let outcome = scan.client.one(ask.clone());
        let Some(answer) = outcome.success().cloned() else {
            continue;
        };
        let text = answer.text();
        if text.contains("root:x:0:0:") || text.contains("[fonts]") && text.contains("[extensions]")
        {
            let sight = Sight::new(
                CHECK,
                SurfaceKind::Traversal,
                &read.operation.route,
                &ask,
                &answer,
            )
            .subject("path")
            .seen(format!(
                "`GET {}` follows a path in its identifier and answers with a file of the system.",
                read.operation.route
            ))
            .compared("The answer has the lines that the file has on every such system.");
            scan.see(sight);
            return;
        }
    }
}

/// A list that shows one caller what is another's: both are given records of both.
fn lists(scan: &mut Scan<'_>) {
    let mut ordinary = (0..scan.client.identities.len())
        .map(Who::Identity)
        .filter(|&who| !scan.is_privileged(who));
    let (Some(one), Some(other)) = (ordinary.next(), ordinary.next()) else {
        return;
    };
    let (first, second) = (selves(scan, one), selves(scan, other));
    for read in scan.reads.clone() {
        if is_profile(&read.operation.route) || is_public_read(scan, &read) {
            continue;
        }
        let Some(answer) = scan.content(&read.target, other) else {
            continue;
        };
        let Some(value) = answer
            .json
            .as_ref()
            .filter(|value| json::list(value).is_some())
        else {
            continue;
        };
        let owners: BTreeSet<String> = json::records(value)
            .into_iter()
            .flat_map(|record| record.iter())
            .filter(|(name, _)| OWNERS.contains(&name.to_ascii_lowercase().as_str()))
            .map(|(_, value)| json::scalar(value))
            .collect();
        let theirs = owners
            .iter()
            .any(|owner| first.contains(owner) && !second.contains(owner));
        let own = owners.iter().any(|owner| second.contains(owner));
        if theirs && own && scan.content(&read.target, one).is_some() {
            let ask = Ask::get(&read.target, other);
            let sight = Sight::new(CHECK, SurfaceKind::OthersObject, &read.operation.route, &ask, &answer)
                .subject("list")
                .seen(format!("`GET {}` lists records of {} to {}.", read.operation.route, scan.name(one), scan.name(other)))
                .compared("A field that says whose a record is names both callers, and a caller without credentials is not given the list.");
            scan.see(sight);
        }
    }
}

fn is_public_read(scan: &Scan<'_>, read: &Read) -> bool {
    scan.known(&read.target, Who::Anonymous)
        .is_some_and(|answer| answer.is_success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_each_kind() {
        assert_eq!(beside("7"), ["8", "6"]);
        assert_eq!(beside("b3JkZXI6Nw=="), ["b3JkZXI6OA==", "b3JkZXI6Ng=="]);
        assert_eq!(
            beside("6ba7b810-9dad-11d1-80b4-00c04fd430c8")[0],
            "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
        );
        assert!(beside("f47ac10b-58cc-4372-a567-0e02b2c3d479").is_empty());
        assert!(beside("alice").is_empty());
    }
}
