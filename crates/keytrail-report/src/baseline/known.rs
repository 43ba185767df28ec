//! Which findings a baseline knows.
//!
//! Each line of it lets one finding pass, and the surest match is made first: the same finding on the same source line;
//! the same finding on a line that was changed; the same line in a function or file that was moved or renamed. So a new
//! finding among equal old ones is the one that is told, and no more pass than were written down.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{Finding, Suppression};

use super::file::{self, Line, LineDigest, Stands};
use super::{BaselineError, BaselineKey, first_key, keys};
use crate::Sources;

/// Known findings, let pass until somebody mends them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Baseline(BTreeSet<Line>);

impl Baseline {
    /// All of `findings` that no comment lets pass already.
    pub fn of(findings: &[Finding], sources: &dyn Sources) -> Self {
        let mut copies: BTreeMap<(BaselineKey, Option<LineDigest>), u32> = BTreeMap::new();
        let counting = findings.iter().filter(|it| it.suppressed.is_none());
        let lines = counting.map(|finding| {
            let line = LineDigest::of(&finding.location, sources);
            let copy = copies.entry((first_key(finding), line)).or_default();
            let number = *copy;
            *copy += 1;
            Line::of(finding, line, number)
        });
        Self(lines.collect())
    }

    /// Reads what [`Baseline::to_text`] writes. Lines may be in any order, and may repeat, as a
    /// merge leaves them.
    pub fn parse(bytes: &[u8]) -> Result<Self, BaselineError> {
        file::read(bytes).map(Self)
    }

    /// One sorted line a finding, so that two branches' changes merge.
    pub fn to_text(&self) -> String {
        file::text(self.0.iter())
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
    pub fn apply(&self, findings: &mut [Finding], sources: &dyn Sources) -> Vec<String> {
        let mut matching = Matching::new(self.0.clone(), findings, sources);
        matching.numbered(findings);
        for same in [Same::Finding, Same::Key, Same::Line] {
            matching.pass(findings, same, sources);
        }
        let known = findings.iter_mut().zip(matching.known);
        for (finding, _) in known.filter(|(finding, known)| *known && finding.suppressed.is_none())
        {
            finding.suppressed = Some(Suppression {
                reason: "baseline".to_owned(),
                until: None,
            });
        }
        matching.left.iter().map(Line::place).collect()
    }
}

/// What has to be the same, the surest first.
#[derive(Clone, Copy)]
enum Same {
    /// The key and the source line.
    Finding,
    /// The key.
    Key,
    /// Rule and source line, and the file or the function's own name, or that the file is there no more.
    Line,
}

struct Matching {
    left: BTreeSet<Line>,
    lines: Vec<Option<LineDigest>>,
    keys: Vec<BaselineKey>,
    known: Vec<bool>,
}

impl Matching {
    fn new(left: BTreeSet<Line>, findings: &[Finding], sources: &dyn Sources) -> Self {
        let line = |finding: &Finding| LineDigest::of(&finding.location, sources);
        Self {
            left,
            lines: findings.iter().map(line).collect(),
            keys: findings.iter().map(first_key).collect(),
            known: vec![false; findings.len()],
        }
    }

    /// Lines of the first version.
    fn numbered(&mut self, findings: &[Finding]) {
        let old = |line: &Line| line.stands == Stands::Numbered;
        let old: BTreeMap<BaselineKey, Line> = self
            .left
            .iter()
            .filter(|line| old(line))
            .map(|line| (line.key, line.clone()))
            .collect();
        if old.is_empty() {
            return;
        }
        for (at, key) in keys(findings).into_iter().enumerate() {
            if let Some(line) = old.get(&key) {
                self.known[at] = self.left.remove(line);
            }
        }
    }

    /// Findings in the order of their places, so that the order of `findings` does not matter.
    fn pass(&mut self, findings: &[Finding], same: Same, sources: &dyn Sources) {
        // A finding that passes anyway takes no line from one that does not, until the last.
        let mut order: Vec<usize> = (0..findings.len()).filter(|&at| !self.known[at]).collect();
        order.sort_by_key(|&at| {
            let finding = &findings[at];
            (
                finding.suppressed.is_some(),
                &finding.location,
                &finding.message,
            )
        });
        let mut by: BTreeMap<Tie, Vec<Line>> = BTreeMap::new();
        // The last is taken first.
        for line in self.left.iter().rev() {
            for tie in ties_of_line(line, same, sources) {
                by.entry(tie).or_default().push(line.clone());
            }
        }
        for at in order {
            for tie in ties(&findings[at], self.keys[at], self.lines[at], same) {
                let candidates = by.get_mut(&tie);
                // A line under two ties may be gone already.
                let taken = candidates.and_then(|lines| {
                    std::iter::from_fn(|| lines.pop()).find(|line| self.left.remove(line))
                });
                if taken.is_some() {
                    self.known[at] = true;
                    break;
                }
            }
        }
    }
}

/// What a line and a finding have to share.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Tie {
    Key(BaselineKey),
    KeyOn(BaselineKey, Option<LineDigest>),
    File(LineDigest, String, String),
    Symbol(LineDigest, String, String),
    Gone(LineDigest, String),
}

