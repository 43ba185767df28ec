//! Law 4: how far the service was read, and how far each check got.

use std::collections::BTreeMap;

use keytrail_model::{Coverage, CoverageStatus, Problem, SurfaceCheck};

use crate::collect::{problem, status};
use crate::operation::Found;
use crate::scan::Scan;

/// What no check of this version tries.
const NOT_TRIED: &str = "this version does not try GraphQL by POST, identifiers that are hashed \
                         (hashids), tokens signed with a service's public key, nor does it read \
                         what Django's REST framework tells by OPTIONS";

/// Problems of one kind that are listed.
const LISTED: usize = 40;

/// The record of the service as a whole.
pub(crate) fn service(scan: &Scan<'_>) -> Coverage {
    let client = &scan.client;
    let mut problems: Vec<Problem> = Vec::new();
    for (request, word) in client.actions.iter().take(LISTED) {
        problems.push(problem(
            request,
            format!("looks like an action ({word}); not sent without --allow-actions"),
        ));
    }
    for ((request, breach), _) in client.breaches.iter().take(LISTED) {
        problems.push(problem(request, breach.told().to_owned()));
    }
    for (request, to) in client.elsewhere.iter().take(LISTED) {
        problems.push(problem(
            request,
            format!("redirects to another host ({to}); not followed"),
        ));
    }
    for (why, count) in &client.failures {
        problems.push(problem(
            client.target.shown(),
            format!("{count} requests got no answer: {why}"),
        ));
    }
    if client.over_budget > 0 {
        problems.push(problem(
            client.target.shown(),
            format!(
                "{} requests were left out: the budget is used up; raise it with --budget",
                client.over_budget
            ),
        ));
    }
    let operations = &scan.survey.operations;
    if operations.left_out > 0 {
        problems.push(problem(
            client.target.shown(),
            format!(
                "{} operations were left out past the most that are checked",
                operations.left_out
            ),
        ));
    }
    specification(scan, &mut problems);
    let partial = !problems.is_empty();
    let counts = BTreeMap::from([
        ("requests".to_owned(), client.sent()),
        ("operations".to_owned(), operations.len() as u64),
        ("reads".to_owned(), scan.reads.len() as u64),
        (
            "declared".to_owned(),
            count(scan, |found| found == Found::Specification),
        ),
        (
            "from_code".to_owned(),
            count(scan, |found| found == Found::Code),
        ),
        ("identities".to_owned(), client.identities.len() as u64),
        ("not_sent_actions".to_owned(), client.actions.len() as u64),
    ]);
    Coverage {
        source: "http".to_owned(),
        status: if client.is_dry() {
            CoverageStatus::NotEvaluated
        } else {
            status(partial)
        },
        reason: if client.is_dry() {
            "nothing is sent in a dry run; leave --dry-run out to have the service asked".to_owned()
        } else if partial {
            format!("some requests were not sent, or not read to their end; {NOT_TRIED}")
        } else {
            NOT_TRIED.to_owned()
        },
        counts,
        problems,
    }
}

fn count(scan: &Scan<'_>, is: impl Fn(Found) -> bool) -> u64 {
    scan.survey
        .operations
        .iter()
        .filter(|operation| operation.found.iter().any(|&found| is(found)))
        .count() as u64
}

fn specification(scan: &Scan<'_>, problems: &mut Vec<Problem>) {
    let Some(spec) = &scan.survey.spec else {
        return;
    };
    if spec.broken > 0 {
        problems.push(problem(
            &spec.from,
            format!(
                "{} references lead nowhere, out of the document, or in a circle",
                spec.broken
            ),
        ));
    }
    for server in spec.other_servers.iter().take(LISTED) {
        problems.push(problem(
            &spec.from,
            format!(
                "the server {} is another host; only the one that was named is asked",
                scan.client.redact(server)
            ),
        ));
    }
}

/// The record of one check.
pub(crate) fn check(scan: &mut Scan<'_>, check: SurfaceCheck) -> Coverage {
    let (dry, operations, shown) = (
        scan.client.is_dry(),
        scan.reads.len(),
        scan.client.target.shown().to_owned(),
    );
    let reached = scan.reached(check).clone();
    let (status, reason) = if dry {
        (
            CoverageStatus::NotEvaluated,
            "nothing is sent in a dry run".to_owned(),
        )
    } else if let Some(why) = reached.not_applicable {
        (CoverageStatus::NotApplicable, why)
    } else if let Some(why) = reached.not_evaluated {
        (CoverageStatus::NotEvaluated, why)
    } else if !reached.missing.is_empty() {
        let nothing = reached.looked == 0;
        (
            if nothing {
                CoverageStatus::NotEvaluated
            } else {
                CoverageStatus::Partial
            },
            reached.missing.join("; "),
        )
    } else if reached.looked == 0 && operations == 0 {
        (
            CoverageStatus::NotEvaluated,
            format!(
                "no operation of {shown} is known; name its specification with --spec, or scan its code together with --url"
            ),
        )
    } else {
        (CoverageStatus::Evaluated, String::new())
    };
    Coverage {
        source: format!("http/{}", check.as_str()),
        status,
        reason,
        counts: BTreeMap::from([("looked_at".to_owned(), reached.looked)]),
        problems: Vec::new(),
    }
}
