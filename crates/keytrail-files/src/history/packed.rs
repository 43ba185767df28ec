//! Blobs that hold other texts: archives, documents, databases, read as such files of a tree are.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use keytrail_detect::Detector;
use keytrail_model::{Fingerprinter, Keyring, Problem, Sighting};

use crate::collect::Part;
use crate::inside::{Inside, Kind, Meter};
use crate::search::{Named, Search};

/// What could not be read in blobs is told of so many.
const MOST_PROBLEMS: usize = 20;

/// True for the name of a file that holds others.
pub(super) fn is_packed(path: &str) -> bool {
    Kind::of(path.rsplit('/').next().unwrap_or(path)).is_some()
}

/// What all blobs of the kind held.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) files: u64,
    pub(super) foreign: u64,
    pub(super) problems: Vec<Problem>,
}

/// The keys in one blob, places named after `path`.
pub(super) fn read(
    (path, bytes): (&Arc<str>, &[u8]),
    detector: &Detector,
    prints: &Fingerprinter,
    keyring: Option<&Keyring>,
) -> Part {
    let mut part = Part::default();
    let mut search = Search {
        detector,
        prints,
        keyring,
        part: &mut part,
        ignored: false,
    };
    let meter = Meter::new(bytes.len() as u64);
    let at = Named { path, name: path };
    Inside::new(&mut search, &meter).file(at, Box::new(Cursor::new(bytes)));
    part
}

/// What tells a key of a blob from the others in it, whatever the blob is called.
pub(super) fn key_of(sighting: &Sighting) -> u64 {
    let span = sighting.location.span();
    let within = span.path.split_once('!').map_or("", |(_, within)| within);
    let mut hasher = DefaultHasher::new();
    match sighting.fingerprint {
        Some(print) => print.hash(&mut hasher),
        None => (span.line, span.column, &sighting.provider).hash(&mut hasher),
    }
    within.hash(&mut hasher);
    hasher.finish()
}

impl Packed {
    /// Adds what was met in one blob; versions of one file meet the same again and again.
    pub(super) fn add(all: &Mutex<Self>, part: &mut Part) {
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.files += part.inside;
        all.foreign += part.foreign_inside;
        for problem in part.take_problems() {
            all.problems.push(problem);
        }
        all.problems.sort();
        all.problems.dedup();
        // The first ones by name, whatever order blobs come in.
        all.problems.truncate(MOST_PROBLEMS);
    }
}
