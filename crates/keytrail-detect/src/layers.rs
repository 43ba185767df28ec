//! Keys under an encoding: base64, hexadecimal, percent signs, backslashes.
//!
//! A stretch that decodes to text is searched like any text, down to a few layers; what is found is
//! reported at the stretch that holds it. The key is the decoded one, so that it is the same key
//! wherever it stands plainly.
//!
//! Bounds: [`DEEPEST`] layers, stretches of [`LONGEST`] bytes, [`MOST_BYTES`] decoded bytes for a text.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::context::{Format, ScanContext};
use crate::detector::Detector;
use crate::hit::Hit;
use crate::placement::Placement;
use crate::scan::Scan;

/// Base64 within base64, as in a Kubernetes secret that holds a registry's configuration.
pub(crate) const DEEPEST: usize = 3;

/// Longer stretches are pictures and archives.
const LONGEST: usize = 64 * 1024;

/// Shorter ones hold no name and key.
const SHORTEST: usize = 24;

/// Stretches with escapes in one text.
const MOST_STRETCHES: usize = 10_000;

/// Decoded bytes for one text, all layers together.
pub(crate) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How a stretch is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Base64 of either alphabet.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// `%2F`.
    Percent,
    /// `\u002f`, `\/`, `\x2f`.
    Escape,
}

impl Layer {
    /// For people: `base64`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hexadecimal digits",
            Self::Percent => "percent encoding",
            Self::Escape => "backslash escapes",
        }
    }
}

/// A stretch of a text and what it decodes to.
pub(crate) struct Decoded {
    pub(crate) layer: Layer,
    pub(crate) range: Range<usize>,
    pub(crate) text: Vec<u8>,
    /// The name it is given, when it is a value as a whole.
    pub(crate) name: Option<String>,
}

impl Decoded {
    /// What is searched. A key alone, as in the `data` of a Kubernetes secret, is given its name again.
    pub(crate) fn searched(&self) -> Cow<'_, [u8]> {
        match &self.name {
            Some(name) if !self.text.iter().any(u8::is_ascii_whitespace) => {
                let mut text = name.clone().into_bytes();
                text.push(b'=');
                text.extend_from_slice(&self.text);
                Cow::Owned(text)
            }
            _ => Cow::Borrowed(&self.text),
        }
    }

    /// The context of the decoded text: what stands in a base64 stretch is a file as a rule.
    pub(crate) fn context<'a>(&self, cx: &ScanContext<'a>) -> ScanContext<'a> {
        let format = match self.layer {
            Layer::Base64 | Layer::Hex => Format::Config,
            Layer::Percent | Layer::Escape => cx.format,
        };
        ScanContext { format, ..*cx }
    }
}

/// A run of token characters, when it is base64 or hexadecimal digits of text.
pub(crate) fn of_run(bytes: &[u8], run: &Range<usize>) -> Option<Decoded> {
    if run.len() < SHORTEST || run.len() > LONGEST {
        return None;
    }
    let value = &bytes[run.clone()];
    let (layer, text) = hex(value)
        .map(|text| (Layer::Hex, text))
        .or_else(|| base64(value).map(|text| (Layer::Base64, text)))?;
    let padding = bytes[run.end..]
        .iter()
        .take(2)
        .take_while(|&&byte| byte == b'=')
        .count();
    Some(Decoded {
        layer,
        range: run.start..run.end + padding,
        text,
        name: None,
    })
}

/// Printable, or a line end: the quick look at the first bytes, before all are decoded.
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|&byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
}

fn base64(value: &[u8]) -> Option<Vec<u8>> {
    // Twelve random bytes in a row are hardly ever all printable.
    if !value.get(..16)?.chunks_exact(4).all(is_text_in_base64) {
        return None;
    }
    decode(value).filter(|text| is_text(text))
}

/// Four digits of base64 that stand for three characters of text; nothing is kept of them.
fn is_text_in_base64(digits: &[u8]) -> bool {
    let bits = digits.iter().try_fold(0_u32, |bits, &byte| {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        Some(bits << 6 | u32::from(six))
    });
    bits.is_some_and(|bits| is_text(&bits.to_be_bytes()[1..]))
}

fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let url = value.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let letters = if url {
        &alphabet::URL_SAFE
    } else {
        &alphabet::STANDARD
    };
    GeneralPurpose::new(letters, lenient).decode(value).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn hex(value: &[u8]) -> Option<Vec<u8>> {
    let pairs = |value: &[u8]| -> Option<Vec<u8>> {
        value
            .chunks_exact(2)
            .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
            .collect()
    };
    // Of random digits every second pair stands for no character of text.
    let text =
        |pair: &[u8]| digit(pair[0]).is_some_and(|digit| digit < 8) && digit(pair[1]).is_some();
    if !value.len().is_multiple_of(2) || !value.get(..16)?.chunks_exact(2).all(text) {
        return None;
    }
    pairs(value).filter(|text| is_text(text))
}

/// Stretches with percent signs or backslashes that stand for characters.
pub(crate) struct Escaped<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Escaped<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl Iterator for Escaped<'_> {
    type Item = Decoded;

    fn next(&mut self) -> Option<Decoded> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let sign = self.at + memchr::memchr2(b'%', b'\\', rest)?;
            self.at = sign + 1;
            if unit(&self.bytes[sign..]).is_none() {
                continue;
            }
            let range = stretch(self.bytes, sign);
            self.at = range.end.max(sign + 1);
            let layer = if self.bytes[sign] == b'%' {
                Layer::Percent
            } else {
                Layer::Escape
            };
            if range.len() >= SHORTEST {
                let text = unescape(&self.bytes[range.clone()]);
                return Some(Decoded {
                    layer,
                    range,
                    text,
                    name: None,
                });
            }
        }
    }
}

