//! Point-in-time exports of DynamoDB tables: read as items, with table, attribute and place.
//!
//! An export is a directory with a `manifest-summary.json`, a `manifest-files.json` and data files in `data/`:
//! a line each item, DynamoDB JSON or Ion text, gzipped. Whole tables and changes (with `Keys`, `NewImage`,
//! `OldImage`) are read alike. Checksums and counts of the manifest are compared with what is there.
//!
//! In bounded memory: a block of text and the statistics for each file that is under way.

mod data;
mod ion;
mod manifest;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use keytrail_detect::{Detector, TableStats};
use keytrail_model::{
    Collected, Coverage, CoverageStatus, Entry, Fact, FileSpan, Fingerprinter, Location, Problem,
    Progress, Tree,
};
use rayon::prelude::*;

use self::data::{Data, Reading, problem};
use self::manifest::{Manifest, SUMMARY};
use self::state::{Key, Known, State};
use crate::error::ExportError;

/// How exports are read.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// Where to keep which data files were read, and what they hold.
    pub state: Option<PathBuf>,
}

/// The exports that lie in a tree.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    all: Vec<Export>,
    data: BTreeSet<Arc<str>>,
}

#[derive(Clone, Debug)]
struct Export {
    manifest: Manifest,
    data: Vec<Entry>,
}

impl Exports {
    /// Looks for manifests.
    pub fn find(tree: &dyn Tree) -> Self {
        let summaries = tree.entries().iter();
        let summaries = summaries.filter(|entry| entry.file_name() == SUMMARY);
        let all: Vec<Export> = summaries
            .filter_map(|entry| Export::at(tree, entry))
            .collect();
        let data = all.iter().flat_map(|export| &export.data);
        let data = data.map(|entry| Arc::clone(&entry.path)).collect();
        Self { all, data }
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// True for a data file: read as items, not as a text.
    pub fn hold(&self, entry: &Entry) -> bool {
        self.data.contains(&entry.path)
    }
}

impl Export {
    fn at(tree: &dyn Tree, summary: &Entry) -> Option<Self> {
        let manifest = Manifest::read(tree, summary)?;
        let directory = summary.path.strip_suffix(SUMMARY)?;
        let inside = format!("{directory}data/");
        let entries = tree.entries();
        let from = entries.partition_point(|entry| *entry.path < *inside);
        let data = entries[from..]
            .iter()
            .take_while(|entry| entry.path.starts_with(&inside))
            .filter(|entry| is_data(entry.file_name()))
            .cloned()
            .collect();
        Some(Self { manifest, data })
    }

    /// Differences between what the manifest says and what is there.
    fn missing(&mut self) {
        let here: BTreeSet<&str> = self.data.iter().map(Entry::file_name).collect();
        let missing: Vec<String> = self
            .manifest
            .files
            .keys()
            .filter(|name| !here.contains(name.as_str()))
            .cloned()
            .collect();
        if let Some(first) = missing.first() {
            let message = format!(
                "{} of {} data files are not here, among them {first}; copy the whole export",
                missing.len(),
                self.manifest.files.len()
            );
            let path = Arc::clone(&self.manifest.path);
            self.manifest.problem(&path, message);
        }
    }
}

fn is_data(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    [".json", ".ion"].iter().any(|end| plain.ends_with(end))
}

/// Reads every export. Fails where the state can't be used; what else goes wrong is in the coverage.
pub fn exports(
    tree: &dyn Tree,
    exports: &Exports,
    detector: &Detector,
    prints: &Fingerprinter,
    progress: &Progress,
    options: &ExportOptions,
) -> Result<Collected, ExportError> {
    let (state, mut known) = State::open(options.state.as_deref(), prints)?;
    let mut all = Gathered::default();
    for mut export in exports.all.iter().cloned() {
        progress.expect(export.data.len() as u64);
        export.missing();
        let Export { manifest, data } = export;
        let files = files(&data, &manifest.arn, &mut known);
        let reading = Reading { detector, prints };
        let read: Vec<_> = files
            .into_par_iter()
            .map(|(entry, key, before)| {
                let data = match before {
                    Some(data) => Ok(data),
                    None => one(tree, entry, &key, &reading, &state)?,
                };
                progress.advance(1);
                Ok((entry, data))
            })
            .collect::<Result<_, ExportError>>()?;
        all.add(manifest, read);
    }
    Ok(all.finish())
}

/// A data file, its name in the state, and what the state knows of it.
type Waiting<'e> = (&'e Entry, Key, Option<Data>);

