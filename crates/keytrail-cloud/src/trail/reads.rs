//! Who read which table, by a trail's files.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::{
    Collected, Coverage, CoverageStatus, Door, Fact, FileSpan, Location, ObservedRead, Problem,
    Progress,
};

use super::event::TrailEvent;
use super::place::TrailPlace;
use super::reader::TrailReader;
use crate::client::Access;
use crate::error::CloudError;

/// Principals times tables times doors; what comes after is counted and told.
const MOST_PAIRS: usize = 100_000;
/// Problems that are told one by one.
const MOST_PROBLEMS: usize = 100;

/// Which files to read.
#[derive(Clone, Debug, Default)]
pub struct TrailOptions {
    /// A directory, or `s3://BUCKET/PREFIX`.
    pub place: String,
    /// Leaves out folders of days before this one.
    pub since: Option<String>,
}

/// Reads the files, and tells who read what.
pub fn trail(
    access: &Access,
    options: &TrailOptions,
    progress: &Progress,
) -> Result<Collected, CloudError> {
    let place = TrailPlace::parse(&options.place);
    let mut reader = TrailReader::open(access, place, options.since.as_deref(), None);
    let mut found = Found::default();
    for file in &mut reader {
        let file = file?;
        progress.expect(1);
        let path: Arc<str> = Arc::from(file.name.as_str());
        found.files += 1;
        found.malformed += file.malformed;
        if let Some(why) = file.broken {
            found.problem(&path, &why);
        }
        for event in &file.events {
            found.event(event, &path);
        }
        progress.advance(1);
    }
    Ok(found.collected())
}

#[derive(Default)]
struct Found {
    files: u64,
    events: u64,
    malformed: u64,
    left_out: u64,
    broken: u64,
    reads: BTreeMap<(Arc<str>, Arc<str>, Door), ObservedRead>,
    problems: Vec<Problem>,
}

impl Found {
    fn problem(&mut self, path: &Arc<str>, why: &str) {
        self.broken += 1;
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem {
                path: Arc::clone(path),
                line: None,
                message: format!("the file {why}; fetch it again"),
            });
        }
    }

    fn event(&mut self, event: &TrailEvent, path: &Arc<str>) {
        self.events += 1;
        let Some(door) = door(event) else { return };
        let tables = event.resources.iter();
        let mut tables: Vec<Arc<str>> = tables.filter_map(|one| table(one, event)).collect();
        tables.sort();
        tables.dedup();
        for table in tables {
            self.read(event, door, table, path);
        }
    }

    fn read(&mut self, event: &TrailEvent, door: Door, table: Arc<str>, path: &Arc<str>) {
        let principal: Arc<str> = Arc::from(event.principal.as_str());
        let key = (Arc::clone(&principal), Arc::clone(&table), door);
        if !self.reads.contains_key(&key) && self.reads.len() >= MOST_PAIRS {
            self.left_out += 1;
            return;
        }
        let location = Location::Resource {
            span: FileSpan::line(path, 1),
            address: Arc::from(event.id.as_str()),
        };
        let read = self.reads.entry(key).or_insert_with(|| ObservedRead {
            principal,
            table,
            door,
            count: 0,
            refused: 0,
            first: event.time.clone(),
            last: event.time.clone(),
            location: location.clone(),
        });
        if event.error.is_some() {
            read.refused += 1;
        } else {
            read.count += 1;
        }
        if event.time < read.first {
            read.first.clone_from(&event.time);
        }
        if event.time > read.last {
            read.last.clone_from(&event.time);
            read.location = location;
        }
    }

    fn collected(self) -> Collected {
        let mut problems = self.problems;
        let mut told = |count: u64, message: String| {
            if count > 0 {
                problems.push(Problem {
                    path: Arc::from("trail"),
                    line: None,
                    message,
                });
            }
        };
        told(
            self.malformed,
            format!("{} events could not be read", self.malformed),
        );
        told(
            self.left_out,
            format!(
                "{} events are left out: more than {MOST_PAIRS} principals, tables and doors",
                self.left_out
            ),
        );
        let partial = !problems.is_empty();
        let counts = [
            ("files", self.files),
            ("broken_files", self.broken),
            ("events", self.events),
            ("readers", self.reads.len() as u64),
        ];
        let (status, reason) = match (self.events, partial) {
            (_, true) => (
                CoverageStatus::Partial,
                "some files of the trail could not be read; the problems say which",
            ),
            (0, false) => (
                CoverageStatus::NotApplicable,
                "no file of events lies there; name the folder or prefix that holds AWSLogs",
            ),
            (_, false) => (CoverageStatus::Evaluated, ""),
        };
        Collected {
            facts: self.reads.into_values().map(Fact::ObservedRead).collect(),
            coverage: Coverage {
                source: "trail".to_owned(),
                status,
                reason: reason.to_owned(),
                counts: counts
                    .into_iter()
                    .map(|(name, count)| (name.to_owned(), count))
                    .collect(),
                problems,
            },
        }
    }
}

/// The way that an event took to a table.
fn door(event: &TrailEvent) -> Option<Door> {
    if event.source != "dynamodb.amazonaws.com" {
        return None;
    }
    Some(match event.name.as_str() {
        "GetItem" | "TransactGetItems" => Door::GetItem,
        "BatchGetItem" => Door::BatchGetItem,
        "Query" => Door::Query,
        "Scan" => Door::Scan,
        "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction" => Door::PartiqlSelect,
        "GetRecords" => Door::GetRecords,
        "ExportTableToPointInTime" => Door::Export,
        "CreateBackup" | "RestoreTableFromBackup" | "RestoreTableToPointInTime" => Door::Backup,
        "EnableKinesisStreamingDestination" => Door::KinesisDestination,
        "PutResourcePolicy" => Door::ResourcePolicy,
        _ => return None,
    })
}

/// The table of an ARN (of a table, its stream, index or backup) or of a name.
fn table(resource: &str, event: &TrailEvent) -> Option<Arc<str>> {
    if let Some((head, rest)) = resource.split_once(":table/") {
        let name = rest.split('/').next().filter(|name| !name.is_empty())?;
        return Some(Arc::from(format!("{head}:table/{name}")));
    }
    if resource.starts_with("arn:") || resource.is_empty() {
        return None;
    }
    let (region, account) = (&event.region, &event.account);
    if region.is_empty() || account.is_empty() {
        return Some(Arc::from(resource));
    }
    Some(Arc::from(format!(
        "arn:aws:dynamodb:{region}:{account}:table/{resource}"
    )))
}
