//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A language model follows a stranger's instructions.
pub(crate) struct LlmFollowsStrangers;

static META: Meta = Meta {
    id: "llm-follows-strangers",
    title: "A language model follows a stranger's instructions",
    cwe: &[1427, 77],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("llm_follows_strangers.md"),
};

impl Rule for LlmFollowsStrangers {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
