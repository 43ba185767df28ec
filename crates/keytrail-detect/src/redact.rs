//! For texts that leave the process: better a word too many masked than one too few.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use keytrail_model::{Masked, Secret, names_a_secret};

use crate::Detector;
use crate::context::{Format, ScanContext};
use crate::detector::Compiled;
use crate::placement;
use crate::scan::{Mode, Scan};

/// See [`crate::Detector::redact`].
pub(crate) fn redact<'a>(compiled: &'static Compiled, text: &'a str) -> Cow<'a, str> {
    let mut masks: Vec<(Range<usize>, String)> = [Format::Config, Format::Source]
        .into_iter()
        .flat_map(|format| {
            let cx = ScanContext {
                format,
                ..ScanContext::default()
            };
            // Values end elsewhere where they need quotes: whatever either reading finds is masked.
            Scan::new(compiled, text.as_bytes(), &cx, Mode::Lenient)
                .run()
                .hits
        })
        .map(|hit| (hit.range, hit.masked.to_string()))
        .collect();
    masks.extend(beside_names(text).into_iter().map(|range| {
        let secret = Secret::new(&text.as_bytes()[range.clone()]);
        (range, Masked::of(&secret, 0).to_string())
    }));
    if masks.is_empty() {
        return Cow::Borrowed(text);
    }
    masks.extend(again(text, &masks));
    masks.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    Cow::Owned(replace(text, &masks))
}

/// The same keys wherever else they stand, glued to other text or without a name beside them.
fn again(text: &str, masks: &[(Range<usize>, String)]) -> Vec<(Range<usize>, String)> {
    /// A shorter value may be an ordinary word.
    const SHORTEST: usize = 12;
    let known: BTreeMap<&[u8], &str> = masks
        .iter()
        .map(|(range, mask)| (&text.as_bytes()[range.clone()], mask.as_str()))
        .filter(|(value, _)| value.len() >= SHORTEST && !value.contains(&b' '))
        .take(Detector::MOST_HITS)
        .collect();
    let values: Vec<&[u8]> = known.keys().copied().collect();
    let built = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(&values);
    let Ok(finder) = built else {
        return Vec::new(); // Larger than any automaton can be; the masks above stay.
    };
    finder
        .find_iter(text)
        .map(|found| {
            (
                found.range(),
                known[values[found.pattern().as_usize()]].to_owned(),
            )
        })
        .collect()
}

/// Ranges that overlap are joined; the first one's mask stands for both.
fn replace(text: &str, masks: &[(Range<usize>, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, mask) in masks {
        let start = floor_char(text, range.start);
        if start >= at {
            out.push_str(&text[at..start]);
            out.push_str(mask);
        }
        at = at.max(ceil_char(text, range.end));
    }
    out.push_str(&text[at..]);
    out
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// Whatever is given to a secret's name, or follows `Bearer`.
fn beside_names(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(separator) =
        memchr::memchr3(b'=', b':', b' ', &bytes[at..]).map(|step| at + step)
    {
        at = separator + 1;
        if let Some(range) = value_after(bytes, separator) {
            at = range.end.max(at);
            ranges.push(range);
        }
    }
    ranges
}

fn value_after(bytes: &[u8], separator: usize) -> Option<Range<usize>> {
    let rest = &bytes[separator + 1..];
    let blank = rest
        .iter()
        .take_while(|&&byte| matches!(byte, b' ' | b'\t' | b'=' | b'>' | b'\\'))
        .count();
    let start = separator + 1 + blank;
    let quote = bytes
        .get(start)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    if bytes[separator] == b' ' && quote.is_some() {
        return None;
    }
    let name = placement::name_before(bytes, start, quote.is_some())?;
    if name != "bearer" && !names_a_secret(&name) {
        return None;
    }
    let from = start + usize::from(quote.is_some());
    let value = &bytes[from..];
    let length = match quote {
        Some(quote) => value.iter().position(|&byte| byte == quote),
        None => value
            .iter()
            .position(|&byte| byte.is_ascii_whitespace() || b",;&)}]\"'<".contains(&byte)),
    }
    .unwrap_or(value.len());
    let value = &value[..length];
    let known = [
        &b"None"[..],
        b"null",
        b"True",
        b"False",
        b"true",
        b"false",
        b"{",
        b"[",
    ];
    let refers = quote.is_none() && is_reference(value);
    (!value.is_empty() && !known.contains(&value) && !refers).then(|| from..from + length)
}

/// `settings.VENDOR_API_KEY`, `request.data`: code that names where the value is. Only after
/// words that no password starts with; anything else might be the value itself.
fn is_reference(value: &[u8]) -> bool {
    const ROOTS: [&[u8]; 14] = [
        b"settings",
        b"self",
        b"cls",
        b"request",
        b"os",
        b"config",
        b"kwargs",
        b"args",
        b"options",
        b"var",
        b"local",
        b"module",
        b"data",
        b"serializer",
    ];
    let Some(end) = value.iter().position(|byte| b".[(".contains(byte)) else {
        return false;
    };
    let plain = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b'[' | b'(');
    ROOTS.contains(&&value[..end]) && value.len() < 64 && value[end..].iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_no_value() {
        assert!(is_reference(b"settings.VENDOR_API_KEY"));
        assert!(is_reference(b"request.data["));
        assert!(is_reference(b"data["));
        assert!(!is_reference(b"hunter"));
        assert!(!is_reference(b"hunter["));
        assert!(!is_reference(b"settings.a8f3kq9x"));
    }
}
