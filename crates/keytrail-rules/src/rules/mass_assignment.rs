//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A request may set a field that decides rights.
pub(crate) struct MassAssignment;

static META: Meta = Meta {
    id: "mass-assignment",
    title: "A request may set a field that decides rights",
    cwe: &[915],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("mass_assignment.md"),
};

impl Rule for MassAssignment {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
