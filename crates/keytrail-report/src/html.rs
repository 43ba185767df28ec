//! One self-contained HTML file: no network, no inline handlers, a policy that forbids
//! everything but the style and script written here, and nothing of the scanned tree unescaped.

mod draw;
mod escape;
mod finding;
mod table;

use std::fmt::Write as _;

use base64::Engine as _;
use keytrail_model::{CoverageStatus, Edit, Finding, Severity};
use sha2::{Digest, Sha256};

use crate::text::count;
use crate::way::ways;
use crate::{Grading, Report, Section, Sources, baseline, grade};
use escape::{esc, prose};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Ways drawn one by one; the table below lists them all.
const MOST_DRAWN: usize = 200;
/// Edits of the least cut that are shown without a click.
const FIRST_EDITS: usize = 5;

/// The whole page.
pub fn html(report: &Report, sources: &dyn Sources) -> String {
    let grading = grade(&report.findings);
    let mut out = String::new();
    out.push_str(&head(report, &grading));
    out.push_str(&masthead(report, &grading));
    out.push_str("<main id=\"main\">\n");
    out.push_str(&least_cut(report));
    out.push_str(&paths(report, sources));
    out.push_str(&table::findings(report, &baseline::keys(&report.findings)));
    out.push_str(&others(report, sources));
    out.push_str(&coverage(report));
    out.push_str(&rules(report));
    out.push_str("</main>\n");
    out.push_str(&foot(report));
    out
}

/// `sha256-…` of an inline element's text, for the policy.
fn source_hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    format!(
        "'sha256-{}'",
        base64::engine::general_purpose::STANDARD.encode(digest)
    )
}

fn head(report: &Report, grading: &Grading) -> String {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        source_hash(STYLE),
        source_hash(SCRIPT)
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Keytrail: {} – grade {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n",
        esc(&report.root),
        grading.grade.as_str()
    )
}

fn masthead(report: &Report, grading: &Grading) -> String {
    let letter = grading.grade.as_str();
    let mut chips = String::new();
    for severity in Severity::ALL.into_iter().rev() {
        let number = counted(report)
            .filter(|finding| finding.severity == severity)
            .count();
        let empty = if number == 0 { " none" } else { "" };
        let _ = write!(
            chips,
            "<li class=\"chip {severity}{empty}\"><b>{number}</b> {severity}</li>"
        );
    }
    format!(
        "<header class=\"mast\">\n<div class=\"mast-in\">\n\
         <div class=\"grade grade-{letter}\" role=\"img\" aria-label=\"Grade {letter}\">{letter}</div>\n\
         <div class=\"mast-text\">\n<p class=\"brand\">Keytrail {version}</p>\n<h1>{root}</h1>\n\
         <p class=\"verdict\"><b>{score}</b> of 100, {reason}.</p>\n\
         <meter min=\"0\" max=\"100\" low=\"60\" high=\"80\" optimum=\"100\" value=\"{score}\">{score} of 100</meter>\n\
         <ul class=\"chips\" aria-label=\"Findings by severity\">{chips}</ul>\n</div>\n\
         <button type=\"button\" id=\"theme\" hidden>Dark / light</button>\n</div>\n</header>\n",
        version = esc(&report.tool_version),
        root = esc(&report.root),
        score = grading.score,
        reason = esc(&grading.reason),
    )
}

fn counted(report: &Report) -> impl Iterator<Item = &Finding> {
    report
        .findings
        .iter()
        .filter(|finding| finding.suppressed.is_none())
}

/// The findings of one part, with their number in the report.
fn section(report: &Report, part: Section) -> Vec<(usize, &Finding)> {
    report
        .findings
        .iter()
        .enumerate()
        .map(|(at, finding)| (at + 1, finding))
        .filter(|(_, finding)| Section::of(finding) == part)
        .collect()
}

