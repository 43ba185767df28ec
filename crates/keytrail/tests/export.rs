//! A DynamoDB export given to `scan`: the findings of its items.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// Keys are put together so that no push protection cries.
fn key(end: &str) -> String {
    ["sk", "live", &format!("kq7Zp2Vx9LmR4tYw8BnC5dFg{end}")].join("_")
}

fn export(root: &Path) {
    let data = root.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let item = json!({"Item": {
        "owner_id": {"S": "team-7"},
        "api_key": {"S": key("Hj3s")},
        "extra": {"M": {"token": {"S": key("Kk9t")}}},
    }});
    std::fs::write(data.join("a.json"), format!("{item}\n")).unwrap();
    let summary = json!({
        "exportArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/api_metadata/export/1",
        "tableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/api_metadata",
        "itemCount": 1,
    });
    std::fs::write(root.join("manifest-summary.json"), summary.to_string()).unwrap();
    let file = json!({"itemCount": 1, "dataFileS3Key": "data/a.json"});
    std::fs::write(root.join("manifest-files.json"), file.to_string()).unwrap();
}

#[test]
fn findings_of_an_export_and_its_state() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("export");
    export(&root);
    let state = directory.path().join("state");
    for _ in 0..2 {
        let output = Command::new(env!("CARGO_BIN_EXE_keytrail"))
            .args(["scan", "--format", "json", "--resume"])
            .arg(&state)
            .arg(&root)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found: Vec<_> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                (
                    finding["rule"].as_str().unwrap(),
                    finding["confidence"].as_str().unwrap(),
                )
            })
            .collect();
        let expected = [
            ("raw-key-stored", "observed"),
            ("key-in-catch-all", "observed"),
        ];
        assert_eq!(found, expected);
        for text in [
            &output.stdout,
            &output.stderr,
            &std::fs::read(&state).unwrap(),
        ] {
            assert!(!String::from_utf8_lossy(text).contains("kq7Zp2Vx"), "law 1");
        }
    }
    std::fs::write(&state, "something else\n").unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args(["scan", "--resume"])
        .arg(&state)
        .arg(&root)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
}
