//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A language model answers anybody.
pub(crate) struct OpenLlmEndpoint;

static META: Meta = Meta {
    id: "open-llm-endpoint",
    title: "A language model answers anybody",
    cwe: &[306, 770],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("open_llm_endpoint.md"),
};

impl Rule for OpenLlmEndpoint {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
