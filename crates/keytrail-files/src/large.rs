//! Files that are not held in memory: searched window by window.

use std::io::{self, Read as _};

use keytrail_detect::{Detector, Hit, Window};
use keytrail_model::{Entry, FileSpan, Fingerprinter, Location, Tree};

use crate::collect::{Part, sighting};
use crate::lines::Lines;
use crate::text::decode_stream;

/// Larger files are streamed. In bytes.
pub(crate) const HELD: u64 = 8 * 1024 * 1024;

pub(crate) fn read(
    tree: &dyn Tree,
    entry: &Entry,
    detector: &Detector,
    prints: &Fingerprinter,
    part: &mut Part,
) {
    match search(tree, entry, detector, prints, part) {
        Ok(true) => part.files += 1,
        Ok(false) => part.binary += 1,
        Err(error) => part.problem(entry, format!("not read to its end: {}", error.kind())),
    }
}

/// False for a binary file.
fn search(
    tree: &dyn Tree,
    entry: &Entry,
    detector: &Detector,
    prints: &Fingerprinter,
    part: &mut Part,
) -> io::Result<bool> {
    const HEAD: u64 = 64 * 1024;
    let Some(mut reader) = decode_stream(tree.open(entry)?)? else {
        return Ok(false);
    };
    let mut head = Vec::new();
    (&mut *reader).take(HEAD).read_to_end(&mut head)?;
    let cx = part.context(entry, &head);
    let mut place = (1, 1);
    let (mut hits, mut undecoded) = (0, 0);
    let mut reader = io::Cursor::new(head).chain(reader);
    detector.scan_stream(&mut reader, &cx, |mut window| {
        window.hits.truncate(Detector::MOST_HITS - hits);
        hits += window.hits.len();
        undecoded += window.undecoded;
        part.bytes += window.own.len() as u64;
        place = windowed(window, entry, place, |hit, span| {
            let location = Location::File { span };
            let sighting = sighting(hit, location, cx.test, entry.ignored, prints);
            part.sightings.push(sighting);
        });
        hits < Detector::MOST_HITS
    })?;
    part.limits(entry, hits, undecoded);
    Ok(true)
}

/// Hands over each key with its place; line and column of the window's end.
fn windowed(
    window: Window<'_>,
    entry: &Entry,
    place: (u32, u32),
    mut each: impl FnMut(Hit, FileSpan),
) -> (u32, u32) {
    let mut lines = Lines::resume(window.bytes, window.own.start, place);
    for hit in window.hits {
        let span = lines.span(&entry.path, &hit.range);
        each(hit, span);
    }
    Lines::resume(window.bytes, window.own.start, place).place(window.own.end)
}
