//! Data without credentials, and with wrong ones.

use keytrail_model::{Access, SurfaceCheck, SurfaceKind};

use crate::client::{Answer, Ask, Method, Outcome, Who, Wrong};
use crate::operation::Security;
use crate::scan::{Read, Scan, Sight, is_empty};

const CHECK: SurfaceCheck = SurfaceCheck::Authentication;
const WRONG: [(Wrong, &str); 4] = [
    (Wrong::Empty, "an empty Authorization header"),
    (Wrong::Malformed, "a bearer scheme without a token"),
    (Wrong::Unknown, "a token that nobody has"),
    (Wrong::Stranger, "a name and password that nobody has"),
];

pub(super) fn run(scan: &mut Scan<'_>) {
    let reads = scan.reads.clone();
    let mut refused: Vec<&Read> = Vec::new();
    for read in &reads {
        scan.looked(CHECK);
        let answer = scan.known(&read.target, Who::Anonymous);
        match answer {
            Some(answer) if answer.is_success() => open(scan, read),
            Some(answer) if answer.is_refused() => refused.push(read),
            _ => {}
        }
    }
    wrong(scan, &refused);
    heads(scan, &refused);
    challenges(scan, &refused);
}

/// Said to need credentials, and does not.
fn open(scan: &mut Scan<'_>, read: &Read) {
    let told = match (read.operation.security, read.operation.access) {
        (Security::Required, _) => "the specification says that it needs credentials",
        (Security::Untold, Some(Access::Authenticated | Access::Privileged)) => {
            "the code asks who is calling"
        }
        _ => return,
    };
    let Some(answer) = scan.content(&read.target, Who::Anonymous) else {
        return;
    };
    let ask = Ask::get(&read.target, Who::Anonymous);
    let records = answer
        .json
        .as_ref()
        .map_or(0, |value| crate::json::records(value).len());
    let keys = !crate::keys::seen(&scan.client, Who::Anonymous, &answer, scan.prints).is_empty();
    let sight = Sight::new(CHECK, SurfaceKind::OpenData, &read.operation.route, &ask, &answer)
        .seen(format!("`GET {}` answers a caller without credentials with {}, though {told}.", read.operation.route, amount(records)))
        .compared("The same path with a name that nothing has is answered otherwise, so that this answer is the operation's own.")
        .worse(keys);
    scan.see(sight);
}

fn amount(records: usize) -> String {
    match records {
        0 => "content".to_owned(),
        1 => "a record".to_owned(),
        more => format!("{more} records"),
    }
}

/// Refused without credentials, answered with wrong ones: told once for an operation, with all that it takes.
fn wrong(scan: &mut Scan<'_>, refused: &[&Read]) {
    let asks: Vec<Ask> = refused
        .iter()
        .flat_map(|read| WRONG.map(|(wrong, _)| Ask::get(&read.target, Who::Wrong(wrong))))
        .collect();
    let outcomes = scan.client.all(&asks);
    let each = asks.chunks(WRONG.len()).zip(outcomes.chunks(WRONG.len()));
    for (read, (asks, outcomes)) in refused.iter().zip(each) {
        let mut taken: Vec<(&Ask, Answer, &str)> = Vec::new();
        for ((ask, outcome), (_, told)) in asks.iter().zip(outcomes).zip(WRONG) {
            let Some(answer) = outcome
                .success()
                .filter(|answer| !is_empty(answer))
                .cloned()
            else {
                continue;
            };
            if !scan
                .survey
                .baseline
                .is_nothing(&mut scan.client, &read.target, &answer)
            {
                taken.push((ask, answer, told));
            }
        }
        let told: Vec<&str> = taken.iter().map(|(_, _, told)| *told).collect();
        let Some((ask, answer, _)) = taken.first() else {
            continue;
        };
        let sight = Sight::new(
            CHECK,
            SurfaceKind::WrongCredentials,
            &read.operation.route,
            ask,
            answer,
        )
        .subject("credentials")
        .seen(format!(
            "`GET {}` takes {} for a sign-in and answers with content.",
            read.operation.route,
            told.join(", ")
        ))
        .compared("Without credentials the same request is refused.");
        scan.see(sight);
    }
}

