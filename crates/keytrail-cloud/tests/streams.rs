//! A stream, from a scripted server: order, trimming, expired iterators, restarts.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

mod moto;
mod server;

use std::collections::BTreeMap;

use keytrail_cloud::{
    Access, StreamBatch, StreamChange, StreamCheckpoint, StreamReader, StreamStart,
};
use serde_json::{Value, json};
use server::{Asked, Told};

const STREAM: &str =
    "arn:aws:dynamodb:us-east-1:123456789012:table/keys/stream/2026-11-24T00:00:00.000";

/// Shards with their parents and how many records each holds; the last is open.
///
/// a ──► b ──► d (open)
///   └─► c
const SHARDS: &[(&str, Option<&str>, u64)] = &[
    ("shard-d", Some("shard-b"), 3),
    ("shard-b", Some("shard-a"), 250),
    ("shard-c", Some("shard-a"), 1),
    ("shard-a", Some("shard-gone"), 150),
];
const PAGE: u64 = 100;

#[derive(Default)]
struct Script {
    /// Iterators that were handed out, so that an old one can be told.
    expired: bool,
    /// The first records of shard-b that are gone.
    trimmed: u64,
    /// Shards that are gone as a whole.
    gone: Vec<&'static str>,
    calls: BTreeMap<String, u64>,
}

fn error(code: &str) -> Told {
    let body =
        json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no"});
    (400, body.to_string().into_bytes())
}

fn good(body: &Value) -> Told {
    (200, body.to_string().into_bytes())
}

/// The number that a sequence or iterator stands for.
fn number(text: &str) -> u64 {
    text.rsplit('-')
        .next()
        .and_then(|it| it.parse().ok())
        .unwrap_or(0)
}

impl Script {
    fn answer(&mut self, asked: &Asked) -> Told {
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let calls = ["DescribeStream", "GetShardIterator", "GetRecords"];
        let Some(call) = calls.iter().find(|call| asked.head.contains(**call)) else {
            return error("UnknownOperationException");
        };
        *self.calls.entry((*call).to_owned()).or_default() += 1;
        match *call {
            "DescribeStream" => self.describe(&body),
            "GetShardIterator" => self.iterator(&body),
            _ => self.records(&body),
        }
    }

    /// Two shards a page.
    fn describe(&self, body: &Value) -> Told {
        let mut all: Vec<&(&str, Option<&str>, u64)> = SHARDS
            .iter()
            .filter(|shard| !self.gone.contains(&shard.0))
            .collect();
        all.sort();
        let after = body["ExclusiveStartShardId"].as_str().unwrap_or_default();
        let rest: Vec<_> = all.into_iter().filter(|shard| shard.0 > after).collect();
        let page = rest.iter().take(2).map(|(id, parent, _)| {
            let mut range = json!({"StartingSequenceNumber": "0"});
            if *id != "shard-d" {
                range["EndingSequenceNumber"] = json!("999");
            }
            json!({"ShardId": id, "ParentShardId": parent, "SequenceNumberRange": range})
        });
        let mut description = json!({"StreamArn": STREAM, "Shards": page.collect::<Vec<_>>()});
        if rest.len() > 2 {
            description["LastEvaluatedShardId"] = json!(rest[1].0);
        }
        good(&json!({"StreamDescription": description}))
    }

    fn iterator(&self, body: &Value) -> Told {
        let shard = body["ShardId"].as_str().unwrap_or_default();
        if self.gone.contains(&shard) {
            return error("ResourceNotFoundException");
        }
        let trimmed = if shard == "shard-b" { self.trimmed } else { 0 };
        let at = match body["ShardIteratorType"].as_str() {
            Some("TRIM_HORIZON") => trimmed,
            Some("LATEST") => 1_000,
            _ => {
                let after = number(body["SequenceNumber"].as_str().unwrap_or_default()) + 1;
                if after < trimmed {
                    return error("TrimmedDataAccessException");
                }
                after
            }
        };
        good(&json!({"ShardIterator": format!("{shard}|{at}|-{at}")}))
    }

    fn records(&mut self, body: &Value) -> Told {
        let token = body["ShardIterator"].as_str().unwrap_or_default();
        let (shard, at) = (token.split('|').next().unwrap_or_default(), number(token));
        let held = SHARDS.iter().find(|it| it.0 == shard).map_or(0, |it| it.2);
        if self.expired && at > 0 {
            self.expired = false;
            return error("ExpiredIteratorException");
        }
        let until = (at + PAGE).min(held);
        let records: Vec<Value> = (at..until).map(|number| record(shard, number)).collect();
        let mut answer = json!({"Records": records});
        if until < held || shard == "shard-d" {
            let next = until.max(at.min(held));
            answer["NextShardIterator"] = json!(format!("{shard}|{next}|-{next}"));
        }
        good(&answer)
    }
}

