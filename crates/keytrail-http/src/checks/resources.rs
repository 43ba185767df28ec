//! Answers without limits: how often, how many, how large.

use keytrail_model::{SurfaceCheck, SurfaceKind};

use crate::client::{Answer, Ask, Who};
use crate::json;
use crate::limits::Breach;
use crate::options::HttpOptions;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::ResourceConsumption;
/// Records in one answer that call for pages.
const MANY: usize = 100;
/// Bytes in one answer that call for pages.
const LARGE: usize = 1 << 20;
const PAGING: &[&str] = &[
    "next",
    "previous",
    "cursor",
    "next_cursor",
    "page",
    "pages",
    "page_size",
    "total_pages",
    "offset",
    "next_token",
    "nexttoken",
    "nextpagetoken",
    "next_page_token",
    "lastevaluatedkey",
    "links",
    "_links",
    "has_more",
    "continuation",
];
const LIMITS: &[&str] = &[
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "x-ratelimit-limit",
    "x-rate-limit-limit",
    "x-ratelimit-remaining",
    "retry-after",
];

pub(super) fn run(scan: &mut Scan<'_>, options: &HttpOptions) {
    let mut answered: Vec<(Read, Who, Answer)> = Vec::new();
    for read in scan.reads.clone() {
        scan.looked(CHECK);
        let callers = scan.client.callers();
        if let Some((who, answer)) = callers
            .into_iter()
            .find_map(|who| Some((who, scan.content(&read.target, who)?)))
        {
            pages(scan, &read, who, &answer);
            answered.push((read, who, answer));
        }
    }
    rate(scan, &answered, options);
}

fn pages(scan: &mut Scan<'_>, read: &Read, who: Who, answer: &Answer) {
    let count = answer
        .json
        .as_ref()
        .and_then(json::list)
        .map_or(0, Vec::len);
    let paged = answer.header("link").is_some()
        || answer
            .json
            .as_ref()
            .and_then(|value| value.as_object())
            .is_some_and(|map| {
                map.keys()
                    .any(|name| PAGING.contains(&name.to_ascii_lowercase().as_str()))
            });
    let too_large = answer.body.len() >= LARGE
        || answer
            .breaches
            .iter()
            .any(|breach| matches!(breach, Breach::Body | Breach::Unpacked));
    if (count < MANY || paged) && !too_large {
        return;
    }
    let size = answer.body.len() / 1024;
    let what = if count >= MANY {
        format!("{count} records in one answer")
    } else {
        format!("{size} KB in one answer")
    };
    let ask = Ask::get(&read.target, who);
    let sight = Sight::new(
        CHECK,
        SurfaceKind::Unpaginated,
        &read.operation.route,
        &ask,
        answer,
    )
    .subject("pages")
    .seen(format!(
        "`GET {}` gives {what}, and nothing leads from page to page.",
        read.operation.route
    ))
    .compared("Records and bytes were counted; fields and headers for pages were looked for.");
    scan.see(sight);
}

/// Nothing limits how often: no header tells of a limit and none was met. One for the service.
fn rate(scan: &mut Scan<'_>, answered: &[(Read, Who, Answer)], options: &HttpOptions) {
    if scan.client.met_a_limit() {
        return;
    }
    let limited = |answer: &Answer| {
        answer.status == 429 || LIMITS.iter().any(|name| answer.header(name).is_some())
    };
    if answered.iter().any(|(_, _, answer)| limited(answer)) {
        return;
    }
    let Some((read, who, answer)) = answered.first() else {
        return;
    };
    let ask = Ask::get(&read.target, *who);
    let mut sent = answered.len() as u64;
    if options.burst > 0 {
        let burst = scan.client.burst(&ask, options.burst);
        if burst.iter().any(limited) || burst.is_empty() {
            return;
        }
        sent = burst.len() as u64;
    }
    let sure = options.burst >= 20;
    let sight = Sight::new(CHECK, SurfaceKind::NoLimit, &read.operation.route, &ask, answer)
        .subject("rate")
        .seen(format!("Nothing tells of a limit on how often is asked, and none was met in {sent} requests."))
        .compared(if sure {
            "The same request was repeated at the allowed rate; neither 429 nor a header of a limit came."
        } else {
            "Headers of limits were looked for in all answers; --burst N repeats one request to be surer."
        });
    let sight = if sure { sight } else { sight.possible() };
    scan.see(sight);
}
