//! The identity of a finding that survives moved lines, and the file that keeps known ones.

mod file;
mod known;

use std::collections::BTreeMap;
use std::fmt;

use keytrail_model::Finding;
use sha2::{Digest, Sha256};

pub use file::BaselineError;
pub use known::Baseline;

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

/// The key of the first of those that are equal: what a line of the baseline begins with.
fn first_key(finding: &Finding) -> BaselineKey {
    digest(borrowed(finding), 0)
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

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use keytrail_model::{FileSpan, Location};
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn finding(
        rule: &'static str,
        path: &str,
        symbol: &str,
        subject: &str,
        line: u32,
    ) -> Finding {
        let location = Location::Code {
            span: FileSpan::line(&Arc::from(path), line),
            symbol: Some(Arc::from(symbol)),
        };
        Finding::at(rule, location).subject(subject).build()
    }

    pub(crate) fn some_findings() -> impl Strategy<Value = Vec<Finding>> {
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
    }
}
