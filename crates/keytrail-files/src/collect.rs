//! The keys in the files of a tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_detect::{Detector, Format, Hit, ScanContext};
use keytrail_model::{
    Collected, Coverage, CoverageStatus, Entry, Fact, Fingerprinter, Location, Problem, Progress,
    Sighting, SightingContext, Tree,
};
use rayon::prelude::*;

use crate::disk::Listing;
use crate::export::Exports;
use crate::large;
use crate::lines::Lines;
use crate::skip::is_binary_name;
use crate::text::{decode, is_packed};

/// How the files of a tree are read.
#[derive(Clone, Debug)]
pub struct FilesOptions {
    /// Larger files are not read; the coverage says so. In bytes.
    pub largest: u64,
    /// What listing the tree met; see [`crate::DiskTree::listing`].
    pub listing: Listing,
    /// Exports of tables: their data files are not read as texts.
    pub exports: Exports,
}

impl Default for FilesOptions {
    fn default() -> Self {
        Self {
            largest: 64 << 30,
            listing: Listing::default(),
            exports: Exports::default(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Part {
    pub(crate) sightings: Vec<Sighting>,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) binary: u64,
    large: u64,
    packed: u64,
    problems: Vec<Problem>,
}

impl Part {
    pub(crate) fn problem(&mut self, entry: &Entry, message: String) {
        self.problems.push(Problem {
            path: Arc::clone(&entry.path),
            line: None,
            message,
        });
    }

    /// As [`context`]; counts packed files.
    pub(crate) fn context<'a>(&mut self, entry: &'a Entry, text: &[u8]) -> ScanContext<'a> {
        let cx = context(&entry.path, text);
        self.packed += u64::from(cx.format != ScanContext::for_path(&entry.path).format);
        cx
    }

    /// Tells what was left out of a file with so many keys and encoded stretches.
    pub(crate) fn limits(&mut self, entry: &Entry, hits: usize, undecoded: usize) {
        if hits >= Detector::MOST_HITS {
            let most = Detector::MOST_HITS;
            let message = format!("read in part: only the first {most} keys are kept");
            self.problem(entry, message);
        }
        if undecoded > 0 {
            let message = format!("read in part: {undecoded} encoded stretches are not decoded");
            self.problem(entry, message);
        }
    }

    fn join(mut self, mut other: Self) -> Self {
        self.sightings.append(&mut other.sightings);
        self.problems.append(&mut other.problems);
        self.files += other.files;
        self.bytes += other.bytes;
        self.binary += other.binary;
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
    let part = entries
        .par_iter()
        .fold(Part::default, |mut part, entry| {
            if !options.exports.hold(entry) {
                read(tree, entry, detector, prints, options.largest, &mut part);
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

fn read(
    tree: &dyn Tree,
    entry: &Entry,
    detector: &Detector,
    prints: &Fingerprinter,
    largest: u64,
    part: &mut Part,
) {
    if is_binary_name(entry.extension()) {
        part.binary += 1;
        return;
    }
    if entry.size > largest {
        part.large += 1;
        part.problems.push(too_large(entry, largest));
        return;
    }
    if entry.size > large::HELD {
        return large::read(tree, entry, detector, prints, part);
    }
    let bytes = match tree.read(entry) {
        Ok(bytes) => bytes,
        Err(error) => return part.problem(entry, format!("not read: {}", error.kind())),
    };
    let Some(text) = decode(&bytes) else {
        part.binary += 1;
        return;
    };
    part.files += 1;
    part.bytes += bytes.len() as u64;
    let cx = part.context(entry, &text);
    let mut lines = Lines::new(&text);
    let (hits, undecoded) = detector.scan_counting(&text, &cx);
    part.limits(entry, hits.len(), undecoded);
    for hit in hits {
        let location = Location::File {
            span: lines.span(&entry.path, &hit.range),
        };
        part.sightings
            .push(sighting(hit, location, cx.test, entry.ignored, prints));
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
        ("skipped_binary", part.binary),
        ("skipped_large", part.large),
        ("packed_files", part.packed),
        ("ignored_files", listing.ignored_files),
        ("skipped_directories", listing.foreign_directories),
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
            .map(|(name, count)| (name.to_owned(), count))
            .collect::<BTreeMap<_, _>>(),
        problems,
    }
}