fn record(shard: &str, number: u64) -> Value {
    json!({
        "eventID": format!("{shard}{number}"), "eventName": if number == 0 { "INSERT" } else { "MODIFY" },
        "userIdentity": if number == 1 { json!({"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}) } else { Value::Null },
        "dynamodb": {
            "SequenceNumber": format!("{shard}-{number}"), "ApproximateCreationDateTime": 1_795_000_000,
            "Keys": {"id": {"S": "secret-key-value"}},
            "NewImage": {"id": {"S": "secret-key-value"}, "n": {"N": number.to_string()}},
        },
    })
}

fn serve(script: Script) -> impl FnOnce() -> (String, moto::Stop) {
    let mut script = script;
    move || {
        (
            server::serve(move |asked| script.answer(asked)),
            moto::Stop::nothing(),
        )
    }
}

fn open(start: StreamStart, at: Option<StreamCheckpoint>) -> StreamReader {
    StreamReader::open(&Access::default(), STREAM, start, at).unwrap()
}

/// Shard and number of every record, in the order in which they came.
fn all(reader: &mut StreamReader) -> Vec<(String, u64)> {
    let batches: Vec<StreamBatch> = reader.map(Result::unwrap).collect();
    numbers(&batches)
}

fn numbers(batches: &[StreamBatch]) -> Vec<(String, u64)> {
    let of = |batch: &StreamBatch| {
        let records = batch.records.iter();
        let numbers = records.map(|record| number(&record.sequence));
        numbers
            .map(|it| (batch.shard.clone(), it))
            .collect::<Vec<_>>()
    };
    batches.iter().flat_map(of).collect()
}

fn expected() -> usize {
    SHARDS
        .iter()
        .map(|shard| usize::try_from(shard.2).unwrap())
        .sum()
}

#[test]
fn parents_come_before_children_and_every_change_once() {
    if moto::inside(
        "parents_come_before_children_and_every_change_once",
        serve(Script::default()),
    )
    .is_none()
    {
        return;
    }
    let mut reader = open(StreamStart::Oldest, None);
    let found = all(&mut reader);
    assert_eq!(found.len(), expected());
    let first = |shard: &str| found.iter().position(|it| it.0 == shard).unwrap();
    let last = |shard: &str| found.iter().rposition(|it| it.0 == shard).unwrap();
    assert!(last("shard-a") < first("shard-b") && last("shard-a") < first("shard-c"));
    assert!(last("shard-b") < first("shard-d"));
    for shard in SHARDS {
        let own = found.iter().filter(|it| it.0 == shard.0).map(|it| it.1);
        assert!(own.eq(0..shard.2), "{}", shard.0);
    }
    // Asked again there is nothing new.
    assert!(all(&mut reader).is_empty());
}

#[test]
fn what_a_record_says_and_does_not_show() {
    if moto::inside(
        "what_a_record_says_and_does_not_show",
        serve(Script::default()),
    )
    .is_none()
    {
        return;
    }
    let mut reader = open(StreamStart::Oldest, None);
    let batch = reader.next().unwrap().unwrap();
    assert_eq!(batch.records[0].change, StreamChange::Insert);
    assert_eq!(batch.records[0].keys()["id"]["S"], "secret-key-value");
    assert_eq!(batch.records[2].new_image().unwrap()["n"]["N"], "2");
    assert!(batch.records[2].old_image().is_none());
    assert!(batch.records[1].expired && !batch.records[2].expired);
    let shown = format!("{batch:?} {:?} {}", reader, reader.checkpoint().to_json());
    assert!(!shown.contains("secret-key-value"), "{shown}");
}

#[test]
fn a_kept_checkpoint_goes_on_where_it_was() {
    if moto::inside(
        "a_kept_checkpoint_goes_on_where_it_was",
        serve(Script::default()),
    )
    .is_none()
    {
        return;
    }
    let mut seen = Vec::new();
    let mut kept: Option<String> = None;
    // A new reader for every batch.
    for _ in 0..20 {
        let at = kept
            .as_deref()
            .map(|text| StreamCheckpoint::from_json(STREAM, text).unwrap());
        let mut reader = open(StreamStart::Oldest, at);
        let Some(batch) = reader.next() else { break };
        seen.extend(numbers(&[batch.unwrap()]));
        kept = Some(reader.checkpoint().to_json());
    }
    assert_eq!(seen.len(), expected());
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), expected(), "a change came twice");
    assert!(StreamCheckpoint::from_json("another", &kept.unwrap()).is_err());
}

#[test]
fn an_iterator_that_expired_is_made_anew() {
    let script = Script {
        expired: true,
        ..Script::default()
    };
    if moto::inside("an_iterator_that_expired_is_made_anew", serve(script)).is_none() {
        return;
    }
    let found = all(&mut open(StreamStart::Oldest, None));
    assert_eq!(found.len(), expected());
}

#[test]
fn what_was_trimmed_away_is_told() {
    let script = Script {
        trimmed: 200,
        ..Script::default()
    };
    if moto::inside("what_was_trimmed_away_is_told", serve(script)).is_none() {
        return;
    }
    // It was read up to number 99 when the first 200 went.
    let at = json!({"version": 1, "stream": STREAM, "shards": {
        "shard-a": "Done", "shard-c": "Done", "shard-b": {"After": "shard-b-99"},
    }});
    let at = StreamCheckpoint::from_json(STREAM, &at.to_string()).unwrap();
    let batches: Vec<StreamBatch> = open(StreamStart::Oldest, Some(at))
        .map(Result::unwrap)
        .collect();
    let found = numbers(&batches);
    assert_eq!(found.iter().filter(|it| it.0 == "shard-b").count(), 50);
    let gaps: Vec<&str> = batches
        .iter()
        .filter(|it| it.gap)
        .map(|it| it.shard.as_str())
        .collect();
    assert_eq!(gaps, ["shard-b"]);
}

#[test]
fn a_shard_that_went_while_it_was_read_is_told() {
    let script = Script {
        gone: vec!["shard-a"],
        ..Script::default()
    };
    if moto::inside("a_shard_that_went_while_it_was_read_is_told", serve(script)).is_none() {
        return;
    }
    let at =
        json!({"version": 1, "stream": STREAM, "shards": {"shard-a": {"After": "shard-a-10"}}});
    let at = StreamCheckpoint::from_json(STREAM, &at.to_string()).unwrap();
    let batches: Vec<StreamBatch> = open(StreamStart::Oldest, Some(at))
        .map(Result::unwrap)
        .collect();
    assert!(batches[0].gap && batches[0].shard == "shard-a" && batches[0].records.is_empty());
    assert_eq!(numbers(&batches).len(), expected() - 150);
}

#[test]
fn from_now_on_passes_over_what_is_there() {
    if moto::inside(
        "from_now_on_passes_over_what_is_there",
        serve(Script::default()),
    )
    .is_none()
    {
        return;
    }
    assert!(all(&mut open(StreamStart::Now, None)).is_empty());
}

/// Real shards, as far as moto has them: one.
#[test]
#[ignore = "needs moto; run by xtask"]
fn a_table_of_moto_tells_its_changes() {
    if moto::inside("a_table_of_moto_tells_its_changes", moto::serve).is_none() {
        return;
    }
    let arn = tempfile::NamedTempFile::new().unwrap();
    moto::python("stream.py", &[arn.path().to_str().unwrap()]);
    let arn = std::fs::read_to_string(arn.path()).unwrap();
    let mut reader =
        StreamReader::open(&Access::default(), arn.trim(), StreamStart::Oldest, None).unwrap();
    let records: Vec<_> = reader
        .by_ref()
        .flat_map(|batch| batch.unwrap().records)
        .collect();
    let changes: Vec<StreamChange> = records.iter().map(|record| record.change).collect();
    assert_eq!(
        changes,
        [
            StreamChange::Insert,
            StreamChange::Modify,
            StreamChange::Remove
        ]
    );
    assert_eq!(records[1].new_image().unwrap()["label"]["S"], "two");
    assert_eq!(records[2].old_image().unwrap()["label"]["S"], "two");
    let at = StreamCheckpoint::from_json(arn.trim(), &reader.checkpoint().to_json()).unwrap();
    moto::python("stream.py", &["more"]);
    let mut again = StreamReader::open(
        &Access::default(),
        arn.trim(),
        StreamStart::Oldest,
        Some(at),
    )
    .unwrap();
    let later: Vec<_> = again
        .by_ref()
        .flat_map(|batch| batch.unwrap().records)
        .collect();
    assert_eq!(later.len(), 1);
}
