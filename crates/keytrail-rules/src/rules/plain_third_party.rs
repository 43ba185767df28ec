//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// Callers are sent to a third party over plain http.
pub(crate) struct PlainThirdParty;

static META: Meta = Meta {
    id: "plain-third-party",
    title: "Callers are sent to a third party over plain http",
    cwe: &[319, 829],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("plain_third_party.md"),
};

impl Rule for PlainThirdParty {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
