//! Runs of token characters: where a key could stand, whatever its provider.

use std::ops::Range;

/// Shorter values are looked for by their names only.
pub(crate) const SHORTEST: usize = 16;

/// Longer runs are data, not keys.
pub(crate) const LONGEST: usize = 1024;

const fn table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/');
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

static TOKEN: [bool; 256] = table();

/// True for letters, digits, `_`, `-`, `+` and `/`.
pub(crate) fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

/// A byte of `window` that is no token character, one near its end if there are more.
///
/// Mostly there is a blank, a quote or a bracket, all of which lie below `+`: the last of these
/// is seen for all sixteen at once, without a branch for each.
fn late_gap(window: &[u8; SHORTEST]) -> Option<usize> {
    const HIGH: u128 = u128::from_ne_bytes([0x80; SHORTEST]);
    const LOW: u128 = u128::from_ne_bytes([0x7F; SHORTEST]);
    const FROM_PLUS: u128 = u128::from_ne_bytes([0x80 - b'+'; SHORTEST]);
    let bytes = u128::from_le_bytes(*window);
    // No sum exceeds its byte, so none spoils its neighbour.
    let below = !(((bytes & LOW) + FROM_PLUS) | bytes) & HIGH;
    if below != 0 {
        return Some(SHORTEST - 1 - below.leading_zeros() as usize / 8);
    }
    window.iter().rposition(|&byte| !is_token(byte))
}

/// All runs of at least [`SHORTEST`] token characters.
///
/// Looks first at the byte where a run that begins here would have its sixteenth character:
/// in program text that is no token character more often than not, and fifteen bytes are skipped unseen.
pub(crate) struct Runs<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let window: &[u8; SHORTEST] = self.bytes.get(self.at..)?.first_chunk()?;
            if let Some(gap) = late_gap(window) {
                self.at += gap + 1;
                continue;
            }
            let start = self.at;
            let rest = &self.bytes[start + SHORTEST..];
            let more = rest
                .iter()
                .position(|&byte| !is_token(byte))
                .unwrap_or(rest.len());
            let end = start + SHORTEST + more;
            self.at = end;
            return Some(start..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_maximal() {
        let text = b"ab 0123456789abcdef, x=ABCDEFGHIJKLMNOP_q \"short\" zzzzzzzzzzzzzzz";
        let found: Vec<&[u8]> = Runs::new(text).map(|range| &text[range]).collect();
        assert_eq!(found, [&b"0123456789abcdef"[..], b"ABCDEFGHIJKLMNOP_q"]);
    }

    #[test]
    fn gaps() {
        for byte in 0..=u8::MAX {
            let mut window = [b'a'; SHORTEST];
            window[5] = byte;
            assert_eq!(late_gap(&window), (!is_token(byte)).then_some(5), "{byte}");
            window[7] = b' ';
            assert_eq!(late_gap(&window), Some(7), "{byte}");
        }
    }

    #[test]
    fn a_run_may_be_everything() {
        let text = vec![b'a'; 100];
        assert_eq!(Runs::new(&text).collect::<Vec<_>>(), vec![0..100]);
        assert_eq!(Runs::new(b"").count(), 0);
    }
}
