//! All findings in one table that can be filtered.

use std::fmt::Write as _;

use keytrail_model::Severity;

use super::escape::{esc, prose};
use crate::{BaselineKey, Report, Section};

/// Rows before the rest is left to the JSON output.
const MOST_ROWS: usize = 5_000;

/// The table and its filter. Without script all rows show and the filter stays hidden.
pub(super) fn findings(report: &Report, keys: &[BaselineKey]) -> String {
    if report.findings.is_empty() {
        return String::new();
    }
    let mut rows = String::new();
    for (at, (finding, key)) in report.findings.iter().zip(keys).take(MOST_ROWS).enumerate() {
        let part = Section::of(finding);
        let number = at + 1;
        let id = if part == Section::Suppressed {
            format!("F{number}")
        } else {
            format!("<a href=\"#f{number}\">F{number}</a>")
        };
        let note = finding.suppressed.as_ref().map_or_else(String::new, |it| {
            let until = it
                .until
                .as_ref()
                .map_or_else(String::new, |until| format!(", until {until}"));
            format!(
                " <span class=\"dim\">(let pass: {}{})</span>",
                esc(&it.reason),
                esc(&until)
            )
        });
        let _ = writeln!(
            rows,
            "<tr data-severity=\"{severity}\" data-part=\"{part}\"><td>{id}</td><td><span class=\"pill {severity}\">{severity}</span></td>\
             <td><code>{rule}</code></td><td><code class=\"place\">{place}</code></td><td>{message}{note}</td><td>{actor}</td><td><code class=\"dim\">{key}</code></td></tr>",
            severity = finding.severity,
            part = part_name(part),
            rule = esc(finding.rule),
            place = esc(&finding.location.to_string()),
            message = prose(&finding.message),
            actor = esc(&finding
                .actor
                .as_ref()
                .map_or_else(String::new, ToString::to_string)),
        );
    }
    let left = report.findings.len().saturating_sub(MOST_ROWS);
    let left = if left > 0 {
        format!("<p>{left} more are in the JSON output.</p>\n")
    } else {
        String::new()
    };
    format!(
        "<section aria-labelledby=\"all\">\n<h2 id=\"all\">All findings <span class=\"number\">{}</span></h2>\n{}\
         <div class=\"scroll\"><table id=\"findings\">\n<thead><tr><th scope=\"col\">id</th><th scope=\"col\">severity</th><th scope=\"col\">rule</th>\
         <th scope=\"col\">where</th><th scope=\"col\">what</th><th scope=\"col\">who</th><th scope=\"col\">baseline key</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n{left}</section>\n",
        report.findings.len(),
        filter()
    )
}

fn part_name(part: Section) -> &'static str {
    match part {
        Section::Path => "path",
        Section::Weakness => "weakness",
        Section::Hygiene => "hygiene",
        Section::Suppressed => "suppressed",
    }
}

fn filter() -> String {
    let mut severities = String::new();
    for severity in Severity::ALL.into_iter().rev() {
        let _ = write!(
            severities,
            "<label class=\"check {severity}\"><input type=\"checkbox\" value=\"{severity}\" checked> {severity}</label>"
        );
    }
    format!(
        "<div id=\"filter\" class=\"filter\" role=\"search\" hidden><label>Search <input id=\"search\" type=\"search\" placeholder=\"rule, file, words\"></label>\
         <label>Part <select id=\"part\"><option value=\"\">all</option><option value=\"path\">exposure paths</option>\
         <option value=\"weakness\">weaknesses</option><option value=\"hygiene\">hygiene</option><option value=\"suppressed\">suppressed</option></select></label>\
         <span id=\"severities\" class=\"checks\">{severities}</span><output id=\"shown\" aria-live=\"polite\"></output></div>\n"
    )
}
