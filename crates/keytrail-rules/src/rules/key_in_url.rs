//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, Flow, RequestPart, Severity, Sink, Source, names_a_secret};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is part of a URL.
pub(crate) struct KeyInUrl;

static META: Meta = Meta {
    id: "key-in-url",
    title: "A key is part of a URL",
    cwe: &[598],
    severity: Severity::Medium,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("key_in_url.md"),
};

impl Rule for KeyInUrl {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        for flow in &cx.joined.flows {
            // A URL that is a secret itself (a webhook) has nowhere else to go.
            let carried = match &flow.source {
                Source::Item(_, path) => names_a_secret(path),
                Source::Vault(_) | Source::Decrypted(_) => false,
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
        for flow in &cx.joined.flows {
            accepted(cx, flow, out);
        }
    }
}

/// A key that callers send in the query string: by what it is compared with or looked up by, it
/// is one.
fn accepted(cx: &Context<'_>, flow: &Flow, out: &mut Vec<Finding>) {
    let Source::Request(RequestPart::Query, field) = &flow.source else {
        return;
    };
    let used = match &flow.sink {
        Sink::KeyCondition(_, attribute) => names_a_secret(attribute),
        Sink::Compare | Sink::CompareDigest | Sink::Replay => true,
        _ => false,
    };
    let Some(read) = flow.steps.first().filter(|_| used && names_a_secret(field)) else {
        return;
    };
    if is_test_file(&read.location.span().path) {
        return;
    }
    Draft::new(cx, &META, &read.location)
        .severity(Severity::Low)
        .steps(flow.steps.iter().cloned())
        .subject(format!("query string {field}"))
        .message(format!(
            "A key is taken from the query string (`{field}`): it ends in access logs, histories and referrers on the way here."
        ))
        .unsafe_fix("Take the key from a header only")
        .add(out);
}
