//! See the page beside this file.

use std::collections::BTreeSet;

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, Flow, Severity, Sink, Source, names_a_secret};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Keys are compared with ==.
pub(crate) struct CompareInVariableTime;

static META: Meta = Meta {
    id: "compare-in-variable-time",
    title: "Keys are compared with ==",
    cwe: &[208],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("compare_in_variable_time.md"),
};

impl Rule for CompareInVariableTime {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for flow in &cx.joined.flows {
            let secret = match &flow.source {
                Source::Item(_, path) => names_a_secret(path),
                source => cx.joined.is_secret(source),
            };
            let compared = flow.sink == Sink::Compare && flow.transform.is_readable();
            if !secret || !compared || is_test_file(&flow.location.span().path) {
                continue;
            }
            if verifies_nothing(cx, flow) {
                continue;
            }
            if cx.joined.calls.views_of(&flow.function).next().is_none()
                && !matches!(flow.source, Source::Item(..) | Source::Request(..))
            {
                continue;
            }
            Draft::new(cx, &META, &flow.location)
                .steps(flow.steps.iter().cloned())
                .subject(&*flow.function)
                .message("A key is compared with `==`, which stops at the first difference: the time tells how much was right.")
                .fix("Compare with hmac.compare_digest")
                .add(out);
        }
    }
}

/// Two records, or two fields of one form, are compared with each other: whoever asks knows both or
/// neither.
fn verifies_nothing(cx: &Context<'_>, flow: &Flow) -> bool {
    let sides: BTreeSet<&Source> = cx
        .joined
        .flows
        .iter()
        .filter(|other| other.sink == Sink::Compare && other.location == flow.location)
        .map(|other| &other.source)
        .collect();
    let read = |source: &&Source| matches!(source, Source::Item(..) | Source::Decrypted(_));
    let sent = |source: &&Source| matches!(source, Source::Request(..));
    sides.len() > 1 && (sides.iter().all(read) || sides.iter().all(sent))
}
