//! A short summary in Markdown, for a job's page or a pull request.

use std::fmt::Write as _;

use keytrail_model::{CoverageStatus, Finding, Location, Severity};

use crate::text::{clean, count, crop};
use crate::way::ways;
use crate::{Report, Section, Verdict, grade, mermaid, sarif};

/// Rows of a table before the rest is only counted.
const MOST_ROWS: usize = 30;

/// The summary; `verdict` is told when there is one. Nothing from the scanned tree is taken as
/// Markdown or HTML.
pub fn markdown(report: &Report, verdict: Option<&Verdict>) -> String {
    let mut out = String::new();
    let grading = grade(&report.findings);
    let _ = writeln!(
        out,
        "## Keytrail: grade {} ({} of 100)\n\n{}.\n",
        grading.grade.as_str(),
        grading.score,
        sentence(&grading.reason)
    );
    if let Some(verdict) = verdict {
        let _ = writeln!(out, "{}\n", told(verdict));
    }
    counts(&mut out, report);
    cut_off(&mut out, report);
    worst_path(&mut out, report);
    least_cut(&mut out, report);
    paths(&mut out, report);
    for part in [Section::Weakness, Section::Hygiene] {
        table(&mut out, report, part);
    }
    coverage(&mut out, report);
    out
}

fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "**Gate: passed.**".to_owned(),
        Verdict::Findings(reasons) | Verdict::NotEvaluated(reasons) => {
            format!("**Gate: failed.** {}.", prose(&reasons.join("; ")))
        }
    }
}

fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn counts(out: &mut String, report: &Report) {
    let number = |severity: Severity| {
        report
            .findings
            .iter()
            .filter(|finding| finding.suppressed.is_none() && finding.severity == severity)
            .count()
    };
    out.push_str(
        "| critical | high | medium | low | info | suppressed |\n|---|---|---|---|---|---|\n|",
    );
    for severity in Severity::ALL.into_iter().rev() {
        let _ = write!(out, " {} |", number(severity));
    }
    let suppressed = report
        .findings
        .iter()
        .filter(|finding| finding.suppressed.is_some())
        .count();
    let _ = writeln!(out, " {suppressed} |\n");
}

/// Code scanning keeps so many; who looks there only has to know.
fn cut_off(out: &mut String, report: &Report) {
    let all = report.findings.len();
    if all > sarif::MOST_RESULTS {
        let _ = writeln!(
            out,
            "SARIF for code scanning has the worst {} of {all} findings; JSON has them all.\n",
            sarif::MOST_RESULTS
        );
    }
}

/// A picture of the way that is told first.
fn worst_path(out: &mut String, report: &Report) {
    let ways = ways(&report.findings);
    let mut leads = ways.iter().map(|way| way.lead.1);
    if let Some(worst) = leads.find(|it| it.suppressed.is_none() && it.path.len() > 1) {
        let _ = writeln!(
            out,
            "### The worst path: `{}`, {}\n",
            worst.rule, worst.severity
        );
        let _ = writeln!(out, "{}", mermaid::picture(worst));
    }
}

fn least_cut(out: &mut String, report: &Report) {
    let cut = &report.least_cut;
    if cut.edits.is_empty() {
        return;
    }
    let edits = count(cut.edits.len(), "edit", "edits");
    let paths = count(cut.of, "exposure path", "exposure paths");
    let _ = writeln!(
        out,
        "### Least cut: {edits} for {} of {paths}\n",
        cut.closes
    );
    for (at, edit) in cut.edits.iter().take(MOST_ROWS).enumerate() {
        let so_far = match cut.first_close.get(at) {
            Some(closed) => format!(", closes {closed} so far"),
            None => String::new(),
        };
        let (title, place) = (prose(&edit.title), place(&edit.location));
        let _ = writeln!(out, "1. {title} ({place}{so_far})");
    }
    if cut.edits.len() > MOST_ROWS {
        let _ = writeln!(out, "\n{} more.", cut.edits.len() - MOST_ROWS);
    }
    out.push('\n');
}

