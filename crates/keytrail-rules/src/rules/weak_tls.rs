//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// TLS is old, or its certificate does not hold.
pub(crate) struct WeakTls;

static META: Meta = Meta {
    id: "weak-tls",
    title: "TLS is old, or its certificate does not hold",
    cwe: &[326, 295],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("weak_tls.md"),
};

impl Rule for WeakTls {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
