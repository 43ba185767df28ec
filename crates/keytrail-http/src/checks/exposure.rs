//! Keys, personal data and sources in answers.

use std::collections::BTreeSet;

use keytrail_model::{SurfaceCheck, SurfaceKind};

use crate::client::{Answer, Ask, Who};
use crate::discover::html;
use crate::personal::{self, Kind};
use crate::scan::{Read, Scan, Sight};
use crate::{json, keys};

const CHECK: SurfaceCheck = SurfaceCheck::DataExposure;

pub(super) fn run(scan: &mut Scan<'_>) {
    for read in scan.reads.clone() {
        scan.looked(CHECK);
        for who in scan.ordinary() {
            let mut answered = false;
            for target in read.targets() {
                let Some(answer) = scan.content(target, who) else {
                    continue;
                };
                let ask = Ask::get(target, who);
                keys_in(scan, &read.operation.route, &ask, &answer);
                urls(scan, &read, &ask, &answer);
                personal(scan, &read, &ask, &answer);
                answered = true;
            }
            if answered && who == Who::Anonymous {
                // What everybody is given, each identity is given too.
                break;
            }
        }
    }
    pages(scan);
    bundles(scan);
}

/// Each key once for a field of a route.
pub(super) fn keys_in(scan: &mut Scan<'_>, route: &str, ask: &Ask, answer: &Answer) {
    let found = keys::seen(&scan.client, ask.who, answer, scan.prints);
    let fields: BTreeSet<String> = found.iter().map(|key| key.field.clone()).collect();
    for field in fields {
        let of_field: Vec<_> = found.iter().filter(|key| key.field == field).collect();
        let Some(first) = of_field.first() else {
            continue;
        };
        let known = scan.seen.iter().any(|seen| {
            seen.kind == SurfaceKind::KeyInAnswer
                && *seen.location.span().path == *route
                && seen.subject == field
        });
        if known {
            continue;
        }
        let count = of_field.len();
        let what = if count == 1 {
            format!("a key ({})", first.masked)
        } else {
            format!("{count} keys ({}, …)", first.masked)
        };
        let at = if field.is_empty() {
            String::new()
        } else {
            format!(" in `{field}`")
        };
        let sight = Sight::new(CHECK, SurfaceKind::KeyInAnswer, route, ask, answer)
            .subject(&field)
            .seen(format!(
                "`GET {route}` answers {} with {what}{at}.",
                scan.name(ask.who)
            ))
            .compared(format!("The value has the form of: {}.", first.provider))
            .worse(ask.who == Who::Anonymous)
            .key((*first).clone());
        scan.see(sight);
    }
}

fn urls(scan: &mut Scan<'_>, read: &Read, ask: &Ask, answer: &Answer) {
    let Some(value) = &answer.json else { return };
    for leaf in json::leaves(value) {
        let Some(url) = leaf.value.as_str().filter(|text| text.starts_with("http")) else {
            continue;
        };
        let Ok(url) = url::Url::parse(url) else {
            continue;
        };
        let found = url.query_pairs().find_map(|(name, value)| {
            let hit = scan.client.detector.examine(&value, Some(&name))?;
            Some((name.into_owned(), hit))
        });
        let Some((name, hit)) = found else { continue };
        let sight = Sight::new(CHECK, SurfaceKind::KeyInUrl, &read.operation.route, ask, answer)
            .subject(&leaf.path)
            .seen(format!("`GET {}` answers with a URL that carries a key ({}) as `{name}`: logs and referrers keep URLs.", read.operation.route, hit.masked))
            .compared(format!("The value has the form of: {}.", hit.provider));
        scan.see(sight);
        return;
    }
}

fn personal(scan: &mut Scan<'_>, read: &Read, ask: &Ask, answer: &Answer) {
    let Some(value) = &answer.json else { return };
    let found = personal::in_answer(value);
    for kind in [Kind::Email, Kind::Card, Kind::NationalNumber] {
        let fields: Vec<&str> = found
            .iter()
            .filter(|(own, _)| *own == kind)
            .map(|(_, field)| field.as_str())
            .collect();
        // An identity's own address is its own; cards and numbers are too much for any answer.
        if fields.is_empty() || kind == Kind::Email && ask.who != Who::Anonymous {
            continue;
        }
        let sight = Sight::new(
            CHECK,
            SurfaceKind::PersonalData,
            &read.operation.route,
            ask,
            answer,
        )
        .subject(kind.as_str())
        .seen(format!(
            "`GET {}` answers {} with {} in `{}`.",
            read.operation.route,
            scan.name(ask.who),
            kind.as_str(),
            fields.join("`, `")
        ))
        .compared("Values were checked by their form and check digits, not by names alone.")
        .worse(kind != Kind::Email);
        scan.see(sight);
    }
}

/// The root page and error pages.
fn pages(scan: &mut Scan<'_>) {
    let mut pages: Vec<(String, Ask, Answer)> = scan
        .survey
        .baseline
        .known()
        .map(|(target, answer)| {
            (
                "(a path that is not there)".to_owned(),
                Ask::get(&target, Who::Anonymous),
                answer.clone(),
            )
        })
        .collect();
    if let Some((ask, answer)) = scan.survey.root.clone() {
        pages.push((ask.target.clone(), ask, answer));
    }
    for (route, ask, answer) in pages {
        keys_in(scan, &route, &ask, &answer);
    }
}

fn bundles(scan: &mut Scan<'_>) {
    for (ask, answer) in scan.survey.bundles.clone() {
        let route = ask.target.clone();
        keys_in(scan, &route, &ask, &answer);
        let text = answer.text().into_owned();
        let Some(name) = html::between(&format!("{text}\n"), "sourceMappingURL=", "\n")
            .last()
            .map(|name| name.trim().to_owned())
        else {
            continue;
        };
        let Some(path) = scan
            .client
            .target
            .local(&name, &ask.target)
            .filter(|_| !name.starts_with("data:"))
        else {
            continue;
        };
        let asked = Ask::get(&path, Who::Anonymous);
        let outcome = scan.client.one(asked.clone());
        let Some(map) = outcome.success().cloned() else {
            continue;
        };
        let sources = map
            .json
            .as_ref()
            .and_then(|json| json.get("sourcesContent")?.as_array())
            .map_or(0, Vec::len);
        if sources == 0 {
            continue;
        }
        let sight = Sight::new(CHECK, SurfaceKind::SourceMap, &route, &asked, &map)
            .subject("source map")
            .seen(format!("`{route}` has a source map with the sources of {sources} files: comments and internal names are readable."))
            .compared("The map names its sources and holds their content.");
        scan.see(sight);
        keys_in(scan, &path, &asked, &map);
    }
}
