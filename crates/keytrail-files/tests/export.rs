//! Exports of DynamoDB, as files.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::GzEncoder};
use keytrail_detect::Detector;
use keytrail_files::{ExportError, ExportOptions, Exports, exports};
use keytrail_model::{
    Collected, CoverageStatus, Fact, Fingerprinter, MemoryTree, Progress, StoredKeys,
};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

/// Keys are put together so that no push protection cries.
fn stripe(end: &str) -> String {
    ["sk", "live", &format!("kq7Zp2Vx9LmR4tYw8BnC5dFg{end}")].join("_")
}

fn gz(lines: &[String]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        encoder.write_all(line.as_bytes()).unwrap();
        encoder.write_all(b"\n").unwrap();
    }
    encoder.finish().unwrap()
}

fn md5(bytes: &[u8]) -> String {
    STANDARD.encode(Md5::digest(bytes))
}

/// A whole export of these data files.
fn export(files: &[(&str, Vec<String>)]) -> Vec<(String, Vec<u8>)> {
    let at = |name: &str| format!("backup/AWSDynamoDB/0123-abcd/{name}");
    let items: usize = files.iter().map(|(_, lines)| lines.len()).sum();
    let summary = json!({
        "version": "2020-06-30",
        "exportArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/api_metadata/export/0123-abcd",
        "tableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/api_metadata",
        "itemCount": items,
        "outputFormat": "DYNAMODB_JSON",
    });
    let mut tree = Vec::new();
    let mut told = String::new();
    for (name, lines) in files {
        let bytes = gz(lines);
        let line = json!({
            "itemCount": lines.len(),
            "md5Checksum": md5(&bytes),
            "dataFileS3Key": at(&format!("data/{name}")),
        });
        told += &line.to_string();
        told.push('\n');
        tree.push((at(&format!("data/{name}")), bytes));
    }
    let summary = summary.to_string().into_bytes();
    tree.push((at("manifest-summary.md5"), md5(&summary).into_bytes()));
    tree.push((at("manifest-summary.json"), summary));
    tree.push((at("manifest-files.md5"), md5(told.as_bytes()).into_bytes()));
    tree.push((at("manifest-files.json"), told.into_bytes()));
    tree
}

fn read(files: &[(String, Vec<u8>)], state: Option<&Path>) -> Result<Collected, ExportError> {
    let tree = MemoryTree::new(files.iter().cloned());
    let options = ExportOptions {
        state: state.map(Path::to_owned),
    };
    exports(
        &tree,
        &Exports::find(&tree),
        &Detector::new(),
        &Fingerprinter::default(),
        &Progress::default(),
        &options,
    )
}

fn stored(collected: &Collected) -> Vec<&StoredKeys> {
    let facts = collected.facts.iter();
    facts
        .filter_map(|fact| match fact {
            Fact::StoredKeys(stored) => Some(stored),
            _ => None,
        })
        .collect()
}

fn item(item: &Value) -> String {
    json!({"Item": item}).to_string()
}

fn plain(number: usize) -> String {
    item(&json!({
        "owner_id": {"S": format!("team-{number}")},
        "api_key": {"S": "none"},
        "metadata": {"M": {"created": {"S": "2024-05-31T12:00:00Z"}, "note": {"S": "a plain note, of no use"}}},
    }))
}

/// Two files with a key in each, in different attributes, among plain items.
fn sample() -> Vec<(String, Vec<u8>)> {
    let mut one: Vec<String> = (0..1_000).map(plain).collect();
    one[499] = item(&json!({"owner_id": {"S": "team-x"}, "api_key": {"S": stripe("Hj3s")}}));
    let mut two: Vec<String> = (0..500).map(plain).collect();
    two[0] = item(&json!({"owner_id": {"S": "team-y"},
        "metadata": {"M": {"vendors": {"L": [{"M": {"token": {"S": stripe("Kk9t")}}}]}}}}));
    export(&[("b.json.gz", two), ("a.json.gz", one)])
}

#[test]
fn items_with_table_attribute_and_place() {
    let collected = read(&sample(), None).unwrap();
    let coverage = &collected.coverage;
    assert_eq!(coverage.status, CoverageStatus::Evaluated, "{coverage:?}");
    assert_eq!(coverage.counts["items"], 1_500);
    assert_eq!(coverage.counts["keys"], 2);
    let found: Vec<_> = stored(&collected)
        .iter()
        .map(|it| {
            (
                it.table.as_str(),
                it.attribute.as_str(),
                it.items,
                it.values,
                it.examples[0].item.as_str(),
            )
        })
        .collect();
    let expected = [
        ("api_metadata", "api_key", 1_500, 1_499, "a.json.gz:500"),
        (
            "api_metadata",
            "metadata.vendors.token",
            1_500,
            1,
            "b.json.gz:1",
        ),
    ];
    assert_eq!(found, expected);
    assert!(!format!("{collected:?}").contains("kq7Zp2Vx"), "law 1");
}

