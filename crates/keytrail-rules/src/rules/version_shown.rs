//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// Headers tell which software runs.
pub(crate) struct VersionShown;

static META: Meta = Meta {
    id: "version-shown",
    title: "Headers tell which software runs",
    cwe: &[200, 497],
    severity: Severity::Info,
    needs: &[Kind::Http],
    page: include_str!("version_shown.md"),
};

impl Rule for VersionShown {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