/// A row for each way, with every rule that found something on it.
fn paths(out: &mut String, report: &Report) {
    let ways = ways(&report.findings);
    if ways.is_empty() {
        return;
    }
    let _ = writeln!(out, "### {} ({})\n", Section::Path.title(), ways.len());
    out.push_str("| severity | rule | where | what | who |\n|---|---|---|---|---|\n");
    for way in ways.iter().take(MOST_ROWS) {
        let mut others: Vec<&str> = way.also.iter().map(|(_, other)| other.rule).collect();
        others.sort_unstable();
        others.dedup();
        let also = if others.is_empty() {
            String::new()
        } else {
            format!(" Also on this way: `{}`.", others.join("`, `"))
        };
        row(out, way.lead.1, &also);
    }
    if ways.len() > MOST_ROWS {
        let _ = writeln!(out, "\n{} more.", ways.len() - MOST_ROWS);
    }
    out.push('\n');
}

fn row(out: &mut String, finding: &Finding, also: &str) {
    let actor = finding
        .actor
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let _ = writeln!(
        out,
        "| {} | `{}` | {} | {}{also} | {} |",
        finding.severity,
        finding.rule,
        place(&finding.location),
        prose(&crop(&clean(&finding.message), 240)),
        escape(&actor)
    );
}

fn table(out: &mut String, report: &Report, part: Section) {
    let found: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| Section::of(finding) == part)
        .collect();
    if found.is_empty() {
        return;
    }
    let _ = writeln!(out, "### {} ({})\n", part.title(), found.len());
    out.push_str("| severity | rule | where | what | who |\n|---|---|---|---|---|\n");
    for finding in found.iter().take(MOST_ROWS) {
        row(out, finding, "");
    }
    if found.len() > MOST_ROWS {
        let _ = writeln!(out, "\n{} more.", found.len() - MOST_ROWS);
    }
    out.push('\n');
}

fn coverage(out: &mut String, report: &Report) {
    let mut open = report
        .coverage
        .iter()
        .filter(|record| {
            matches!(
                record.status,
                CoverageStatus::Partial | CoverageStatus::NotEvaluated
            )
        })
        .peekable();
    if open.peek().is_none() {
        return;
    }
    out.push_str("### Not or only partly evaluated\n\n");
    for record in open {
        let _ = writeln!(
            out,
            "- **{}**: {}",
            escape(&record.source),
            prose(&record.reason)
        );
    }
}

/// `path:line` as code. A code span takes everything as it is, except backticks and table bars.
fn place(location: &Location) -> String {
    let span = location.span();
    if let Location::Exchange { method, .. } = location {
        let route = clean(&span.path).replace('`', "'").replace('|', "\\|");
        return format!("`{method} {route}`");
    }
    let path = clean(&span.path).replace('`', "'").replace('|', "\\|");
    format!("`{path}:{}`", span.line)
}

/// `text` with what stands between backticks as code, and no other meaning in Markdown or HTML.
fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else {
            break;
        };
        let _ = write!(
            out,
            "{}`{}`",
            escape(before),
            clean(code).replace('|', "\\|")
        );
        rest = after;
    }
    out.push_str(&escape(rest));
    out
}

/// `text` without any meaning in Markdown or HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '!' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::{finding, report};

    #[test]
    fn a_whole_report() {
        let verdict = Verdict::Findings(vec!["1 finding of severity high or above".to_owned()]);
        insta::assert_snapshot!(markdown(&report(), Some(&verdict)));
    }

    #[test]
    fn nothing_from_the_tree_is_markup() {
        let mut report = report();
        let mut hostile = finding("x", Severity::High);
        hostile.message = "<img src=x> [a](b) | @team `<c>|` `d\n\n# e".to_owned();
        report.findings.push(hostile);
        let text = markdown(&report, None);
        assert!(text.contains(r"&lt;img src=x&gt; \[a\]\(b\) \| &#64;team `<c>\|` \`d  \# e"));
    }
}
