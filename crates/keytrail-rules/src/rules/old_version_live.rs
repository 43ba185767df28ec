//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// An old version still answers.
pub(crate) struct OldVersionLive;

static META: Meta = Meta {
    id: "old-version-live",
    title: "An old version still answers",
    cwe: &[1059, 477],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("old_version_live.md"),
};

impl Rule for OldVersionLive {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
