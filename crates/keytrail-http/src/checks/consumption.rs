//! What the service makes its callers trust: third parties over plain http, redirects that the caller of a
//! link decides.

use std::collections::BTreeSet;

use keytrail_model::{SurfaceCheck, SurfaceKind};

use crate::client::{Ask, Who};
use crate::json;
use crate::operation::In;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::UnsafeConsumption;
const ELSEWHERE: &str = "https://keytrail-check.example/";
const NAMES: &[&str] = &[
    "next",
    "redirect",
    "redirect_to",
    "redirect_uri",
    "redirect_url",
    "return",
    "return_to",
    "return_url",
    "continue",
    "goto",
    "url",
    "to",
    "dest",
    "destination",
];

pub(super) fn run(scan: &mut Scan<'_>) {
    for read in scan.reads.clone() {
        scan.looked(CHECK);
        third_parties(scan, &read);
        redirects(scan, &read);
    }
}

fn third_parties(scan: &mut Scan<'_>, read: &Read) {
    let callers = scan.client.callers();
    let found = callers
        .into_iter()
        .find_map(|who| Some((who, scan.content(&read.target, who)?)));
    let Some((who, answer)) = found else { return };
    let Some(value) = &answer.json else { return };
    let mut hosts: BTreeSet<(String, String)> = BTreeSet::new();
    for leaf in json::leaves(value) {
        let Some(text) = leaf
            .value
            .as_str()
            .filter(|text| text.starts_with("http://"))
        else {
            continue;
        };
        let Ok(url) = url::Url::parse(text) else {
            continue;
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        // Names of vocabularies are never fetched.
        let is_name = [
            "www.w3.org",
            "json-schema.org",
            "schema.org",
            "xmlns.com",
            "purl.org",
        ]
        .contains(&host.as_str());
        if host != scan.client.target.host() && !crate::client::loopback(&host) && !is_name {
            hosts.insert((leaf.path.clone(), host));
        }
    }
    let Some((field, host)) = hosts.first().cloned() else {
        return;
    };
    let ask = Ask::get(&read.target, who);
    let sight = Sight::new(CHECK, SurfaceKind::PlainThirdParty, &read.operation.route, &ask, &answer)
        .subject(&field)
        .seen(format!("`GET {}` sends its callers to `{host}` over plain http (`{field}`): what they fetch there can be changed on the way.", read.operation.route))
        .compared("The address in the answer begins with http and leads to another host.");
    scan.see(sight);
}

/// A parameter that decides where a redirect leads; the redirect is not followed.
fn redirects(scan: &mut Scan<'_>, read: &Read) {
    let declared = read
        .operation
        .params
        .iter()
        .filter(|param| param.place == In::Query)
        .map(|param| param.name.clone());
    let linked = read
        .target
        .split_once('?')
        .map(|(_, query)| {
            query
                .split('&')
                .filter_map(|pair| pair.split('=').next())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    let mut names: Vec<String> = declared
        .chain(linked)
        .filter(|name| NAMES.contains(&name.to_ascii_lowercase().as_str()))
        .collect();
    names.sort();
    names.dedup();
    let path = read.target.split('?').next().unwrap_or_default();
    for name in names {
        let ask = Ask::get(
            &format!(
                "{path}?{}={}",
                crate::fill::encode(&name),
                crate::fill::encode(ELSEWHERE)
            ),
            Who::Anonymous,
        );
        let outcome = scan.client.one(ask.clone());
        let Some(answer) = outcome
            .answer()
            .filter(|answer| (300..400).contains(&answer.status))
            .cloned()
        else {
            continue;
        };
        let leads = answer.header("location").is_some_and(|to| {
            to.starts_with(ELSEWHERE) || to.starts_with("//keytrail-check.example")
        });
        if leads {
            let sight = Sight::new(CHECK, SurfaceKind::OpenRedirect, &read.operation.route, &ask, &answer)
                .subject(&name)
                .seen(format!("`{name}` of `GET {}` decides where the redirect leads, also to another site.", read.operation.route))
                .compared("The request named a host that is nobody's, and Location names it. The redirect was not followed.");
            scan.see(sight);
        }
    }
}
