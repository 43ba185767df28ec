//! Items of a table, from a server of our own: keys found once, and answers that no service would give.

mod moto;
mod server;

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keytrail_cloud::{Access, ItemsOptions, ItemsOutcome, items};
use keytrail_model::{CoverageStatus, Fact, Fingerprinter, Progress};
use serde_json::{Value, json};

/// Items of the table, pages of a hundred.
const ITEMS: u64 = 10_000;
const PAGE: u64 = 100;

/// Put together, so that no push protection cries.
fn key(number: u64) -> String {
    format!(
        "sk_{}_{:08}kq7Zp2Vx9LmR4tYw8Bn",
        "live",
        number * 7919 + 31_415_926
    )
}

/// How the server behaves, by the table's name.
fn scan(request: &Value, calls: &AtomicU64) -> Vec<u8> {
    let table = request["TableName"].as_str().unwrap_or_default();
    let call = calls.fetch_add(1, Ordering::Relaxed);
    let again = json!({"id": {"S": "again"}});
    match table {
        "circle" => json!({"Items": [], "Count": 0, "LastEvaluatedKey": again})
            .to_string()
            .into_bytes(),
        "endless" => {
            let next = json!({"id": {"S": format!("n{call}")}});
            json!({"Items": [], "Count": 0, "LastEvaluatedKey": next})
                .to_string()
                .into_bytes()
        }
        "bad-json" => b"{\"Items\": [{\"a\": ".to_vec(),
        "bad-utf8" => b"{\"Items\": [{\"a\": {\"S\": \"\xff\xfe\"}}]}".to_vec(),
        "huge" => vec![b' '; 20 * 1024 * 1024],
        "deep" => {
            let deep = format!("{}{}", "{\"M\":{\"a\":".repeat(200), "}}".repeat(200));
            format!("{{\"Items\": [{{\"a\": {deep}}}]}}").into_bytes()
        }
        _ => page(request),
    }
}

/// Every hundredth item holds a key, in turn as a string, in a map, and in JSON.
fn page(request: &Value) -> Vec<u8> {
    let number = |field: &str| request[field].as_u64().unwrap_or(0);
    let (segment, segments) = (number("Segment"), number("TotalSegments").max(1));
    let start = request["ExclusiveStartKey"]["id"]["S"].as_str();
    let first = start
        .and_then(|id| id.rsplit('-').next()?.parse::<u64>().ok())
        .map_or(0, |id| id + 1);
    let mine = (first..ITEMS).filter(|item| item % segments == segment);
    let ids: Vec<u64> = mine.take(usize::try_from(PAGE).unwrap_or(1)).collect();
    let items: Vec<Value> = ids.iter().map(|id| item(*id)).collect();
    let mut answer = json!({
        "Items": items, "Count": items.len(), "ScannedCount": items.len(),
        "ConsumedCapacity": {"CapacityUnits": 0.5, "TableName": request["TableName"]},
    });
    if let Some(last) = ids.last().filter(|_| ids.len() as u64 == PAGE) {
        answer["LastEvaluatedKey"] = json!({"id": {"S": format!("owner-{last}")}});
    }
    answer.to_string().into_bytes()
}

fn item(id: u64) -> Value {
    let mut item = json!({"id": {"S": format!("owner-{id}")}, "status": {"S": "active"}});
    if id.is_multiple_of(100) {
        match (id / 100) % 3 {
            0 => item["api_key"] = json!({"S": key(id)}),
            1 => item["metadata"] = json!({"M": {"token": {"S": key(id)}}}),
            _ => item["extra"] = json!({"S": json!({"secret": key(id)}).to_string()}),
        }
    }
    item
}

fn answer(mut stream: TcpStream, calls: &AtomicU64) -> Option<()> {
    loop {
        let server::Asked { head, body } = server::request(&mut stream)?;
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        if asked["TableName"] == "drip" && head.contains(".Scan") {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
                .ok()?;
            while stream.write_all(b" ").is_ok() {
                std::thread::sleep(std::time::Duration::from_millis(500));
            }
            return None;
        }
        let body = if head.contains(".DescribeTable") {
            let name = &asked["TableName"];
            json!({"Table": {
                "TableName": name, "ItemCount": ITEMS, "TableSizeBytes": ITEMS * 100,
                "TableArn": format!("arn:aws:dynamodb:us-east-1:123456789012:table/{}", name.as_str()?),
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            }})
            .to_string()
            .into_bytes()
        } else {
            scan(&asked, calls)
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        // In one piece: two would wait for each other's acknowledgement.
        stream.write_all(&[head.into_bytes(), body].concat()).ok()?;
    }
}

/// Serves for as long as the process lives.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn serve() -> (String, moto::Stop) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let calls = Arc::new(AtomicU64::new(0));
    std::thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            let calls = Arc::clone(&calls);
            std::thread::spawn(move || answer(stream, &calls));
        }
    });
    (format!("http://127.0.0.1:{port}"), moto::Stop::nothing())
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn read(options: &ItemsOptions) -> ItemsOutcome {
    let prints = Fingerprinter::default();
    items(
        &Access::default(),
        options,
        &prints,
        &Progress::default(),
        &mut |_| {},
    )
    .unwrap()
}

