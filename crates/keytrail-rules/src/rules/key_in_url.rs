//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, Severity, Sink, Source, names_a_secret};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is part of a URL.
pub(crate) struct KeyInUrl;

static META: Meta = Meta {
    id: "key-in-url",
    title: "A key is part of a URL",
    cwe: &[598],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("key_in_url.md"),
};

impl Rule for KeyInUrl {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for flow in &cx.joined.flows {
            // A URL that is a secret itself (a webhook) has nowhere else to go.
            let carried = match &flow.source {
                Source::Item(_, path) => names_a_secret(path),
                Source::Vault(_) => false,
                source => cx.joined.is_secret(source),
            };
            let into_url = flow.sink == Sink::Url && flow.transform.is_readable();
            if !carried || !into_url || is_test_file(&flow.location.span().path) {
                continue;
            }
            Draft::new(cx, &META, &flow.location)
                .severity(Severity::Medium)
                .steps(flow.steps.iter().cloned())
                .subject(&*flow.function)
                .message("A key is part of a URL that is called: it ends in access logs and referrers on the way.")
                .fix("Send the key in a header")
                .add(out);
        }
    }
}
