//! Where a table copies its attributes: indexes, the stream, backups and exports, replicas.

use std::sync::Arc;

use keytrail_model::{
    Actor, Confidence, EdgeKind, Index, IndexProjection, Node, Place, Step, StreamView, Table,
};

use super::{attribute_node, edit, index_node};
use crate::Joined;
use crate::build::Builder;
use crate::naming::index_holds;

/// One declaration's copies of every key attribute of the table.
pub(crate) fn edges(joined: &Joined<'_>, table: &Table, out: &mut Builder) {
    for id in joined.tables.addressed(&table.address) {
        let node = joined.tables.node(id);
        if !node.believed().any(|declared| declared == table) {
            continue;
        }
        for key in joined.keys.of(id) {
            for index in &table.indexes {
                project(table, &node.name, index, &key.attribute, out);
            }
            stream(table, &node.name, &key.attribute, out);
            copies(table, &node.name, &key.attribute, out);
        }
    }
}

fn project(table: &Table, name: &Arc<str>, index: &Index, attribute: &str, out: &mut Builder) {
    let confidence = match index_holds(table, index, attribute) {
        Some(true) => Confidence::Likely,
        None => Confidence::Possible,
        Some(false) => return,
    };
    let what = match &index.projection {
        IndexProjection::All => "copies every attribute",
        IndexProjection::KeysOnly => "has it as a key",
        IndexProjection::Include(_) => "includes it",
        IndexProjection::Unknown => "may copy it",
    };
    let is_key = index
        .keys
        .iter()
        .chain(&table.keys)
        .any(|key| key.attribute == attribute);
    let narrow = (!is_key).then(|| {
        edit(
            format!("index:{name}/{}", index.name),
            format!(
                "Narrow the projection of index `{}` on `{name}` to leave `{attribute}` out",
                index.name
            ),
            &index.location,
            4,
        )
    });
    out.edge(
        attribute_node(name, attribute),
        EdgeKind::ProjectedTo,
        index_node(name, &index.name, attribute),
    )
    .confidence(confidence)
    .steps([Step::new(
        format!("index `{}` {what} (`{attribute}`)", index.name),
        index.location.clone(),
    )])
    .edits(narrow)
    .add();
}

fn stream(table: &Table, name: &Arc<str>, attribute: &str, out: &mut Builder) {
    let Some(stream) = &table.stream else { return };
    let is_key = table.keys.iter().any(|key| key.attribute == attribute);
    let confidence = match stream.view {
        StreamView::Images => Confidence::Likely,
        StreamView::KeysOnly if is_key => Confidence::Likely,
        StreamView::KeysOnly => return,
        StreamView::Unknown => Confidence::Possible,
    };
    let place = Node::Place(Place::Stream {
        table: Arc::clone(name),
        attribute: attribute.to_owned(),
    });
    out.edge(
        attribute_node(name, attribute),
        EdgeKind::CopiedTo,
        place.clone(),
    )
    .confidence(confidence)
    .steps([Step::new(
        format!("the stream of `{name}` carries `{attribute}` for 24 hours"),
        stream.location.clone(),
    )])
    .edits([edit(
        format!("stream:{name}"),
        format!("Set the stream of `{name}` to KEYS_ONLY"),
        &stream.location,
        4,
    )])
    .add();
    for consumer in &stream.consumers {
        out.edge(
            place.clone(),
            EdgeKind::ReadableBy,
            Node::Actor(Actor::CopyReader),
        )
        .confidence(Confidence::Possible)
        .steps([consumer.clone()])
        .add();
    }
}

fn copies(table: &Table, name: &Arc<str>, attribute: &str, out: &mut Builder) {
    for copy in &table.copies {
        let place = Node::Place(Place::Copy {
            table: Arc::clone(name),
            attribute: attribute.to_owned(),
            label: copy.label.clone(),
        });
        out.edge(
            attribute_node(name, attribute),
            EdgeKind::CopiedTo,
            place.clone(),
        )
        .steps([copy.clone()])
        .edits([edit(
            format!("copy:{}", copy.location),
            format!("Encrypt, limit and expire this copy of `{name}`"),
            &copy.location,
            4,
        )])
        .add();
        out.edge(place, EdgeKind::ReachableBy, Node::Actor(Actor::CopyReader))
            .confidence(Confidence::Possible)
            .steps([Step::new(
                "whoever may read the copy has the keys",
                copy.location.clone(),
            )])
            .add();
    }
    for replica in &table.replicas {
        // The same table elsewhere: its readers are those whom the policies let in.
        out.edge(
            attribute_node(name, attribute),
            EdgeKind::CopiedTo,
            Node::Place(Place::Copy {
                table: Arc::clone(name),
                attribute: attribute.to_owned(),
                label: format!("replica in {}", replica.region),
            }),
        )
        .steps([Step::new(
            format!("a replica in {} holds the items too", replica.region),
            replica.location.clone(),
        )])
        .add();
    }
}
