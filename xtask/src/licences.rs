//! `deny.toml` allows some licences; every locked package must have one of them. `cargo deny`
//! says the same and more, where it is installed.

use std::collections::BTreeSet;

use crate::run::{cargo, output, root};

fn allowed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let deny: toml::Table = text.parse().unwrap();
    deny["licenses"]["allow"]
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
    let metadata = output(&mut cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform=host-tuple",
    ]))
    .unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let allowed = allowed();
    let wrong: Vec<String> = metadata["packages"]
        .as_array()
        .unwrap()
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
