//! See the page beside this file.

use keytrail_graph::TableId;
use keytrail_model::{Confidence, Finding, Flow, Severity, Sink, Source, Transform};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is stored under a wrapping that anybody can undo.
pub(crate) struct WeakWrapping;

static META: Meta = Meta {
    id: "weak-wrapping",
    title: "A key is stored under a wrapping that anybody can undo",
    cwe: &[261, 327],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("weak_wrapping.md"),
};

impl Rule for WeakWrapping {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for flow in &cx.joined.flows {
            let Sink::Store(at, attribute) = &flow.sink else {
                continue;
            };
            if flow.transform != Transform::Encoded {
                continue;
            }
            for &number in cx.joined.operations_at(at) {
                for &(table, _) in cx.joined.tables_of(number) {
                    let Some((attribute, confidence)) = wrapped(cx, flow, table, attribute) else {
                        continue;
                    };
                    let named = cx.joined.keys.get(table, &attribute).is_some()
                        && matches!(&flow.sink, Sink::Store(_, it) if *it == attribute);
                    let name = cx.table_name(table);
                    Draft::new(cx, &META, &flow.location)
                        .path(named.then(|| cx.path_of_attribute(table, &attribute)).flatten())
                        .severity(if named { Severity::Low } else { Severity::Medium })
                        .confidence(confidence)
                        .steps(flow.steps.iter().cloned())
                        .subject(format!("{name}.{attribute}"))
                        .message(format!(
                            "`{attribute}` is stored in table `{name}` only encoded, not encrypted: whoever reads the item can read the key."
                        ))
                        .unsafe_fix("Encrypt it with a KMS data key and an encryption context, or keep it in a vault")
                        .add(out);
                }
            }
        }
    }
}

/// The attribute that holds the wrapped key; where the call does not tell its name, the one that
/// the key comes from.
fn wrapped(
    cx: &Context<'_>,
    flow: &Flow,
    table: TableId,
    attribute: &str,
) -> Option<(String, Confidence)> {
    if let Some(key) = cx.joined.keys.get(table, attribute) {
        return Some((attribute.to_owned(), key.confidence));
    }
    let unnamed = attribute.is_empty() || attribute == "*";
    let (Source::Item(from, path), true) = (&flow.source, unnamed) else {
        return None;
    };
    cx.joined
        .operations_at(from)
        .iter()
        .flat_map(|&number| cx.joined.keys_read_by(number))
        .find(|(_, key)| key.attribute == *path)
        .map(|(_, key)| (path.clone(), key.confidence))
}
