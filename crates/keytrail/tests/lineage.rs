//! One key over history, tree, log and export, in the order of time.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// Keys are put together so that no push protection cries.
fn key() -> String {
    ["sk", "live", "kq7Zp2Vx9LmR4tYw8BnC5dFgHj3s"].join("_")
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn git(root: &Path, day: &str, arguments: &[&str]) {
    let time = format!("{day}T12:00:00Z");
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(arguments)
        .current_dir(root)
        .env("GIT_AUTHOR_DATE", &time)
        .env("GIT_COMMITTER_DATE", &time)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

fn repository(root: &Path) {
    git(root, "2024-01-05", &["init", "-q"]);
    write(
        root,
        "shop/old.py",
        &format!("STRIPE_KEY = \"{}\"\n", key()),
    );
    git(root, "2024-01-05", &["add", "."]);
    git(root, "2024-01-05", &["commit", "-qm", "one"]);
    write(root, "shop/old.py", "STRIPE_KEY = None\n");
    git(root, "2024-02-07", &["commit", "-qam", "two"]);
    write(root, ".env", &format!("STRIPE_KEY={}\n", key()));
    write(
        root,
        "logs/app.log",
        &format!("INFO:shop.pay:with {}\n", key()),
    );
    let item = json!({"Item": {"owner_id": {"S": "a"}, "api_key": {"S": key()}}});
    write(root, "export/data/a.json", &format!("{item}\n"));
    let summary = json!({
        "tableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/keys",
        "exportTime": "2024-01-20T07:28:34.028Z", "itemCount": 1,
    });
    write(root, "export/manifest-summary.json", &summary.to_string());
    let file = json!({"itemCount": 1, "dataFileS3Key": "data/a.json"});
    write(root, "export/manifest-files.json", &file.to_string());
}

fn run(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args(["lineage"])
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap()
}

#[test]
fn every_sighting_in_the_order_of_time() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("shop");
    std::fs::create_dir(&root).unwrap();
    repository(&root);
    let file = directory.path().join("key");
    std::fs::write(&file, format!("{}\n", key())).unwrap();
    let asked = format!("@{}", file.display());

    let output = run(&root, &[&asked, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let lineage: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema: Value = serde_json::from_str(&keytrail_report::lineage_schema()).unwrap();
    assert!(
        jsonschema::validator_for(&schema)
            .unwrap()
            .is_valid(&lineage)
    );
    let seen: Vec<String> = lineage["sightings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|seen| {
            let day = |name: &str| seen[name].as_str().unwrap_or("-").to_owned();
            let place = &seen["location"];
            format!(
                "{} {} {} {}",
                day("since"),
                day("until"),
                day("source"),
                place["path"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "2024-01-05 2024-01-05 history shop/old.py",
        "2024-01-20 - item export/manifest-summary.json",
        "- - file .env",
        "- - log logs/app.log",
    ];
    assert_eq!(seen, expected);

    let print = lineage["fingerprint"].as_str().unwrap();
    let output = run(&root, &[print]);
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "4 sightings",
        "shop/old.py:1 in ",
        "a line by logger shop.pay",
        "since 2024-01-20",
        "keys.api_key",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    assert!(!text.contains("kq7Zp2Vx"), "law 1");
}

#[test]
fn what_is_no_fingerprint_is_not_repeated() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "a.py", "x = 1\n");
    let output = run(directory.path(), &[&key()]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("not repeated") && !told.contains("kq7Zp2Vx"),
        "{told}"
    );
    let unseen = run(directory.path(), &["0123456789abcdef0123456789abcdef"]);
    assert_eq!(unseen.status.code(), Some(0));
    assert!(
        String::from_utf8(unseen.stdout)
            .unwrap()
            .contains("seen nowhere")
    );
}
