//! Deltas of a pack: an object told as copies from another one and new bytes between them.
//!
//! Hostile packs are expected: no number in them is believed before it is checked.

use std::ops::Range;

/// Bytes of the base that stand in the result, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copied {
    from: usize,
    to: usize,
    length: usize,
}

/// What a delta makes of its base.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) bytes: Vec<u8>,
    copies: Vec<Copied>,
}

impl Applied {
    /// Where bytes of the base stand in the result, if they stand there whole.
    pub(super) fn moved(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let holds = |copy: &&Copied| {
            copy.from <= range.start && range.end <= copy.from.saturating_add(copy.length)
        };
        let copy = self.copies.iter().find(holds)?;
        Some(range.start - copy.from + copy.to..range.end - copy.from + copy.to)
    }

    /// Where the result differs from the base: new bytes, and the seams between copies (empty
    /// ranges), for a text can come into being at one. In order.
    pub(super) fn changes(&self) -> Vec<Range<usize>> {
        let mut changes = Vec::new();
        let mut at = 0;
        for (number, copy) in self.copies.iter().enumerate() {
            if copy.to > at || number > 0 {
                changes.push(at..copy.to);
            }
            at = copy.to + copy.length;
        }
        if at < self.bytes.len() {
            changes.push(at..self.bytes.len());
        }
        changes
    }

    fn copy(&mut self, base: &[u8], from: usize, length: usize, most: usize) -> Option<()> {
        let part = base.get(from..from.checked_add(length)?)?;
        let to = self.bytes.len();
        self.extend(part, most)?;
        match self.copies.last_mut() {
            Some(last) if last.from + last.length == from && last.to + last.length == to => {
                last.length += length;
            }
            _ => self.copies.push(Copied { from, to, length }),
        }
        Some(())
    }

    fn extend(&mut self, part: &[u8], most: usize) -> Option<()> {
        (self.bytes.len() + part.len() <= most).then(|| self.bytes.extend_from_slice(part))
    }
}

/// Applies `delta` to `base`; `None` when it is damaged, or its result longer than `most` bytes.
pub(super) fn apply(base: &[u8], delta: &[u8], most: usize) -> Option<Applied> {
    let mut rest = delta;
    let from = size(&mut rest)?;
    let to = size(&mut rest)?;
    if from != base.len() || to > most {
        return None;
    }
    let mut applied = Applied {
        bytes: Vec::with_capacity(to),
        copies: Vec::new(),
    };
    while let Some(command) = next(&mut rest) {
        if command & 0x80 != 0 {
            let offset = number(command, 4, &mut rest)?;
            let length = match number(command >> 4, 3, &mut rest)? {
                0 => 0x1_0000,
                length => length,
            };
            applied.copy(base, offset, length, to)?;
        } else if command == 0 {
            return None;
        } else {
            let (new, after) = rest.split_at_checked(usize::from(command))?;
            applied.extend(new, to)?;
            rest = after;
        }
    }
    (applied.bytes.len() == to).then_some(applied)
}

fn next(rest: &mut &[u8]) -> Option<u8> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    Some(first)
}

/// Seven bits a byte, the lowest first.
fn size(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = next(rest)?;
        value |= usize::from(byte & 0x7F).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The bytes of a number for which `flags` has a bit, the lowest first.
fn number(flags: u8, bytes: u32, rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for at in 0..bytes {
        if flags & (1 << at) != 0 {
            value |= usize::from(next(rest)?) << (8 * at);
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 1 << 20;

    /// `abcdef` with `XY` in place of `cd`.
    fn delta() -> Vec<u8> {
        vec![6, 6, 0x90, 2, 2, b'X', b'Y', 0x91, 4, 2]
    }

    #[test]
    fn copies_and_insertions() {
        let applied = apply(b"abcdef", &delta(), MOST).unwrap();
        assert_eq!(applied.bytes, b"abXYef");
        let changed = 2..4;
        assert_eq!(applied.changes(), [changed]);
        assert_eq!(applied.moved(&(4..6)), Some(4..6));
        assert_eq!(applied.moved(&(1..3)), None);
    }

    #[test]
    fn a_seam_is_a_change_though_nothing_is_new() {
        let applied = apply(b"abcdef", &[6, 4, 0x90, 2, 0x91, 4, 2], MOST).unwrap();
        assert_eq!(applied.bytes, b"abef");
        let seam = 2..2;
        assert_eq!(applied.changes(), [seam]);
        assert_eq!(applied.moved(&(4..6)), Some(2..4));
    }

    #[test]
    fn damaged_ones_are_refused() {
        for end in 0..delta().len() {
            assert_eq!(apply(b"abcdef", &delta()[..end], MOST), None, "{end}");
        }
        assert_eq!(apply(b"abc", &delta(), MOST), None);
        assert_eq!(apply(b"abcdef", &delta(), 5), None);
        assert_eq!(apply(b"abcdef", &[6, 1, 0], MOST), None);
        assert_eq!(apply(b"abcdef", &[6, 9, 0x91, 4, 9], MOST), None);
        assert_eq!(apply(b"", &[0xFF; 40], MOST), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(base in proptest::collection::vec(any::<u8>(), 0..40),
                                  delta in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(applied) = apply(&base, &delta, MOST) {
                for change in applied.changes() {
                    prop_assert!(applied.bytes.get(change).is_some());
                }
                let moved = applied.moved(&(0..base.len().min(3)));
                if let Some(range) = moved {
                    prop_assert_eq!(&applied.bytes[range], &base[..base.len().min(3)]);
                }
            }
        }
    }
}
