//! The grade. The formula is published in `docs/grade.md`; change both together.
//!
//! 1. The worst exposure path sets a ceiling.
//! 2. Each further path takes a little off, so that progress shows.
//! 3. Weaknesses and hygiene take off what they weigh, each kind up to a limit.
//!
//! Suppressed findings count for nothing, and what was not evaluated bounds nothing: the report
//! shows it instead.

use keytrail_model::v1::Grade;
use keytrail_model::{Actor, Finding, Severity};

use crate::Section;

/// A grade with the number behind it and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grading {
    /// `A` to `F`.
    pub grade: Grade,
    /// 0 to 100.
    pub score: u32,
    /// What bounds it, in a sentence without a full stop.
    pub reason: String,
}

/// Grades `findings`; their order does not matter.
pub fn grade(findings: &[Finding]) -> Grading {
    let counted = || {
        findings
            .iter()
            .filter(|finding| finding.suppressed.is_none())
    };
    let paths: Vec<&Finding> = counted()
        .filter(|finding| Section::of(finding) == Section::Path)
        .collect();
    let worst = paths.iter().map(|path| ceiling(path)).min();
    let top = worst.unwrap_or(FULL);
    let more_paths = paths.len().saturating_sub(1).min(MOST_FURTHER_PATHS);
    let off = tenths(more_paths) * PER_FURTHER_PATH + weaknesses_off(counted());
    let score = top.saturating_sub(off) / 10;
    Grading {
        grade: letter(score),
        score,
        reason: reason(&paths, worst, off),
    }
}

/// All points, in tenths.
const FULL: u32 = 1000;
/// Tenths of a point that each path after the first takes off.
const PER_FURTHER_PATH: u32 = 5;
/// Further paths that count.
const MOST_FURTHER_PATHS: usize = 20;

/// The most that findings with this path among them can reach, in tenths.
fn ceiling(path: &Finding) -> u32 {
    let anonymous = path.actor == Some(Actor::Anonymous);
    match path.severity {
        Severity::Critical => 290,
        Severity::High if anonymous => 290,
        Severity::High => 640,
        Severity::Medium if anonymous => 690,
        Severity::Medium => 790,
        Severity::Low => 890,
        Severity::Info => 950,
    }
}

/// What weaknesses and hygiene take off, in tenths: so much each, never more than so much together.
fn weaknesses_off<'a>(findings: impl Iterator<Item = &'a Finding>) -> u32 {
    let mut counts = [0_usize; 5];
    for finding in findings.filter(|finding| Section::of(finding) != Section::Path) {
        counts[finding.severity as usize] += 1;
    }
    Severity::ALL
        .into_iter()
        .zip(counts)
        .map(|(severity, count)| {
            let (each, most) = weight(severity);
            tenths(count).saturating_mul(each).min(most)
        })
        .sum()
}

/// Tenths for each finding on no path, and for all of that severity together.
fn weight(severity: Severity) -> (u32, u32) {
    match severity {
        Severity::Critical => (250, 500),
        Severity::High => (80, 320),
        Severity::Medium => (20, 150),
        Severity::Low => (2, 50),
        Severity::Info => (0, 0),
    }
}

pub(crate) fn letter(score: u32) -> Grade {
    match score {
        90.. => Grade::A,
        80.. => Grade::B,
        70.. => Grade::C,
        60.. => Grade::D,
        _ => Grade::F,
    }
}

fn tenths(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn reason(paths: &[&Finding], worst: Option<u32>, off: u32) -> String {
    let bound = paths
        .iter()
        .find(|path| Some(ceiling(path)) == worst)
        .and_then(|path| path.actor.as_ref().map(|actor| (path.severity, actor)));
    match (bound, off) {
        (Some((severity, actor)), _) => {
            format!(
                "bounded by a path of severity {severity} to {}",
                article(actor)
            )
        }
        (None, 0) => "no exposure path and nothing to mend".to_owned(),
        (None, _) => "no exposure path; weaknesses and hygiene take points off".to_owned(),
    }
}

/// The actor as it stands in a sentence.
fn article(actor: &Actor) -> String {
    match actor {
        Actor::Anonymous => "an anonymous caller".to_owned(),
        Actor::LogReader => "a log reader".to_owned(),
        Actor::RepositoryReader => "a repository reader".to_owned(),
        Actor::CopyReader => "a reader of copies".to_owned(),
        Actor::NetworkObserver => "a network observer".to_owned(),
        Actor::OtherEnvironment => "a holder of another environment".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use keytrail_model::Suppression;
    use proptest::prelude::*;

    use super::*;
    use crate::json::tests::finding;

    fn path(severity: Severity, actor: Actor) -> Finding {
        let mut finding = finding("key-in-response", severity);
        finding.actor = Some(actor);
        finding
    }

    #[test]
    fn the_worked_examples_of_the_page() {
        let page = include_str!("../../../docs/grade.md");
        let low = || finding("table-unprotected", Severity::Low);
        let medium = || finding("scan-in-request", Severity::Medium);
        let cases = [
            ("nothing found", vec![]),
            ("five hygiene findings", (0..5).map(|_| low()).collect()),
            (
                "a hundred hygiene findings",
                (0..100).map(|_| low()).collect(),
            ),
            (
                "three medium weaknesses",
                (0..3).map(|_| medium()).collect(),
            ),
            (
                "one high path to a log reader",
                vec![path(Severity::High, Actor::LogReader)],
            ),
            (
                "one anonymous path to a live key, nothing else",
                vec![path(Severity::Critical, Actor::Anonymous)],
            ),
            (
                "41 critical paths and 10 medium weaknesses",
                (0..41)
                    .map(|_| path(Severity::Critical, Actor::Anonymous))
                    .chain((0..10).map(|_| medium()))
                    .collect(),
            ),
        ];
        for (name, findings) in cases {
            let Grading { grade, score, .. } = grade(&findings);
            let row = format!("| {name} | {score} | {} |", grade.as_str());
            assert!(page.contains(&row), "docs/grade.md lacks: {row}");
        }
    }

    #[test]
    fn an_anonymous_path_to_a_live_key_fails_whatever_else_is_fine() {
        for severity in [Severity::High, Severity::Critical] {
            assert_eq!(grade(&[path(severity, Actor::Anonymous)]).grade, Grade::F);
        }
    }

    #[test]
    fn hygiene_alone_keeps_the_a() {
        let many: Vec<Finding> = (0..10_000)
            .map(|_| finding("untagged-table", Severity::Low))
            .collect();
        assert_eq!(grade(&many).grade, Grade::A);
    }

    fn some_finding() -> impl Strategy<Value = Finding> {
        (0..5_usize, 0..4_usize, any::<bool>()).prop_map(|(severity, actor, suppressed)| {
            let mut found = finding("r", Severity::ALL[severity]);
            found.actor = [
                None,
                Some(Actor::Anonymous),
                Some(Actor::LogReader),
                Some(Actor::OtherTenant),
            ][actor]
                .clone();
            found.suppressed = suppressed.then(|| Suppression {
                reason: "baseline".to_owned(),
                until: None,
            });
            found
        })
    }

    proptest! {
        #[test]
        fn one_finding_more_never_helps(
            mut findings in proptest::collection::vec(some_finding(), 0..30),
            more in some_finding(),
        ) {
            let before = grade(&findings).score;
            let counts = more.suppressed.is_none();
            findings.push(more);
            let after = grade(&findings).score;
            prop_assert!(after <= before);
            prop_assert!(counts || after == before);
        }
    }
}
