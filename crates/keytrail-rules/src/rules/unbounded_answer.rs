//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A whole collection is given in one answer.
pub(crate) struct UnboundedAnswer;

static META: Meta = Meta {
    id: "unbounded-answer",
    title: "A whole collection is given in one answer",
    cwe: &[770, 400],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("unbounded_answer.md"),
};

impl Rule for UnboundedAnswer {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
