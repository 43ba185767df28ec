//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// Answers differ from the specification.
pub(crate) struct SpecificationDrift;

static META: Meta = Meta {
    id: "specification-drift",
    title: "Answers differ from the specification",
    cwe: &[1059, 213],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("specification_drift.md"),
};

impl Rule for SpecificationDrift {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
