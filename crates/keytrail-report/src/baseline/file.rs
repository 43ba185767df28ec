//! The lines of a baseline file.
//!
//! `KEY LINE  RULE  PATH  SYMBOL`: the key of the finding, eight digits for the source line that it stands on, and what
//! tells it again after it moved to another function or file. The first version had no `LINE` and numbered equal
//! findings in the key; its lines are still read.

use std::collections::BTreeSet;
use std::fmt;

use keytrail_model::{Finding, Location};
use sha2::{Digest, Sha256};

use super::{BaselineKey, first_key};
use crate::Sources;

/// First line of a file; the number changes when the meaning of a line does.
const HEADER: &str = "# keytrail baseline v2";
const FIRST_HEADER: &str = "# keytrail baseline v1";
/// What every header begins with.
const ANY_HEADER: &str = "# keytrail baseline v";
/// Stands where a finding has no source line that could be compared.
const NO_LINE: &str = "--------";

/// Why a baseline file can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// There is nothing in it.
    #[error("this baseline is empty, it has not even a first line")]
    Empty,
    /// Bytes that are no UTF-8.
    #[error("this baseline is no UTF-8 text{}", if *wide { "; it seems to be UTF-16" } else { "" })]
    NotText {
        /// It begins as UTF-16 does.
        wide: bool,
    },
    /// The first line is not ours.
    #[error("this is no keytrail baseline: its first line is not `{HEADER}`")]
    NoHeader,
    /// Written by a version that is not known here.
    #[error(
        "this baseline is of version {version}, and version 2 is the newest that is known here"
    )]
    Newer {
        /// What its first line says.
        version: String,
    },
    /// A merge was not finished.
    #[error("line {line} is a mark of a merge that was not finished")]
    Conflict {
        /// From 1.
        line: usize,
    },
    /// A line does not begin with a key.
    #[error("line {line} does not begin with a key of 24 hexadecimal digits")]
    NoKey {
        /// From 1.
        line: usize,
    },
}

impl BaselineError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotText { wide: true } => {
                "write it with `keytrail baseline -o FILE`; a shell's `>` may have changed it"
            }
            Self::Newer { .. } => "use the newer keytrail here too, or write the baseline anew",
            Self::Conflict { .. } => {
                "keep the lines of both sides and remove the marks; `FILE merge=union` in .gitattributes does so by itself"
            }
            _ => {
                "write a new one with `keytrail baseline -o FILE`, or restore the file from version control"
            }
        }
    }
}

/// One finding that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) key: BaselineKey,
    pub(super) stands: Stands,
    pub(super) rule: String,
    pub(super) path: String,
    pub(super) symbol: String,
}

/// What else tells one finding from others of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stands {
    /// Nothing: the key is numbered, as in the first version.
    Numbered,
    /// The source line, and the number among those on equal lines.
    On { line: Option<LineDigest>, copy: u32 },
}

/// A short digest of a source line with keys masked; too short to tell a line from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LineDigest(u32);

impl LineDigest {
    /// Of the line at a place, whatever its indentation; `None` where there is none to compare.
    pub(super) fn of(location: &Location, sources: &dyn Sources) -> Option<Self> {
        // What a commit had is not what the file has today.
        if matches!(
            location,
            Location::Commit { .. } | Location::Exchange { .. }
        ) {
            return None;
        }
        let span = location.span();
        let line = sources.line(&span.path, span.line)?.text;
        let mut words = line.split_whitespace().peekable();
        words.peek()?;
        let mut hash = Sha256::new();
        for word in words {
            hash.update(word.as_bytes());
            hash.update(b" ");
        }
        let bytes = hash.finalize();
        Some(Self(u32::from_be_bytes([
            bytes[0], bytes[1], bytes[2], bytes[3],
        ])))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if let Stands::On { line, copy } = self.stands {
            match line {
                Some(LineDigest(digits)) => write!(f, " {digits:08x}")?,
                None => write!(f, " {NO_LINE}")?,
            }
            if copy > 0 {
                write!(f, ".{copy}")?;
            }
        }
        write!(f, "  {}", self.place())
    }
}

impl Line {
    /// A finding on the line of this digest.
    pub(super) fn of(finding: &Finding, line: Option<LineDigest>, copy: u32) -> Self {
        Self {
            key: first_key(finding),
            stands: Stands::On { line, copy },
            rule: finding.rule.to_owned(),
            path: word(&finding.location.span().path),
            symbol: word(finding.location.symbol().unwrap_or_default()),
        }
    }

