//! Entries of tar archives, as a stream. Written by hand: the crate for it holds names of any length in memory.

use std::io::{self, Read};

const BLOCK: usize = 512;
/// Longer names are cut.
const LONGEST_NAME: u64 = 64 * 1024;

/// A file in the archive.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
}

/// Reads entry after entry.
pub(super) struct Tar<R> {
    reader: R,
    /// Bytes of the entry and its padding that are not read yet.
    left: u64,
}

impl<R: Read> Tar<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, left: 0 }
    }

    /// The next regular file; `None` at the end. Fails where it is no archive.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut long: Option<String> = None;
        let mut size: Option<u64> = None;
        loop {
            self.skip()?;
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let told = number(&header[124..136]);
            self.left = padded(told)?;
            match header[156] {
                b'L' => long = Some(plain(&self.text(told)?)),
                b'x' => {
                    let records = self.text(told)?;
                    if let Some(path) = record(&records, b"path") {
                        long = Some(plain(path));
                    }
                    let told =
                        record(&records, b"size").and_then(|size| std::str::from_utf8(size).ok());
                    size = told.and_then(|size| size.parse().ok());
                }
                0 | b'0' | b'7' => {
                    let size = size.unwrap_or(told);
                    self.left = padded(size)?;
                    let name = long.unwrap_or_else(|| name(&header));
                    return Ok(Some(Entry { name, size }));
                }
                _ => (long, size) = (None, None),
            }
        }
    }

    /// What is left of the entry, without its padding.
    pub(super) fn content(&mut self, size: u64) -> Content<'_, R> {
        Content { tar: self, size }
    }

    fn skip(&mut self) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.reader).take(self.left), &mut io::sink())?;
        let whole = skipped == self.left;
        self.left = 0;
        if whole {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// `None` at the end, which two empty blocks mark.
    fn header(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let mut header = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.reader.read(&mut header[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        if header.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        let sum: u64 = (0..BLOCK)
            .map(|at| {
                u64::from(if (148..156).contains(&at) {
                    b' '
                } else {
                    header[at]
                })
            })
            .sum();
        if sum == number(&header[148..156]) {
            Ok(Some(header))
        } else {
            Err(io::Error::other(
                "its headers are damaged, or it is no tar archive",
            ))
        }
    }

    fn text(&mut self, size: u64) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.content(size)
            .take(LONGEST_NAME)
            .read_to_end(&mut text)?;
        Ok(text)
    }
}

fn padded(size: u64) -> io::Result<u64> {
    size.checked_next_multiple_of(BLOCK as u64)
        .ok_or_else(|| io::Error::other("an entry is longer than can be"))
}

/// Octal digits, or the bytes of a number where the first bit is set.
fn number(field: &[u8]) -> u64 {
    if field.first().is_some_and(|first| first & 0x80 != 0) {
        let tail = &field[field.len().saturating_sub(8)..];
        return tail
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
    }
    let digits = field.iter().skip_while(|byte| **byte == b' ');
    let digits = digits.take_while(|byte| (b'0'..=b'7').contains(byte));
    digits.fold(0_u64, |number, digit| {
        number.wrapping_mul(8).wrapping_add(u64::from(digit - b'0'))
    })
}

fn plain(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn name(header: &[u8; BLOCK]) -> String {
    let name = plain(&header[..100]);
    let prefix = plain(&header[345..500]);
    if header[257..262] == *b"ustar" && header[262] == 0 && !prefix.is_empty() {
        format!("{prefix}/{name}")
    } else {
        name
    }
}

/// `12 path=a/b\n`.
fn record<'r>(records: &'r [u8], key: &[u8]) -> Option<&'r [u8]> {
    records.split(|&byte| byte == b'\n').find_map(|line| {
        let line = &line[line.iter().position(|&byte| byte == b' ')? + 1..];
        line.strip_prefix(key)?.strip_prefix(b"=")
    })
}

/// Bytes of one entry.
pub(super) struct Content<'t, R> {
    tar: &'t mut Tar<R>,
    size: u64,
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.size)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let count = self.tar.reader.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.size -= count as u64;
        self.tar.left = self.tar.left.saturating_sub(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: u8, body: &[u8]) -> Vec<u8> {
        let mut header = [0; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", body.len()).as_bytes());
        header[156] = kind;
        let blank = 8 * u64::from(b' ');
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum::<u64>() + blank;
        header[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        header[155] = b' ';
        let mut out = header.to_vec();
        out.extend_from_slice(body);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
        out
    }

    fn all(bytes: &[u8]) -> (Vec<(String, String)>, bool) {
        let mut tar = Tar::new(bytes);
        let mut found = Vec::new();
        loop {
            match tar.next() {
                Ok(Some(entry)) => {
                    let mut text = String::new();
                    let whole = tar.content(entry.size).read_to_string(&mut text).is_ok();
                    found.push((entry.name, text));
                    if !whole {
                        return (found, false);
                    }
                }
                Ok(None) => return (found, true),
                Err(_) => return (found, false),
            }
        }
    }

    #[test]
    fn files_with_short_and_long_names() {
        let mut bytes = entry("a.py", b'0', b"one");
        bytes.extend(entry("folder/", b'5', b""));
        bytes.extend(entry("././@LongLink", b'L', b"long/name\0"));
        bytes.extend(entry("long", b'0', b"two"));
        bytes.extend(entry("pax", b'x', b"17 path=x/y.txt\n9 size=5\n"));
        bytes.extend(entry("cut", b'0', b"three"));
        bytes.extend([0; 1024]);
        let expected = [("a.py", "one"), ("long/name", "two"), ("x/y.txt", "three")];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(all(&bytes), (expected.to_vec(), true));
    }

    #[test]
    fn broken_archives_end() {
        let whole = entry("a", b'0', &[b'x'; 2_000]);
        for length in [0, 100, 512, 700, 1_500] {
            let _ = all(&whole[..length]);
        }
        assert_eq!(all(&[b'x'; 600]), (vec![], false));
        let mut huge = entry("a", b'0', b"");
        huge[124] = 0xFF;
        huge[125..136].fill(0xFF);
        assert!(!all(&huge).1);
    }
}
