//! Texts that are too large to be held: read window by window, each overlapping the next.

use std::io::{self, Read};
use std::ops::Range;

use crate::context::ScanContext;
use crate::detector::Detector;
use crate::hit::Hit;

/// New bytes of a window. Larger ones leave the processor's cache.
const STEP: usize = 1 << 20;

/// No key, with what stands round it, is longer: the longest reach of a provider is 40,000 bytes.
const OVERLAP: usize = 48 * 1024;

/// A part of a streamed text and the keys that begin in it.
pub struct Window<'a> {
    /// The part with what is kept of the one before and what is already read of the next.
    pub bytes: &'a [u8],
    /// The part itself: windows follow each other without gap or overlap.
    pub own: Range<usize>,
    /// The keys that begin in the part; their ranges are places in `bytes`.
    pub hits: Vec<Hit>,
    /// Encoded stretches that were not looked into; see [`Detector::scan_counting`].
    pub undecoded: usize,
}

impl Detector {
    /// Searches what `reader` gives and hands over one window after the other. Needs about two
    /// megabytes of memory, however long the text is. `each` says whether to go on.
    pub fn scan_stream(
        &self,
        reader: &mut dyn Read,
        cx: &ScanContext<'_>,
        mut each: impl FnMut(Window<'_>) -> bool,
    ) -> io::Result<()> {
        let mut buffer: Vec<u8> = Vec::with_capacity(STEP + 3 * OVERLAP);
        let mut from = 0;
        loop {
            let read = fill(reader, &mut buffer)?;
            let last = read < STEP;
            let to = if last {
                buffer.len()
            } else {
                buffer.len() - OVERLAP
            };
            let own = from..to;
            let (mut hits, undecoded) = self.scan_counting(&buffer, cx);
            hits.retain(|hit| own.contains(&hit.range.start));
            let window = Window {
                bytes: &buffer,
                own,
                hits,
                undecoded,
            };
            if !each(window) || last {
                return Ok(());
            }
            let keep = to.saturating_sub(OVERLAP);
            buffer.drain(..keep);
            from = to - keep;
        }
    }
}

/// Appends the next step; fewer bytes only at the end.
fn fill(reader: &mut dyn Read, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let limit = u64::try_from(STEP).unwrap_or(u64::MAX);
    reader.take(limit).read_to_end(buffer)
}