fn ties_of_line(line: &Line, same: Same, sources: &dyn Sources) -> Vec<Tie> {
    let Stands::On { line: on, .. } = line.stands else {
        return Vec::new();
    };
    match same {
        Same::Finding => vec![Tie::KeyOn(line.key, on)],
        Same::Key => vec![Tie::Key(line.key)],
        Same::Line => {
            let mut ties = moved(on, &line.rule, &line.path, &line.symbol);
            // A file that is there no more was renamed, perhaps.
            if sources.line(&line.path, 1).is_none() {
                ties.extend(on.map(|on| Tie::Gone(on, line.rule.clone())));
            }
            ties
        }
    }
}

fn ties(finding: &Finding, key: BaselineKey, on: Option<LineDigest>, same: Same) -> Vec<Tie> {
    match same {
        Same::Finding => vec![Tie::KeyOn(key, on)],
        Same::Key => vec![Tie::Key(key)],
        Same::Line => {
            let path = file::word(&finding.location.span().path);
            let symbol = file::word(finding.location.symbol().unwrap_or_default());
            let mut ties = moved(on, finding.rule, &path, &symbol);
            ties.extend(on.map(|on| Tie::Gone(on, finding.rule.to_owned())));
            ties
        }
    }
}

/// In the same file whatever the function, or in a function or file of the same name.
fn moved(on: Option<LineDigest>, rule: &str, path: &str, symbol: &str) -> Vec<Tie> {
    let Some(on) = on else {
        return Vec::new();
    };
    let name = match symbol {
        "" => path.rsplit('/').next(),
        symbol => symbol.rsplit('.').next(),
    };
    let name = name.unwrap_or_default().to_owned();
    vec![
        Tie::File(on, rule.to_owned(), path.to_owned()),
        Tie::Symbol(on, rule.to_owned(), name),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::tests::{finding, some_findings};
    use super::*;
    use crate::{NoSources, SourceLine};

    /// Files by path, a line a text.
    struct Files(BTreeMap<&'static str, Vec<&'static str>>);

    impl Sources for Files {
        fn line(&self, path: &str, line: u32) -> Option<SourceLine> {
            let text = self.0.get(path)?.get(line as usize - 1)?;
            Some(SourceLine {
                text: (*text).to_owned(),
                redacted: false,
            })
        }
    }

    fn files(files: &[(&'static str, &[&'static str])]) -> Files {
        Files(
            files
                .iter()
                .map(|(path, lines)| (*path, lines.to_vec()))
                .collect(),
        )
    }

    /// The lines on which what is new stands, and how many lines are stale.
    fn judged(known: &Baseline, findings: &[Finding], sources: &Files) -> (Vec<u32>, usize) {
        let mut findings = findings.to_vec();
        let stale = known.apply(&mut findings, sources).len();
        let new = findings.iter().filter(|it| it.suppressed.is_none());
        (new.map(|it| it.location.span().line).collect(), stale)
    }

    proptest! {
        #[test]
        fn a_baseline_is_read_back_and_lets_all_pass(mut findings in some_findings()) {
            let baseline = Baseline::of(&findings, &NoSources);
            prop_assert_eq!(baseline.len(), findings.len());
            let read = Baseline::parse(baseline.to_text().as_bytes()).unwrap();
            prop_assert_eq!(&read, &baseline);
            prop_assert!(read.apply(&mut findings, &NoSources).is_empty());
            prop_assert!(findings.iter().all(|finding| finding.suppressed.is_some()));
        }

        #[test]
        fn as_many_pass_as_are_known_whatever_was_moved(
            findings in some_findings(), gone in 0..20_usize, by in 0..50_u32,
        ) {
            let known = &findings[gone.min(findings.len())..];
            let baseline = Baseline::of(known, &NoSources);
            let mut later = findings.clone();
            for finding in &mut later {
                let keytrail_model::Location::Code { span, .. } = &mut finding.location else { unreachable!() };
                span.line += by;
            }
            prop_assert!(baseline.apply(&mut later, &NoSources).is_empty());
            let passed = later.iter().filter(|it| it.suppressed.is_some()).count();
            prop_assert_eq!(passed, known.len());
        }

        #[test]
        fn a_union_of_two_branches_knows_what_each_of_them_knew(
            left in some_findings(), right in some_findings(),
        ) {
            let text = |findings: &[Finding]| Baseline::of(findings, &NoSources).to_text();
            let union = format!("{}{}", text(&left), text(&right));
            let union = Baseline::parse(union.as_bytes()).unwrap();
            for mut findings in [left, right] {
                union.apply(&mut findings, &NoSources);
                prop_assert!(findings.iter().all(|it| it.suppressed.is_some()));
            }
        }
    }

    #[test]
    fn the_new_one_among_equal_ones_is_told_wherever_it_stands() {
        let before = files(&[("a.py", &["log(one)", "log(two)"])]);
        let at = |line| finding("r", "a.py", "f", "s", line);
        let known = Baseline::of(&[at(1), at(2)], &before);
        let after = files(&[("a.py", &["log(new)", "  log(one)", "\tlog(two)  "])]);
        assert_eq!(judged(&known, &[at(1), at(2), at(3)], &after), (vec![1], 0));
        let changed = files(&[("a.py", &["log(one)", "log(two, three)"])]);
        assert_eq!(judged(&known, &[at(1), at(2)], &changed), (vec![], 0));
    }

    #[test]
    fn both_branches_findings_of_one_function_are_known_after_a_merge() {
        let at = |line| finding("r", "a.py", "f", "s", line);
        let branch = |lines: &'static [&'static str]| {
            let sources = files(&[("a.py", lines)]);
            Baseline::of(&[at(1), at(2)], &sources).to_text()
        };
        let union = branch(&["log(old)", "log(left)"]) + &branch(&["log(old)", "log(right)"]);
        let union = Baseline::parse(union.as_bytes()).unwrap();
        let merged = files(&[("a.py", &["log(old)", "log(left)", "log(right)"])]);
        assert_eq!(judged(&union, &[at(1), at(2), at(3)], &merged), (vec![], 0));
    }

    #[test]
    fn a_function_or_file_that_was_moved_stays_known_and_a_copy_is_new() {
        let line: &[&str] = &["log(key)", "log(key)"];
        let old = finding("r", "a.py", "a.save", "s", 1);
        let known = Baseline::of(std::slice::from_ref(&old), &files(&[("a.py", line)]));
        let now = files(&[("a.py", line), ("b/c.py", line)]);
        let renamed = finding("r", "a.py", "a.store", "s", 1);
        assert_eq!(judged(&known, &[renamed], &now), (vec![], 0));
        let moved = finding("r", "b/c.py", "b.c.save", "s", 2);
        assert_eq!(
            judged(&known, std::slice::from_ref(&moved), &now),
            (vec![], 0)
        );
        assert_eq!(judged(&known, &[moved, old], &now), (vec![2], 0));
        let other = finding("r", "b/c.py", "b.c.send", "s", 1);
        assert_eq!(judged(&known, &[other], &now), (vec![1], 1));
        let without_the_old = files(&[("b/c.py", line)]);
        let other = finding("r", "b/c.py", "b.c.send", "s", 1);
        assert_eq!(judged(&known, &[other], &without_the_old), (vec![], 0));
        let rule = finding("q", "a.py", "a.save", "s", 1);
        assert_eq!(judged(&known, &[rule], &now), (vec![1], 1));
    }

    #[test]
    fn a_file_of_the_first_version_still_holds() {
        let findings = [
            finding("r", "a.py", "f", "s", 1),
            finding("r", "a.py", "f", "s", 2),
        ];
        let mut text = "# keytrail baseline v1\n".to_owned();
        for key in keys(&findings) {
            text += &key.to_string();
            text += "  r  a.py  f\n";
        }
        let known = Baseline::parse(text.as_bytes()).unwrap();
        assert_eq!(judged(&known, &findings, &files(&[])), (vec![], 0));
        assert_eq!(judged(&known, &findings[..1], &files(&[])), (vec![], 1));
    }

    #[test]
    fn stale_lines_are_told() {
        let baseline = Baseline::of(&[finding("r", "a b.py", "f", "s", 1)], &NoSources);
        assert_eq!(baseline.apply(&mut [], &NoSources), ["r  a_b.py  f"]);
    }
}
