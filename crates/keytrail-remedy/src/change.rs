//! What a remedy proposes.

use std::ops::Range;
use std::sync::Arc;

use keytrail_model::{Finding, FixSafety};

/// One edit of one file, whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Relative to the scanned root.
    pub path: Arc<str>,
    /// The line of the first change, from 1, in the file as it was.
    pub line: u32,
    /// The remedy's name, `mask-in-log`.
    pub remedy: &'static str,
    /// An imperative sentence.
    pub title: String,
    /// Whether behaviour is kept but for the leak.
    pub safety: FixSafety,
    /// What else changes, or what has to be done beside it; always there where it is unsafe.
    pub note: String,
    /// What is put where, sorted, without overlaps; bytes of the text without a byte-order mark.
    pub pieces: Vec<Piece>,
    /// What the new text needs.
    pub imports: Vec<Import>,
    /// The findings that it closes.
    pub closes: Vec<Closes>,
    /// The edits of the exposure graph that it makes.
    pub edits: Vec<String>,
    /// Changes of one group are made together or not at all; empty for one that stands alone.
    pub group: String,
    /// The file is made by this change; there must be none yet.
    pub creates: bool,
}

/// `text` in place of `range`; lines end in `\n` and are given the file's own ends later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// First byte, and how many.
    pub at: (usize, usize),
    /// What stands there then.
    pub text: String,
}

impl Piece {
    pub(crate) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            at: (range.start, range.end.saturating_sub(range.start)),
            text: text.into(),
        }
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.at.0..self.at.0 + self.at.1
    }
}

/// A name that a Python module has to have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// `hmac`, `django.conf`.
    pub module: &'static str,
    /// What to take from it; `None` for the module itself.
    pub name: Option<&'static str>,
}

/// A finding, by what stays when lines move.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closes {
    /// The rule.
    pub rule: &'static str,
    /// The file.
    pub path: Arc<str>,
    /// Function, resource or setting; empty without one.
    pub symbol: String,
    /// What the finding is about.
    pub subject: String,
    /// The line, from 1, before anything was changed.
    pub line: u32,
}

impl Closes {
    /// Of a finding.
    pub fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule,
            path: Arc::clone(&finding.location.span().path),
            symbol: finding.location.symbol().unwrap_or_default().to_owned(),
            subject: finding.subject.clone(),
            line: finding.location.span().line,
        }
    }

    /// The same without the line.
    pub fn identity(&self) -> (&str, &str, &str, &str) {
        (self.rule, &self.path, &self.symbol, &self.subject)
    }
}

/// A finding that is left to a person, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// The finding.
    pub finding: Closes,
    /// Why.
    pub why: Why,
}

/// Why there is no edit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Why {
    /// No remedy edits this.
    #[error("no automatic edit for this rule")]
    NoRemedy,
    /// The file is gone or can't be read.
    #[error("the file can't be read")]
    Unreadable,
    /// Another encoding.
    #[error("the file is not UTF-8 text")]
    NotUtf8,
    /// Beyond what a person reads.
    #[error("the file is too large to be edited")]
    TooLarge,
    /// Not valid as it is: an edit could not be checked.
    #[error("the file does not parse as it is")]
    Broken,
    /// The code has another shape than the remedy edits.
    #[error("{0}")]
    Shape(&'static str),
    /// It changes more than the leak.
    #[error("needs --unsafe: {0}")]
    Unsafe(String),
    /// Two edits of one place.
    #[error("another edit changes the same place; run it again after this one")]
    Overlap,
    /// The file would not parse.
    #[error("the edited file would not parse")]
    Breaks,
    /// A scan of the edited tree still shows the finding.
    #[error("the edit would not close it")]
    Persists,
    /// Not in the least cut.
    #[error("not part of the least cut")]
    NotInCut,
    /// Another change of its group could not be made.
    #[error("it needs another edit that can't be made")]
    Together,
}