    /// `rule  path  symbol`, for the person who reads it.
    pub(super) fn place(&self) -> String {
        let place = format!("{}  {}  {}", self.rule, self.path, self.symbol);
        place.trim_end().to_owned()
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let key = words.next()?.parse().ok()?;
        let mut words = words.peekable();
        let stands = words.peek().and_then(|word| stands(word));
        if stands.is_some() {
            words.next();
        }
        let mut next = || words.next().unwrap_or_default().to_owned();
        Some(Self {
            key,
            stands: stands.unwrap_or(Stands::Numbered),
            rule: next(),
            path: next(),
            symbol: next(),
        })
    }
}

/// `0f3a99c1`, `0f3a99c1.2`, `--------`; no rule is named like one.
fn stands(word: &str) -> Option<Stands> {
    let (digits, copy) = match word.split_once('.') {
        Some((digits, copy)) => (digits, copy.parse().ok()?),
        None => (word, 0),
    };
    if digits == NO_LINE {
        return Some(Stands::On { line: None, copy });
    }
    let hexadecimal = digits.len() == 8 && digits.bytes().all(|it| it.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok();
    let line = number.filter(|_| hexadecimal).map(LineDigest)?;
    Some(Stands::On {
        line: Some(line),
        copy,
    })
}

/// `text` as one word of a line.
pub(super) fn word(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    text.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

/// The lines of a file, in any order and repeated, as a merge leaves them.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeSet<Line>, BaselineError> {
    let text = std::str::from_utf8(bytes).map_err(|_| BaselineError::NotText {
        wide: bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]),
    })?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(BaselineError::Empty);
    }
    let mut lines = text.lines().enumerate();
    header(lines.next().map_or("", |(_, first)| first.trim_end()))?;
    let mut known = BTreeSet::new();
    for (at, line) in lines {
        let (line, number) = (line.trim(), at + 1);
        if line.is_empty() {
            continue;
        }
        if line.starts_with('#') {
            // A merge of two versions keeps both first lines.
            if line.starts_with(ANY_HEADER) {
                header(line)?;
            }
            continue;
        }
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
            .iter()
            .any(|mark| line.starts_with(mark))
        {
            return Err(BaselineError::Conflict { line: number });
        }
        known.insert(Line::parse(line).ok_or(BaselineError::NoKey { line: number })?);
    }
    Ok(known)
}

fn header(line: &str) -> Result<(), BaselineError> {
    match line.strip_prefix(ANY_HEADER) {
        _ if line == HEADER || line == FIRST_HEADER => Ok(()),
        Some(version) if version.parse::<u32>().is_ok() => Err(BaselineError::Newer {
            version: version.to_owned(),
        }),
        None if line.starts_with("<<<<<<<") => Err(BaselineError::Conflict { line: 1 }),
        _ => Err(BaselineError::NoHeader),
    }
}

/// The file: a sorted line for each.
pub(super) fn text<'l>(lines: impl Iterator<Item = &'l Line>) -> String {
    let lines: BTreeSet<String> = lines.map(ToString::to_string).collect();
    let mut text = format!("{HEADER}\n");
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Baseline;
    use super::super::tests::finding;
    use super::*;
    use crate::NoSources;

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut text = format!("{HEADER}\n").into_bytes();
            text.extend(bytes);
            let _ = read(&text);
        }
    }

    #[test]
    fn merged_lines_in_any_order_are_read() {
        let findings = [
            finding("r", "a.py", "f", "s", 1),
            finding("r", "b.py", "f", "s", 1),
        ];
        let text = Baseline::of(&findings, &NoSources).to_text();
        let mut lines: Vec<&str> = text.lines().skip(1).collect();
        lines.reverse();
        let merged = format!(
            "\u{feff}{HEADER}\r\n{}\r\n{}\n{HEADER}\n",
            lines.join("\n"),
            lines[0]
        );
        assert_eq!(Baseline::parse(merged.as_bytes()).unwrap().to_text(), text);
    }

    #[test]
    fn what_is_no_baseline_is_refused_by_what_it_is() {
        let refused = |bytes: &[u8]| read(bytes).unwrap_err();
        assert_eq!(refused(b"{}"), BaselineError::NoHeader);
        assert_eq!(refused(b" \n"), BaselineError::Empty);
        assert_eq!(
            refused(b"\xff\xfe#\0"),
            BaselineError::NotText { wide: true }
        );
        assert_eq!(refused(b"# \xe4"), BaselineError::NotText { wide: false });
        let newer = refused(b"# keytrail baseline v3\n");
        assert_eq!(
            newer,
            BaselineError::Newer {
                version: "3".to_owned()
            }
        );
        assert_eq!(
            refused(b"# keytrail baseline vx\n"),
            BaselineError::NoHeader
        );
        let unmerged = b"# keytrail baseline v2\n<<<<<<< ours\n";
        assert_eq!(refused(unmerged), BaselineError::Conflict { line: 2 });
        assert_eq!(
            refused(b"# keytrail baseline v1\n\nxyz  rule  path"),
            BaselineError::NoKey { line: 3 }
        );
    }
}
