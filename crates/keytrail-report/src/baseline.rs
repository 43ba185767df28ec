//! The identity of a finding that survives moved lines, and the file that keeps known ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use keytrail_model::{Finding, Suppression};
use sha2::{Digest, Sha256};

/// First line of a baseline file; the number changes when the meaning of keys does.
const HEADER: &str = "# keytrail baseline v1";

/// The identity of a finding: a digest of its rule, file, symbol and subject, and its number
/// among those that are equal in all four. Lines and columns are no part of it, nor is a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaselineKey([u8; 12]);

impl fmt::Display for BaselineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for BaselineKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.as_bytes();
        if digits.len() != 24 {
            return Err(());
        }
        let mut bytes = [0; 12];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(drop)?;
            *byte = u8::from_str_radix(pair, 16).map_err(drop)?;
        }
        Ok(Self(bytes))
    }
}

/// Rule, file, symbol and subject.
pub type FindingIdentity = (String, String, String, String);

/// What makes a finding the same one after other lines have moved it.
pub fn identity(finding: &Finding) -> FindingIdentity {
    let (rule, path, symbol, subject) = borrowed(finding);
    (rule.into(), path.into(), symbol.into(), subject.into())
}

type Identity<'a> = (&'a str, &'a str, &'a str, &'a str);

fn borrowed(finding: &Finding) -> Identity<'_> {
    (
        finding.rule,
        &finding.location.span().path,
        finding.location.symbol().unwrap_or_default(),
        &finding.subject,
    )
}

/// The keys of `findings`, in their order. Equal ones are numbered from the top of the file, so
/// the order of `findings` does not matter.
pub fn keys(findings: &[Finding]) -> Vec<BaselineKey> {
    let mut groups: BTreeMap<Identity<'_>, Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        groups.entry(borrowed(finding)).or_default().push(at);
    }
    let mut keys = vec![BaselineKey([0; 12]); findings.len()];
    for (identity, mut members) in groups {
        members.sort_by(|&left, &right| {
            (&findings[left].location, &findings[left].message)
                .cmp(&(&findings[right].location, &findings[right].message))
        });
        for (ordinal, at) in members.into_iter().enumerate() {
            keys[at] = digest(identity, ordinal);
        }
    }
    keys
}

fn digest((rule, path, symbol, subject): Identity<'_>, ordinal: usize) -> BaselineKey {
    let mut hash = Sha256::new();
    for part in [rule, path, symbol, subject] {
        // With its length before it, no part can pass for the end of another.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.update((ordinal as u64).to_be_bytes());
    let mut short = [0; 12];
    short.copy_from_slice(&hash.finalize()[..12]);
    BaselineKey(short)
}

/// Why a baseline file can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// The first line is not ours.
    #[error("this is no keytrail baseline: its first line is not `{HEADER}`")]
    NoHeader,
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
        "write a new one with `keytrail baseline -o FILE`, or restore the file from version control"
    }
}

/// Known findings, let pass until somebody mends them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Baseline(BTreeMap<BaselineKey, String>);

impl Baseline {
    /// All of `findings` that no comment lets pass already.
    pub fn of(findings: &[Finding]) -> Self {
        let lines = keys(findings).into_iter().zip(findings);
        Self(
            lines
                .filter(|(_, finding)| finding.suppressed.is_none())
                .map(|(key, finding)| (key, describe(finding)))
                .collect(),
        )
    }

