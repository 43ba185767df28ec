//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// An answer has a field that only the service needs.
pub(crate) struct InternalFieldShown;

static META: Meta = Meta {
    id: "internal-field-shown",
    title: "An answer has a field that only the service needs",
    cwe: &[213, 200],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("internal_field_shown.md"),
};

impl Rule for InternalFieldShown {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
