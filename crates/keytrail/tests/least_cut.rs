//! `fix --least-cut`: what becomes of every edit of the cut is told, to people and to programs; and keys that are taken
//! out of the source never meet under one name.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn keytrail(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args(arguments)
        .arg("--no-cache")
        .current_dir(directory)
        .env_remove("KEYTRAIL_SALT")
        .output()
        .unwrap()
}

#[test]
fn every_edit_of_the_cut_is_made_or_told_to_a_person() {
    let leaky = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/leaky");
    let only = ["--only", "code,infra,files"];
    let scan = [&["scan", "--format", "json"], &only[..]].concat();
    let report: Value = serde_json::from_slice(&keytrail(&leaky, &scan).stdout).unwrap();
    let fix = [&["fix", "--least-cut", "--format", "json"], &only[..]].concat();
    let output = keytrail(&leaky, &fix);
    let fixes: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ids = |edits: &Value| -> Vec<String> {
        let edits = edits.as_array().unwrap().iter();
        edits
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&fixes["least_cut"]), ids(&report["least_cut"]["edits"]));
    let edits = fixes["least_cut"].as_array().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut by_state = [0, 0, 0];
    for edit in edits {
        let title = edit["title"].as_str().unwrap();
        let (at, how) = match edit["state"].as_str().unwrap() {
            "automatic" => (0, None),
            "needs_unsafe" => (1, Some("with --unsafe")),
            "by_hand" => (2, Some("by hand")),
            state => panic!("{state}"),
        };
        by_state[at] += 1;
        if let Some(how) = how {
            let path = edit["path"].as_str().unwrap();
            let line = format!("{how}: {title} ({path}:{})", edit["line"]);
            assert!(told.contains(&line), "{line} in {told}");
            assert!(!edit["note"].as_str().unwrap().is_empty());
        }
    }
    assert!(by_state.iter().all(|count| *count > 0), "{by_state:?}");
    let summary = format!(
        "least cut: {} of {} edits are automatic",
        by_state[0],
        edits.len()
    );
    assert!(told.contains(&summary), "{told}");
}

#[test]
fn two_keys_of_one_variable_in_two_files_are_told_apart() {
    let project = tempfile::tempdir().unwrap();
    let key = |tail: &str| ["sk_li", "ve_", "4eC39HqLyjWDarj", "tT1zdp", tail].concat();
    for (directory, tail) in [("billing", "7dcQ9w"), ("shop", "8fXr2k")] {
        let path = project.path().join(directory);
        std::fs::create_dir(&path).unwrap();
        let text = format!("import requests\n\nAPI_KEY = \"{}\"\n", key(tail));
        std::fs::write(path.join("mail.py"), text).unwrap();
    }
    let arguments = [
        "fix",
        "--unsafe",
        "--rule",
        "hard-coded-key",
        "--only",
        "code,files",
    ];
    let output = keytrail(project.path(), &arguments);
    let difference = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in ["BILLING_MAIL_API_KEY", "SHOP_MAIL_API_KEY"] {
        assert!(
            difference.contains(&format!("os.environ[\"{name}\"]")),
            "{difference}"
        );
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            told.contains(&format!("set {name}, from a vault")),
            "{told}"
        );
    }
}
