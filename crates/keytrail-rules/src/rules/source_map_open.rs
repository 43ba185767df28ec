//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// A source map with sources is served.
pub(crate) struct SourceMapOpen;

static META: Meta = Meta {
    id: "source-map-open",
    title: "A source map with sources is served",
    cwe: &[540, 615],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("source_map_open.md"),
};

impl Rule for SourceMapOpen {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