#[test]
fn changes_have_their_keys() {
    let change = json!({
        "Metadata": {"WriteTimestampMicros": "1680109764000000"},
        "Keys": {"owner_id": {"S": "team-partner-7"}},
        "OldImage": {"owner_id": {"S": "team-partner-7"}, "old_key": {"S": stripe("Hj3s")}},
        "NewImage": {"owner_id": {"S": "team-partner-7"}, "new_key": {"S": stripe("Kk9t")}},
    });
    let deleted = json!({"Metadata": {}, "Keys": {"owner_id": {"S": stripe("Zz1u")}}});
    let lines = vec![change.to_string(), deleted.to_string()];
    let collected = read(&export(&[("a.json.gz", lines)]), None).unwrap();
    assert_eq!(collected.coverage.problems, []);
    let found: Vec<_> = stored(&collected)
        .iter()
        .map(|it| (it.attribute.as_str(), it.examples[0].item.as_str()))
        .collect();
    let shown = "owner_id=tea…(14 characters) (a.json.gz:1)";
    let expected = [
        ("new_key", shown),
        ("old_key", shown),
        ("owner_id", "owner_id=…(36 characters) (a.json.gz:2)"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn ion_is_read_alike() {
    let line = format!(
        "$ion_1_0 {{Item:{{owner_id:\"team-7\",metadata:{{api_key:\"{}\"}},n:12.}}}}",
        stripe("Hj3s")
    );
    let collected = read(&export(&[("a.ion.gz", vec![line])]), None).unwrap();
    assert_eq!(collected.coverage.problems, []);
    assert_eq!(stored(&collected)[0].attribute, "metadata.api_key");
}

#[test]
fn differences_from_the_manifest_are_told() {
    let mut files = sample();
    let place = |files: &[(String, Vec<u8>)], end: &str| {
        files
            .iter()
            .position(|(path, _)| path.ends_with(end))
            .unwrap()
    };
    let at = place(&files, "a.json.gz");
    files[at].1 = gz(&[plain(1), "no item".to_owned(), plain(2)]);
    let gone = place(&files, "b.json.gz");
    files[gone].0 = files[gone].0.replace("b.json.gz", "c.json.gz");
    let length = files[gone].1.len();
    files[gone].1.truncate(length - 20);
    let changed = place(&files, "manifest-files.md5");
    files[changed].1 = md5(b"other").into_bytes();
    let collected = read(&files, None).unwrap();
    assert_eq!(collected.coverage.status, CoverageStatus::Partial);
    let told: Vec<String> = collected
        .coverage
        .problems
        .iter()
        .map(|it| {
            format!(
                "{}:{:?} {}",
                it.path.rsplit('/').next().unwrap(),
                it.line,
                it.message
            )
        })
        .collect();
    let told = told.join("\n");
    for expected in [
        "a.json.gz:Some(2) no item",
        "a.json.gz:None not what its MD5",
        "a.json.gz:None it has 2 items, the manifest says 1000",
        "c.json.gz:None the manifest does not name it",
        "c.json.gz:None not read to its end",
        "manifest-summary.json:None 1 of 2 data files are not here, among them b.json.gz",
        "manifest-files.json:None not what its MD5 says",
        "the manifest says 1500",
    ] {
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
}

#[test]
fn a_kill_loses_the_file_under_way_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let files = sample();
    let whole = read(&files, None).unwrap();
    let first = read(&files, Some(&state)).unwrap();
    // Killed in the middle of the last line.
    let text = std::fs::read(&state).unwrap();
    assert!(
        !String::from_utf8_lossy(&text).contains("kq7Zp2Vx"),
        "law 1"
    );
    std::fs::write(&state, &text[..text.len() - 10]).unwrap();
    let second = read(&files, Some(&state)).unwrap();
    // What the state knows is not read again, were it gone.
    let mut damaged = files.clone();
    for (path, bytes) in &mut damaged {
        if path.ends_with(".json.gz") {
            bytes.fill(0);
        }
    }
    let third = read(&damaged, Some(&state)).unwrap();
    for other in [first, second, third] {
        assert_eq!(other.facts, whole.facts);
        assert_eq!(other.coverage, whole.coverage);
    }
    let salted = Fingerprinter::with_salt(b"other");
    let tree = MemoryTree::new(files);
    let options = ExportOptions { state: Some(state) };
    let refused = exports(
        &tree,
        &Exports::find(&tree),
        &Detector::new(),
        &salted,
        &Progress::default(),
        &options,
    );
    assert!(matches!(refused, Err(ExportError::OtherState(_))));
}

#[test]
fn hostile_exports_end() {
    let long = format!(
        "{{\"Item\":{{\"a\":{{\"S\":\"{}\"}}}}}}",
        "x".repeat(20_000_000)
    );
    let deep = format!("{{\"Item\":{}", "{\"a\":{\"M\":".repeat(200_000));
    let lines = vec![
        long,
        deep,
        plain(1),
        "{\"Item\":[]}".to_owned(),
        String::new(),
        "{}".to_owned(),
    ];
    let collected = read(&export(&[("a.json.gz", lines)]), None).unwrap();
    assert_eq!(collected.coverage.counts["items"], 1);
    let lines: Vec<_> = collected
        .coverage
        .problems
        .iter()
        .filter_map(|it| it.line)
        .collect();
    assert_eq!(lines, [1, 2, 4]);
    let empty = MemoryTree::new([
        ("manifest-summary.json", "{}"),
        ("a/manifest-summary.json", ""),
    ]);
    assert!(Exports::find(&empty).is_empty());
}
