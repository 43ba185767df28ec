//! What the provider files say of asking vendors holds together.

use std::collections::BTreeSet;

use keytrail_detect::{Detector, Validation};

fn all() -> impl Iterator<Item = (&'static str, &'static Validation)> {
    let providers = Detector::new().providers().iter();
    providers.filter_map(|it| Some((it.id.as_str(), it.validation.as_ref()?)))
}

#[test]
fn requests_go_to_one_named_host_over_tls() {
    assert!(all().count() >= 80, "{}", all().count());
    for (id, it) in all() {
        assert!(it.url.starts_with("https://"), "{id}");
        let host = it.host();
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        assert!(host.bytes().all(plain), "{id}: {host}");
        // A name, no address: its last part is a word.
        let last = host.rsplit('.').next().unwrap();
        assert!(
            host.contains('.') && last.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{id}"
        );
        assert!(it.docs.starts_with("https://"), "{id}");
    }
}

#[test]
fn the_key_stands_in_one_place() {
    for (id, it) in all() {
        let parts = [Some(&it.url), it.header.as_ref(), it.basic.as_ref()];
        let places: usize = parts
            .iter()
            .flatten()
            .map(|part| part.matches("{key}").count())
            .sum();
        assert_eq!(places, usize::from(it.signed.is_none()), "{id}");
        let others = it.headers.iter().chain(&it.body);
        assert!(others.clone().all(|part| !part.contains("{key}")), "{id}");
        assert!(
            it.headers
                .iter()
                .chain(&it.header)
                .all(|line| line.contains(": ")),
            "{id}"
        );
        assert!(
            it.header.as_ref().is_none_or(|_| it.basic.is_none()),
            "{id}"
        );
        let paired =
            parts.iter().flatten().any(|part| part.contains("{pair}")) || it.signed.is_some();
        assert_eq!(paired, it.pair.is_some(), "{id}");
    }
}

#[test]
fn answers_mean_one_thing() {
    let ids: BTreeSet<&str> = Detector::new()
        .providers()
        .iter()
        .map(|it| it.id.as_str())
        .collect();
    for (id, it) in all() {
        assert!(!it.live.is_empty(), "{id}");
        assert!(
            it.live.iter().all(|status| !it.refused.contains(status)),
            "{id}"
        );
        assert!(
            it.live_codes
                .iter()
                .all(|code| !it.refused_codes.contains(code)),
            "{id}"
        );
        assert_eq!(
            it.code.is_some(),
            !(it.live_codes.is_empty() && it.refused_codes.is_empty()),
            "{id}"
        );
        for pointer in [&it.ok, &it.code, &it.identity].into_iter().flatten() {
            assert!(pointer.starts_with('/'), "{id}");
        }
        // A refusal that can't be told has a reason.
        let refuses = !it.refused.is_empty() || !it.refused_codes.is_empty();
        assert!(refuses || it.note.is_some(), "{id}");
        assert!(
            it.pair
                .as_ref()
                .is_none_or(|pair| ids.contains(pair.as_str())),
            "{id}"
        );
        assert!(it.signed.as_ref().is_none_or(|how| how == "aws"), "{id}");
    }
}

#[test]
fn keys_of_another_kind_are_not_asked_about() {
    let (_, it) = all().find(|(id, _)| *id == "anthropic-key").unwrap();
    assert!(it.fits(b"sk-ant-api03-x") && !it.fits(b"sk-ant-admin01-x"));
    assert_eq!(it.shown(), "GET https://api.anthropic.com/v1/models");
    assert_eq!(it.host(), "api.anthropic.com");
}
