//! What files that hold others may cost. Each limit that is met is told in the coverage.

use std::cell::Cell;
use std::io::{self, Read};

/// Archives within archives.
pub(crate) const DEEPEST: usize = 4;
/// Files of one archive, with those of the archives in it.
pub(crate) const MOST_FILES: usize = 200_000;
/// An archive that has to be held to be read, in bytes; one that lies in another.
pub(crate) const HELD: u64 = 256 << 20;
pub(crate) const HELD_INSIDE: u64 = 64 << 20;
/// Bytes that one file may unpack to.
const MOST_BYTES: u64 = 8 << 30;
/// Beyond this many bytes it may unpack to so many times its size only. Logs rarely reach 100.
const FREE: u64 = 256 << 20;
const RATIO: u64 = 200;

/// What one file of the tree has unpacked to.
#[derive(Debug)]
pub(crate) struct Meter {
    left: Cell<u64>,
    most: u64,
    files: Cell<usize>,
}

impl Meter {
    /// For a file of this size.
    pub(crate) fn new(size: u64) -> Self {
        let most = size.saturating_mul(RATIO).clamp(FREE, MOST_BYTES);
        Self {
            left: Cell::new(most),
            most,
            files: Cell::new(0),
        }
    }

    /// One more file; false where there are too many.
    pub(crate) fn file(&self) -> bool {
        self.files.set(self.files.get() + 1);
        self.files.get() <= MOST_FILES
    }

    /// What is read of `inner` counts.
    pub(crate) fn count<R: Read>(&self, inner: R) -> Metered<'_, R> {
        Metered { inner, meter: self }
    }

    /// True where nothing more may be unpacked.
    pub(crate) fn is_empty(&self) -> bool {
        self.left.get() == 0
    }

    fn refused(&self) -> io::Error {
        let most = self.most >> 20;
        io::Error::other(format!(
            "it unpacks to more than {most} MB, which is the limit for a file of its size"
        ))
    }
}

/// A reader that ends in an error when the limit is met.
pub(crate) struct Metered<'m, R> {
    inner: R,
    meter: &'m Meter,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.is_empty() {
            return Err(self.meter.refused());
        }
        let count = self.inner.read(buffer)?;
        let left = self.meter.left.get().saturating_sub(count as u64);
        self.meter.left.set(left);
        Ok(count)
    }
}
