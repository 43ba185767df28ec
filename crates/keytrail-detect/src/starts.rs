//! Literals that a key begins with, looked up where a word begins to which a long run of token
//! characters belongs.
//!
//! Most of the literals are such. Looking only there costs a fraction of a search for hundreds of
//! literals in the whole text, and makes their number nearly irrelevant.

use std::ops::Range;

use crate::runs::is_token;

/// How far before its run a word may begin: `hooks.slack.com/…`, `dp.st.dev.…`.
const LONGEST_HEAD: usize = 48;

/// The literals by their first bytes.
pub(crate) struct Starts {
    /// Is there a literal that begins with these two bytes?
    pairs: Vec<u64>,
    /// Literal and the number of its target, by first byte.
    by_byte: Vec<Vec<(Vec<u8>, usize)>>,
}

fn pair(first: u8, second: u8) -> (usize, u64) {
    let code = usize::from(first) << 8 | usize::from(second);
    (code >> 6, 1 << (code & 63))
}

impl Starts {
    pub(crate) fn new(literals: impl IntoIterator<Item = (Vec<u8>, usize)>) -> Self {
        let mut starts = Self {
            pairs: vec![0; 1 << 10],
            by_byte: vec![Vec::new(); 256],
        };
        for (literal, target) in literals {
            starts.add(literal, target);
        }
        starts
    }

    fn add(&mut self, literal: Vec<u8>, target: usize) {
        let Some(&first) = literal.first() else {
            return;
        };
        let seconds = match literal.get(1) {
            Some(&second) => second..=second,
            None => 0..=u8::MAX,
        };
        for second in seconds {
            let (word, bit) = pair(first, second);
            self.pairs[word] |= bit;
        }
        self.by_byte[usize::from(first)].push((literal, target));
    }

    /// Calls `hit(target, position)` for each literal at a place where the word of `run`, or a
    /// part of it, begins.
    pub(crate) fn each(&self, bytes: &[u8], run: &Range<usize>, mut hit: impl FnMut(usize, usize)) {
        let head = head(bytes, run.start);
        if head != run.start {
            self.at(bytes, head, &mut hit);
        }
        self.at(bytes, run.start, &mut hit);
        match run.start.checked_sub(1).map(|at| bytes[at]) {
            // An escape such as `\n` belongs to no word; nor does `%3D`.
            Some(b'\\') => self.at(bytes, run.start + 1, &mut hit),
            Some(b'%') => self.at(bytes, run.start + 2, &mut hit),
            _ => {}
        }
        for (at, byte) in bytes[run.clone()].iter().enumerate() {
            if matches!(byte, b'/' | b'-' | b'+') {
                self.at(bytes, run.start + at + 1, &mut hit);
            }
        }
    }

    #[inline]
    fn at(&self, bytes: &[u8], at: usize, hit: &mut impl FnMut(usize, usize)) {
        let Some(&[first, second]) = bytes.get(at..at + 2) else {
            return;
        };
        let (word, bit) = pair(first, second);
        if self.pairs[word] & bit == 0 {
            return;
        }
        for (literal, target) in &self.by_byte[usize::from(first)] {
            let same_second = literal.get(1).is_none_or(|&byte| byte == second);
            if same_second && bytes[at..].starts_with(literal) {
                hit(*target, at);
            }
        }
    }
}

/// Where the dotted word begins that goes on at `start`.
fn head(bytes: &[u8], start: usize) -> usize {
    let joins = |byte: u8| matches!(byte, b'.' | b'$');
    let floor = start.saturating_sub(LONGEST_HEAD);
    let mut at = start;
    if at == floor || !joins(bytes[at - 1]) {
        return start;
    }
    while at > floor && (joins(bytes[at - 1]) || (is_token(bytes[at - 1]) && bytes[at - 1] != b'/'))
    {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Runs;

    #[test]
    fn places() {
        let starts = Starts::new([
            (b"ghp_".to_vec(), 0),
            (b"hooks.slack.com/".to_vec(), 1),
            (b"M".to_vec(), 2),
        ]);
        let found = |text: &str| {
            let mut found = Vec::new();
            for run in Runs::new(text.as_bytes()) {
                starts.each(text.as_bytes(), &run, |target, at| found.push((target, at)));
            }
            found
        };
        assert_eq!(found("x=ghp_0123456789abcdef"), [(0, 2)]);
        assert_eq!(found("a/ghp_0123456789abcdef"), [(0, 2)]);
        assert_eq!(found("\\nghp_0123456789abcdef"), [(0, 2)]);
        assert_eq!(found("%3Dghp_0123456789abcdef"), [(0, 3)]);
        assert_eq!(found("xghp_0123456789abcdef"), []);
        assert_eq!(found("https://hooks.slack.com/services/T01/B02"), [(1, 8)]);
        assert_eq!(found("M0123456789abcdef"), [(2, 0)]);
    }
}
