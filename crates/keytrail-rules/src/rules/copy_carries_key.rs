//! See the page beside this file.

use keytrail_model::{Finding, Node, Place, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A copy of the table carries keys.
pub(crate) struct CopyCarriesKey;

static META: Meta = Meta {
    id: "copy-carries-key",
    title: "A copy of the table carries keys",
    cwe: &[200, 530],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("copy_carries_key.md"),
};

impl Rule for CopyCarriesKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (table, key) in cx.key_attributes() {
            let node = cx.joined.tables.node(table);
            for declared in node.in_templates() {
                let copies = declared
                    .copies
                    .iter()
                    .map(|copy| (copy.label.clone(), &copy.location));
                let replicas = declared
                    .replicas
                    .iter()
                    .map(|replica| (format!("replica in {}", replica.region), &replica.location));
                for (label, location) in copies.chain(replicas) {
                    let place = Node::Place(Place::Copy {
                        table: node.name.clone(),
                        attribute: key.attribute.clone(),
                        label: label.clone(),
                    });
                    Draft::new(cx, &META, location)
                        .path(cx.path_over(cx.graph.out_of(&place).iter().copied()))
                        .confidence(key.confidence)
                        .subject(format!("{}.{} {label}", node.name, key.attribute))
                        .message(format!(
                            "A copy of table `{}` holds `{}` too: {label}. It outlives a migration of the items.",
                            node.name, key.attribute
                        ))
                        .fix("Encrypt the copy under a key of its own, limit its readers and let it expire")
                        .unsafe_fix("After moving the keys out, rotate them: old copies keep them")
                        .add(out);
                }
            }
        }
    }
}
