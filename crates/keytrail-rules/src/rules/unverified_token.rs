//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A token is taken without its signature.
pub(crate) struct UnverifiedToken;

static META: Meta = Meta {
    id: "unverified-token",
    title: "A token is taken without its signature",
    cwe: &[347, 345],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("unverified_token.md"),
};

impl Rule for UnverifiedToken {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
