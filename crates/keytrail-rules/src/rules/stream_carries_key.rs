//! See the page beside this file.

use keytrail_model::{Finding, Node, Place, Severity, StreamView};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A table's stream carries keys.
pub(crate) struct StreamCarriesKey;

static META: Meta = Meta {
    id: "stream-carries-key",
    title: "A table's stream carries keys",
    cwe: &[200, 532],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("stream_carries_key.md"),
};

impl Rule for StreamCarriesKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (table, key) in cx.key_attributes() {
            let node = cx.joined.tables.node(table);
            for declared in node.in_templates() {
                let Some(stream) = &declared.stream else {
                    continue;
                };
                if stream.view != StreamView::Images {
                    continue;
                }
                let place = Node::Place(Place::Stream {
                    table: node.name.clone(),
                    attribute: key.attribute.clone(),
                });
                let readers = match stream.consumers.len() {
                    0 => String::new(),
                    1 => " One consumer reads it.".to_owned(),
                    more => format!(" {more} consumers read it."),
                };
                Draft::new(cx, &META, &stream.location)
                    .path(cx.path_over(cx.graph.out_of(&place).iter().copied()))
                    .confidence(key.confidence)
                    .steps(stream.consumers.iter().cloned())
                    .subject(format!("{}.{}", node.name, key.attribute))
                    .message(format!(
                        "The stream of table `{}` carries images with `{}` for 24 hours.{readers}",
                        node.name, key.attribute
                    ))
                    .unsafe_fix(format!(
                        "Set the stream to KEYS_ONLY, or move `{}` out of the items",
                        key.attribute
                    ))
                    .add(out);
            }
        }
    }
}
