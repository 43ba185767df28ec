//! See the page beside this file.

use keytrail_graph::index_holds;
use keytrail_model::{EdgeKind, Finding, IndexProjection, Node, Place, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// An index copies the attribute that holds keys.
pub(crate) struct IndexProjectsKey;

static META: Meta = Meta {
    id: "index-projects-key",
    title: "An index copies the attribute that holds keys",
    cwe: &[200, 312],
    severity: Severity::Low,
    needs: &[Kind::Infra, Kind::Code],
    page: include_str!("index_projects_key.md"),
};

impl Rule for IndexProjectsKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (table, key) in cx.key_attributes() {
            let node = cx.joined.tables.node(table);
            for declared in node.believed() {
                for index in &declared.indexes {
                    let keys = declared.keys.iter().chain(&index.keys);
                    let is_key = keys
                        .into_iter()
                        .any(|element| element.attribute == key.attribute);
                    if is_key || index_holds(declared, index, &key.attribute) != Some(true) {
                        continue;
                    }
                    let from = Node::Place(Place::Attribute {
                        table: node.name.clone(),
                        attribute: key.attribute.clone(),
                    });
                    let edges = cx.graph.out_of(&from).iter().copied().filter(|&edge| {
                        let edge = &cx.graph.edges()[edge];
                        edge.kind == EdgeKind::ProjectedTo
                            && edge.steps.iter().any(|step| step.location == index.location)
                            && matches!(&edge.to, Node::Place(Place::Index { index: name, .. }) if *name == index.name)
                    });
                    let how = match index.projection {
                        IndexProjection::Include(_) => "includes",
                        _ => "projects everything, also",
                    };
                    Draft::new(cx, &META, &index.location)
                        .path(cx.path_over(edges))
                        .confidence(key.confidence)
                        .subject(format!("{}/{}.{}", node.name, index.name, key.attribute))
                        .message(format!(
                            "Index `{}` of table `{}` {how} `{}`: every query on it brings the key.",
                            index.name, node.name, key.attribute
                        ))
                        .unsafe_fix(format!(
                            "Make a new index with KEYS_ONLY or an INCLUDE list without `{}`, backfill, switch, drop `{}`",
                            key.attribute, index.name
                        ))
                        .add(out);
                }
            }
        }
    }
}
