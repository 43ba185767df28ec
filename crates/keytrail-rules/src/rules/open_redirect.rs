//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A parameter decides where a redirect leads.
pub(crate) struct OpenRedirect;

static META: Meta = Meta {
    id: "open-redirect",
    title: "A parameter decides where a redirect leads",
    cwe: &[601],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("open_redirect.md"),
};

impl Rule for OpenRedirect {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
