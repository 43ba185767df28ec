//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// An operation is not in the specification.
pub(crate) struct UndocumentedOperation;

static META: Meta = Meta {
    id: "undocumented-operation",
    title: "An operation is not in the specification",
    cwe: &[1059],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("undocumented_operation.md"),
};

impl Rule for UndocumentedOperation {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
