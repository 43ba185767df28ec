//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A method is offered that should not be.
pub(crate) struct DangerousMethod;

static META: Meta = Meta {
    id: "dangerous-method",
    title: "A method is offered that should not be",
    cwe: &[650, 749],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("dangerous_method.md"),
};

impl Rule for DangerousMethod {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
