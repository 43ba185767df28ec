//! Keys in answers, by the detector: JSON value by value under its own name, other texts as a whole.

use std::collections::BTreeMap;

use keytrail_detect::{Format, Hit, ScanContext};
use keytrail_model::{Fingerprinter, SeenKey};
use zeroize::Zeroizing;

use crate::client::{Answer, Client, Who};
use crate::json;

/// Fields that hold what a form or a session proves itself by, new with each answer: no keys.
const PROOFS: &[&str] = &["csrf", "xsrf", "nonce", "authenticity"];

/// The keys in what `who` was answered, sorted; what the caller sent itself is none.
pub(crate) fn seen(
    client: &Client,
    who: Who,
    answer: &Answer,
    prints: &Fingerprinter,
) -> Vec<SeenKey> {
    let mut keys = Vec::new();
    let own = |text: &str| crate::client::is_own(&client.identities, who, text);
    match &answer.json {
        Some(value) => {
            for leaf in json::leaves(value) {
                let Some(text) = leaf.value.as_str() else {
                    continue;
                };
                if text.starts_with("http") || own(text) || is_proof(leaf.name()) {
                    continue;
                }
                if let Some(hit) = client.detector.examine(text, Some(leaf.name())) {
                    let field = json::attribute(&leaf.path).to_owned();
                    keys.push(told(&hit, field, prints));
                }
            }
        }
        None => {
            for hit in scan(client, answer) {
                let is_own = hit
                    .secret
                    .with_bytes(|bytes| std::str::from_utf8(bytes).is_ok_and(&own));
                if !is_own && !is_proof(hit.name.as_deref().unwrap_or_default()) {
                    let field = hit.name.clone().unwrap_or_default();
                    keys.push(told(&hit, field, prints));
                }
            }
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

fn told(hit: &Hit, field: String, prints: &Fingerprinter) -> SeenKey {
    SeenKey {
        provider: hit.provider.to_owned(),
        fingerprint: hit.fingerprint(prints),
        masked: hit.masked.to_string(),
        field,
    }
}

fn is_proof(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    PROOFS.iter().any(|word| lower.contains(word))
}

fn scan(client: &Client, answer: &Answer) -> Vec<Hit> {
    let end = answer.body.len().min(crate::limits::SEARCHED);
    let format = if answer.content_type().contains("javascript") {
        Format::Source
    } else if answer.is_html() {
        Format::Prose
    } else {
        Format::Config
    };
    let cx = ScanContext {
        format,
        ..ScanContext::default()
    };
    client.detector.scan(&answer.body[..end], &cx)
}

/// The raw keys with their masks, for taking them out of an excerpt; wiped when dropped.
pub(crate) fn raw(client: &Client, answer: &Answer) -> Vec<(Zeroizing<String>, String)> {
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    if let Some(value) = &answer.json {
        for leaf in json::leaves(value) {
            let hit = leaf
                .value
                .as_str()
                .and_then(|text| client.detector.examine(text, Some(leaf.name())));
            if let Some(hit) = hit {
                let text = hit
                    .secret
                    .with_bytes(|bytes| String::from_utf8_lossy(bytes).into_owned());
                out.insert(text, hit.masked.to_string());
            }
        }
    }
    for hit in scan(client, answer) {
        let text = hit
            .secret
            .with_bytes(|bytes| String::from_utf8_lossy(bytes).into_owned());
        out.insert(text, hit.masked.to_string());
    }
    out.into_iter()
        .map(|(raw, mask)| (Zeroizing::new(raw), mask))
        .filter(|(raw, _)| raw.len() > 3)
        .collect()
}
