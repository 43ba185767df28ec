//! Which part of a report a finding belongs to.

use keytrail_model::{Finding, Severity};

/// Parts of a report, in the order they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// A key gets to somebody who should not have it.
    Path,
    /// No whole path was shown, but it would take little.
    Weakness,
    /// On no path: worth doing, never urgent.
    Hygiene,
    /// Let pass by a comment, the configuration or the baseline.
    Suppressed,
}

impl Section {
    /// Where `finding` belongs.
    pub fn of(finding: &Finding) -> Self {
        if finding.suppressed.is_some() {
            Self::Suppressed
        } else if finding.actor.is_some() {
            Self::Path
        } else if finding.severity > Severity::Low {
            Self::Weakness
        } else {
            Self::Hygiene
        }
    }

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Path => "Exposure paths",
            Self::Weakness => "Weaknesses",
            Self::Hygiene => "Hygiene",
            Self::Suppressed => "Suppressed",
        }
    }
}
