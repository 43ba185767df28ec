//! Where a flow starts in the graph: the nodes whose keys it carries.

use keytrail_model::{
    Confidence, EdgeKind, Flow, KeyRef, Location, Node, Place, Source, Step, names_a_secret,
};

use super::operations;
use crate::Joined;
use crate::build::Builder;
use crate::identity::{class, concrete};
use crate::keys::{is_secret, is_secret_setting};
use crate::naming::{covers, is_taken_out};
use crate::tables::TableId;

/// One node that a flow may carry a key from.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) node: Node,
    pub(crate) confidence: Confidence,
    /// The operation that brought it in, where one did.
    pub(crate) operation: Option<usize>,
    /// Table and attribute, where it is one.
    pub(crate) attribute: Option<(TableId, String)>,
    /// What it is, for titles: `api_key`.
    pub(crate) name: String,
}

/// The nodes that the source of a flow stands for; field-sensitive: a flow that picks another
/// attribute than the key's starts nowhere.
pub(crate) fn of(joined: &Joined<'_>, flow: &Flow, out: &mut Builder) -> Vec<Start> {
    match &flow.source {
        Source::Item(at, path) => items(joined, at, path, flow, Confidence::Likely),
        Source::Exception(operations) => operations
            .iter()
            .flat_map(|at| in_error(joined, at, flow))
            .collect(),
        Source::Literal {
            provider,
            fingerprint,
            ..
        } => {
            let at = flow
                .steps
                .first()
                .map_or(&flow.location, |step| &step.location);
            let key = concrete(joined, provider, *fingerprint, at);
            vec![plain(Node::Key(key), provider)]
        }
        Source::Setting(name) | Source::Environment(name) if is_secret(joined, &flow.source) => {
            vec![configured(flow, name, out)]
        }
        Source::WholeEnvironment => secrets(joined)
            .into_iter()
            .map(|name| configured(flow, name, out))
            .collect(),
        Source::Vault(name) => vec![in_vault(name)],
        Source::Decrypted(name) => vec![Start {
            confidence: Confidence::Possible,
            ..in_vault(name)
        }],
        Source::Request(_, field) if is_secret(joined, &flow.source) => {
            passing(joined, flow, field)
        }
        Source::Generated(name) => passing(joined, flow, name),
        Source::Setting(_) | Source::Environment(_) | Source::Request(..) | Source::Identity => {
            Vec::new()
        }
    }
}

fn plain(node: Node, name: &str) -> Start {
    Start {
        node,
        confidence: Confidence::Likely,
        operation: None,
        attribute: None,
        name: name.to_owned(),
    }
}

/// A vault also keeps whole configurations, of which a flow may carry a harmless field: only a
/// secret whose name is known is sure.
fn in_vault(name: &str) -> Start {
    let shown = if name.is_empty() {
        "a secret from a vault"
    } else {
        name
    };
    let confidence = if name.is_empty() {
        Confidence::Possible
    } else {
        Confidence::Likely
    };
    Start {
        confidence,
        ..plain(Node::Key(KeyRef::Vault(shown.to_owned())), shown)
    }
}

fn items(
    joined: &Joined<'_>,
    at: &Location,
    path: &str,
    flow: &Flow,
    confidence: Confidence,
) -> Vec<Start> {
    let mut starts = Vec::new();
    for number in joined.operations_for(at, &flow.function) {
        for seen in operations::seen_by(joined, number) {
            let attribute = &seen.key.attribute;
            if covers(path, attribute) && !is_taken_out(&flow.excluded, path, attribute) {
                starts.push(Start {
                    node: operations::node(joined.operations[number], &seen.key.attribute),
                    confidence,
                    operation: Some(number),
                    attribute: Some((seen.table, seen.key.attribute.clone())),
                    name: seen.key.attribute.clone(),
                });
            }
        }
    }
    starts.sort_by(|one, other| one.node.cmp(&other.node));
    starts.dedup_by(|one, other| one.node == other.node);
    starts
}

/// An exception's text may hold what the call was given or brought in.
fn in_error(joined: &Joined<'_>, at: &Location, flow: &Flow) -> Vec<Start> {
    let mut starts = items(joined, at, "", flow, Confidence::Possible);
    for number in joined.operations_for(at, &flow.function) {
        let operation = joined.operations[number];
        for &(table, _) in joined.tables_of(number) {
            let name = &joined.tables.node(table).name;
            for key in joined.keys.of(table) {
                if key.written.contains(&operation.location) {
                    starts.push(Start {
                        node: Node::Key(class(name, &key.attribute)),
                        confidence: Confidence::Possible,
                        operation: None,
                        attribute: Some((table, key.attribute.clone())),
                        name: key.attribute.clone(),
                    });
                }
            }
        }
    }
    starts
}

/// Data that is stored too is the attribute's; what is not known to rest anywhere passes.
fn passing(joined: &Joined<'_>, flow: &Flow, name: &str) -> Vec<Start> {
    let stored: Vec<Start> = joined
        .keys
        .stored_from(flow)
        .filter(|(table, attribute)| joined.keys.get(*table, attribute).is_some())
        .map(|(table, attribute)| Start {
            node: Node::Key(class(&joined.tables.node(*table).name, attribute)),
            confidence: Confidence::Likely,
            operation: None,
            attribute: Some((*table, attribute.clone())),
            name: attribute.clone(),
        })
        .collect();
    if !stored.is_empty() {
        return stored;
    }
    // A random value that nothing names as a key may be any identifier.
    match &flow.source {
        Source::Generated(_) if !names_a_secret(name) => Vec::new(),
        _ => vec![plain(Node::Key(KeyRef::Transient(name.to_owned())), name)],
    }
}

/// A setting or variable; one that no settings module tells of gets its key here.
fn configured(flow: &Flow, name: &str, out: &mut Builder) -> Start {
    let place = Node::Place(Place::Setting(name.to_owned()));
    let at = flow
        .steps
        .first()
        .map_or(&flow.location, |step| &step.location);
    out.edge(
        Node::Key(KeyRef::Setting(name.to_owned())),
        EdgeKind::StoredIn,
        place.clone(),
    )
    .steps([Step::new(format!("the code reads `{name}`"), at.clone())])
    .add();
    plain(place, name)
}

/// The names of secret settings, and of secret variables that settings are read from.
fn secrets<'f>(joined: &Joined<'f>) -> Vec<&'f str> {
    joined
        .setting_names()
        .filter(|name| is_secret_setting(joined, name))
        .collect()
}
