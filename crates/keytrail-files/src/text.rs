//! Is it text, and in which encoding?

use std::borrow::Cow;

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
}
