//! The scan itself: workers take segments, pages go through the reader into the state and the statistics.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keytrail_detect::{Detector, ItemReader, TableStats};
use keytrail_model::{
    Coverage, CoverageStatus, Fact, FileSpan, Fingerprinter, Location, Problem, Progress, Secret,
};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::budget::{Budget, Turn};
use super::estimate::Estimate;
use super::page::{Page, Reading};
use super::plan::{ItemsOptions, Plan, WORKERS};
use super::state::{Header, Known, Standing, State, segments};
use crate::client::{Access, Call, Client, Connection};
use crate::error::CloudError;

/// Pages without an item, one after the other, after which a service is taken to lead nowhere.
const MOST_EMPTY: u32 = 1_000;
/// Attempts at a page that breaks or is throttled without a budget; with one, throttling has no end.
const ATTEMPTS: u32 = 12;

/// What the items hold.
#[derive(Debug)]
pub struct ItemsOutcome {
    /// A fact for each attribute with keys.
    pub facts: Vec<Fact>,
    /// How far the tables were read.
    pub coverage: Coverage,
}

/// Reads the items of tables. `tell` is called with the estimates before the first item is read.
pub fn items(
    access: &Access,
    options: &ItemsOptions,
    prints: &Fingerprinter,
    progress: &Progress,
    tell: &mut dyn FnMut(&[Estimate]),
) -> Result<ItemsOutcome, CloudError> {
    crate::runtime::block_on(async {
        let connection = Connection::open(access).await?;
        let client = connection.client(connection.region());
        read(&client, options, prints, progress, tell).await
    })
}

/// A table before it is read.
struct Table {
    name: String,
    arn: String,
    plan: Plan,
    reading: Reading,
    projection: Option<(String, Value)>,
    /// Items after which a service is taken to have no end.
    most_items: u64,
}

async fn read(
    client: &Client,
    options: &ItemsOptions,
    prints: &Fingerprinter,
    progress: &Progress,
    tell: &mut dyn FnMut(&[Estimate]),
) -> Result<ItemsOutcome, CloudError> {
    let mut tables = Vec::new();
    let mut estimates = Vec::new();
    for name in &options.tables {
        let (table, estimate) = prepare(client, name, options, prints).await?;
        tables.push(table);
        estimates.push(estimate);
    }
    tell(&estimates);
    let headers: Vec<Header> = tables
        .iter()
        .map(|table| header(table, options, prints))
        .collect();
    let (state, mut known) = match &options.state {
        Some(path) => State::open(path, &headers)?,
        None => (State::none(), std::collections::BTreeMap::new()),
    };
    let spent: f64 = known.values().map(|known| known.units).sum();
    let budget = Budget::new(options.read_units, options.max_units, spent, Instant::now());
    let shared = Arc::new(Shared {
        client: client.clone(),
        budget,
        state,
        sampled: options.sample.is_some(),
    });
    let mut outcome = Gathered::default();
    for table in tables {
        progress.expect(table.plan.read.len() as u64);
        let before = known.remove(&table.name).unwrap_or_default();
        one(&shared, table, before, progress, &mut outcome).await?;
    }
    Ok(outcome.finish(&shared))
}

async fn prepare(
    client: &Client,
    name: &str,
    options: &ItemsOptions,
    prints: &Fingerprinter,
) -> Result<(Table, Estimate), CloudError> {
    let answer = client
        .call(Call::DescribeTable, &json!({"TableName": name}))
        .await?;
    let described = answer.get("Table").cloned().unwrap_or_default();
    let count = |field: &str| described.get(field).and_then(Value::as_u64).unwrap_or(0);
    let (items, bytes) = (count("ItemCount"), count("TableSizeBytes"));
    let mut plan = Plan::new(items, bytes, options);
    if let Some(path) = &options.state
        && let Some(segments) = segments(path, name).filter(|_| !plan.first_only)
    {
        // What is resumed is cut as it was.
        plan.segments = segments;
        plan.read = (0..segments).collect();
    }
    let keys = described.get("KeySchema").and_then(Value::as_array);
    let keys: Vec<String> = keys
        .into_iter()
        .flatten()
        .filter_map(|key| key.get("AttributeName")?.as_str().map(str::to_owned))
        .collect();
    let detector = Detector::new();
    let estimate = Estimate::new(name, items, bytes, options.sample, options.read_units);
    let arn = described.get("TableArn").and_then(Value::as_str);
    Ok((
        Table {
            name: name.to_owned(),
            arn: arn.unwrap_or(name).to_owned(),
            projection: projection(&options.attributes, &keys),
            reading: Reading {
                reader: ItemReader::new(&detector),
                detector,
                prints: prints.clone(),
                keys,
            },
            plan,
            // The service counts every six hours: a table may have grown meanwhile, but not so.
            most_items: items.saturating_mul(4).saturating_add(10_000_000),
        },
        estimate,
    ))
}

