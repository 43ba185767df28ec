//! The keys in the files of a tree.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use keytrail_detect::{Detector, Format, Hit, ScanContext};
use keytrail_model::{
    Collected, Coverage, CoverageStatus, Entry, Fact, Fingerprinter, Keyring, Location, Problem,
    Progress, Sighting, SightingConfidence, SightingContext, Tree,
};
use rayon::prelude::*;

use crate::disk::Listing;
use crate::export::Exports;
use crate::inside::{Inside, Kind, Meter};
use crate::search::{HELD, Named, Search};
use crate::skip::is_binary_name;
use crate::text::is_packed;

/// How the files of a tree are read.
#[derive(Clone, Debug)]
pub struct FilesOptions {
    /// Larger files are not read; the coverage says so. In bytes.
    pub largest: u64,
    /// What listing the tree met; see [`crate::DiskTree::listing`].
    pub listing: Listing,
    /// Exports of tables: their data files are not read as texts.
    pub exports: Exports,
    /// Where keys go whose vendors are to be asked.
    pub keyring: Option<Arc<Keyring>>,
}

impl Default for FilesOptions {
    fn default() -> Self {
        Self {
            largest: 64 << 30,
            listing: Listing::default(),
            exports: Exports::default(),
            keyring: None,
        }
    }
}

#[derive(Default)]
pub(crate) struct Part {
    pub(crate) sightings: Vec<Sighting>,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) binary: u64,
    /// Files within archives, documents and databases.
    pub(crate) inside: u64,
    pub(crate) foreign_inside: u64,
    large: u64,
    pub(crate) packed: u64,
    problems: Vec<Problem>,
}

impl Part {
    pub(crate) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    pub(crate) fn problem(&mut self, path: &Arc<str>, message: String) {
        self.problems.push(Problem {
            path: Arc::clone(path),
            line: None,
            message,
        });
    }

    /// Tells what was left out of a file with so many keys and encoded stretches.
    pub(crate) fn limits(&mut self, path: &Arc<str>, hits: usize, undecoded: usize) {
        if hits >= Detector::MOST_HITS {
            let most = Detector::MOST_HITS;
            let message = format!("read in part: only the first {most} keys are kept");
            self.problem(path, message);
        }
        if undecoded > 0 {
            let message = format!("read in part: {undecoded} encoded stretches are not decoded");
            self.problem(path, message);
        }
    }

    fn join(mut self, mut other: Self) -> Self {
        self.sightings.append(&mut other.sightings);
        self.problems.append(&mut other.problems);
        self.files += other.files;
        self.bytes += other.bytes;
        self.binary += other.binary;
        self.inside += other.inside;
        self.foreign_inside += other.foreign_inside;
        self.large += other.large;
        self.packed += other.packed;
        self
    }
}

/// Searches every text file of `tree`.
pub fn collect(
    tree: &dyn Tree,
    detector: &Detector,
    prints: &Fingerprinter,
    progress: &Progress,
    options: &FilesOptions,
) -> Collected {
    let entries = tree.entries();
    progress.expect(entries.len() as u64);
    let reading = Reading {
        tree,
        detector,
        prints,
        largest: options.largest,
        keyring: options.keyring.as_deref(),
        one: Mutex::default(),
    };
    let part = entries
        .par_iter()
        .fold(Part::default, |mut part, entry| {
            if !options.exports.hold(entry) {
                reading.file(entry, &mut part);
            }
            progress.advance(1);
            part
        })
        .reduce(Part::default, Part::join);
    let coverage = coverage(&part, entries.is_empty(), &options.listing);
    let mut facts: Vec<Fact> = part.sightings.into_iter().map(Fact::Sighting).collect();
    facts.sort();
    Collected { facts, coverage }
}

struct Reading<'r> {
    tree: &'r dyn Tree,
    detector: &'r Detector,
    prints: &'r Fingerprinter,
    largest: u64,
    keyring: Option<&'r Keyring>,
    /// Of large archives, which have to be held, one is read at a time.
    one: Mutex<()>,
}

