//! The table of rooms is a test: an edge between crates that is not in it fails.

use std::collections::{BTreeMap, BTreeSet};

use crate::run::{cargo, output};

/// Which room may depend on which; ARCHITECTURE.md says why.
const MAY: &[(&str, &[&str])] = &[
    ("keytrail", &["engine", "report", "web"]),
    ("keytrail-cloud", &["detect", "infra", "model"]),
    ("keytrail-code", &["detect", "model"]),
    ("keytrail-detect", &["model"]),
    (
        "keytrail-engine",
        &[
            "cloud", "code", "detect", "files", "graph", "http", "infra", "model", "move",
            "remedy", "report", "rules", "store",
        ],
    ),
    ("keytrail-files", &["detect", "model"]),
    ("keytrail-graph", &["model"]),
    ("keytrail-http", &["detect", "model"]),
    ("keytrail-infra", &["detect", "model"]),
    ("keytrail-model", &[]),
    ("keytrail-move", &["model"]),
    ("keytrail-py", &["detect", "model"]),
    ("keytrail-remedy", &["code", "detect", "infra", "model"]),
    ("keytrail-report", &["model"]),
    ("keytrail-rules", &["graph", "model"]),
    ("keytrail-store", &["model"]),
    ("keytrail-twin", &[]),
    ("keytrail-web", &["engine", "model", "report", "store"]),
    ("xtask", &[]),
];

/// Crates of others that only these rooms may use.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("aws-", &["keytrail-cloud"]),
    ("reqwest", &["keytrail-http"]),
    ("ruff_", &["keytrail-code", "keytrail-remedy"]),
];

struct Package {
    name: String,
    depends_on: BTreeSet<String>,
}

/// The workspace's packages with what they need to build or run; tests may use more.
fn packages() -> Vec<Package> {
    let metadata = output(&mut cargo(&["metadata", "--format-version=1", "--no-deps"])).unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| Package {
            name: package["name"].as_str().unwrap().to_owned(),
            depends_on: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect(),
        })
        .collect()
}

#[test]
fn rooms_depend_only_on_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = MAY.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in packages() {
        let Some(allowed) = table.get(package.name.as_str()) else {
            wrong.push(format!("{} is not in the table of rooms", package.name));
            continue;
        };
        for other in &package.depends_on {
            let room = other.strip_prefix("keytrail-");
            if room.is_some_and(|room| !allowed.contains(&room)) || other == "keytrail" {
                wrong.push(format!("{} depends on {other}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn some_crates_live_in_few_rooms() {
    let mut wrong = Vec::new();
    for package in packages() {
        for (prefix, rooms) in ONLY_IN {
            let used = package
                .depends_on
                .iter()
                .any(|name| name.starts_with(prefix));
            if used && !rooms.contains(&&*package.name) {
                wrong.push(format!(
                    "{} uses {prefix}*, which belongs to {}",
                    package.name,
                    rooms.join(" and ")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_is_sorted_and_has_no_way_back() {
    let names: Vec<&str> = MAY.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted(), "sort the table");
    // Rooms are taken away as long as one depends on nothing that is left; a ring would stay.
    let mut left: BTreeMap<&str, &[&str]> = MAY.iter().copied().collect();
    while let Some(free) = left
        .iter()
        .find(|(_, needs)| {
            !needs
                .iter()
                .any(|room| left.contains_key(&*format!("keytrail-{room}")))
        })
        .map(|(name, _)| *name)
    {
        left.remove(free);
    }
    assert!(
        left.is_empty(),
        "these rooms form a ring: {:?}",
        left.keys()
    );
}