/// Expression and names for these attributes and the primary key.
fn projection(attributes: &[String], keys: &[String]) -> Option<(String, Value)> {
    if attributes.is_empty() {
        return None;
    }
    let mut names = Map::new();
    let mut places = Vec::new();
    for attribute in keys.iter().chain(attributes) {
        let steps: Vec<String> = attribute
            .split('.')
            .map(|step| {
                let place = format!("#p{}", names.len());
                names.insert(place.clone(), json!(step));
                place
            })
            .collect();
        places.push(steps.join("."));
    }
    places.dedup();
    Some((places.join(", "), Value::Object(names)))
}

fn header(table: &Table, options: &ItemsOptions, prints: &Fingerprinter) -> Header {
    let fixed = Secret::new(b"keytrail state of a scan of items, version 1");
    let salt = prints.fingerprint(&fixed).map(|print| print.to_string());
    Header {
        version: 1,
        table: table.name.clone(),
        segments: table.plan.segments,
        read: table.plan.read.len() as u64,
        salt: salt.unwrap_or_default(),
        attributes: options.attributes.clone(),
    }
}

struct Shared {
    client: Client,
    budget: Budget,
    state: State,
    sampled: bool,
}

/// Over all tables.
#[derive(Default)]
struct Gathered {
    facts: Vec<Fact>,
    problems: Vec<Problem>,
    items: u64,
    keys: u64,
    told: Vec<String>,
}

async fn one(
    shared: &Arc<Shared>,
    table: Table,
    before: Known,
    progress: &Progress,
    outcome: &mut Gathered,
) -> Result<(), CloudError> {
    let mut waiting = VecDeque::new();
    for &segment in &table.plan.read {
        let standing = before.segments.get(&segment).cloned().unwrap_or_default();
        if standing.done {
            progress.advance(1);
        } else {
            waiting.push_back((segment, standing));
        }
    }
    let work = Arc::new(Work {
        ended: AtomicBool::new(false),
        table,
        waiting: Mutex::new(waiting),
        stats: Mutex::new(before.stats),
    });
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        workers.spawn(worker(Arc::clone(shared), Arc::clone(&work)));
    }
    let mut stopped = None;
    while let Some(ended) = workers.join_next().await {
        match ended {
            Ok(Ok(segments)) => progress.advance(segments),
            Ok(Err(error)) => stopped = Some(error),
            Err(_) => stopped = Some(CloudError::Runtime),
        }
    }
    let stats = work
        .stats
        .lock()
        .map(|mut stats| std::mem::take(&mut *stats));
    outcome.add(&work.table, stats.unwrap_or_default(), shared.sampled);
    if let Some(error) = stopped {
        if matches!(error, CloudError::Credentials(_) | CloudError::State { .. }) {
            return Err(error);
        }
        let told = format!(
            "not all items of {} were read: {error}; {}",
            work.table.name,
            error.hint()
        );
        outcome.problem(&work.table, told);
    } else if work.waiting.lock().is_ok_and(|waiting| !waiting.is_empty()) {
        let told = format!(
            "the budget of --max-units was used up before all items of {} were read; raise it and run again \
             with the same --state",
            work.table.name
        );
        outcome.problem(&work.table, told);
    }
    Ok(())
}

struct Work {
    /// One segment met what ends the scan; the others end with their page.
    ended: AtomicBool,
    table: Table,
    waiting: Mutex<VecDeque<(u64, Standing)>>,
    stats: Mutex<TableStats>,
}

/// Reads segment after segment; how many it finished.
async fn worker(shared: Arc<Shared>, work: Arc<Work>) -> Result<u64, CloudError> {
    let mut finished = 0;
    loop {
        let next = work
            .waiting
            .lock()
            .ok()
            .and_then(|mut waiting| waiting.pop_front());
        let Some((number, standing)) = next else {
            return Ok(finished);
        };
        match segment(&shared, &work, number, standing).await {
            Ok(true) => finished += 1,
            Ok(false) => {
                if let Ok(mut waiting) = work.waiting.lock() {
                    waiting.push_back((number, Standing::default()));
                }
                return Ok(finished);
            }
            Err(error) => {
                work.ended.store(true, Ordering::Relaxed);
                if let Ok(mut waiting) = work.waiting.lock() {
                    waiting.clear();
                }
                return Err(error);
            }
        }
    }
}

/// False where the budget ended first.
async fn segment(
    shared: &Shared,
    work: &Work,
    number: u64,
    mut standing: Standing,
) -> Result<bool, CloudError> {
    let mut last = standing.last.take();
    let mut empty = 0;
    loop {
        if work.ended.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let Some(page) = fetch(shared, &work.table, number, last.as_ref()).await? else {
            return Ok(false);
        };
        empty = if page.scanned == 0 && page.stats.items == 0 {
            empty + 1
        } else {
            0
        };
        if page.last.is_some() && page.last == last {
            return Err(CloudError::Repeats { call: "Scan" });
        }
        let done = page.last.is_none() || work.table.plan.first_only;
        let reader = &work.table.reading.reader;
        standing.done = done;
        standing.last = page
            .last
            .clone()
            .filter(|key| !done && !reader.is_delicate(key));
        let units = page.units.unwrap_or(0.0);
        shared
            .state
            .page(&work.table.name, number, units, &standing, &page.stats)?;
        let read = work.stats.lock().map_or(0, |mut stats| {
            stats.add(page.stats);
            stats.items
        });
        if done {
            return Ok(true);
        }
        if empty > MOST_EMPTY || read > work.table.most_items {
            return Err(CloudError::Endless {
                call: "Scan",
                most: MOST_EMPTY as usize,
            });
        }
        last = page.last;
    }
}

