//! What every renderer gets.

use keytrail_model::{Coverage, Edit, Finding, Severity};

/// One run, ready to be shown. The engine fills it in; nothing here is computed later.
#[derive(Debug)]
pub struct Report {
    /// Version of Keytrail.
    pub tool_version: String,
    /// What was scanned, as a person calls it: the name of the root directory.
    pub root: String,
    /// Worst first, as [`Section`](crate::Section) and severity say; suppressed ones are marked, not left out.
    pub findings: Vec<Finding>,
    /// One record a source, sorted by source.
    pub coverage: Vec<Coverage>,
    /// The fewest edits that close the most paths.
    pub least_cut: LeastCut,
    /// True when the project has a salt of its own.
    pub project_salt: bool,
    /// Every rule that ran, sorted by id.
    pub rules: Vec<RuleInfo>,
}

impl Report {
    /// What is known of a rule; `None` for one that is not in the table.
    pub fn rule(&self, id: &str) -> Option<&RuleInfo> {
        self.rules
            .binary_search_by(|rule| rule.id.cmp(id))
            .ok()
            .and_then(|at| self.rules.get(at))
    }

    /// Sorts findings and rules into the order that every renderer relies on: findings on one way
    /// stand together, the worst way first.
    pub fn sort(&mut self) {
        self.findings.sort_by(|left, right| {
            (crate::Section::of(left), right.severity)
                .cmp(&(crate::Section::of(right), left.severity))
                .then_with(|| right.confidence.cmp(&left.confidence))
                .then_with(|| left.location.cmp(&right.location))
                .then_with(|| left.cmp(right))
        });
        crate::way::arrange(&mut self.findings);
        self.rules.sort_by_key(|rule| rule.id);
        self.coverage.sort();
    }
}

/// The fewest edits that close the most paths.
#[derive(Debug, Default)]
pub struct LeastCut {
    /// The edits.
    pub edits: Vec<Edit>,
    /// How many exposure paths they close together.
    pub closes: usize,
    /// How many the first edit closes alone, the first two together, and so on, as far as that
    /// was counted.
    pub first_close: Vec<usize>,
    /// How many exposure paths there are.
    pub of: usize,
}

/// What a report says about a rule itself.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// `raw-key-stored`.
    pub id: &'static str,
    /// A short sentence without a full stop.
    pub title: &'static str,
    /// The rule's page, in Markdown.
    pub page: &'static str,
    /// CWE numbers.
    pub cwe: &'static [u32],
    /// The worst that the rule says.
    pub severity: Severity,
}

/// One line of a scanned file, safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The line without its end, keys masked.
    pub text: String,
    /// True when something was masked, so that columns no longer fit.
    pub redacted: bool,
}

/// Hands out redacted lines of the scanned files.
pub trait Sources {
    /// Line `line`, from 1, of the file at `path`; `None` where it can't be shown.
    fn line(&self, path: &str, line: u32) -> Option<SourceLine>;
}

/// No lines at all, for outputs without snippets.
#[derive(Debug)]
pub struct NoSources;

impl Sources for NoSources {
    fn line(&self, _path: &str, _line: u32) -> Option<SourceLine> {
        None
    }
}
