//! Is it text, and in which encoding?

use std::borrow::Cow;
use std::io::{self, Read};

/// Where a NUL byte says that a file is no text.
const SNIFFED: usize = 8 * 1024;

/// The text to be searched; `None` for binary files.
pub(crate) fn decode(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return Some(utf16(rest, u16::from_le_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return Some(utf16(rest, u16::from_be_bytes));
    }
    let head = &bytes[..bytes.len().min(SNIFFED)];
    memchr::memchr(0, head)
        .is_none()
        .then_some(Cow::Borrowed(bytes))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Cow<'static, [u8]> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Cow::Owned(text.into_bytes())
}

/// A text read a part at a time, decoded as [`decode`] does; `None` for binary files.
pub(crate) fn decode_stream<'a>(
    mut reader: Box<dyn Read + 'a>,
) -> io::Result<Option<Box<dyn Read + 'a>>> {
    let mut head = Vec::with_capacity(SNIFFED);
    (&mut *reader).take(SNIFFED as u64).read_to_end(&mut head)?;
    let unit: fn([u8; 2]) -> u16 = match head.get(..2) {
        Some(b"\xFF\xFE") => u16::from_le_bytes,
        Some(b"\xFE\xFF") => u16::from_be_bytes,
        _ if memchr::memchr(0, &head).is_some() => return Ok(None),
        _ => return Ok(Some(Box::new(io::Cursor::new(head).chain(reader)))),
    };
    let rest = io::Cursor::new(head.split_off(2)).chain(reader);
    Ok(Some(Box::new(Wide {
        reader: rest,
        unit,
        out: io::Cursor::new(Vec::new()),
        high: None,
    })))
}

/// UTF-16 to UTF-8, a part at a time.
struct Wide<R> {
    reader: R,
    unit: fn([u8; 2]) -> u16,
    out: io::Cursor<Vec<u8>>,
    /// First half of a character whose second half is in the next part.
    high: Option<u16>,
}

impl<R: Read> Read for Wide<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const PART: u64 = 64 * 1024;
        let count = self.out.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        let mut part = Vec::new();
        (&mut self.reader).take(PART).read_to_end(&mut part)?;
        if part.is_empty() {
            return Ok(0);
        }
        let units = part
            .chunks_exact(2)
            .map(|pair| (self.unit)([pair[0], pair[1]]));
        let mut units: Vec<u16> = self.high.take().into_iter().chain(units).collect();
        if (part.len() as u64) == PART {
            self.high = units.pop_if(|unit| (0xD800..0xDC00).contains(unit));
        }
        let text: String = char::decode_utf16(units)
            .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.out = io::Cursor::new(text.into_bytes());
        self.out.read(buffer)
    }
}

/// Packed code: lines longer than a person writes.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    const LONG: usize = 1_000;
    if bytes.len() < 4 * LONG {
        return false;
    }
    let head = &bytes[..bytes.len().min(64 * 1024)];
    head.len() / (memchr::memchr_iter(b'\n', head).count() + 1) > LONG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        assert_eq!(decode(b"a\0b"), None);
        assert_eq!(
            decode(b"\xFF\xFEk\0\xFC\0").as_deref(),
            Some("kü".as_bytes())
        );
        assert_eq!(decode(b"\xFE\xFF\0k").as_deref(), Some(&b"k"[..]));
        assert_eq!(decode(b"caf\xE9").as_deref(), Some(&b"caf\xE9"[..]));
    }

    #[test]
    fn streams_are_decoded_alike() {
        let stream = |bytes: &[u8]| {
            let mut text = Vec::new();
            let reader = decode_stream(Box::new(io::Cursor::new(bytes.to_vec()))).unwrap()?;
            { reader }.read_to_end(&mut text).unwrap();
            Some(text)
        };
        // A character of two halves at every place, across the seam of the parts as well.
        let wide: Vec<u8> = std::iter::once(0xFEFF)
            .chain("k😀".repeat(40_000).encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [&b"a\0b"[..], b"\xFE\xFF\0k", b"caf\xE9", b"", &wide] {
            assert_eq!(stream(bytes).as_deref(), decode(bytes).as_deref());
        }
    }
}
