//! `JUnit` XML, for servers that show tests: a test for each rule, which fails with its findings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use keytrail_model::{CoverageStatus, Finding, Severity};

use crate::{Report, text};

/// The report as one suite. A finding fails its rule's test where it counts and is at or above
/// `fail_on`; what is below is told in the test's output, what could not be read is a skipped test.
pub fn junit(report: &Report, fail_on: Option<Severity>) -> String {
    let mut by_rule: BTreeMap<&str, Vec<&Finding>> = report
        .rules
        .iter()
        .map(|rule| (rule.id, Vec::new()))
        .collect();
    for finding in &report.findings {
        by_rule.entry(finding.rule).or_default().push(finding);
    }
    let fails = |finding: &Finding| {
        finding.suppressed.is_none() && fail_on.is_some_and(|floor| finding.severity >= floor)
    };
    let failures = by_rule
        .values()
        .filter(|findings| findings.iter().any(|finding| fails(finding)))
        .count();
    let unread: Vec<_> = report
        .coverage
        .iter()
        .filter(|record| record.status == CoverageStatus::NotEvaluated)
        .collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    let _ = writeln!(
        out,
        "  <testsuite name=\"keytrail\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{}\">",
        by_rule.len() + unread.len(),
        unread.len()
    );
    for (rule, findings) in &by_rule {
        case(&mut out, rule, findings, &fails);
    }
    for record in unread {
        let _ = writeln!(
            out,
            "    <testcase classname=\"keytrail.coverage\" name=\"{}\"><skipped message=\"{}\"/></testcase>",
            escaped(&record.source),
            escaped(&record.reason)
        );
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(out: &mut String, rule: &str, findings: &[&Finding], fails: &impl Fn(&Finding) -> bool) {
    let open = format!(
        "    <testcase classname=\"keytrail\" name=\"{}\"",
        escaped(rule)
    );
    if findings.is_empty() {
        let _ = writeln!(out, "{open}/>");
        return;
    }
    let _ = writeln!(out, "{open}>");
    let (failing, others): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().copied().partition(|finding| fails(finding));
    if let Some(worst) = failing.iter().map(|finding| finding.severity).max() {
        let _ = writeln!(
            out,
            "      <failure type=\"{worst}\" message=\"{}\">{}</failure>",
            escaped(&text::count(failing.len(), "finding", "findings")),
            escaped_lines(&failing)
        );
    }
    if !others.is_empty() {
        let _ = writeln!(
            out,
            "      <system-out>{}</system-out>",
            escaped_lines(&others)
        );
    }
    out.push_str("    </testcase>\n");
}

fn escaped_lines(findings: &[&Finding]) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            let passed = match &finding.suppressed {
                Some(suppression) => format!(" (let pass: {})", suppression.reason),
                None => String::new(),
            };
            let told = format!(
                "{}: {}: {}{passed}",
                finding.location, finding.severity, finding.message
            );
            escaped(&told)
        })
        .collect();
    lines.join("\n")
}

/// Safe between tags and in an attribute; what XML can't hold is `clean`'s to replace.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text::clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::report;

    #[test]
    fn a_whole_report() {
        insta::assert_snapshot!(junit(&report(), Some(Severity::High)));
    }

    #[test]
    fn nothing_fails_where_nothing_may() {
        let text = junit(&report(), None);
        assert!(
            text.contains("failures=\"0\"") && !text.contains("<failure"),
            "{text}"
        );
    }

    #[test]
    fn text_of_the_tree_is_no_markup() {
        assert_eq!(
            escaped("<a b=\"c\">&\u{1}\n\u{ffff}"),
            "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd} \u{fffd}"
        );
    }
}
