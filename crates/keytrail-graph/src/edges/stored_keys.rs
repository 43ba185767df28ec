//! Concrete keys that were seen in items join the class of their attribute.

use keytrail_model::{EdgeKind, Node, Step, StoredKeys};

use super::attribute_node;
use crate::Joined;
use crate::build::Builder;
use crate::identity::{concrete, power_of_provider};

/// Key → attribute, for each key that has a fingerprint: elsewhere the same key is the same node.
pub(crate) fn edges(joined: &Joined<'_>, stored: &StoredKeys, out: &mut Builder) {
    let Some(table) = joined.tables.named(&stored.table) else {
        return;
    };
    let name = &joined.tables.node(table).name;
    // A key that only the items hold says no more than its class does.
    let elsewhere = stored.examples.iter().filter(|key| {
        key.fingerprint.is_some_and(|print| {
            let mut sightings = joined.sightings.iter();
            sightings.any(|sighting| sighting.fingerprint == Some(print))
        })
    });
    for key in elsewhere {
        let node = concrete(joined, &key.provider, key.fingerprint, &stored.location);
        out.power(&node, power_of_provider(&key.provider));
        let label = format!("{} lies in the item {}", key.masked, key.item);
        out.edge(
            Node::Key(node),
            EdgeKind::StoredIn,
            attribute_node(name, &stored.attribute),
        )
        .observed()
        .steps([Step::new(label, stored.location.clone())])
        .add();
    }
}
