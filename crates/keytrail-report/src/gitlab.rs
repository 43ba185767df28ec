//! GitLab's report of code quality, which a merge request shows beside the lines that it changes.

use keytrail_model::{Finding, Severity};
use serde_json::{Value, json};

use crate::{BaselineKey, Report, baseline, text};

/// The findings that count, as GitLab's list, with a final newline. A fingerprint is the baseline's key, so that
/// GitLab knows a finding again after other lines have moved it.
pub fn gitlab(report: &Report) -> String {
    let keys = baseline::keys(&report.findings);
    let live = report
        .findings
        .iter()
        .zip(keys)
        .filter(|(finding, _)| finding.suppressed.is_none());
    let list: Vec<Value> = live.map(|(finding, key)| entry(finding, key)).collect();
    format!("{:#}\n", Value::Array(list))
}

fn entry(finding: &Finding, key: BaselineKey) -> Value {
    let span = finding.location.span();
    json!({
        "type": "issue",
        "check_name": finding.rule,
        "description": text::clean(&finding.message),
        "categories": ["Security"],
        "fingerprint": key.to_string(),
        "severity": severity(finding.severity),
        "location": {
            "path": &*span.path,
            "lines": { "begin": span.line.max(1), "end": span.end_line.max(span.line).max(1) },
        },
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::report;

    #[test]
    fn a_whole_report() {
        insta::assert_snapshot!(gitlab(&report()));
    }

    #[test]
    fn fingerprints_are_unique_and_what_passes_is_left_out() {
        let report = report();
        let list: Value = serde_json::from_str(&gitlab(&report)).unwrap();
        let list = list.as_array().unwrap();
        let live = report
            .findings
            .iter()
            .filter(|it| it.suppressed.is_none())
            .count();
        assert_eq!(list.len(), live);
        let prints: std::collections::BTreeSet<&str> = list
            .iter()
            .map(|it| it["fingerprint"].as_str().unwrap())
            .collect();
        assert_eq!(prints.len(), live);
    }
}
