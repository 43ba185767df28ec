//! What nobody told of, and what should be gone: deprecated operations, older versions, operations beside
//! the specification, names and versions of software.

use std::collections::BTreeSet;

use keytrail_model::{SurfaceCheck, SurfaceKind};

use crate::client::{Answer, Ask, Who};
use crate::operation::Found;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::Inventory;
/// Older versions that are looked for, for each prefix.
const MOST_VERSIONS: u32 = 3;

pub(super) fn run(scan: &mut Scan<'_>) {
    if scan.survey.spec.is_none() {
        let told = "no specification was found to compare with; name it with --spec FILE or URL";
        scan.reached(CHECK).missing.push(told.to_owned());
    }
    for read in scan.reads.clone() {
        scan.looked(CHECK);
        if read.operation.deprecated {
            deprecated(scan, &read);
        }
    }
    undocumented(scan);
    versions(scan);
    software(scan);
    introspection(scan);
}

/// The best answer that anybody was given.
fn answered(scan: &mut Scan<'_>, target: &str) -> Option<(Who, Answer)> {
    let callers = scan.client.callers();
    callers
        .into_iter()
        .find_map(|who| Some((who, scan.content(target, who)?)))
}

fn deprecated(scan: &mut Scan<'_>, read: &Read) {
    let Some((who, answer)) = answered(scan, &read.target) else {
        return;
    };
    let ask = Ask::get(&read.target, who);
    let sight = Sight::new(
        CHECK,
        SurfaceKind::OldVersion,
        &read.operation.route,
        &ask,
        &answer,
    )
    .subject("deprecated")
    .seen(format!(
        "`GET {}` is deprecated by the specification, and still answers.",
        read.operation.route
    ))
    .compared("The specification marks it as deprecated; the answer has content.");
    scan.see(sight);
}

/// Operations that answer and that the specification does not have.
fn undocumented(scan: &mut Scan<'_>) {
    if scan.survey.spec.is_none() {
        return;
    }
    for read in scan.reads.clone() {
        let documented = read.operation.found.contains(&Found::Specification)
            || read.operation.found.contains(&Found::Introspection);
        if documented {
            continue;
        }
        let Some((who, answer)) = answered(scan, &read.target) else {
            continue;
        };
        if answer.json.is_none() || is_schema(&answer) {
            continue;
        }
        let ask = Ask::get(&read.target, who);
        let sight = Sight::new(
            CHECK,
            SurfaceKind::Undocumented,
            &read.operation.route,
            &ask,
            &answer,
        )
        .subject("undocumented")
        .seen(format!(
            "`GET {}` answers, and the specification does not have it; it was found by {}.",
            read.operation.route,
            read.operation.how()
        ))
        .compared(
            "Its path was compared with all paths of the specification, parameters by any name.",
        );
        scan.see(sight);
    }
}

fn is_schema(answer: &Answer) -> bool {
    answer
        .json
        .as_ref()
        .is_some_and(|json| json.get("openapi").is_some() || json.get("swagger").is_some())
}

/// `/v2/` in a path: are `/v1/` and `/v0/` still there?
fn versions(scan: &mut Scan<'_>) {
    let known: BTreeSet<String> = scan.reads.iter().map(|read| read.target.clone()).collect();
    let mut tried: BTreeSet<String> = BTreeSet::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for read in scan.reads.clone() {
        for (older, target) in older(&read.target) {
            if known.contains(&target) || told.contains(&older) || !tried.insert(target.clone()) {
                continue;
            }
            let who = read.filled_for;
            scan.client
                .all(&[Ask::get(&target, Who::Anonymous), Ask::get(&target, who)]);
            let Some((who, answer)) = [Who::Anonymous, who]
                .into_iter()
                .find_map(|who| Some((who, scan.content(&target, who)?)))
            else {
                continue;
            };
            if answer.is_html() && !read.operation.route.contains("html") {
                continue;
            }
            let ask = Ask::get(&target, who);
            let route = swap(&read.operation.route, &older);
            told.insert(older.clone());
            let sight = Sight::new(CHECK, SurfaceKind::OldVersion, &route, &ask, &answer)
                .subject(&older)
                .seen(format!(
                    "The older version `{older}` still answers beside the one that is known."
                ))
                .compared("A path that is not there in the same directory is answered otherwise.")
                .worse(who == Who::Anonymous && scan.is_protected(&read));
            scan.see(sight);
        }
    }
}

/// Targets of older versions, newest first, with the version's name.
fn older(target: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = target.split('/').collect();
    let Some((at, version)) = parts
        .iter()
        .enumerate()
        .find_map(|(at, part)| Some((at, part.strip_prefix('v')?.parse::<u32>().ok()?)))
    else {
        return Vec::new();
    };
    (0..version)
        .rev()
        .take(MOST_VERSIONS as usize)
        .map(|older| {
            let name = format!("v{older}");
            let mut parts: Vec<&str> = parts.clone();
            parts[at] = &name;
            (name.clone(), parts.join("/"))
        })
        .collect()
}

fn swap(route: &str, version: &str) -> String {
    let parts: Vec<&str> = route
        .split('/')
        .map(|part| {
            if part
                .strip_prefix('v')
                .is_some_and(|number| number.parse::<u32>().is_ok())
            {
                version
            } else {
                part
            }
        })
        .collect();
    parts.join("/")
}

/// Versions in headers.
fn software(scan: &mut Scan<'_>) {
    let Some((ask, answer)) = scan.survey.root.clone() else {
        return;
    };
    let told: Vec<String> = [
        "server",
        "x-powered-by",
        "x-aspnet-version",
        "x-aspnetmvc-version",
        "x-generator",
        "x-runtime-version",
    ]
    .iter()
    .filter_map(|name| Some((name, answer.header(name)?)))
    .filter(|(_, value)| has_version(value))
    .map(|(name, value)| format!("{name}: {}", scan.client.redact(value)))
    .collect();
    if told.is_empty() {
        return;
    }
    let route = ask.target.clone();
    let sight = Sight::new(CHECK, SurfaceKind::Version, &route, &ask, &answer)
        .subject("headers")
        .seen(format!(
            "Answers tell which software runs, in which version: {}.",
            told.join("; ")
        ))
        .compared("A number with a dot in a header that names software.");
    scan.see(sight);
}

fn has_version(value: &str) -> bool {
    value
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .any(|part| part.contains('.') && part.chars().filter(char::is_ascii_digit).count() >= 2)
}

fn introspection(scan: &mut Scan<'_>) {
    let Some((ask, answer)) = scan.survey.introspection.clone() else {
        return;
    };
    let route = ask.target.split('?').next().unwrap_or_default().to_owned();
    let sight = Sight::new(CHECK, SurfaceKind::Undocumented, &route, &ask, &answer)
        .subject("introspection")
        .seen("GraphQL introspection answers a caller without credentials: the whole schema is readable.")
        .compared("The answer has the schema's types.");
    scan.see(sight);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_versions_newest_first() {
        let names: Vec<String> = older("/api/v2/keys/")
            .into_iter()
            .map(|(_, target)| target)
            .collect();
        assert_eq!(names, ["/api/v1/keys/", "/api/v0/keys/"]);
        assert!(older("/api/vip/keys/").is_empty());
        assert_eq!(swap("/api/v2/keys/{id}/", "v1"), "/api/v1/keys/{id}/");
    }

    #[test]
    fn versions_of_software() {
        assert!(has_version("nginx/1.24.0") && has_version("PHP/8.2"));
        assert!(!has_version("nginx") && !has_version("cloudflare"));
    }
}
