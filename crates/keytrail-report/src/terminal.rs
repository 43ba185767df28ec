//! The report for a person at a terminal: the least cut first, then path by path, weaknesses,
//! hygiene, and last what was not evaluated.

mod coverage;
mod finding;
mod outside;
mod paint;

use std::fmt::Write as _;

use keytrail_model::{Finding, Severity};

use crate::text::{clean, count, wrap};
use crate::way::ways;
use crate::{Report, Section, Sources, grade};
use paint::Paint;

/// How to lay it out.
#[derive(Clone, Copy, Debug)]
pub struct TerminalOptions {
    /// Use ANSI colours.
    pub color: bool,
    /// Columns; at least 40 are used.
    pub width: usize,
    /// Show everything that is folded otherwise.
    pub verbose: bool,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
            verbose: false,
        }
    }
}

/// Ways shown with every hop unless `verbose`.
const FULL_WAYS: usize = 8;
/// Findings of one rule that are shown one by one among weaknesses and hygiene, unless `verbose`.
const FULL_PER_RULE: usize = 3;
/// Edits of the least cut that are shown unless `verbose`.
const FULL_EDITS: usize = 5;

/// The whole report as text.
pub fn terminal(report: &Report, sources: &dyn Sources, options: TerminalOptions) -> String {
    let mut page = Page::new(sources, options);
    page.head(report);
    page.least_cut(report);
    page.paths(report);
    page.others(report, Section::Weakness);
    if options.verbose {
        page.others(report, Section::Hygiene);
    } else {
        page.hygiene(report);
    }
    page.suppressed(report);
    page.checks(report);
    page.coverage(report);
    page.summary(report);
    page.done()
}

/// A page that is being written, line by line.
pub(crate) struct Page<'a> {
    out: String,
    paint: Paint,
    width: usize,
    verbose: bool,
    sources: &'a dyn Sources,
}

impl<'a> Page<'a> {
    pub(crate) fn new(sources: &'a dyn Sources, options: TerminalOptions) -> Self {
        Self {
            out: String::new(),
            paint: Paint(options.color),
            width: options.width.max(40),
            verbose: options.verbose,
            sources,
        }
    }

    pub(crate) fn done(self) -> String {
        self.out
    }

    pub(crate) fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Wrapped `text`; the first line after `first`, the others after as many spaces.
    fn hanging(&mut self, first: &str, indent: usize, text: &str) {
        let mut lead = first.to_owned();
        for line in wrap(text, self.width.saturating_sub(indent)) {
            self.line(&format!("{lead}{line}"));
            lead = " ".repeat(indent);
        }
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.line("");
        let text = self.paint.bold(text);
        self.line(&text);
    }

    fn head(&mut self, report: &Report) {
        let grading = grade(&report.findings);
        let title = format!("keytrail {} · {}", report.tool_version, clean(&report.root));
        self.line(&title);
        self.line("");
        let letter = format!("Grade {}", grading.grade.as_str());
        let letter = if grading.score >= 80 {
            self.paint.green(&letter)
        } else {
            self.paint.severity(Severity::Critical, &letter)
        };
        let text = format!("{} of 100: {}", grading.score, grading.reason);
        self.hanging(&format!("{letter}  "), 9, &text);
    }

    fn least_cut(&mut self, report: &Report) {
        let cut = &report.least_cut;
        if cut.edits.is_empty() {
            return;
        }
        let closes = match cut.edits.len() {
            1 => "1 edit closes".to_owned(),
            edits => format!("{edits} edits close"),
        };
        let paths = count(cut.of, "exposure path", "exposure paths");
        let shown = if self.verbose {
            cut.edits.len()
        } else {
            FULL_EDITS
        };
        let first = match cut.first_close.get(shown.wrapping_sub(1)) {
            Some(first) if cut.edits.len() > shown => {
                format!("; the first {shown} close {first}")
            }
            _ => String::new(),
        };
        let heading = format!("Least cut: {closes} {} of {paths}{first}", cut.closes);
        self.heading(&heading);
        for (at, edit) in cut.edits.iter().take(shown).enumerate() {
            self.hanging(&format!("  {:>2}. ", at + 1), 6, &edit.title);
            let place = format!(
                "      {}  {}",
                self.paint.cyan(&finding::place(&edit.location)),
                self.paint.dim(effort(edit.cost))
            );
            self.line(&place);
        }
        if cut.edits.len() > shown {
            let more = cut.edits.len() - shown;
            self.line(&format!("      {more} more (shown with --verbose)"));
        }
    }

