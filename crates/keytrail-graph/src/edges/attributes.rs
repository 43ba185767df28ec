//! Keys rest in attributes.

use keytrail_model::{Confidence, EdgeKind, Node};

use super::{attribute_node, edit};
use crate::Joined;
use crate::build::Builder;
use crate::identity::class;

/// One edge for each attribute that holds keys, the one that moving the keys out would cut.
pub(crate) fn edges(joined: &Joined<'_>, out: &mut Builder) {
    for table in joined.keys.tables() {
        let name = &joined.tables.node(table).name;
        for key in joined.keys.of(table) {
            let class = class(name, &key.attribute);
            out.power(&class, key.power);
            let told = key.evidence.last().map(|step| &step.location);
            let last = told
                .filter(|at| key.written.contains(at))
                .or(key.written.first())
                .or(told);
            let migrate = last.map(|location| {
                edit(
                    format!("migrate:{name}.{}", key.attribute),
                    format!(
                        "Move `{}` of table `{name}` to a vault (or keep only its HMAC) and leave an alias",
                        key.attribute
                    ),
                    location,
                    10,
                )
            });
            let edge = out.edge(
                Node::Key(class),
                EdgeKind::StoredIn,
                attribute_node(name, &key.attribute),
            );
            let edge = if key.confidence == Confidence::Observed {
                edge.observed()
            } else {
                edge.confidence(key.confidence)
            };
            edge.steps(key.evidence.iter().cloned())
                .edits(migrate)
                .add();
        }
    }
}
