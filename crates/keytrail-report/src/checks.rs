//! A grade for each of the twelve checks of a running service. The formula is published in `docs/grade.md`.

use keytrail_model::v1::{Check, Grade};
use keytrail_model::{Coverage, CoverageStatus, Finding, Severity, SurfaceCheck};

use crate::grade;

/// One a check, in their order; none where no service was asked.
pub(crate) fn checks(findings: &[Finding], coverage: &[Coverage]) -> Vec<Check> {
    let asked = SurfaceCheck::ALL.into_iter().filter_map(|check| {
        let source = format!("http/{}", check.as_str());
        let record = coverage.iter().find(|record| record.source == source)?;
        Some((check, record.status))
    });
    asked
        .map(|(check, status)| of(check, status, findings))
        .collect()
}

fn of(check: SurfaceCheck, status: CoverageStatus, findings: &[Finding]) -> Check {
    let of_check: Vec<Severity> = findings
        .iter()
        .filter(|finding| finding.suppressed.is_none())
        .filter(|finding| {
            finding
                .outside
                .as_ref()
                .is_some_and(|outside| outside.check == check)
        })
        .map(|finding| finding.severity)
        .collect();
    let graded = matches!(status, CoverageStatus::Evaluated | CoverageStatus::Partial);
    let score = score(&of_check);
    let grade: Option<Grade> = graded.then(|| grade::letter(score));
    Check {
        check: check.as_str().to_owned(),
        grade,
        score: graded.then_some(score),
        findings: of_check.len() as u64,
    }
}

/// The worst finding sets the ceiling; each further takes a point off, ten at most.
fn score(severities: &[Severity]) -> u32 {
    let ceiling = match severities.iter().max() {
        None => return 100,
        Some(Severity::Critical) => 29,
        Some(Severity::High) => 59,
        Some(Severity::Medium) => 74,
        Some(Severity::Low) => 89,
        Some(Severity::Info) => 97,
    };
    let further = u32::try_from(severities.len() - 1)
        .unwrap_or(u32::MAX)
        .min(10);
    ceiling - further.min(ceiling)
}

/// `inventory C (74), 3 findings`, one line a check.
pub(crate) fn lines(checks: &[Check]) -> Vec<String> {
    checks
        .iter()
        .map(|check| {
            let grade = check.grade.map_or("–", Grade::as_str);
            let score = check
                .score
                .map_or_else(String::new, |score| format!(" ({score})"));
            let count = match check.findings {
                0 if check.grade.is_none() => "not evaluated".to_owned(),
                0 => "nothing found".to_owned(),
                1 => "1 finding".to_owned(),
                more => format!("{more} findings"),
            };
            format!("{:<21} {grade}{score}, {count}", check.check)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_more_is_never_better() {
        assert_eq!(score(&[]), 100);
        assert_eq!(score(&[Severity::Low]), 89);
        assert_eq!(score(&[Severity::Low, Severity::Critical]), 28);
        assert!(score(&[Severity::High; 40]) >= 49);
    }
}