fn of(table: &str) -> ItemsOptions {
    ItemsOptions {
        tables: vec![table.to_owned()],
        ..ItemsOptions::default()
    }
}

#[test]
fn every_key_is_found_once_and_counted_by_attribute() {
    if moto::inside("every_key_is_found_once_and_counted_by_attribute", serve).is_none() {
        return;
    }
    let outcome = read(&of("keys"));
    assert_eq!(
        outcome.coverage.status,
        CoverageStatus::Evaluated,
        "{:?}",
        outcome.coverage
    );
    assert_eq!(outcome.coverage.counts["items"], ITEMS);
    assert_eq!(outcome.coverage.counts["keys"], ITEMS / 100);
    let found: Vec<(String, u64, u64)> = outcome
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::StoredKeys(it) => Some((it.attribute.clone(), it.keys, it.values)),
            _ => None,
        })
        .collect();
    let expected = [
        ("api_key", 34),
        ("extra.secret", 33),
        ("metadata.token", 33),
    ];
    let expected: Vec<(String, u64, u64)> = expected
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count, *count))
        .collect();
    assert_eq!(found, expected);
    // Law 1.
    let shown = format!("{outcome:?}");
    assert!(!shown.contains("kq7Zp2Vx9"), "a key is shown");
}

#[test]
fn a_budget_stops_and_a_state_goes_on() {
    if moto::inside("a_budget_stops_and_a_state_goes_on", serve).is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let mut options = ItemsOptions {
        max_units: Some(20.0),
        state: Some(path.clone()),
        ..of("keys")
    };
    let first = read(&options);
    assert_eq!(first.coverage.status, CoverageStatus::Partial);
    assert!(first.coverage.counts["read_units"] <= 20);
    assert!(first.coverage.problems[0].message.contains("--max-units"));
    options.max_units = None;
    let second = read(&options);
    assert_eq!(second.coverage.counts["items"], ITEMS);
    assert_eq!(second.coverage.counts["keys"], ITEMS / 100);
    let state = std::fs::read_to_string(&path).unwrap();
    assert!(!state.contains("kq7Zp2Vx9"), "a key is in the state file");
    // Read again when all is done: nothing is asked, the same is told.
    let third = read(&options);
    assert_eq!(format!("{:?}", third.facts), format!("{:?}", second.facts));
}

#[test]
fn a_sample_says_how_sure_it_is() {
    if moto::inside("a_sample_says_how_sure_it_is", serve).is_none() {
        return;
    }
    let outcome = read(&ItemsOptions {
        sample: Some(1000),
        ..of("keys")
    });
    assert_eq!(outcome.coverage.counts["items"], 1000);
    assert!(
        outcome.coverage.reason.contains("0.30 %"),
        "{}",
        outcome.coverage.reason
    );
}

#[test]
fn hostile_answers_are_bounded_and_named() {
    if moto::inside("hostile_answers_are_bounded_and_named", serve).is_none() {
        return;
    }
    for (table, told) in [
        ("circle", "the same page twice"),
        ("endless", "more than 1000 pages"),
        ("bad-json", "is no page of items"),
        ("bad-utf8", "is no page of items"),
        ("deep", "is no page of items"),
        ("huge", "longer than 16777216 bytes"),
    ] {
        let outcome = read(&of(table));
        assert_eq!(outcome.coverage.status, CoverageStatus::Partial, "{table}");
        let message = &outcome.coverage.problems[0].message;
        assert!(message.contains(told), "{table}: {message}");
    }
}

/// Takes a minute, the limit for a whole answer.
#[test]
#[ignore = "takes a minute; run by xtask"]
fn an_answer_that_drips_is_given_up() {
    if moto::inside("an_answer_that_drips_is_given_up", serve).is_none() {
        return;
    }
    let outcome = read(&of("drip"));
    let message = &outcome.coverage.problems[0].message;
    assert!(message.contains("took longer than 60 seconds"), "{message}");
}