fn files<'e>(data: &'e [Entry], export: &str, known: &mut Known) -> Vec<Waiting<'e>> {
    let key = |entry: &Entry| Key {
        export: export.to_owned(),
        file: entry.file_name().to_owned(),
        size: entry.size,
    };
    data.iter()
        .map(|entry| {
            let key = key(entry);
            let before = known.remove(&key);
            (entry, key, before)
        })
        .collect()
}

fn one(
    tree: &dyn Tree,
    entry: &Entry,
    key: &Key,
    reading: &Reading<'_>,
    state: &State,
) -> Result<std::io::Result<Data>, ExportError> {
    let read = reading.file(tree, entry);
    if let Ok(data) = &read
        && data.cut.is_none()
    {
        state.done(key, data)?;
    }
    Ok(read)
}

/// Over all exports.
#[derive(Default)]
struct Gathered {
    facts: Vec<Fact>,
    problems: Vec<Problem>,
    counts: BTreeMap<&'static str, u64>,
}

impl Gathered {
    fn count(&mut self, name: &'static str, more: u64) {
        *self.counts.entry(name).or_default() += more;
    }

    fn add(&mut self, mut manifest: Manifest, read: Vec<(&Entry, std::io::Result<Data>)>) {
        self.problems.append(&mut manifest.problems);
        let mut stats = TableStats::default();
        let mut records = 0;
        for (entry, data) in read {
            match data {
                Ok(data) => {
                    self.check(&manifest, entry, &data);
                    records += data.records;
                    self.count("data_files", 1);
                    self.count("bytes", data.bytes);
                    // In the order of the names, so that the examples are the same each time.
                    stats.join(data.stats);
                }
                Err(error) => {
                    let message = format!("not read: {}", error.kind());
                    self.problems.push(problem(entry, None, message));
                }
            }
        }
        if let Some(told) = manifest.items.filter(|&told| told != records) {
            let message = format!("{records} items were read, the manifest says {told}");
            manifest.problem(&Arc::clone(&manifest.path), message);
        }
        self.table(manifest, stats);
    }

    fn table(&mut self, mut manifest: Manifest, stats: TableStats) {
        let path = Arc::clone(&manifest.path);
        if stats.cut > 0 {
            let told = format!("{} items nest deeper than is looked at", stats.cut);
            manifest.problem(&path, told);
        }
        if stats.more_attributes {
            manifest.problem(&path, "there are more attributes than are told apart");
        }
        self.count("exports", 1);
        self.count("items", stats.items);
        self.count("keys", stats.keys);
        self.problems.append(&mut manifest.problems);
        let location = Location::Resource {
            span: FileSpan::line(&path, 1),
            address: Arc::from(manifest.table.as_str()),
        };
        for mut stored in stats.facts(&manifest.table, &location, false) {
            stored.day.clone_from(&manifest.day);
            self.facts.push(Fact::StoredKeys(stored));
        }
    }

    /// Compares a data file with what the manifest says of it.
    fn check(&mut self, manifest: &Manifest, entry: &Entry, data: &Data) {
        let mut say = |line, message: String| self.problems.push(problem(entry, line, message));
        if let Some(why) = &data.cut {
            say(
                None,
                format!("not read to its end: {why}; copy the file again"),
            );
        }
        for &line in &data.broken_at {
            say(
                Some(line),
                "no item, or longer than an item can be".to_owned(),
            );
        }
        let more = data.broken - data.broken_at.len() as u64;
        if more > 0 {
            say(None, format!("{more} more lines are no items"));
        }
        let Some(told) = manifest.files.get(entry.file_name()) else {
            if !manifest.files.is_empty() {
                say(
                    None,
                    "the manifest does not name it; read all the same".to_owned(),
                );
            }
            return;
        };
        if told.md5.as_ref().is_some_and(|md5| *md5 != data.md5) {
            say(
                None,
                "not what its MD5 in the manifest says: it was changed or damaged".to_owned(),
            );
        }
        if let Some(items) = told.items.filter(|&items| items != data.records) {
            let message = format!("it has {} items, the manifest says {items}", data.records);
            say(None, message);
        }
    }

    fn finish(mut self) -> Collected {
        self.problems.sort();
        let (status, reason) = if self.problems.is_empty() {
            (CoverageStatus::Evaluated, String::new())
        } else {
            let reason = "not all of the exports is as their manifests say; the problems tell what";
            (CoverageStatus::Partial, reason.to_owned())
        };
        let counts = self.counts.into_iter();
        Collected {
            facts: self.facts,
            coverage: Coverage {
                source: "exports".to_owned(),
                status,
                reason,
                counts: counts
                    .map(|(name, count)| (name.to_owned(), count))
                    .collect(),
                problems: self.problems,
            },
        }
    }
}
