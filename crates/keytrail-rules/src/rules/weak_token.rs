//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A token is weak by itself.
pub(crate) struct WeakToken;

static META: Meta = Meta {
    id: "weak-token",
    title: "A token is weak by itself",
    cwe: &[798, 613],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("weak_token.md"),
};

impl Rule for WeakToken {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
