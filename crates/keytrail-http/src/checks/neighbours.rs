//! With one identity: the object beside one's own, where identifiers can be counted through.

use keytrail_model::{SurfaceCheck, SurfaceKind};

use super::{objects, owners};
use crate::client::{Ask, Who};
use crate::fill;
use crate::json;
use crate::operation::Operation;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::ObjectLevel;

/// With one identity, or none: the object beside one's own.
pub(super) fn run(scan: &mut Scan<'_>, read: &Read) {
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
    let own = owners::selves(scan, who);
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
            || objects::is_public(scan, &target, &other)
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
            owners::is_field(leaf.name()) && !same(&text) && !own.contains(&text)
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
pub(super) fn last_id(operation: &Operation, target: &str) -> Option<(String, String, String)> {
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

pub(super) fn counted(scan: &mut Scan<'_>, read: &Read, target: &str, who: Who) {
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