fn least_cut(report: &Report) -> String {
    let cut = &report.least_cut;
    if cut.edits.is_empty() {
        return String::new();
    }
    let share = (100 * cut.closes).checked_div(cut.of).unwrap_or(0);
    let (first, rest) = cut.edits.split_at(cut.edits.len().min(FIRST_EDITS));
    let more = if rest.is_empty() {
        String::new()
    } else {
        format!(
            "<details><summary>{} more</summary>\n<ol start=\"{}\">\n{}</ol></details>\n",
            rest.len(),
            FIRST_EDITS + 1,
            edits(
                rest,
                cut.first_close.get(FIRST_EDITS..).unwrap_or_default(),
                cut.of
            )
        )
    };
    format!(
        "<section class=\"cut\" aria-labelledby=\"cut\">\n<h2 id=\"cut\">Least cut</h2>\n\
         <p class=\"lead\">{} for <b>{}</b> of <b>{}</b> <span class=\"tag\">{share} %</span></p>\n\
         <ol>\n{}</ol>\n{more}</section>\n",
        count(cut.edits.len(), "edit", "edits"),
        cut.closes,
        count(cut.of, "exposure path", "exposure paths"),
        edits(first, &cut.first_close, cut.of),
    )
}

/// Each edit, with a bar that shows how many paths are closed once it and those before it are made.
fn edits(edits: &[Edit], closed: &[usize], of: usize) -> String {
    let mut items = String::new();
    for (at, edit) in edits.iter().enumerate() {
        let bar = closed.get(at).map_or_else(String::new, |closed| {
            format!(
                "<span class=\"closed\"><meter min=\"0\" max=\"{of}\" value=\"{closed}\">{closed} of {of}</meter> {closed} closed so far</span>"
            )
        });
        let _ = writeln!(
            items,
            "<li><span class=\"edit\">{}</span> <span class=\"tag\">{}</span><br>{}{bar}</li>",
            prose(&edit.title),
            effort(edit.cost),
            finding::place(&edit.location),
        );
    }
    items
}

fn effort(cost: u32) -> &'static str {
    match cost {
        0..=1 => "a line",
        2..=3 => "a few lines",
        4..=9 => "with a deployment",
        _ => "a migration",
    }
}

fn paths(report: &Report, sources: &dyn Sources) -> String {
    let ways = ways(&report.findings);
    let found: usize = ways.iter().map(|way| 1 + way.also.len()).sum();
    let note = if found > ways.len() {
        format!(
            " <span class=\"note\">{} on them</span>",
            count(found, "finding", "findings")
        )
    } else {
        String::new()
    };
    let mut out = format!(
        "<section aria-labelledby=\"paths\">\n<h2 id=\"paths\">Exposure paths <span class=\"number\">{}</span>{note}</h2>\n",
        ways.len()
    );
    if ways.is_empty() {
        out.push_str("<p class=\"calm\">No way was found from a key to somebody who should not have it.</p>\n");
    }
    for (at, way) in ways.iter().take(MOST_DRAWN).enumerate() {
        out.push_str(&finding::way(way, sources, at == 0));
    }
    if ways.len() > MOST_DRAWN {
        let _ = writeln!(
            out,
            "<p>{} more are in the table below and in the JSON output.</p>",
            ways.len() - MOST_DRAWN
        );
    }
    out.push_str("</section>\n");
    out
}

/// Weaknesses and hygiene in full.
fn others(report: &Report, sources: &dyn Sources) -> String {
    let mut out = String::new();
    for (part, id) in [(Section::Weakness, "weak"), (Section::Hygiene, "hygiene")] {
        let found = section(report, part);
        if found.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{} <span class=\"number\">{}</span></h2>",
            part.title(),
            found.len()
        );
        for (number, one) in found.iter().take(MOST_DRAWN) {
            out.push_str(&finding::weakness(*number, one, sources));
        }
        if found.len() > MOST_DRAWN {
            let _ = writeln!(
                out,
                "<p>{} more are in the table above.</p>",
                found.len() - MOST_DRAWN
            );
        }
        out.push_str("</section>\n");
    }
    out
}

