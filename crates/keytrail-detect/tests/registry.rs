//! Every provider keeps what its file promises.

use std::collections::BTreeSet;

use keytrail_detect::{Detector, ScanContext, expand};
use keytrail_model::SightingConfidence;

#[test]
fn every_example_is_found_and_no_counter_example_is() {
    let detector = Detector::new();
    let mut failures = Vec::new();
    for provider in detector.providers() {
        let found = |template: &String| {
            let text = expand(template);
            detector
                .scan(text.as_bytes(), &ScanContext::for_path("a.env"))
                .iter()
                .any(|hit| hit.provider == provider.id)
        };
        for example in provider.examples.iter().filter(|example| !found(example)) {
            failures.push(format!("{}: not found: {example}", provider.id));
        }
        let surely_found = |template: &String| {
            let text = expand(template);
            detector
                .scan(text.as_bytes(), &ScanContext::for_path("a.env"))
                .iter()
                .any(|hit| hit.provider == provider.id && hit.confidence > SightingConfidence::Low)
        };
        for counter in provider
            .counter_examples
            .iter()
            .filter(|counter| surely_found(counter))
        {
            failures.push(format!("{}: found: {counter}", provider.id));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn providers_are_complete_sorted_and_unique() {
    let providers = Detector::new().providers();
    assert!(providers.len() >= 500, "{}", providers.len());
    let ids: BTreeSet<&str> = providers
        .iter()
        .map(|provider| provider.id.as_str())
        .collect();
    assert_eq!(ids.len(), providers.len(), "an id twice");
    assert!(providers.is_sorted_by(|a, b| a.id < b.id));
    for provider in providers {
        let id = &provider.id;
        assert!(
            id.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{id}"
        );
        assert!(
            provider.examples.len() >= 2 && !provider.counter_examples.is_empty(),
            "{id}"
        );
        assert!(
            !provider.power.is_empty() && provider.rotate.ends_with('.'),
            "{id}"
        );
        assert!(provider.docs.starts_with("https://"), "{id}");
        assert!(provider.public_prefix <= 8, "{id}");
    }
}

#[test]
fn every_file_is_built_in() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
    let mut expected = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        expected += text.matches("[[provider]]").count();
    }
    assert_eq!(Detector::new().providers().len(), expected);
}

#[test]
fn no_file_holds_what_it_describes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
    let detector = Detector::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read(&path).unwrap();
        let hits = detector.scan(&text, &ScanContext::for_path("a.toml"));
        assert!(hits.is_empty(), "{}: {hits:?}", path.display());
    }
}