    /// Reads what [`Baseline::to_text`] writes. Lines may be in any order, and may repeat, as a
    /// merge leaves them.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let mut lines = text.lines().enumerate();
        match lines.next() {
            Some((_, first)) if first.trim_end() == HEADER => {}
            _ => return Err(BaselineError::NoHeader),
        }
        let mut known = BTreeMap::new();
        for (at, line) in lines {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let key = key
                .parse()
                .map_err(|()| BaselineError::NoKey { line: at + 1 })?;
            known.insert(key, rest.trim_start().to_owned());
        }
        Ok(Self(known))
    }

    /// One sorted line a finding, so that two branches' changes merge.
    pub fn to_text(&self) -> String {
        let lines: BTreeSet<String> = self
            .0
            .iter()
            .map(|(key, rest)| format!("{key}  {rest}"))
            .collect();
        let mut text = format!("{HEADER}\n");
        for line in lines {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// How many findings it knows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when it knows none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Marks the findings that it knows. Returns the lines that no finding needs any more.
    pub fn apply(&self, findings: &mut [Finding]) -> Vec<String> {
        let mut stale = self.0.clone();
        for (key, finding) in keys(findings).into_iter().zip(findings) {
            if stale.remove(&key).is_some() && finding.suppressed.is_none() {
                finding.suppressed = Some(Suppression {
                    reason: "baseline".to_owned(),
                    until: None,
                });
            }
        }
        stale.into_values().collect()
    }
}

/// `rule  path  symbol`, for the person who reads the file; only the key is read back.
fn describe(finding: &Finding) -> String {
    let clean = |text: &str| -> String {
        text.chars()
            .map(|c| {
                if c.is_whitespace() || c.is_control() {
                    '_'
                } else {
                    c
                }
            })
            .collect()
    };
    let path = clean(&finding.location.span().path);
    match finding.location.symbol() {
        Some(symbol) => format!("{}  {path}  {}", finding.rule, clean(symbol)),
        None => format!("{}  {path}", finding.rule),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keytrail_model::{FileSpan, Location};
    use proptest::prelude::*;

    use super::*;

    fn finding(rule: &'static str, path: &str, symbol: &str, subject: &str, line: u32) -> Finding {
        let location = Location::Code {
            span: FileSpan::line(&Arc::from(path), line),
            symbol: Some(Arc::from(symbol)),
        };
        Finding::at(rule, location).subject(subject).build()
    }

    fn some_findings() -> impl Strategy<Value = Vec<Finding>> {
        let one = (0..3_usize, "[ab]", "[fg]", "[st]", 1..50_u32).prop_map(
            |(rule, path, symbol, subject, line)| {
                finding(
                    ["r-one", "r-two", "r-three"][rule],
                    &path,
                    &symbol,
                    &subject,
                    line,
                )
            },
        );
        proptest::collection::vec(one, 0..20)
    }

    proptest! {
        #[test]
        fn moved_lines_change_no_key(findings in some_findings(), by in 1..1000_u32) {
            let mut moved = findings.clone();
            for finding in &mut moved {
                let Location::Code { span, .. } = &mut finding.location else { unreachable!() };
                span.line += by;
                span.end_line += by;
                span.column += 3;
            }
            prop_assert_eq!(keys(&findings), keys(&moved));
        }

        #[test]
        fn keys_are_unique_and_independent_of_order(findings in some_findings()) {
            let forward = keys(&findings);
            let unique: BTreeSet<_> = forward.iter().collect();
            prop_assert_eq!(unique.len(), findings.len());
            let mut reversed = findings;
            reversed.reverse();
            let backward: BTreeSet<_> = keys(&reversed).into_iter().collect();
            prop_assert_eq!(forward.into_iter().collect::<BTreeSet<_>>(), backward);
        }

        #[test]
        fn a_baseline_is_read_back_and_lets_all_pass(mut findings in some_findings()) {
            let baseline = Baseline::of(&findings);
            let read = Baseline::parse(&baseline.to_text()).unwrap();
            prop_assert_eq!(&read, &baseline);
            prop_assert!(read.apply(&mut findings).is_empty());
            prop_assert!(findings.iter().all(|finding| finding.suppressed.is_some()));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = Baseline::parse(&format!("{HEADER}\n{text}"));
        }
    }

    #[test]
    fn merged_lines_in_any_order_are_read() {
        let text = Baseline::of(&[
            finding("r", "a.py", "f", "s", 1),
            finding("r", "b.py", "f", "s", 1),
        ])
        .to_text();
        let mut lines: Vec<&str> = text.lines().skip(1).collect();
        lines.reverse();
        let merged = format!("{HEADER}\n{}\n{}\n", lines.join("\n"), lines[0]);
        assert_eq!(Baseline::parse(&merged).unwrap().to_text(), text);
    }

    #[test]
    fn stale_lines_are_told() {
        let baseline = Baseline::of(&[finding("r", "a b.py", "f", "s", 1)]);
        assert_eq!(baseline.apply(&mut []), ["r  a_b.py  f"]);
    }

    #[test]
    fn another_file_is_refused() {
        assert_eq!(Baseline::parse("{}"), Err(BaselineError::NoHeader));
        assert_eq!(
            Baseline::parse("# keytrail baseline v1\n\nxyz  rule  path"),
            Err(BaselineError::NoKey { line: 3 })
        );
    }
}