fn request(table: &Table, segment: u64, last: Option<&Map<String, Value>>) -> Value {
    let mut request = json!({
        "TableName": table.name,
        "Segment": segment,
        "TotalSegments": table.plan.segments,
        "ReturnConsumedCapacity": "TOTAL",
    });
    if let Some(limit) = table.plan.limit {
        request["Limit"] = json!(limit);
    }
    if let Some(last) = last {
        request["ExclusiveStartKey"] = Value::Object(last.clone());
    }
    if let Some((expression, names)) = &table.projection {
        request["ProjectionExpression"] = json!(expression);
        request["ExpressionAttributeNames"] = names.clone();
    }
    request
}

/// One page within the budget; `None` where that is used up.
async fn fetch(
    shared: &Shared,
    table: &Table,
    segment: u64,
    last: Option<&Map<String, Value>>,
) -> Result<Option<Page>, CloudError> {
    let request = request(table, segment, last);
    let mut attempts = 0_u32;
    loop {
        let expected = match shared.budget.turn(Instant::now()) {
            Turn::Go(expected) => expected,
            Turn::Stop => return Ok(None),
            Turn::Wait(time) => {
                tokio::time::sleep(time).await;
                continue;
            }
        };
        let answer = shared.client.once(Call::Scan, &request).await;
        let page = answer.and_then(|bytes| {
            table.reading.page(&bytes).ok_or(CloudError::Malformed {
                call: "Scan",
                what: "page of items",
            })
        });
        let cost = page.as_ref().map_or(0.0, |page| page.units.unwrap_or(0.5));
        shared.budget.settle(expected, cost);
        match page {
            Ok(page) => return Ok(Some(page)),
            Err(CloudError::Throttled { call, .. }) => {
                shared.budget.throttled(Instant::now());
                attempts += 1;
                if attempts > ATTEMPTS * 10 {
                    return Err(CloudError::Throttled {
                        call,
                        times: attempts,
                    });
                }
                let wait = 20 * u64::from(attempts.min(10));
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            Err(error @ (CloudError::Transport { .. } | CloudError::Service { .. }))
                if attempts < ATTEMPTS =>
            {
                let passing = match &error {
                    CloudError::Service { code, .. } => {
                        code.starts_with("HTTP status 5") || code == "InternalServerError"
                    }
                    _ => true,
                };
                if !passing {
                    return Err(error);
                }
                attempts += 1;
                tokio::time::sleep(Duration::from_millis(50 << attempts.min(6))).await;
            }
            Err(error) => return Err(error),
        }
    }
}

impl Gathered {
    fn add(&mut self, table: &Table, stats: TableStats, sampled: bool) {
        self.items += stats.items;
        self.keys += stats.keys;
        if sampled && table.plan.first_only {
            // No key among n items: with 95 % confidence fewer than 3 in n hold one.
            let share = 300.0 / super::estimate::number(stats.items.max(1));
            self.told.push(format!(
                "of {} a sample of {} items was read: an attribute without a key in it holds keys in fewer than \
                 {share:.2} % of the items, with 95 % confidence",
                table.name, stats.items
            ));
        }
        if stats.cut > 0 {
            let told = format!(
                "{} items of {} nest deeper than is looked at",
                stats.cut, table.name
            );
            self.problem(table, told);
        }
        if stats.more_attributes {
            let told = format!("{} has more attributes than are told apart", table.name);
            self.problem(table, told);
        }
        let path: Arc<str> = Arc::from(table.arn.as_str());
        let location = Location::Resource {
            span: FileSpan::line(&path, 1),
            address: Arc::from(table.name.as_str()),
        };
        let facts = stats.facts(&table.name, &location, sampled);
        self.facts.extend(facts.into_iter().map(Fact::StoredKeys));
    }

    fn problem(&mut self, table: &Table, message: String) {
        self.problems.push(Problem {
            path: Arc::from(table.arn.as_str()),
            line: None,
            message,
        });
    }

    fn finish(mut self, shared: &Shared) -> ItemsOutcome {
        self.problems.sort();
        let partial = !self.problems.is_empty() || !self.told.is_empty();
        if !self.problems.is_empty() {
            self.told
                .push("not all items could be read; the problems say why".to_owned());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "units spent are positive and far below 2^53"
        )]
        let units = shared.budget.spent().ceil() as u64;
        let counts = [
            ("items", self.items),
            ("keys", self.keys),
            ("read_units", units),
        ];
        ItemsOutcome {
            facts: self.facts,
            coverage: Coverage {
                source: "items".to_owned(),
                status: if partial {
                    CoverageStatus::Partial
                } else {
                    CoverageStatus::Evaluated
                },
                reason: self.told.join("; "),
                counts: counts.map(|(what, count)| (what.to_owned(), count)).into(),
                problems: self.problems,
            },
        }
    }
}
