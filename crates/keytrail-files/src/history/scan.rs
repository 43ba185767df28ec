//! Keys in blobs: of a blob that is told by another only what differs is searched.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use keytrail_detect::{Detector, Format, Hit, ScanContext};
use keytrail_model::{Fingerprinter, Progress};
use rustc_hash::FxHashMap;

use super::cache::{self, Cache, Record};
use super::delta::Applied;
use super::objects::Objects;
use super::pack::Visitor;
use super::packed::{self, Packed};
use crate::skip::is_binary_name;
use crate::text::{decode, is_packed};

/// Round a change this much is searched again, in bytes: a key is shorter, and the name before it
/// or the partner beside it is rarely further away.
const MARGIN: usize = 1024;
/// Lines are taken whole up to this length.
const LONGEST_LINE: usize = 4096;

/// A key in a blob, without its bytes: a digest for this run, never shown or kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) key: u64,
    pub(super) range: Range<usize>,
}

pub(super) fn key_of(hit: &Hit) -> u64 {
    hit.secret.with_bytes(|bytes| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        hasher.finish()
    })
}

/// Searches the blobs that have a name of text.
pub(super) struct BlobScanner<'a> {
    pub(super) detector: &'a Detector,
    pub(super) prints: &'a Fingerprinter,
    /// What blobs held that hold others.
    pub(super) packed: Mutex<Packed>,
    pub(super) names: &'a FxHashMap<u32, Arc<str>>,
    pub(super) objects: &'a Objects,
    pub(super) cache: &'a Cache,
    /// What was searched and holds nothing.
    pub(super) empty: Mutex<Vec<Record>>,
    pub(super) progress: &'a Progress,
    pub(super) found: Mutex<FxHashMap<u32, Vec<u64>>>,
    pub(super) scanned: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) binary: AtomicU64,
    pub(super) large: AtomicU64,
    pub(super) unreadable: Mutex<Vec<u32>>,
}

/// What is known of a blob when another is told by it.
pub(super) struct Memo {
    spots: Vec<Spot>,
    format: Format,
    /// Searched as it lies in the pack: places in it are places in the bytes.
    plain: bool,
}

impl Memo {
    /// Of what is no text.
    fn opaque() -> Self {
        Self {
            spots: Vec::new(),
            format: Format::Generated,
            plain: false,
        }
    }
}

impl BlobScanner<'_> {
    fn format(&self, object: u32) -> Format {
        self.names
            .get(&object)
            .map_or(Format::Config, |name| ScanContext::for_path(name).format)
    }

    /// How the cache calls it.
    fn record(&self, object: u32) -> Option<Record> {
        cache::record(self.objects.id(object).as_slice(), self.format(object))
    }

    /// Searched before, and there was nothing in it.
    pub(super) fn is_known(&self, object: u32) -> bool {
        let record = || self.record(object);
        self.cache.is_kept() && record().is_some_and(|record| self.cache.knows(&record))
    }

    /// Searched, and there is nothing in it.
    fn nothing(&self, object: u32) {
        if self.cache.is_kept() {
            let mut empty = self.empty.lock().unwrap_or_else(PoisonError::into_inner);
            empty.extend(self.record(object));
        }
    }

    /// Keeps the keys of a blob, or that it has none.
    fn note(&self, object: u32, mut keys: Vec<u64>) {
        if keys.is_empty() {
            return self.nothing(object);
        }
        keys.sort_unstable();
        keys.dedup();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert(object, keys);
    }

    /// A blob that holds others; what is told by it as a delta is read whole, too.
    fn packed(&self, object: u32, name: &Arc<str>, bytes: &[u8]) -> Memo {
        self.scanned.fetch_add(1, Ordering::Relaxed);
        let mut part = packed::read((name, bytes), self.detector, self.prints, None);
        self.bytes.fetch_add(part.bytes, Ordering::Relaxed);
        Packed::add(&self.packed, &mut part);
        self.note(object, part.sightings.iter().map(packed::key_of).collect());
        Memo::opaque()
    }

    fn search(&self, bytes: &[u8], format: Format, within: Range<usize>) -> Vec<Spot> {
        let cx = ScanContext {
            format,
            ..ScanContext::default()
        };
        self.bytes.fetch_add(within.len() as u64, Ordering::Relaxed);
        let hits = self.detector.scan(&bytes[within.clone()], &cx);
        hits.iter()
            .map(|hit| Spot {
                key: key_of(hit),
                range: hit.range.start + within.start..hit.range.end + within.start,
            })
            .collect()
    }

    /// What the base had and the change left, and what stands round the changes.
    fn differing(&self, applied: &Applied, memo: &Memo, format: Format) -> Vec<Spot> {
        let bytes = &applied.bytes;
        let kept = memo.spots.iter().filter_map(|spot| {
            Some(Spot {
                key: spot.key,
                range: applied.moved(&spot.range)?,
            })
        });
        let mut spots: Vec<Spot> = kept.collect();
        for window in windows(bytes, &applied.changes()) {
            spots.extend(self.search(bytes, format, window));
        }
        spots.sort_by_key(|spot| (spot.range.start, spot.range.end, spot.key));
        spots.dedup();
        spots
    }
}

