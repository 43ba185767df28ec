//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A path in an identifier is followed.
pub(crate) struct IdentifierTraversal;

static META: Meta = Meta {
    id: "identifier-traversal",
    title: "A path in an identifier is followed",
    cwe: &[22, 23],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("identifier_traversal.md"),
};

impl Rule for IdentifierTraversal {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
