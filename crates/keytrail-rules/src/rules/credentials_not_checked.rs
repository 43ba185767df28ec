//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// Wrong credentials are taken for right ones.
pub(crate) struct CredentialsNotChecked;

static META: Meta = Meta {
    id: "credentials-not-checked",
    title: "Wrong credentials are taken for right ones",
    cwe: &[287, 306],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("credentials_not_checked.md"),
};

impl Rule for CredentialsNotChecked {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
