//! The verdict of a run: pass, or not, and why.

use keytrail_model::{Coverage, CoverageStatus, Finding, Severity};

/// What a run must meet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Fails on findings at or above; `None` fails on none.
    pub fail_on: Option<Severity>,
    /// Sources that must have been read wholly.
    pub required: Vec<String>,
}

/// What the gate says. Reasons are sentences for people, without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing at or above the threshold, and all that was required was read.
    Pass,
    /// Findings at or above the threshold.
    Findings(Vec<String>),
    /// Something that was required could not be read wholly.
    NotEvaluated(Vec<String>),
}

impl Verdict {
    /// The process's exit code, as published.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::NotEvaluated(_) => 4,
            Self::Findings(_) => 10,
        }
    }

    /// Why it is not a pass; empty for one.
    pub fn reasons(&self) -> &[String] {
        match self {
            Self::Pass => &[],
            Self::Findings(reasons) | Self::NotEvaluated(reasons) => reasons,
        }
    }
}

impl Gate {
    /// Judges. Findings outweigh what could not be read, but both are told.
    pub fn judge(&self, findings: &[Finding], coverage: &[Coverage]) -> Verdict {
        let missing = self.missing(coverage);
        match self.over(findings) {
            Some(reason) => {
                let mut reasons = vec![reason];
                reasons.extend(missing);
                Verdict::Findings(reasons)
            }
            None if missing.is_empty() => Verdict::Pass,
            None => Verdict::NotEvaluated(missing),
        }
    }

    fn over(&self, findings: &[Finding]) -> Option<String> {
        let threshold = self.fail_on?;
        let count = findings
            .iter()
            .filter(|finding| finding.suppressed.is_none() && finding.severity >= threshold)
            .count();
        let noun = if count == 1 { "finding" } else { "findings" };
        let above = if threshold == Severity::Critical {
            ""
        } else {
            " or above"
        };
        (count > 0).then(|| format!("{count} {noun} of severity {threshold}{above}"))
    }

    fn missing(&self, coverage: &[Coverage]) -> Vec<String> {
        self.required
            .iter()
            .filter_map(|source| {
                let record = coverage.iter().find(|record| record.source == *source);
                match record.map(|record| (record.status, record)) {
                    Some((CoverageStatus::Evaluated | CoverageStatus::NotApplicable, _)) => None,
                    Some((CoverageStatus::Partial, record)) => Some(format!(
                        "`{source}` is required and was read only in part: {}",
                        told(record)
                    )),
                    Some((CoverageStatus::NotEvaluated, record)) => Some(format!(
                        "`{source}` is required and was not read: {}",
                        told(record)
                    )),
                    None => Some(format!("`{source}` is required and was not read")),
                }
            })
            .collect()
    }
}

/// The first clause of a record's reason, or its first problem.
fn told(record: &Coverage) -> String {
    let clause = record.reason.split(['.', ';']).next().unwrap_or_default();
    match record.problems.first() {
        _ if !clause.is_empty() => clause.to_owned(),
        Some(problem) => format!("{}: {}", problem.path, problem.message),
        None => "no reason was given".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::{coverage, finding, suppressed};

    fn gate(fail_on: Severity, required: &[&str]) -> Gate {
        Gate {
            fail_on: Some(fail_on),
            required: required.iter().map(|&source| source.to_owned()).collect(),
        }
    }

    #[test]
    fn counts_what_is_at_or_above_and_not_suppressed() {
        let findings = [
            finding("a", Severity::High),
            finding("b", Severity::Medium),
            suppressed("c", Severity::Critical),
        ];
        let verdict = gate(Severity::High, &[]).judge(&findings, &[]);
        assert_eq!(verdict.exit_code(), 10);
        assert_eq!(verdict.reasons(), ["1 finding of severity high or above"]);
        assert_eq!(
            gate(Severity::Critical, &[]).judge(&findings, &[]),
            Verdict::Pass
        );
        assert_eq!(Gate::default().judge(&findings, &[]), Verdict::Pass);
    }

    #[test]
    fn a_required_source_that_was_not_read_fails() {
        let read = [
            coverage("code", CoverageStatus::Evaluated),
            coverage("infra", CoverageStatus::NotApplicable),
            coverage("cloud", CoverageStatus::NotEvaluated),
        ];
        let judge = |required: &[&str]| gate(Severity::High, required).judge(&[], &read);
        assert_eq!(judge(&["code", "infra"]), Verdict::Pass);
        assert_eq!(judge(&["cloud"]).exit_code(), 4);
        assert_eq!(judge(&["logs"]).exit_code(), 4);
    }

    #[test]
    fn findings_outweigh_but_both_are_told() {
        let verdict = gate(Severity::Low, &["http"]).judge(&[finding("a", Severity::High)], &[]);
        assert_eq!(verdict.exit_code(), 10);
        assert_eq!(verdict.reasons().len(), 2);
    }
}
