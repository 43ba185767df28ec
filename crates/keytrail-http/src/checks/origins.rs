//! Which other origins may read answers.

use keytrail_model::{SurfaceCheck, SurfaceKind};

use crate::client::{Answer, Ask, Who};
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::InputValidation;
const STRANGER: &str = "https://keytrail-check.example";

/// One way of being another origin than the service's own.
struct Variant {
    origin: String,
    told: &'static str,
}

fn variants(host: &str, tls: bool) -> Vec<Variant> {
    let variant = |origin: String, told| Variant { origin, told };
    let mut all = vec![
        variant(STRANGER.to_owned(), "any origin"),
        variant(
            "null".to_owned(),
            "the origin `null`, which sandboxed pages of any site have",
        ),
        variant(
            format!("https://{host}.keytrail-check.example"),
            "any origin that begins like its own",
        ),
        variant(
            format!("https://keytrail-check{host}"),
            "any origin that ends like its own",
        ),
    ];
    if host.contains('.') && host.parse::<std::net::IpAddr>().is_err() {
        all.push(variant(
            format!("https://{}", host.replacen('.', "x", 1)),
            "origins that its pattern's unescaped dot lets in",
        ));
    }
    if tls {
        all.push(variant(
            format!("http://{host}"),
            "its own name over plain http",
        ));
    }
    all
}

/// The stranger is tried on every operation; the other variants on one of each behaviour, for they are one
/// piece of code.
pub(super) fn run(scan: &mut Scan<'_>) {
    let reads = scan.reads.clone();
    let asks: Vec<Ask> = reads.iter().map(|read| ask(read, STRANGER)).collect();
    let outcomes = scan.client.all(&asks);
    let mut open: Vec<(&Read, &Ask, Answer)> = Vec::new();
    for ((read, ask), outcome) in reads.iter().zip(&asks).zip(&outcomes) {
        scan.looked(CHECK);
        if let Some(answer) = outcome
            .answer()
            .filter(|answer| allows(answer, STRANGER).is_some())
        {
            open.push((read, ask, answer.clone()));
        }
    }
    if let Some((read, ask, answer)) = open
        .iter()
        .find(|(_, _, answer)| allows(answer, STRANGER) != Some(false))
        .or(open.first())
    {
        tell(scan, read, ask, answer, "any origin", open.len());
        return;
    }
    let host = scan.client.target.host().to_owned();
    let tls = scan.client.target.is_tls();
    let answered: Vec<&Read> = reads
        .iter()
        .filter(|read| {
            scan.known(&read.target, read.filled_for)
                .is_some_and(|answer| answer.is_success())
        })
        .collect();
    let Some(read) = answered.first() else { return };
    for variant in variants(&host, tls).into_iter().skip(1) {
        let ask = self::ask(read, &variant.origin);
        let outcome = scan.client.one(ask.clone());
        if let Some(answer) = outcome
            .answer()
            .filter(|answer| allows(answer, &variant.origin).is_some())
            .cloned()
        {
            tell(scan, read, &ask, &answer, variant.told, 1);
        }
    }
}

fn ask(read: &Read, origin: &str) -> Ask {
    Ask::get(&read.target, read.filled_for).header("origin", origin)
}

/// Whether an origin may read; `true` where it may with the visitor's cookies.
fn allows(answer: &Answer, origin: &str) -> Option<bool> {
    let allowed = answer.header("access-control-allow-origin")?.trim();
    let credentials = answer
        .header("access-control-allow-credentials")
        .is_some_and(|value| value.trim() == "true");
    match allowed {
        "*" => Some(false),
        same if same.eq_ignore_ascii_case(origin) => Some(credentials),
        _ => None,
    }
}

fn tell(scan: &mut Scan<'_>, read: &Read, ask: &Ask, answer: &Answer, told: &str, count: usize) {
    let origin = ask.headers.get("origin").cloned().unwrap_or_default();
    let credentials = allows(answer, &origin) == Some(true);
    // An answer for everybody anyway loses nothing by being readable from elsewhere.
    let public = ask.who == Who::Anonymous && !credentials;
    let how = if credentials {
        "and with the visitor's cookies"
    } else {
        "without cookies"
    };
    let more = if count > 1 {
        format!(" ({count} operations)")
    } else {
        String::new()
    };
    let sight = Sight::new(
        CHECK,
        SurfaceKind::WideOrigin,
        &read.operation.route,
        ask,
        answer,
    )
    .subject(told)
    .seen(format!("Answers may be read from {told}, {how}{more}."))
    .compared(format!(
        "The request named the origin `{origin}`, and Access-Control-Allow-Origin lets it in."
    ))
    .worse(credentials);
    let sight = if public { sight.likely() } else { sight };
    scan.see(sight);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_let_in() {
        let answer = |origin: &str, credentials: &str| Answer {
            headers: vec![
                ("access-control-allow-origin".to_owned(), origin.to_owned()),
                (
                    "access-control-allow-credentials".to_owned(),
                    credentials.to_owned(),
                ),
            ],
            ..Answer::default()
        };
        assert_eq!(allows(&answer("*", "true"), STRANGER), Some(false));
        assert_eq!(allows(&answer(STRANGER, "true"), STRANGER), Some(true));
        assert_eq!(
            allows(&answer("https://own.example", "true"), STRANGER),
            None
        );
        assert_eq!(variants("127.0.0.1", false).len(), 4);
        assert_eq!(variants("api.example.com", true).len(), 6);
    }
}
