//! Transport: plain http, HSTS, cookies, mixed content, old TLS.

use keytrail_model::{SurfaceCheck, SurfaceKind};

use super::tls;
use crate::client::{Answer, Ask, Who};
use crate::discover::html;
use crate::options::HttpOptions;
use crate::scan::{Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::Encryption;
/// Half a year, in seconds.
const LONG_ENOUGH: u64 = 15_768_000;

pub(super) fn run(scan: &mut Scan<'_>, options: &HttpOptions) {
    scan.looked(CHECK);
    cookies(scan);
    if scan.client.target.is_tls() {
        strict(scan);
        plain_beside(scan);
        mixed(scan);
        old(scan, options);
    } else if scan.client.target.is_loopback() {
        let told = "the service was asked over plain http on this machine; ask its https address to have redirects, HSTS and TLS looked at";
        scan.reached(CHECK).missing.push(told.to_owned());
    } else {
        plain(scan);
    }
}

/// An answer of the service, the root's or that of an operation.
fn some_answer(scan: &mut Scan<'_>) -> Option<(String, Ask, Answer)> {
    if let Some((ask, answer)) = scan.survey.root.clone() {
        return Some((ask.target.clone(), ask, answer));
    }
    scan.reads.clone().into_iter().find_map(|read| {
        let answer = scan.known(&read.target, Who::Anonymous)?;
        Some((
            read.operation.route,
            Ask::get(&read.target, Who::Anonymous),
            answer,
        ))
    })
}

fn plain(scan: &mut Scan<'_>) {
    let Some((route, ask, answer)) = some_answer(scan) else {
        return;
    };
    let answers = scan.reads.clone().into_iter().any(|read| {
        scan.client.callers().into_iter().any(|who| {
            scan.known(&read.target, who)
                .is_some_and(|answer| answer.is_success())
        })
    });
    if answers || answer.is_success() {
        let sight = Sight::new(CHECK, SurfaceKind::PlainHttp, &route, &ask, &answer)
            .subject("http")
            .seen("The service answers over plain http: whoever sits on the way reads requests, credentials and answers.")
            .compared("The request was sent without TLS, and was answered and not redirected.");
        scan.see(sight);
    }
}

/// The same host on port 80, where https is on its usual port too.
fn plain_beside(scan: &mut Scan<'_>) {
    if !scan.client.target.has_default_port() {
        return;
    }
    let Some((route, mut ask, _)) = some_answer(scan) else {
        return;
    };
    ask.plain = true;
    ask.headers.clear();
    let outcome = scan.client.one(ask.clone());
    if let Some(answer) = outcome.success().cloned() {
        let sight = Sight::new(CHECK, SurfaceKind::PlainHttp, &route, &ask, &answer)
            .subject("http")
            .seen("Beside https the service answers over plain http, and does not redirect.")
            .compared("The same request over http was answered with 200.");
        scan.see(sight);
    }
}

fn strict(scan: &mut Scan<'_>) {
    let Some((route, ask, answer)) = some_answer(scan) else {
        return;
    };
    let told = answer.header("strict-transport-security");
    let age = told.and_then(|value| {
        let lower = value.to_ascii_lowercase();
        lower
            .split("max-age=")
            .nth(1)?
            .trim_matches('"')
            .split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse::<u64>()
            .ok()
    });
    let seen = match (told, age) {
        (None, _) => {
            "Answers lack Strict-Transport-Security: a first visit over http can be kept there."
                .to_owned()
        }
        (Some(_), Some(age)) if age >= LONG_ENOUGH => return,
        (Some(_), age) => format!(
            "Strict-Transport-Security holds for {} seconds only.",
            age.unwrap_or(0)
        ),
    };
    let sight = Sight::new(CHECK, SurfaceKind::NoHsts, &route, &ask, &answer)
        .subject("Strict-Transport-Security")
        .seen(seen)
        .compared("The header was looked for in an answer over https; half a year is the least that browsers' lists ask for.");
    scan.see(sight);
}

/// Cookies that make a session.
fn cookies(scan: &mut Scan<'_>) {
    let secure_due = scan.client.target.is_tls() || !scan.client.target.is_loopback();
    let mut all: Vec<(String, Ask, Answer)> = scan
        .survey
        .root
        .clone()
        .map(|(ask, answer)| (ask.target.clone(), ask, answer))
        .into_iter()
        .collect();
    for read in scan.reads.clone() {
        for who in scan.client.callers() {
            if let Some(answer) = scan.known(&read.target, who) {
                all.push((
                    read.operation.route.clone(),
                    Ask::get(&read.target, who),
                    answer,
                ));
            }
        }
    }
    let mut told: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    for (route, ask, answer) in all {
        for line in answer.all("set-cookie") {
            let name = line.split('=').next().unwrap_or_default().trim().to_owned();
            let missing = missing(line, secure_due);
            if !is_session(&name) || missing.is_empty() || !told.insert(name.clone()) {
                continue;
            }
            let sight = Sight::new(CHECK, SurfaceKind::WeakCookie, &route, &ask, &answer)
                .subject(&name)
                .seen(format!("The cookie `{name}` lacks {}.", missing.join(", ")))
                .compared("Its Set-Cookie line was read; its value was not kept.");
            scan.see(sight);
        }
    }
}

fn is_session(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["session", "sess", "sid", "auth", "token", "jwt", "remember"]
        .iter()
        .any(|word| lower.contains(word))
        && !lower.contains("csrf")
        && !lower.contains("xsrf")
}

fn missing(line: &str, secure_due: bool) -> Vec<&'static str> {
    let flags: Vec<String> = line
        .split(';')
        .skip(1)
        .map(|flag| flag.trim().to_ascii_lowercase())
        .collect();
    let has = |name: &str| {
        flags
            .iter()
            .any(|flag| flag == name || flag.starts_with(&format!("{name}=")))
    };
    let mut missing = Vec::new();
    if !has("httponly") {
        missing.push("HttpOnly");
    }
    if secure_due && !has("secure") {
        missing.push("Secure");
    }
    if !has("samesite") || flags.iter().any(|flag| flag == "samesite=none") && !has("secure") {
        missing.push("SameSite");
    }
    missing
}