impl Reading<'_> {
    fn file(&self, entry: &Entry, part: &mut Part) {
        let kind = Kind::of(entry.file_name());
        if kind.is_none() && is_binary_name(entry.extension()) {
            part.binary += 1;
            return;
        }
        if entry.size > self.largest {
            part.large += 1;
            part.problems.push(too_large(entry, self.largest));
            return;
        }
        if let Err(error) = self.read(entry, kind, part) {
            part.problem(&entry.path, format!("not read: {}", error.kind()));
        }
    }

    fn read(&self, entry: &Entry, kind: Option<Kind>, part: &mut Part) -> io::Result<()> {
        /// In bytes.
        const SMALL: u64 = 16 << 20;
        let mut search = Search {
            detector: self.detector,
            prints: self.prints,
            keyring: self.keyring,
            ignored: entry.ignored,
            part,
        };
        let at = Named {
            path: &entry.path,
            name: &entry.path,
        };
        if kind.is_none() && entry.size <= HELD {
            search.held(at, &self.tree.read(entry)?);
            return Ok(());
        }
        let reader = self.tree.open(entry)?;
        if kind.is_none() {
            return search.text(at, reader);
        }
        let _one =
            (entry.size > SMALL).then(|| self.one.lock().unwrap_or_else(PoisonError::into_inner));
        let meter = Meter::new(entry.size);
        Inside::new(&mut search, &meter).file(at, reader);
        Ok(())
    }
}

/// By the path, and by the look of code for browsers.
pub(crate) fn context<'a>(path: &'a str, text: &[u8]) -> ScanContext<'a> {
    let mut cx = ScanContext::for_path(path);
    if cx.format == Format::Source && is_code_for_browsers(path) && is_packed(text) {
        cx.format = Format::Generated;
    }
    cx
}

fn is_code_for_browsers(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name.rsplit_once('.').map_or("", |(_, end)| end),
        "js" | "mjs" | "cjs" | "css" | "html" | "htm" | "vue" | "ts"
    )
}

fn too_large(entry: &Entry, largest: u64) -> Problem {
    const MEGA: u64 = 1024 * 1024;
    Problem {
        path: Arc::clone(&entry.path),
        line: None,
        message: format!(
            "not read: {} MB, more than the limit of {} MB; raise the limit to have it read",
            entry.size / MEGA,
            largest / MEGA
        ),
    }
}

/// For those who will ask the key's vendor.
pub(crate) fn keep(keyring: Option<&Keyring>, hit: &Hit, prints: &Fingerprinter, path: &Arc<str>) {
    if let Some(keyring) = keyring {
        let sure = hit.confidence > SightingConfidence::Low;
        let print = hit.fingerprint(prints);
        keyring.keep(print, hit.provider, &hit.secret, path, sure);
    }
}

pub(crate) fn sighting(
    hit: Hit,
    location: Location,
    test: bool,
    ignored_file: bool,
    prints: &Fingerprinter,
) -> Sighting {
    Sighting {
        location,
        provider: hit.provider.to_owned(),
        title: hit.title.to_owned(),
        fingerprint: hit.fingerprint(prints),
        masked: hit.masked,
        confidence: hit.confidence,
        proofs: hit.proofs,
        context: SightingContext {
            name: hit.name,
            test,
            ignored_file,
            writer: None,
        },
        power: hit.power.to_owned(),
        rotate: hit.rotate.to_owned(),
    }
}

fn coverage(part: &Part, empty: bool, listing: &Listing) -> Coverage {
    let mut problems = part.problems.clone();
    problems.extend(listing.problems.iter().cloned());
    problems.sort();
    let counts = [
        ("files", part.files),
        ("bytes", part.bytes),
        ("sightings", part.sightings.len() as u64),
        ("files_inside", part.inside),
        ("skipped_binary", part.binary),
        ("skipped_large", part.large),
        ("packed_files", part.packed),
        ("ignored_files", listing.ignored_files),
        ("skipped_directories", listing.foreign_directories),
        ("skipped_foreign_inside", part.foreign_inside),
        ("skipped_symlinks", listing.symlinks),
        ("skipped_special", listing.special_files),
    ];
    let (status, reason) = if empty && problems.is_empty() {
        (
            CoverageStatus::NotApplicable,
            "there are no files".to_owned(),
        )
    } else if problems.is_empty() {
        (CoverageStatus::Evaluated, String::new())
    } else {
        let reason = format!(
            "{} of the files or directories could not be read",
            problems.len()
        );
        (CoverageStatus::Partial, reason)
    };
    Coverage {
        source: "files".to_owned(),
        status,
        reason,
        counts: counts
            .into_iter()
            // Most trees have no archives.
            .filter(|(name, count)| *count > 0 || !name.ends_with("inside"))
            .map(|(name, count)| (name.to_owned(), count))
            .collect::<BTreeMap<_, _>>(),
        problems,
    }
}
