//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A function for administrators is open.
pub(crate) struct AdminFunctionOpen;

static META: Meta = Meta {
    id: "admin-function-open",
    title: "A function for administrators is open",
    cwe: &[285, 862],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("admin_function_open.md"),
};

impl Rule for AdminFunctionOpen {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
