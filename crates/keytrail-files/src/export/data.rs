//! One data file of an export: decompressed and read line by line, each line an item.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::bufread::MultiGzDecoder;
use keytrail_detect::{Detector, ItemCounter, ItemReader, PageStats, Seen, TableStats};
use keytrail_model::{Entry, Fingerprinter, Problem, Tree};
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ion;

/// Decompressed text that is held at a time.
const BLOCK: usize = 512 * 1024;
/// An item has 400 KB at most; in base64, with its types and an old image beside it, not five times that. A
/// longer line is left out.
const LONGEST_LINE: usize = 8 * 1024 * 1024;
/// Text of one file that is read at most.
const MOST_TEXT: u64 = 256 << 30;
/// Lines of a file that are named when they can't be read; the others are counted.
const MOST_NAMED: u64 = 3;

/// What a data file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Data {
    pub(super) stats: TableStats,
    /// Records, as the manifest counts them.
    pub(super) records: u64,
    /// Bytes of text.
    pub(super) bytes: u64,
    /// Lines that are no items.
    pub(super) broken: u64,
    /// Numbers of the first of them.
    pub(super) broken_at: Vec<u64>,
    /// Base64, as in the manifest.
    pub(super) md5: String,
    /// Why it was not read to its end.
    pub(super) cut: Option<String>,
}

/// Reads items and keeps nothing of them but counts, masks and fingerprints.
pub(super) struct Reading<'r> {
    pub(super) detector: &'r Detector,
    pub(super) prints: &'r Fingerprinter,
}

impl Reading<'_> {
    /// Of a damaged file what comes before the damage.
    pub(super) fn file(&self, tree: &dyn Tree, entry: &Entry) -> io::Result<Data> {
        let mut lines = Lines {
            reader: ItemReader::new(self.detector),
            counter: ItemCounter::new(self.detector),
            prints: self.prints,
            name: entry.file_name(),
            is_ion: entry.file_name().contains(".ion"),
            line: 0,
            page: PageStats::default(),
            data: Data::default(),
        };
        let mut digest = Digested {
            inner: tree.open(entry)?,
            md5: Md5::new(),
        };
        let packed = entry.extension().eq_ignore_ascii_case("gz");
        let read = if packed {
            let buffered = BufReader::with_capacity(BLOCK, &mut digest);
            lines.all(MultiGzDecoder::new(buffered))
        } else {
            lines.all(&mut digest)
        };
        if let Err(error) = read {
            lines.data.cut = Some(error.to_string());
        }
        io::copy(&mut digest, &mut io::sink())?;
        lines.data.md5 = STANDARD.encode(digest.md5.finalize());
        lines.turn();
        Ok(lines.data)
    }
}

/// What passes is digested.
struct Digested<R> {
    inner: R,
    md5: Md5,
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.md5.update(&buffer[..count]);
        Ok(count)
    }
}

struct Lines<'r> {
    reader: ItemReader,
    counter: ItemCounter,
    prints: &'r Fingerprinter,
    name: &'r str,
    is_ion: bool,
    line: u64,
    page: PageStats,
    data: Data,
}

impl Lines<'_> {
    fn all(&mut self, mut text: impl Read) -> io::Result<()> {
        let mut block = vec![0; BLOCK];
        let mut held = 0;
        // Within a line that is too long.
        let mut skipping = false;
        loop {
            if block.len() < held + BLOCK / 2 {
                block.resize(held + BLOCK, 0);
            }
            let count = match text.read(&mut block[held..]) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.whole(&block[..held], &mut skipping);
                    return Err(error);
                }
            };
            self.data.bytes += count as u64;
            if count == 0 || self.data.bytes > MOST_TEXT {
                let end = self.whole(&block[..held], &mut skipping);
                if end < held && !skipping {
                    self.line(&block[end..held]);
                }
                if count > 0 {
                    let most = MOST_TEXT >> 30;
                    return Err(io::Error::other(format!(
                        "it holds more than {most} GB of text"
                    )));
                }
                return Ok(());
            }
            held += count;
            let end = self.whole(&block[..held], &mut skipping);
            block.copy_within(end..held, 0);
            held -= end;
            if held > LONGEST_LINE {
                if !skipping {
                    self.line += 1;
                    self.broken();
                }
                skipping = true;
                held = 0;
            }
        }
    }

    /// The whole lines of a text; where the last one ends.
    fn whole(&mut self, text: &[u8], skipping: &mut bool) -> usize {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text) {
            if std::mem::take(skipping) {
                start = end + 1;
                continue;
            }
            self.line(&text[start..end]);
            start = end + 1;
        }
        start
    }

    fn line(&mut self, line: &[u8]) {
        self.line += 1;
        if self.is_counted(line) {
            self.data.records += 1;
            self.page.items += 1;
        } else if !line.trim_ascii().is_empty() {
            self.read(line);
        }
        // A page is what is added at once.
        if self.page.items >= 100_000 || self.page.seen.len() >= 1_000 {
            self.turn();
        }
    }

    /// True where nothing of the item can be a key.
    fn is_counted(&mut self, line: &[u8]) -> bool {
        const ITEM: &[u8] = b"{\"Item\":";
        let Some(item) = line.strip_prefix(ITEM) else {
            return false;
        };
        // An item is counted only when the line ends with it: what follows is cut off first.
        let line = item.trim_ascii_end();
        line.strip_suffix(b"}")
            .is_some_and(|item| self.counter.count(item))
    }

    fn read(&mut self, line: &[u8]) {
        let record = if self.is_ion {
            ion::record(line)
        } else {
            serde_json::from_slice::<Map<String, Value>>(line).ok()
        };
        let Some(record) = record else {
            return self.broken();
        };
        let map = |name: &str| record.get(name).and_then(Value::as_object);
        let keys = map("Keys");
        let images: Vec<_> = ["Item", "NewImage", "OldImage"]
            .into_iter()
            .filter_map(map)
            .collect();
        if keys.is_none() && images.is_empty() {
            return self.broken();
        }
        self.data.records += 1;
        let place = match keys {
            Some(keys) => format!("{} ({}:{})", self.reader.masked(keys), self.name, self.line),
            // A full export does not say what the primary key is.
            None => format!("{}:{}", self.name, self.line),
        };
        // What was deleted has its keys only.
        let only_keys = if images.is_empty() { keys } else { None };
        for image in images.into_iter().chain(only_keys) {
            self.image(image, &place);
        }
    }

    fn image(&mut self, image: &Map<String, Value>, place: &str) {
        let read = self.reader.read(image);
        self.page.items += 1;
        self.page.cut += u64::from(read.cut);
        for (name, count) in read.values {
            *self.page.values.entry(name).or_default() += count;
        }
        let hits = read.hits.into_iter();
        let seen = hits.map(|found| Seen::of(found, place, self.prints));
        self.page.seen.extend(seen);
    }

    fn broken(&mut self) {
        self.data.broken += 1;
        if self.data.broken <= MOST_NAMED {
            self.data.broken_at.push(self.line);
        }
    }

    /// What was read so far goes into the statistics.
    fn turn(&mut self) {
        let mut page = std::mem::take(&mut self.page);
        for (name, count) in self.counter.take() {
            *page.values.entry(name).or_default() += count;
        }
        self.data.stats.add(page);
    }
}

/// A problem at `entry`.
pub(super) fn problem(entry: &Entry, line: Option<u64>, message: impl Into<String>) -> Problem {
    Problem {
        path: Arc::clone(&entry.path),
        line: line.and_then(|line| u32::try_from(line).ok()),
        message: message.into(),
    }
}
