//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A parameter takes a URL.
pub(crate) struct UrlParameter;

static META: Meta = Meta {
    id: "url-parameter",
    title: "A parameter takes a URL",
    cwe: &[918],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("url_parameter.md"),
};

impl Rule for UrlParameter {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