    /// Each way once, with everything that was found on it; after the first few in a line each.
    fn paths(&mut self, report: &Report) {
        let ways = ways(&report.findings);
        if ways.is_empty() {
            return;
        }
        let found: usize = ways.iter().map(|way| 1 + way.also.len()).sum();
        let counted = if found == ways.len() {
            found.to_string()
        } else {
            format!(
                "{} on {}",
                count(found, "finding", "findings"),
                count(ways.len(), "way", "ways")
            )
        };
        self.heading(&format!("{} ({counted})", Section::Path.title()));
        let full = if self.verbose { ways.len() } else { FULL_WAYS };
        for way in ways.iter().take(full) {
            self.line("");
            self.way(way);
        }
        let folded = ways.get(full..).unwrap_or_default();
        if folded.is_empty() {
            return;
        }
        self.line("");
        let more = count(folded.len(), "way more", "ways more");
        self.line(&format!("{more} in short (every hop with --verbose):"));
        for way in folded {
            self.short(way.lead.0, way.lead.1, way.also.len());
        }
    }

    /// Weaknesses or hygiene: the first few of each rule, the rest counted.
    fn others(&mut self, report: &Report, part: Section) {
        let found: Vec<(usize, &Finding)> = section(report, part).collect();
        if found.is_empty() {
            return;
        }
        self.heading(&format!("{} ({})", part.title(), found.len()));
        let mut rest: Vec<(&'static str, usize)> = Vec::new();
        for &(number, one) in &found {
            let shown = found
                .iter()
                .take_while(|(other, _)| *other != number)
                .filter(|(_, other)| other.rule == one.rule)
                .count();
            if self.verbose || shown < FULL_PER_RULE {
                self.line("");
                self.weakness(number, one);
            } else if let Some(entry) = rest.iter_mut().find(|(rule, _)| *rule == one.rule) {
                entry.1 += 1;
            } else {
                rest.push((one.rule, 1));
            }
        }
        if rest.is_empty() {
            return;
        }
        self.line("");
        for (rule, more) in rest {
            self.line(&format!("  {more} more of {rule} (shown with --verbose)"));
        }
    }

    /// Hygiene in short: each rule with its first places.
    fn hygiene(&mut self, report: &Report) {
        let found: Vec<(usize, &Finding)> = section(report, Section::Hygiene).collect();
        if found.is_empty() {
            return;
        }
        self.heading(&format!("{} ({})", Section::Hygiene.title(), found.len()));
        let mut rules: Vec<&'static str> = Vec::new();
        for (_, one) in &found {
            if !rules.contains(&one.rule) {
                rules.push(one.rule);
            }
        }
        for rule in rules {
            let of_rule: Vec<&Finding> = found
                .iter()
                .filter(|(_, one)| one.rule == rule)
                .map(|(_, one)| *one)
                .collect();
            let title = report.rule(rule).map_or("", |known| known.title);
            self.group(rule, title, &of_rule);
        }
    }

    fn suppressed(&mut self, report: &Report) {
        let found: Vec<(usize, &Finding)> = section(report, Section::Suppressed).collect();
        if found.is_empty() {
            return;
        }
        self.heading(&format!(
            "{} ({})",
            Section::Suppressed.title(),
            found.len()
        ));
        if !self.verbose {
            self.line("  not counted; shown with --verbose");
            return;
        }
        for (number, one) in found {
            self.short(number, one, 0);
            let Some(suppression) = &one.suppressed else {
                continue;
            };
            let until = suppression
                .until
                .as_ref()
                .map_or_else(String::new, |until| format!(", until {until}"));
            self.hanging(
                "      ",
                6,
                &format!("let pass: {}{until}", suppression.reason),
            );
        }
    }

    fn summary(&mut self, report: &Report) {
        self.line("");
        let counted: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.suppressed.is_none())
            .collect();
        let mut parts: Vec<String> = Severity::ALL
            .into_iter()
            .rev()
            .filter_map(|severity| {
                let number = counted
                    .iter()
                    .filter(|finding| finding.severity == severity)
                    .count();
                (number > 0).then(|| {
                    self.paint
                        .severity(severity, &format!("{number} {severity}"))
                })
            })
            .collect();
        if parts.is_empty() {
            parts.push("nothing found".to_owned());
        }
        let text = parts.join(" · ");
        self.line(&text);
        self.worst(report);
        if !report.project_salt {
            self.hanging(
                "",
                0,
                "Fingerprints were made under the default salt; `keytrail init` gives this project one of its own.",
            );
        }
    }
}

