//! What `deny.toml` says of licences, sources and banned packages is a test, so that it holds
//! where `cargo deny` is not installed too.

use std::collections::BTreeSet;

use crate::run::{cargo, output, root};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn deny() -> toml::Table {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    text.parse().unwrap()
}

/// The locked packages, as far as this platform builds them.
fn packages() -> Vec<serde_json::Value> {
    let metadata = output(&mut cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform=host-tuple",
    ]))
    .unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn allowed() -> BTreeSet<String> {
    deny()["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|licence| licence.as_str().unwrap().to_owned())
        .collect()
}

/// One alternative of an SPDX expression must be allowed in all its parts. Parentheses only
/// group alternatives in practice, so each part is looked at without them.
fn fits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let plain = expression.replace('/', " OR ");
    let all = |alternative: &str| {
        alternative.split(" AND ").all(|part| {
            part.trim_matches(['(', ')', ' '])
                .split(" OR ")
                .any(|licence| allowed.contains(licence.trim_matches(['(', ')', ' '])))
        })
    };
    if plain.contains('(') {
        all(&plain)
    } else {
        plain.split(" OR ").any(all)
    }
}

#[test]
fn every_package_has_an_allowed_licence() {
    let allowed = allowed();
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|package| !fits(package["license"].as_str().unwrap_or_default(), &allowed))
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_package_comes_from_the_one_registry() {
    for package in packages() {
        let source = package["source"].as_str().unwrap_or(CRATES_IO);
        assert_eq!(source, CRATES_IO, "{}", package["name"]);
    }
}

#[test]
fn no_package_is_banned() {
    let deny = deny();
    let packages = packages();
    let users_of = |name: &str| -> Vec<&str> {
        packages
            .iter()
            .filter(|package| {
                let needs = package["dependencies"].as_array().unwrap();
                needs
                    .iter()
                    .any(|it| it["name"] == name && it["kind"] != "dev")
            })
            .map(|package| package["name"].as_str().unwrap())
            .collect()
    };
    for ban in deny["bans"]["deny"].as_array().unwrap() {
        let name = ban["crate"].as_str().unwrap();
        assert!(
            ban["reason"].as_str().is_some(),
            "{name} is banned without a reason"
        );
        let locked = packages.iter().any(|package| package["name"] == name);
        match ban.get("wrappers").and_then(toml::Value::as_array) {
            None => assert!(!locked, "{name} is banned"),
            Some(wrappers) => {
                let wrappers: Vec<&str> = wrappers.iter().filter_map(toml::Value::as_str).collect();
                assert_eq!(users_of(name), wrappers, "{name} belongs to its wrappers");
            }
        }
    }
}

#[test]
fn expressions() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "Unicode-3.0".to_owned()]);
    for (expression, expected) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0 OR MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0", false),
        ("GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(fits(expression, &allowed), expected, "{expression}");
    }
}