impl Visitor for BlobScanner<'_> {
    type Memo = Memo;

    fn wants(&self, object: u32) -> bool {
        let known = |object| self.is_known(object);
        match self.names.get(&object) {
            Some(name) => {
                let end = name.rsplit_once('.').map_or("", |(_, end)| end);
                (packed::is_packed(name) || !is_binary_name(end)) && !known(object)
            }
            // No tree has it, so nobody knows what it is.
            None => !known(object),
        }
    }

    fn see(&self, object: u32, bytes: &[u8], from: Option<(&Memo, &Applied)>) -> Memo {
        self.progress.advance(1);
        let named = self.names.get(&object);
        if let Some(name) = named.filter(|name| packed::is_packed(name)) {
            return self.packed(object, name, bytes);
        }
        let Some(text) = decode(bytes) else {
            self.binary.fetch_add(1, Ordering::Relaxed);
            self.nothing(object);
            return Memo::opaque();
        };
        self.scanned.fetch_add(1, Ordering::Relaxed);
        let plain = matches!(text, std::borrow::Cow::Borrowed(_));
        let format = if is_packed(&text) {
            Format::Generated
        } else {
            self.format(object)
        };
        let spots = match from {
            Some((memo, applied)) if plain && memo.plain && memo.format == format => {
                self.differing(applied, memo, format)
            }
            _ => self.search(&text, format, 0..text.len()),
        };
        self.note(object, spots.iter().map(|spot| spot.key).collect());
        Memo {
            spots,
            format,
            plain,
        }
    }

    fn unreadable(&self, object: u32, large: bool) {
        self.progress.advance(1);
        if large {
            self.large.fetch_add(1, Ordering::Relaxed);
        } else {
            let mut all = self
                .unreadable
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            all.push(object);
        }
    }
}

/// The changes with a margin of whole lines, those that touch joined.
fn windows(bytes: &[u8], changes: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    for change in changes {
        let start = change.start.saturating_sub(MARGIN);
        let end = (change.end + MARGIN).min(bytes.len());
        let line = &bytes[start.saturating_sub(LONGEST_LINE)..start];
        let start = start - memchr::memrchr(b'\n', line).map_or(0, |at| line.len() - at - 1);
        let line = &bytes[end..(end + LONGEST_LINE).min(bytes.len())];
        let end = end + memchr::memchr(b'\n', line).unwrap_or(0);
        match windows.last_mut() {
            Some(last) if last.end >= start => last.end = last.end.max(end),
            _ => windows.push(start..end),
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_whole_lines_and_join() {
        let text = "0123456\n".repeat(1_000);
        let windows = windows(text.as_bytes(), &[4_003..4_003, 4_100..4_200, 7_990..8_000]);
        assert_eq!(windows, [2_976..5_231, 6_960..8_000]);
        assert!(super::windows(b"", &[]).is_empty());
        let all = 0..2;
        assert_eq!(
            super::windows(b"ab", std::slice::from_ref(&all)),
            std::slice::from_ref(&all)
        );
    }
}
