//! One file per area: what a fact adds to the graph. Each function is an arm of the `match` in
//! `build`.

pub(crate) mod alike;
pub(crate) mod answers;
pub(crate) mod attributes;
pub(crate) mod chains;
pub(crate) mod clients;
pub(crate) mod flows;
pub(crate) mod grants;
pub(crate) mod operations;
pub(crate) mod reads;
pub(crate) mod routes;
pub(crate) mod settings;
pub(crate) mod sightings;
pub(crate) mod starts;
pub(crate) mod stored_keys;
pub(crate) mod tables;

pub use clients::transport_weakness;
pub(crate) use sightings::is_for_show;
pub use sightings::{is_temporary, stands_for_a_key, stands_there_still};

use std::sync::Arc;

use keytrail_model::{Edit, Location, Node, Place};

use crate::Joined;
use crate::keys::KeyAttribute;
use crate::tables::TableId;

pub(crate) use operations::node as read_node;

pub(crate) fn keys_read_by<'j>(
    joined: &'j Joined<'_>,
    operation: usize,
) -> Vec<(TableId, &'j KeyAttribute)> {
    operations::seen_by(joined, operation)
        .into_iter()
        .map(|seen| (seen.table, seen.key))
        .collect()
}

/// An edit. `id` names what is changed, so that edges which one change cuts agree on it.
fn edit(id: String, title: String, location: &Location, cost: u32) -> Edit {
    Edit {
        id,
        title,
        location: location.clone(),
        cost,
    }
}

fn attribute_node(table: &Arc<str>, attribute: &str) -> Node {
    Node::Place(Place::Attribute {
        table: Arc::clone(table),
        attribute: attribute.to_owned(),
    })
}

fn index_node(table: &Arc<str>, index: &str, attribute: &str) -> Node {
    Node::Place(Place::Index {
        table: Arc::clone(table),
        index: index.to_owned(),
        attribute: attribute.to_owned(),
    })
}

/// True for files that only tests read: what flows there reaches nobody.
pub fn is_test_file(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let file = parts.next().unwrap_or_default();
    file.starts_with("test_")
        || file.ends_with("_test.py")
        || file.ends_with("_tests.py")
        || matches!(file, "conftest.py" | "tests.py")
        || parts.any(|part| matches!(part, "test" | "tests" | "testing" | "fixtures"))
}
