//! Looks for the specification: where the user says, at its usual places, behind the pages that show it.

use super::html;
use super::openapi::{self, Spec};
use super::places;
use crate::client::{Answer, Ask, Client, Outcome, Who};
use crate::error::HttpError;
use crate::limits;

/// The specification, if there is one.
pub(crate) fn find(client: &mut Client, told: Option<&str>) -> Result<Option<Spec>, HttpError> {
    if let Some(told) = told {
        return named(client, told).map(Some);
    }
    let base = client.target.base.clone();
    let asks: Vec<Ask> = places::SPECIFICATIONS
        .iter()
        .map(|place| Ask::get(&format!("{base}{place}"), Who::Anonymous))
        .collect();
    let outcomes = client.all(&asks);
    for (ask, outcome) in asks.iter().zip(&outcomes) {
        if let Some(answer) = outcome.success()
            && let Some(spec) = read(client, answer, ask)
        {
            return Ok(Some(spec));
        }
    }
    Ok(shown(client))
}

/// An answer that is one; one that was cut is fetched whole.
fn read(client: &mut Client, answer: &Answer, ask: &Ask) -> Option<Spec> {
    let from = client.target.at(&ask.target);
    let start = String::from_utf8_lossy(&answer.body[..answer.body.len().min(4096)]);
    if answer.is_html() || !(start.contains("openapi") || start.contains("swagger")) {
        return None;
    }
    if answer.breaches.is_empty() {
        return openapi::parse(
            &String::from_utf8_lossy(&answer.body),
            &from,
            &ask.target,
            &client.target,
        );
    }
    let whole = client.large(ask);
    let body = &whole.success()?.body;
    openapi::parse(
        &String::from_utf8_lossy(body),
        &from,
        &ask.target,
        &client.target,
    )
}

fn named(client: &mut Client, told: &str) -> Result<Spec, HttpError> {
    let refused = |why: &str| HttpError::Specification {
        from: told.to_owned(),
        why: why.to_owned(),
    };
    let no_spec = "it is no OpenAPI or Swagger document, or nests too deep";
    if !told.starts_with("http://") && !told.starts_with("https://") {
        let metadata = std::fs::metadata(told).map_err(|_| refused("the file can't be read"))?;
        if metadata.len() > limits::SPECIFICATION as u64 {
            return Err(refused("it is larger than 50 MB"));
        }
        let bytes = std::fs::read(told).map_err(|_| refused("the file can't be read"))?;
        let base = client.target.base.clone();
        return openapi::parse(
            &String::from_utf8_lossy(&bytes),
            told,
            &base,
            &client.target,
        )
        .ok_or_else(|| refused(no_spec));
    }
    let path = client.target.local(told, "/").ok_or_else(|| {
        refused("it lies on another host than the service; fetch it, and name the file")
    })?;
    let ask = Ask::get(&path, Who::Anonymous);
    match client.large(&ask) {
        Outcome::Answer(answer) if answer.is_success() => {
            if !answer.breaches.is_empty() {
                return Err(refused("it is larger than 50 MB, or can't be unpacked"));
            }
            openapi::parse(
                &String::from_utf8_lossy(&answer.body),
                told,
                &path,
                &client.target,
            )
            .ok_or_else(|| refused(no_spec))
        }
        Outcome::Answer(answer) => Err(refused(&format!("the service answers {}", answer.status))),
        Outcome::Failed(why) => Err(refused(why)),
        Outcome::NotSent => Err(refused("nothing is sent in a dry run; name a file")),
    }
}

/// By Swagger UI, `ReDoc` and what they load.
fn shown(client: &mut Client) -> Option<Spec> {
    let base = client.target.base.clone();
    let asks: Vec<Ask> = places::PAGES
        .iter()
        .map(|place| {
            Ask::get(&format!("{base}{place}"), Who::Anonymous).header("accept", "text/html")
        })
        .collect();
    let outcomes = client.all(&asks);
    for (ask, outcome) in asks.iter().zip(&outcomes) {
        let Some(page) = outcome.success().filter(|answer| answer.is_html()) else {
            continue;
        };
        let text = page.text().into_owned();
        let mut links = spec_links(&text);
        for script in html::attributes(&text, "src")
            .into_iter()
            .filter(|src| src.contains("initializer"))
        {
            let path = client.target.local(script, &ask.target);
            if let Some(answer) = path.map(|path| client.one(Ask::get(&path, Who::Anonymous))) {
                let text = answer.success().map(|answer| answer.text().into_owned());
                links.extend(spec_links(&text.unwrap_or_default()));
            }
        }
        for link in links {
            let Some(path) = client.target.local(&link, &ask.target) else {
                continue;
            };
            let asked = Ask::get(&path, Who::Anonymous);
            let outcome = client.one(asked.clone());
            if let Some(spec) = outcome
                .success()
                .and_then(|answer| read(client, answer, &asked))
            {
                return Some(spec);
            }
        }
    }
    None
}

/// `url: "…"`, `spec-url="…"`, `SwaggerUIBundle({url…`.
fn spec_links(text: &str) -> Vec<String> {
    let mut links: Vec<String> = html::attributes(text, "spec-url")
        .into_iter()
        .map(str::to_owned)
        .collect();
    for name in ["url:", "url :", "\"url\":", "specUrl:", "Redoc.init("] {
        for rest in text.split(name).skip(1) {
            let rest = rest.trim_start();
            if let Some(quote @ ('"' | '\'')) = rest.chars().next()
                && let Some(value) = rest[1..].split(quote).next()
                && value.len() < 500
            {
                links.push(value.to_owned());
            }
        }
    }
    links.truncate(limits::LINKS);
    links
}