fn heads(scan: &mut Scan<'_>, refused: &[&Read]) {
    let asks: Vec<Ask> = refused
        .iter()
        .map(|read| Ask::new(Method::Head, &read.target, Who::Anonymous))
        .collect();
    let outcomes = scan.client.all(&asks);
    for ((read, ask), outcome) in refused.iter().zip(&asks).zip(&outcomes) {
        let Some(answer) = outcome.success().cloned() else {
            continue;
        };
        // Some servers answer any HEAD: then it says nothing.
        let nowhere = Ask::new(
            Method::Head,
            &format!("{}keytrail-nothing-here-3f9c1a", scan.client.target.base),
            Who::Anonymous,
        );
        if scan.client.one(nowhere).success().is_some() {
            return;
        }
        let sight = Sight::new(CHECK, SurfaceKind::OpenHead, &read.operation.route, ask, &answer)
            .seen(format!("`HEAD {}` is answered without credentials, GET is refused.", read.operation.route))
            .compared("The same request with GET is refused; a path that is not there answers HEAD otherwise.");
        scan.see(sight);
    }
}

/// One for the service: how it refuses is one piece of code.
fn challenges(scan: &mut Scan<'_>, refused: &[&Read]) {
    let untold: Vec<(&&Read, Answer)> = refused
        .iter()
        .filter_map(|read| Some((read, scan.known(&read.target, Who::Anonymous)?)))
        .filter(|(_, answer)| answer.status == 401 && answer.header("www-authenticate").is_none())
        .collect();
    let Some((read, answer)) = untold.first() else {
        return;
    };
    let ask = Ask::get(&read.target, Who::Anonymous);
    let sight = Sight::new(
        CHECK,
        SurfaceKind::NoChallenge,
        &read.operation.route,
        &ask,
        answer,
    )
    .subject("WWW-Authenticate")
    .seen(format!(
        "{} refused with 401 and without WWW-Authenticate: a client can't tell how to sign in.",
        many(untold.len())
    ))
    .compared("RFC 9110 asks for the header with every 401.");
    scan.see(sight);
}

fn many(count: usize) -> String {
    if count == 1 {
        "One operation is".to_owned()
    } else {
        format!("{count} operations are")
    }
}

/// Sessions that ended are told: what their owner may do is not known then.
pub(super) fn expired(scan: &mut Scan<'_>) {
    for number in 0..scan.client.identities.len() {
        if scan.client.is_expired(number) {
            let name = scan.client.identities[number].name.clone();
            let told = format!(
                "the session of `{name}` ended and could not be renewed; give it a login in keytrail.toml, or a fresh credential"
            );
            scan.reached(CHECK).missing.push(told);
        }
    }
    let refused_everywhere: Vec<String> = (0..scan.client.identities.len())
        .filter(|&number| !scan.client.is_expired(number))
        .filter(|&number| {
            let mut protected = scan
                .reads
                .iter()
                .filter(|read| {
                    scan.known(&read.target, Who::Anonymous)
                        .is_some_and(|answer| answer.is_refused())
                })
                .peekable();
            protected.peek().is_some()
                && protected.all(|read| {
                    let outcome = scan
                        .client
                        .known(&Ask::get(&read.target, Who::Identity(number)));
                    outcome
                        .and_then(Outcome::answer)
                        .is_some_and(Answer::is_refused)
                })
        })
        .map(|number| scan.client.identities[number].name.clone())
        .collect();
    for name in refused_everywhere {
        let told = format!(
            "`{name}` is refused everywhere where nobody is refused too: its credential does not hold"
        );
        scan.reached(CHECK).missing.push(told);
    }
}
