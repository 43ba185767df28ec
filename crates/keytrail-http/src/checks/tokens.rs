//! Tokens that are taken though their signature does not fit; tokens that are weak by themselves.

use std::time::{SystemTime, UNIX_EPOCH};

use keytrail_model::{SurfaceCheck, SurfaceKind};
use serde_json::Value;

use crate::client::{Answer, Ask, Change, Who, Wrong};
use crate::scan::{Read, Scan, Sight, is_empty};
use crate::token;

const CHECK: SurfaceCheck = SurfaceCheck::Authentication;
/// Operations that are asked with changed tokens.
const MOST: usize = 5;
const CHANGES: [(Change, &str); 3] = [
    (Change::NoAlgorithm, "with `alg: none` and no signature"),
    (Change::Signature, "with another signature"),
    (
        Change::Payload,
        "with changed claims under the old signature",
    ),
];

pub(super) fn run(scan: &mut Scan<'_>) {
    for number in 0..scan.client.identities.len() {
        let is_token =
            scan.client.identities[number].with_bearer(|token| token::parts(token).is_some());
        if is_token != Some(true) {
            continue;
        }
        let who = Who::Identity(number);
        let held: Vec<Read> = scan
            .reads
            .clone()
            .into_iter()
            .filter(|read| {
                scan.known(&read.target, Who::Anonymous)
                    .is_some_and(|answer| answer.is_refused())
            })
            .filter(|read| {
                scan.known(&read.target, who)
                    .is_some_and(|answer| answer.is_success())
            })
            .take(MOST)
            .collect();
        changed(scan, number, &held);
        weak(scan, number, &held);
    }
}

fn changed(scan: &mut Scan<'_>, number: usize, held: &[Read]) {
    for read in held {
        // Who takes anything at all takes a changed token too, and is told of once.
        let takes_anything = scan.seen.iter().any(|seen| {
            seen.kind == SurfaceKind::WrongCredentials
                && *seen.location.span().path == *read.operation.route
        });
        if takes_anything {
            continue;
        }
        let asks = CHANGES
            .map(|(change, _)| Ask::get(&read.target, Who::Wrong(Wrong::Token(number, change))));
        let outcomes = scan.client.all(&asks);
        let mut taken: Vec<(&Ask, Answer, &str)> = Vec::new();
        for ((ask, outcome), (_, told)) in asks.iter().zip(&outcomes).zip(CHANGES) {
            if let Some(answer) = outcome.success().filter(|answer| !is_empty(answer)) {
                taken.push((ask, answer.clone(), told));
            }
        }
        let told: Vec<&str> = taken.iter().map(|(_, _, told)| *told).collect();
        let Some((ask, answer, _)) = taken.first() else {
            continue;
        };
        let sight = Sight::new(
            CHECK,
            SurfaceKind::UnverifiedToken,
            &read.operation.route,
            ask,
            answer,
        )
        .subject("signature")
        .seen(format!(
            "`GET {}` takes the token {}: whoever writes a token is whom it says.",
            read.operation.route,
            told.join(", ")
        ))
        .compared("Without a token the same request is refused, with the real one it is answered.");
        scan.see(sight);
    }
}

/// From the token alone; nothing is sent.
fn weak(scan: &mut Scan<'_>, number: usize, held: &[Read]) {
    let Some(read) = held.first() else { return };
    let identity = &scan.client.identities[number];
    let name = identity.name.clone();
    let faults = identity.with_bearer(faults).unwrap_or_default();
    let who = Who::Identity(number);
    let ask = Ask::get(&read.target, who);
    let Some(answer) = scan.known(&read.target, who) else {
        return;
    };
    for (subject, told, worse) in faults {
        let sight = weak_sight(read, &ask, &answer)
            .subject(subject)
            .seen(format!("The token of `{name}` {told}."))
            .compared("Read from the token itself; nothing was sent to find it out.")
            .worse(worse);
        scan.see(sight);
    }
}

fn weak_sight<'a>(read: &'a Read, ask: &'a Ask, answer: &'a Answer) -> Sight<'a> {
    Sight::new(
        CHECK,
        SurfaceKind::WeakToken,
        &read.operation.route,
        ask,
        answer,
    )
}

/// What, in a clause, and whether it lets others make tokens.
fn faults(text: &str) -> Vec<(&'static str, String, bool)> {
    let Some(parts) = token::parts(text) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    if token::is_signed_with_a_word(text) {
        faults.push((
            "signing key",
            "is signed with a word that stands in tutorials: anybody can sign one".to_owned(),
            true,
        ));
    }
    match parts.claims.get("exp").and_then(Value::as_f64) {
        None => faults.push(("exp", "never ends: it has no `exp`".to_owned(), false)),
        Some(end) => {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0.0, |since| since.as_secs_f64());
            if end < now {
                faults.push((
                    "expired",
                    "is over by its own `exp`, and still taken".to_owned(),
                    true,
                ));
            }
        }
    }
    let told: Vec<&str> = parts
        .claims
        .as_object()
        .into_iter()
        .flat_map(|claims| claims.keys())
        .map(String::as_str)
        .filter(|name| {
            [
                "email", "password", "phone", "ssn", "address", "api_key", "secret",
            ]
            .iter()
            .any(|word| name.to_ascii_lowercase().contains(word))
        })
        .collect();
    if !told.is_empty() {
        faults.push((
            "claims",
            format!(
                "tells `{}` to whoever sees it: claims are readable",
                told.join("`, `")
            ),
            false,
        ));
    }
    faults
}
