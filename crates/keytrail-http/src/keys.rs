//! Keys in answers, by the detector: JSON value by value under its own name, other texts as a whole.

use std::collections::BTreeMap;

use keytrail_detect::{Format, ScanContext};
use keytrail_model::{Fingerprinter, SeenKey};
use zeroize::Zeroizing;

use crate::client::{Answer, Client};
use crate::json;

/// The keys in an answer, sorted; what the caller sent itself is none.
pub(crate) fn seen(client: &Client, answer: &Answer, prints: &Fingerprinter) -> Vec<SeenKey> {
    let mut keys = Vec::new();
    match &answer.json {
        Some(value) => {
            for leaf in json::leaves(value) {
                let Some(text) = leaf.value.as_str() else {
                    continue;
                };
                if text.starts_with("http") || crate::client::is_own(&client.identities, text) {
                    continue;
                }
                if let Some(hit) = client.detector.examine(text, Some(leaf.name())) {
                    keys.push(SeenKey {
                        provider: hit.provider.to_owned(),
                        fingerprint: hit.fingerprint(prints),
                        masked: hit.masked.to_string(),
                        field: leaf.path,
                    });
                }
            }
        }
        None => {
            for hit in scan(client, answer) {
                keys.push(SeenKey {
                    provider: hit.provider.to_owned(),
                    fingerprint: hit.fingerprint(prints),
                    masked: hit.masked.to_string(),
                    field: hit.name.clone().unwrap_or_default(),
                });
            }
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

fn scan(client: &Client, answer: &Answer) -> Vec<keytrail_detect::Hit> {
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
    let own = |hit: &keytrail_detect::Hit| {
        hit.secret.with_bytes(|bytes| {
            std::str::from_utf8(bytes)
                .is_ok_and(|text| crate::client::is_own(&client.identities, text))
        })
    };
    client
        .detector
        .scan(&answer.body[..end], &cx)
        .into_iter()
        .filter(|hit| !own(hit))
        .collect()
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
