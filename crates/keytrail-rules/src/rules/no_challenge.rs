//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A refusal does not say how to sign in.
pub(crate) struct NoChallenge;

static META: Meta = Meta {
    id: "no-challenge",
    title: "A refusal does not say how to sign in",
    cwe: &[390],
    severity: Severity::Info,
    needs: &[Kind::Http],
    page: include_str!("no_challenge.md"),
};

impl Rule for NoChallenge {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