/// A page over https that loads over http.
fn mixed(scan: &mut Scan<'_>) {
    let Some((ask, answer)) = scan
        .survey
        .root
        .clone()
        .filter(|(_, answer)| answer.is_html())
    else {
        return;
    };
    let text = answer.text().into_owned();
    let loaded: Vec<&str> = html::attributes(&text, "src")
        .into_iter()
        .filter(|url| url.starts_with("http://"))
        .collect();
    let Some(first) = loaded.first() else { return };
    let route = ask.target.clone();
    let sight = Sight::new(CHECK, SurfaceKind::MixedContent, &route, &ask, &answer)
        .subject("src")
        .seen(format!(
            "The page loads {} over plain http, `{}` first.",
            if loaded.len() == 1 {
                "a part".to_owned()
            } else {
                format!("{} parts", loaded.len())
            },
            scan.client.redact(first)
        ))
        .compared("Addresses in `src` were read.");
    scan.see(sight);
}

fn old(scan: &mut Scan<'_>, options: &HttpOptions) {
    if options.proxy.is_some() {
        scan.reached(CHECK)
            .missing
            .push("old versions of TLS can't be tried through a proxy".to_owned());
        return;
    }
    if scan.client.is_dry() {
        return;
    }
    let (host, port) = (
        scan.client.target.host().to_owned(),
        scan.client.target.port(),
    );
    let taken: Vec<&str> = tls::OLD
        .into_iter()
        .filter(|(version, _)| {
            scan.client
                .block_on(tls::takes(&host, options.resolve, port, *version))
        })
        .map(|(_, name)| name)
        .collect();
    let (false, Some((route, ask, answer))) = (taken.is_empty(), some_answer(scan)) else {
        return;
    };
    let sight = Sight::new(CHECK, SurfaceKind::OldTls, &route, &ask, &answer)
        .subject(taken.join(","))
        .seen(format!("The server still takes {}.", taken.join(" and ")))
        .compared("It answered the first message of a handshake in that version with its own.");
    scan.see(sight);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_cookies() {
        assert_eq!(missing("sid=1", true), ["HttpOnly", "Secure", "SameSite"]);
        assert_eq!(
            missing("sid=1; HttpOnly; SameSite=Lax", false),
            Vec::<&str>::new()
        );
        assert_eq!(
            missing("sid=1; httponly; Secure; SameSite=None", true),
            Vec::<&str>::new()
        );
        assert!(is_session("sessionid") && !is_session("csrftoken") && !is_session("lang"));
    }
}