/// The word round `sign`; a name may stand before its value.
fn stretch(bytes: &[u8], sign: usize) -> Range<usize> {
    const MOST: usize = 4 * 1024;
    let ends =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>');
    let floor = sign.saturating_sub(256);
    let start = bytes[floor..sign]
        .iter()
        .rposition(ends)
        .map_or(floor, |at| floor + at + 1);
    let rest = &bytes[sign..bytes.len().min(sign + MOST)];
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    start..sign + length
}

/// The character that an escape at the start stands for, and the length of the escape.
fn unit(bytes: &[u8]) -> Option<(u8, usize)> {
    let pair = |at: usize| Some(digit(*bytes.get(at)?)? << 4 | digit(*bytes.get(at + 1)?)?);
    let (byte, length) = match (bytes.first()?, bytes.get(1)?) {
        (b'%', _) => (pair(1)?, 3),
        (b'\\', b'u') if bytes.get(2..4)? == b"00" => (pair(4)?, 6),
        (b'\\', b'x') => (pair(2)?, 4),
        (b'\\', b'/') => (b'/', 2),
        _ => return None,
    };
    is_text(&[byte]).then_some((byte, length))
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (byte, length) = unit(&bytes[at..]).unwrap_or((bytes[at], 1));
        out.push(byte);
        at += length;
    }
    out
}

impl Scan<'_> {
    /// A run that may be looked into; see [`Scan::below`].
    pub(crate) fn notice(&mut self, run: &Range<usize>, place: Option<&Placement>) {
        if self.depth < DEEPEST
            && let Some(mut decoded) = of_run(self.bytes, run)
        {
            let whole = place.filter(|place| place.value.start == run.start);
            decoded.name = whole.and_then(|place| place.name.clone());
            self.stretches.push(decoded);
        }
    }

    /// What is found in the stretches that decode to text.
    pub(crate) fn below(&mut self) -> Vec<Hit> {
        if self.depth >= DEEPEST {
            return Vec::new();
        }
        let mut stretches = std::mem::take(&mut self.stretches);
        stretches.extend(Escaped::new(self.bytes).take(MOST_STRETCHES));
        let mut hits = Vec::new();
        for decoded in stretches {
            if self.budget < decoded.text.len() {
                self.undecoded += 1;
            } else {
                self.budget -= decoded.text.len();
                hits.extend(self.within(&decoded));
            }
        }
        hits
    }

    fn within(&mut self, decoded: &Decoded) -> Vec<Hit> {
        let cx = decoded.context(self.cx);
        let text = decoded.searched();
        let mut scan = Scan::new(self.compiled, &text, &cx, self.mode);
        scan.depth = self.depth + 1;
        scan.budget = self.budget;
        let scanned = scan.run();
        self.budget = scanned.budget;
        self.undecoded += scanned.undecoded;
        let mut hits = scanned.hits;
        for hit in &mut hits {
            hit.range = decoded.range.clone();
            hit.layers.insert(0, decoded.layer);
        }
        hits
    }
}

/// A key below an encoding stands for the stretch, unless a provider knows the stretch itself;
/// the hits of one stretch share its place.
pub(crate) fn merge(plain: Vec<Hit>, below: Vec<Hit>) -> Vec<Hit> {
    if below.is_empty() {
        return plain;
    }
    let overlaps = |a: &Hit, b: &Hit| a.range.start < b.range.end && b.range.start < a.range.end;
    let escaped = |hit: &Hit| matches!(hit.layers.first(), Some(Layer::Percent | Layer::Escape));
    let below: Vec<Hit> = below
        .into_iter()
        .filter(|inner| {
            let mut known = plain.iter().filter(|outer| overlaps(outer, inner));
            // Signs stand for characters within the stretch: what holds none is found both ways.
            !known.any(|outer| {
                outer.provider != "generic" && (!escaped(inner) || outer.provider == inner.provider)
            })
        })
        .collect();
    let mut hits: Vec<Hit> = plain
        .into_iter()
        .filter(|outer| {
            outer.provider != "generic" || !below.iter().any(|inner| overlaps(outer, inner))
        })
        .collect();
    hits.extend(below);
    hits.sort_by_key(|hit| hit.range.start);
    hits.truncate(Detector::MOST_HITS);
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_text() {
        let text =
            |value: &str| of_run(value.as_bytes(), &(0..value.len())).map(|found| found.text);
        assert_eq!(
            text("QVBJX0tFWT0wMTIzNDU2Nzg5YWJjZGVm").as_deref(),
            Some(&b"API_KEY=0123456789abcdef"[..])
        );
        assert_eq!(
            text("4150495f4b45593d30313233343536373839").as_deref(),
            Some(&b"API_KEY=0123456789"[..])
        );
        assert_eq!(text("ZmZmZmZm"), None, "short");
        assert_eq!(text("0f8fad5bd9cb469fa16570867728950e"), None, "no text");
    }

    #[test]
    fn escapes() {
        let all = |text: &str| -> Vec<String> {
            Escaped::new(text.as_bytes())
                .map(|found| String::from_utf8_lossy(&found.text).into_owned())
                .collect()
        };
        assert_eq!(
            all("GET /x?api_key=ab%2Fcd%3Def0123 HTTP"),
            ["/x?api_key=ab/cd=ef0123"]
        );
        assert_eq!(
            all("\"secret_key=ab\\/cd\\u003def0123456\""),
            ["secret_key=ab/cd=ef0123456"]
        );
        assert_eq!(all("100% of \\n and %s").len(), 0);
    }
}
