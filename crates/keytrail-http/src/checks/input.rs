//! Dangerous methods; debug pages and dumps, at their usual places and where malformed input brings them up.

use keytrail_model::{SurfaceCheck, SurfaceKind};

use crate::client::{Answer, Ask, Method, Who};
use crate::debug;
use crate::discover::places;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::InputValidation;
/// What breaks a parser that expects a number or a name.
const MALFORMED: &str = "%27%22%3Ckeytrail%3E";

pub(super) fn run(scan: &mut Scan<'_>) {
    methods(scan);
    nothing_there(scan);
    usual(scan);
    malformed(scan);
    operations(scan);
}

fn methods(scan: &mut Scan<'_>) {
    let reads = scan.reads.clone();
    let asks: Vec<Ask> = reads
        .iter()
        .map(|read| Ask::new(Method::Options, &read.target, Who::Anonymous))
        .collect();
    let outcomes = scan.client.all(&asks);
    for ((read, ask), outcome) in reads.iter().zip(&asks).zip(&outcomes) {
        let Some(answer) = outcome.answer().cloned() else {
            continue;
        };
        let offered: Vec<String> = ["allow", "access-control-allow-methods"]
            .iter()
            .filter_map(|name| answer.header(name))
            .flat_map(|value| value.split(','))
            .map(|method| method.trim().to_ascii_uppercase())
            .filter(|method| matches!(method.as_str(), "TRACE" | "TRACK" | "CONNECT" | "DEBUG"))
            .collect();
        if offered.is_empty() {
            continue;
        }
        let sight = Sight::new(
            CHECK,
            SurfaceKind::DangerousMethod,
            &read.operation.route,
            ask,
            &answer,
        )
        .subject(offered.join(","))
        .seen(format!("The service offers {}.", offered.join(", ")))
        .compared("Read from the answer to OPTIONS; the method itself was not sent.");
        scan.see(sight);
        // The server's own list: one place says all.
        return;
    }
}

/// The answer to a path that is not there may itself be a debug page.
fn nothing_there(scan: &mut Scan<'_>) {
    let known: Vec<(String, Answer)> = scan
        .survey
        .baseline
        .known()
        .map(|(target, answer)| (target, answer.clone()))
        .collect();
    for (target, answer) in known {
        if tell(
            scan,
            "(a path that is not there)",
            &Ask::get(&target, Who::Anonymous),
            &answer,
        ) {
            return;
        }
    }
}

fn usual(scan: &mut Scan<'_>) {
    let base = scan.client.target.base.clone();
    // Places for administrators were asked already, and may be dumps as well.
    let asks: Vec<Ask> = places::DEBUG
        .iter()
        .chain(places::ADMIN)
        .map(|place| Ask::get(&format!("{base}{place}"), Who::Anonymous))
        .collect();
    let outcomes = scan.client.all(&asks);
    for (ask, outcome) in asks.iter().zip(&outcomes) {
        scan.looked(CHECK);
        let Some(answer) = outcome.success().cloned() else {
            continue;
        };
        if scan
            .survey
            .baseline
            .is_nothing(&mut scan.client, &ask.target, &answer)
        {
            continue;
        }
        let told = tell(scan, &ask.target, ask, &answer);
        if !told && ask.target.ends_with(".git/config") && answer.text().contains("[core]") {
            let sight = Sight::new(CHECK, SurfaceKind::DebugPage, &ask.target, ask, &answer)
                .subject(".git")
                .seen("The repository itself is served: with `.git` its whole history can be fetched.")
                .compared("The answer is a configuration of git.")
                .worse(true);
            scan.see(sight);
        }
    }
}

/// One malformed identifier for each parameter that has a place in a path.
fn malformed(scan: &mut Scan<'_>) {
    for read in scan.reads.clone() {
        let Some(name) = read
            .operation
            .path_params()
            .last()
            .map(|&name| name.to_owned())
        else {
            continue;
        };
        let route = &read.operation.route;
        let first = |param: &str| {
            scan.produced
                .values(route, param, read.filled_for)
                .into_iter()
                .next()
        };
        let marker = "keytrail0marker";
        let target = crate::fill::with(&read.operation, &|param| {
            if param == name {
                Some(marker.to_owned())
            } else {
                first(param)
            }
        });
        if !target.contains(marker) {
            continue;
        }
        let ask = Ask::get(&target.replace(marker, MALFORMED), read.filled_for);
        let outcome = scan.client.one(ask.clone());
        if let Some(answer) = outcome.answer().cloned() {
            tell(scan, route, &ask, &answer);
        }
    }
}

/// Ordinary answers that are debug pages, traces or dumps.
fn operations(scan: &mut Scan<'_>) {
    for read in scan.reads.clone() {
        for who in scan.ordinary() {
            let Some(answer) = scan.known(&read.target, who) else {
                continue;
            };
            if tell_read(scan, &read, who, &answer) {
                break;
            }
        }
    }
}

fn tell_read(scan: &mut Scan<'_>, read: &Read, who: Who, answer: &Answer) -> bool {
    tell(
        scan,
        &read.operation.route,
        &Ask::get(&read.target, who),
        answer,
    )
}

/// True where the answer is a debug page, a trace or a dump; each is told once for a route.
fn tell(scan: &mut Scan<'_>, route: &str, ask: &Ask, answer: &Answer) -> bool {
    if let Some(names) = debug::environment(answer) {
        let some: Vec<&str> = names.iter().take(4).map(String::as_str).collect();
        let sight = Sight::new(CHECK, SurfaceKind::Environment, route, ask, answer)
            .subject("environment")
            .seen(format!(
                "{} names of environment variables or settings with their values are shown: `{}`…",
                names.len(),
                some.join("`, `")
            ))
            .compared("The names are those that environments have.")
            .worse(ask.who == Who::Anonymous);
        once(scan, sight);
        return true;
    }
    let Some(page) = debug::page(answer) else {
        return false;
    };
    let (check, kind) = if page.full {
        (CHECK, SurfaceKind::DebugPage)
    } else {
        (SurfaceCheck::DataExposure, SurfaceKind::Trace)
    };
    let what = if page.full { "debug page" } else { "trace" };
    let told = page.told();
    let exception = if page.exception.is_empty() {
        String::new()
    } else {
        format!(" for {}", scan.client.redact(&page.exception))
    };
    let told = if told.is_empty() {
        String::new()
    } else {
        format!(": {}", scan.client.redact(&told))
    };
    let sight = Sight::new(check, kind, route, ask, answer)
        .subject(page.framework.split(' ').next().unwrap_or_default())
        .seen(format!(
            "The answer is a {what} of {}{exception}{told}.",
            page.framework
        ))
        .compared("Its form is the framework's own.")
        .worse(!page.settings.is_empty() || !page.frames.is_empty());
    once(scan, sight);
    true
}

/// Once for a route; a framework's page about a path that is not there once for the service.
fn once(scan: &mut Scan<'_>, sight: Sight<'_>) {
    let anywhere = sight.kind == SurfaceKind::DebugPage && sight.answer.status == 404;
    let known = scan.seen.iter().any(|seen| {
        seen.kind == sight.kind
            && seen.subject == sight.subject
            && (anywhere
                && seen
                    .exchange
                    .response
                    .first()
                    .is_some_and(|line| line == "HTTP 404")
                || *seen.location.span().path == *sight.route)
    });
    if !known {
        scan.see(sight);
    }
}