impl Page<'_> {
    /// A long report leaves its end on the screen: the grade again, and what to read first.
    fn worst(&mut self, report: &Report) {
        let grading = grade(&report.findings);
        let mut text = format!(
            "Grade {}, {} of 100.",
            grading.grade.as_str(),
            grading.score
        );
        if let Some((number, worst)) = ways(&report.findings).first().map(|way| way.lead) {
            let actor = worst.actor.as_ref().map(ToString::to_string);
            let _ = write!(
                text,
                " The worst is F{number}, first above: {} at {}, to {}.",
                worst.rule,
                finding::place(&worst.location),
                actor.unwrap_or_default()
            );
        }
        self.hanging("", 0, &text);
    }
}

/// The findings of one part, with their number in the report.
fn section(report: &Report, part: Section) -> impl Iterator<Item = (usize, &Finding)> {
    report
        .findings
        .iter()
        .enumerate()
        .map(|(at, finding)| (at + 1, finding))
        .filter(move |(_, finding)| Section::of(finding) == part)
}

/// What an edit costs, in words.
fn effort(cost: u32) -> &'static str {
    match cost {
        0..=1 => "a line",
        2..=3 => "a few lines",
        4..=9 => "infrastructure, with a deployment",
        _ => "a migration of data",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::json::tests::{finding as a_finding, report};
    use crate::{NoSources, SourceLine};

    pub(crate) struct Numbered;

    impl Sources for Numbered {
        fn line(&self, path: &str, line: u32) -> Option<SourceLine> {
            Some(SourceLine {
                text: format!("    result = call({path:?}, line={line}) # and so on"),
                redacted: false,
            })
        }
    }

    #[test]
    fn a_whole_report() {
        let options = TerminalOptions {
            width: 90,
            ..TerminalOptions::default()
        };
        insta::assert_snapshot!(terminal(&report(), &Numbered, options));
    }

    #[test]
    fn a_whole_report_verbose_and_narrow() {
        let options = TerminalOptions {
            width: 20,
            verbose: true,
            ..TerminalOptions::default()
        };
        insta::assert_snapshot!(terminal(&report(), &NoSources, options));
    }

    #[test]
    fn what_a_whole_reading_leaves_out_is_told() {
        let mut report = report();
        let whole = report
            .coverage
            .iter_mut()
            .find(|record| record.status == keytrail_model::CoverageStatus::Evaluated)
            .unwrap();
        "7 files of libraries are not followed".clone_into(&mut whole.reason);
        let options = TerminalOptions {
            width: 200,
            ..TerminalOptions::default()
        };
        let told = terminal(&report, &NoSources, options);
        assert!(
            told.contains("3 files; 7 files of libraries are not followed"),
            "{told}"
        );
    }

    #[test]
    fn colour_only_adds_escapes() {
        let plain = terminal(&report(), &Numbered, TerminalOptions::default());
        let options = TerminalOptions {
            color: true,
            ..TerminalOptions::default()
        };
        let painted = terminal(&report(), &Numbered, options);
        let mut stripped = String::new();
        let mut rest = painted.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            stripped.push_str(before);
            rest = after.split_once('m').map_or("", |(_, after)| after);
        }
        stripped.push_str(rest);
        assert_ne!(plain, painted);
        assert_eq!(plain, stripped);
    }

    #[test]
    fn text_from_the_tree_cannot_steer_the_terminal() {
        let mut report = report();
        let mut hostile = a_finding("x", Severity::High);
        hostile.message = "\u{1b}]0;owned\u{7}\u{202e}".to_owned();
        report.root = "\u{1b}[2J".to_owned();
        report.findings.push(hostile);
        let shown = terminal(&report, &NoSources, TerminalOptions::default());
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']));
    }

    #[test]
    fn many_of_one_rule_are_folded_and_counted() {
        let mut report = report();
        report
            .findings
            .extend((0..40).map(|_| a_finding("untagged-table", Severity::Low)));
        let shown = terminal(&report, &NoSources, TerminalOptions::default());
        assert!(shown.contains("untagged-table  (40)"), "{shown}");
        assert!(shown.contains("37 more (shown with --verbose)"));
        let options = TerminalOptions {
            verbose: true,
            ..TerminalOptions::default()
        };
        assert_eq!(
            terminal(&report, &NoSources, options)
                .matches("  untagged-table  ")
                .count(),
            40
        );
    }
}
