//! A trail, from a directory and from a scripted bucket: who read what, checkpoints, damaged files.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

mod moto;
mod server;

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use keytrail_cloud::{
    Access, TrailCheckpoint, TrailFile, TrailOptions, TrailPlace, TrailReader, trail,
};
use keytrail_model::{Collected, CoverageStatus, Door, Fact, ObservedRead, Progress};
use serde_json::{Value, json};
use server::{Asked, Told};

const ROOT: &str = "AWSLogs/123456789012/CloudTrail/us-east-1";
/// A key of an item: it stands in the events, and nowhere else.
const SECRET: &str = "owner-with-a-secret-key";

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn events(list: &[Value]) -> Vec<u8> {
    json!({"Records": list}).to_string().into_bytes()
}

fn call(name: &str, role: &str, time: &str) -> Value {
    json!({
        "eventVersion": "1.10", "eventSource": "dynamodb.amazonaws.com", "eventName": name,
        "eventTime": time, "eventID": format!("{name}-{time}"), "awsRegion": "us-east-1",
        "recipientAccountId": "123456789012",
        "userIdentity": {"type": "AssumedRole", "arn": format!("arn:aws:sts::123456789012:assumed-role/{role}/s"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::123456789012:role/{role}")}}},
        "requestParameters": {"tableName": "keys", "key": {"owner_id": SECRET}},
        "resources": [{"type": "AWS::DynamoDB::Table", "ARN": "arn:aws:dynamodb:us-east-1:123456789012:table/keys"}],
    })
}

/// Names and bytes of the files of a trail.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut refused = call("Scan", "reports", "2026-11-21T10:00:00Z");
    refused["errorCode"] = json!("AccessDenied");
    let mut bare = call("Query", "reports", "2026-11-22T10:00:00Z");
    bare["resources"] = Value::Null;
    let mut batch = call("BatchGetItem", "app", "2026-11-22T11:00:00Z");
    batch["resources"] = Value::Null;
    batch["requestParameters"] = json!({"requestItems": {"keys": {}, "other": {}}});
    let mut stream = call("GetRecords", "app", "2026-11-22T12:00:00Z");
    stream["resources"] =
        json!([{"ARN": "arn:aws:dynamodb:us-east-1:123456789012:table/keys/stream/2026"}]);
    let mut elsewhere = call("GetObject", "app", "2026-11-22T12:00:00Z");
    elsewhere["eventSource"] = json!("s3.amazonaws.com");
    let whole = events(&[
        call("GetItem", "app", "2026-11-20T10:00:00Z"),
        call("GetItem", "app", "2026-11-20T09:00:00Z"),
        call("DescribeTable", "app", "2026-11-20T09:00:00Z"),
    ]);
    vec![
        (
            format!("{ROOT}/2026/11/20/a_CloudTrail_1.json.gz"),
            gz(&whole),
        ),
        (
            format!("{ROOT}/2026/11/21/b_CloudTrail_1.json.gz"),
            gz(&events(&[refused, json!({"no": "event"})])),
        ),
        (
            format!("{ROOT}/2026/11/22/c_CloudTrail_1.json"),
            events(&[bare, batch, stream, elsewhere]),
        ),
    ]
}

fn directory(files: &[(String, Vec<u8>)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    root
}

fn read(place: &str, since: Option<&str>) -> Collected {
    let options = TrailOptions {
        place: place.to_owned(),
        since: since.map(str::to_owned),
    };
    trail(&Access::default(), &options, &Progress::default()).unwrap()
}

fn reads(collected: &Collected) -> Vec<String> {
    let line = |it: &ObservedRead| {
        let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let (who, table) = (name(&it.principal), name(&it.table));
        format!(
            "{who} {:?} {table} {}/{} {}",
            it.door, it.count, it.refused, it.last
        )
    };
    let facts = collected.facts.iter();
    let found = facts.filter_map(|fact| match fact {
        Fact::ObservedRead(it) => Some(line(it)),
        _ => None,
    });
    found.collect()
}

const EXPECTED: [&str; 6] = [
    "app GetItem keys 2/0 2026-11-20T10:00:00Z",
    "app BatchGetItem keys 1/0 2026-11-22T11:00:00Z",
    "app GetRecords keys 1/0 2026-11-22T12:00:00Z",
    "app BatchGetItem other 1/0 2026-11-22T11:00:00Z",
    "reports Query keys 1/0 2026-11-22T10:00:00Z",
    "reports Scan keys 0/1 2026-11-21T10:00:00Z",
];

#[test]
fn who_read_what_by_the_files_of_a_directory() {
    let root = directory(&files());
    let found = read(&root.path().display().to_string(), None);
    assert_eq!(reads(&found), EXPECTED);
    // One event has no name.
    assert_eq!(found.coverage.status, CoverageStatus::Partial);
    assert!(
        found.coverage.problems[0]
            .message
            .contains("1 events could not be read")
    );
    assert_eq!(found.coverage.counts["files"], 3);
    assert_eq!(found.coverage.counts["events"], 8);
    assert!(
        !format!("{found:?}").contains(SECRET),
        "a key of an item is kept"
    );
    let late = read(&root.path().display().to_string(), Some("2026-11-22"));
    assert_eq!(reads(&late).len(), 4);
    let Fact::ObservedRead(first) = &found.facts[0] else {
        panic!()
    };
    assert_eq!(first.door, Door::GetItem);
    assert_eq!(first.first, "2026-11-20T09:00:00Z");
}

#[test]
fn one_file_and_what_lookup_events_prints() {
    let event = call("Scan", "app", "2026-11-20T10:00:00Z").to_string();
    let printed = json!({"Events": [{"EventId": "1", "CloudTrailEvent": event}]});
    let root = directory(&[("events.json".to_owned(), printed.to_string().into_bytes())]);
    let found = read(&root.path().join("events.json").display().to_string(), None);
    assert_eq!(reads(&found), ["app Scan keys 1/0 2026-11-20T10:00:00Z"]);
}

#[test]
fn damaged_and_foreign_files_are_told_and_the_rest_is_read() {
    let mut all = files();
    let packed = all[0].1.clone();
    all.push((
        format!("{ROOT}/2026/11/20/cut.json.gz"),
        packed[..packed.len() / 2].to_vec(),
    ));
    all.push((format!("{ROOT}/2026/11/20/text.json"), b"[1, 2".to_vec()));
    all.push((
        "AWSLogs/123456789012/CloudTrail-Digest/d.json.gz".to_owned(),
        b"x".to_vec(),
    ));
    all.push(("notes.txt".to_owned(), b"x".to_vec()));
    let root = directory(&all);
    let found = read(&root.path().display().to_string(), None);
    assert_eq!(reads(&found), EXPECTED);
    assert_eq!(found.coverage.counts["broken_files"], 2);
    let told: Vec<&str> = found
        .coverage
        .problems
        .iter()
        .map(|it| it.message.as_str())
        .collect();
    for part in ["is damaged", "is no file of events"] {
        assert!(told.iter().any(|it| it.contains(part)), "{part}: {told:?}");
    }
}

#[test]
fn nothing_there_is_told() {
    let root = tempfile::tempdir().unwrap();
    let found = read(&root.path().display().to_string(), None);
    assert_eq!(found.coverage.status, CoverageStatus::NotApplicable);
    let options = TrailOptions {
        place: root.path().join("missing").display().to_string(),
        since: None,
    };
    let refused = trail(&Access::default(), &options, &Progress::default()).unwrap_err();
    assert!(refused.to_string().contains("can't be read"), "{refused}");
}

fn names(reader: TrailReader) -> (Vec<String>, TrailReader) {
    let mut reader = reader;
    let found: Vec<TrailFile> = reader.by_ref().map(Result::unwrap).collect();
    (found.into_iter().map(|file| file.name).collect(), reader)
}

fn open(root: &Path, at: Option<TrailCheckpoint>) -> TrailReader {
    let place = TrailPlace::Directory(root.to_owned());
    TrailReader::open(&Access::default(), place, None, at)
}

#[test]
fn a_checkpoint_passes_over_what_was_read_and_takes_what_came_late() {
    let all = files();
    let root = directory(&all);
    let mut first = open(root.path(), None);
    assert_eq!(first.next().unwrap().unwrap().name, all[0].0);
    let kept = TrailCheckpoint::from_json(&first.checkpoint().to_json()).unwrap();
    let (rest, second) = names(open(root.path(), Some(kept)));
    assert_eq!(rest, [all[1].0.clone(), all[2].0.clone()]);
    // A file that comes late, into a day that was read; the same reader sees it when it is asked again.
    let late = format!("{ROOT}/2026/11/21/a_CloudTrail_late.json.gz");
    std::fs::write(root.path().join(&late), &all[0].1).unwrap();
    let (more, _) = names(second);
    assert_eq!(more, [late]);
}

/// Two names a page; the second page needs the token of the first.
fn bucket(asked: &Asked) -> Told {
    let path = asked.path();
    if !asked
        .head
        .to_ascii_lowercase()
        .contains("x-amz-content-sha256")
    {
        return (400, b"<Error><Code>InvalidRequest</Code></Error>".to_vec());
    }
    let Some((path, query)) = path.split_once('?') else {
        let name = path.trim_start_matches("/logs/");
        return match files().into_iter().find(|file| file.0 == name) {
            Some((_, bytes)) => (200, bytes),
            None => (404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
        };
    };
    if path != "/logs" || !query.contains("list-type=2") || !query.contains("prefix=AWSLogs%2F") {
        return (403, b"<Error><Code>AccessDenied</Code></Error>".to_vec());
    }
    let second = query.contains("continuation-token=t%2F1%3D");
    let names: Vec<String> = files().into_iter().map(|file| file.0).collect();
    let (page, more) = if second {
        (&names[2..], "")
    } else {
        (
            &names[..2],
            "<NextContinuationToken>t/1=</NextContinuationToken>",
        )
    };
    let entries = page
        .iter()
        .map(|name| ["<Contents><Key>", name, "</Key></Contents>"].concat());
    let listed = entries.collect::<Vec<_>>().concat();
    let cut = !second;
    (
        200,
        format!(
            "<ListBucketResult><IsTruncated>{cut}</IsTruncated>{more}{listed}</ListBucketResult>"
        )
        .into_bytes(),
    )
}

fn serve() -> (String, moto::Stop) {
    (server::serve(bucket), moto::Stop::nothing())
}

#[test]
fn a_bucket_is_read_page_by_page() {
    if moto::inside("a_bucket_is_read_page_by_page", serve).is_none() {
        return;
    }
    let found = read("s3://logs/AWSLogs/", None);
    assert_eq!(reads(&found), EXPECTED);
    // Without the right to list, the right is named.
    let options = TrailOptions {
        place: "s3://others/AWSLogs/".to_owned(),
        since: None,
    };
    let refused = trail(&Access::default(), &options, &Progress::default()).unwrap_err();
    assert!(refused.to_string().contains("s3:ListBucket"), "{refused}");
}

/// A real bucket's answers, as far as moto's are.
#[test]
#[ignore = "needs moto; run by xtask"]
fn a_bucket_of_moto_is_read() {
    if moto::inside("a_bucket_of_moto_is_read", moto::serve).is_none() {
        return;
    }
    let root = directory(&files());
    moto::python("bucket.py", &["trail-logs", root.path().to_str().unwrap()]);
    let found = read("s3://trail-logs/AWSLogs/", None);
    assert_eq!(reads(&found), EXPECTED);
}