fn coverage(report: &Report) -> String {
    let mut rows = String::new();
    for record in &report.coverage {
        let status = match record.status {
            CoverageStatus::Evaluated => "evaluated",
            CoverageStatus::Partial => "in part",
            CoverageStatus::NotEvaluated => "not evaluated",
            CoverageStatus::NotApplicable => "not applicable",
        };
        let counts: Vec<String> = record
            .counts
            .iter()
            .map(|(name, number)| format!("{number} {}", esc(name)))
            .collect();
        let mut why = esc(&record.reason);
        if !record.problems.is_empty() {
            why.push_str(&problems(record));
        }
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\">{}</th><td><span class=\"status {}\">{status}</span></td><td>{}</td><td>{why}</td></tr>",
            esc(&record.source),
            record.status.as_str(),
            counts.join(" · "),
        );
    }
    format!(
        "<section aria-labelledby=\"coverage\">\n<h2 id=\"coverage\">What was read, and what was not</h2>\n\
         <div class=\"scroll\"><table class=\"coverage\">\n<thead><tr><th scope=\"col\">source</th><th scope=\"col\">status</th>\
         <th scope=\"col\">read</th><th scope=\"col\">why</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
}

fn problems(record: &keytrail_model::Coverage) -> String {
    const MOST: usize = 100;
    let mut items = String::new();
    for problem in record.problems.iter().take(MOST) {
        let line = problem
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        let _ = write!(
            items,
            "<li><code>{}{line}</code> {}</li>",
            esc(&problem.path),
            esc(&problem.message)
        );
    }
    let summary = count(record.problems.len(), "problem", "problems");
    format!("<details><summary>{summary}</summary><ul>{items}</ul></details>")
}

/// The pages of the rules that found something.
fn rules(report: &Report) -> String {
    let mut ids: Vec<&str> = report.findings.iter().map(|finding| finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut out = String::new();
    for rule in ids.into_iter().filter_map(|id| report.rule(id)) {
        let _ = writeln!(
            out,
            "<details class=\"rule\" id=\"rule-{id}\"><summary><code>{id}</code> {}</summary><pre>{}</pre></details>",
            esc(rule.title),
            escape::lines(rule.page),
            id = esc(rule.id),
        );
    }
    if out.is_empty() {
        return out;
    }
    format!(
        "<section aria-labelledby=\"rules\">\n<h2 id=\"rules\">About the rules</h2>\n{out}</section>\n"
    )
}

fn foot(report: &Report) -> String {
    let salt = if report.project_salt {
        ""
    } else {
        " Fingerprints were made under the default salt; <code>keytrail init</code> gives the project one of its own."
    };
    format!(
        "<footer><p>Keys are masked everywhere on this page.{salt}</p></footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NoSources;
    use crate::json::tests::{finding, report};

    const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror='a'>\"&\u{202e}";

    #[test]
    fn a_whole_page() {
        let page = html(&report(), &crate::terminal::tests::Numbered);
        // Style and script are files of their own; here they would only hide the rest.
        let page = [source_hash(STYLE), source_hash(SCRIPT)]
            .iter()
            .map(String::as_str)
            .chain([STYLE, SCRIPT])
            .fold(page, |page, own| page.replace(own, ""));
        insta::assert_snapshot!(page);
    }

    #[test]
    fn nothing_from_the_tree_is_markup() {
        let mut report = report();
        let mut hostile = finding("x", Severity::High);
        hostile.message = HOSTILE.to_owned();
        hostile.subject = HOSTILE.to_owned();
        hostile.location = crate::json::tests::code(HOSTILE, 1, (1, 2), HOSTILE);
        hostile.path = vec![
            keytrail_model::Step::new(HOSTILE, hostile.location.clone()),
            keytrail_model::Step::new(HOSTILE, hostile.location.clone()),
        ];
        hostile.actor = Some(keytrail_model::Actor::OtherRole(std::sync::Arc::from(
            HOSTILE,
        )));
        report.root = HOSTILE.to_owned();
        report.coverage[0].reason = HOSTILE.to_owned();
        report.findings.push(hostile);
        report.sort();
        let page = html(&report, &NoSources);
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("</script").count(), 1);
        assert!(!page.contains("<img"));
        assert!(!page.contains('\u{202e}'));
    }

    #[test]
    fn the_page_loads_nothing_and_needs_no_inline_style() {
        let page = html(&report(), &NoSources);
        for forbidden in [
            "http://",
            "https://",
            " style=\"",
            " onclick",
            "@import",
            "url(",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}
