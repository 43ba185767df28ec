//! What speaks for an attribute holding keys: what code writes to it, what it is called, what
//! templates declare.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{
    Column, Confidence, Flow, KeyPower, Location, Operation, OperationKind, Projection, Sink,
    Source, Step, StoredKeys, Transform, names_a_secret,
};

use super::{KeyAttribute, is_secret, written_by};
use crate::Joined;
use crate::edges::is_test_file;
use crate::identity::power_of_name;
use crate::tables::TableId;

#[derive(Debug, Default)]
pub(super) struct Evidence<'f> {
    readable: BTreeSet<&'f Flow>,
    protected: bool,
    named_at: Option<Step>,
    seeded_at: Option<Step>,
    observed: Option<&'f StoredKeys>,
}

impl Evidence<'_> {
    /// Something is written to the attribute that was made unreadable before.
    pub(super) fn is_protected(&self) -> bool {
        self.protected
    }
}

pub(super) type Gathered<'f> = BTreeMap<(TableId, String), Evidence<'f>>;

/// Where the data of a source (seen at a place) is stored.
pub(super) type Stored<'f> = BTreeMap<(&'f Source, &'f Location), BTreeSet<(TableId, String)>>;

/// All evidence of all attributes.
pub(super) fn gather<'f>(joined: &Joined<'f>, columns: &Columns<'f>) -> (Gathered<'f>, Stored<'f>) {
    let (mut gathered, mut stored) = (Gathered::new(), Stored::new());
    for &flow in &joined.flows {
        gather_flow(joined, flow, columns, &mut gathered, &mut stored);
    }
    gather_names(joined, columns, &mut gathered);
    gather_declared(joined, &mut gathered);
    gather_observed(joined, &mut gathered);
    (gathered, stored)
}

fn gather_flow<'f>(
    joined: &Joined<'f>,
    flow: &'f Flow,
    columns: &Columns<'f>,
    gathered: &mut Gathered<'f>,
    stored: &mut Stored<'f>,
) {
    let Some((at, attribute)) = written_by(joined, flow) else {
        return;
    };
    let tested = flow
        .steps
        .iter()
        .any(|step| is_test_file(&step.location.span().path));
    let unnamed = attribute.is_empty() || attribute == "*";
    if tested || unnamed || matches!(flow.source, Source::Identity) {
        return;
    }
    let attribute = inside_map(joined, flow, at, attribute);
    for (table, _) in targets(joined, at, &flow.function) {
        let held = match columns.of(table, &attribute) {
            Some(Column::Plain) => false,
            Some(Column::Set) => is_one_key(&flow.source),
            // it has no parts
            Some(Column::Identifier) => !attribute.contains('.'),
            None => true,
        };
        if !held {
            continue;
        }
        let evidence = gathered.entry((table, attribute.clone())).or_default();
        let hidden = is_switched_off(joined, flow, at) || is_enveloped(joined, flow, at);
        if hidden || !flow.transform.is_readable() {
            evidence.protected = true;
        } else if is_secret(joined, &flow.source)
            || (matches!(flow.source, Source::Generated(_)) && names_a_secret(&attribute))
        {
            evidence.readable.insert(flow);
            if let Some(first) = flow.steps.first() {
                stored
                    .entry((&flow.source, &first.location))
                    .or_default()
                    .insert((table, attribute.clone()));
            }
        }
    }
}

/// The branch of an encryption helper for trials, which only encodes: the same value reaches the
/// same attribute encrypted by the other one.
fn is_switched_off(joined: &Joined<'_>, flow: &Flow, at: &Location) -> bool {
    flow.transform == Transform::Encoded
        && joined.flows_to(at).iter().any(|other| {
            other.transform == Transform::Encrypted
                && other.source == flow.source
                && other.sink == flow.sink
                && other.function == flow.function
        })
}

/// What a caller sends together with the key that it is encrypted under.
fn is_enveloped(joined: &Joined<'_>, flow: &Flow, at: &Location) -> bool {
    matches!(flow.source, Source::Request(..))
        && joined
            .operations_at(at)
            .iter()
            .any(|&number| writes_envelope(joined.operations[number]))
}

/// An item that carries a wrapped key and says which cipher was used holds cipher text beside
/// them.
fn writes_envelope(operation: &Operation) -> bool {
    const WRAPPED: [&str; 4] = [
        "data_key",
        "encrypted_data_key",
        "wrapped_key",
        "encrypted_key",
    ];
    const CIPHER: [&str; 6] = [
        "cipher",
        "cipher_type",
        "cipher_version",
        "encryption_algorithm",
        "nonce",
        "iv",
    ];
    let has = |marks: &[&str]| {
        let mut names = operation.writes.iter();
        names.any(|name| marks.contains(&name.as_str()))
    };
    has(&WRAPPED) && has(&CIPHER)
}

/// A secret that goes into an attribute whose name is no secret's, beside other data: the
/// attribute is a map, and the secret lies in it under its own name.
fn inside_map(joined: &Joined<'_>, flow: &Flow, at: &Location, attribute: &str) -> String {
    let field = match &flow.source {
        Source::Request(_, field) => field.rsplit('.').next().unwrap_or(field),
        Source::Setting(name) | Source::Environment(name) => name,
        _ => "",
    };
    let mixed = names_a_secret(field)
        && !names_a_secret(attribute)
        && joined.flows_to(at).iter().any(|other| {
            other.function == flow.function
                && other.source != flow.source
                && matches!(&other.sink, Sink::Store(_, name) if name == attribute)
        });
    if mixed {
        format!("{attribute}.{field}")
    } else {
        attribute.to_owned()
    }
}

/// Names that code uses for attributes: written, projected, picked.
fn gather_names<'f>(joined: &Joined<'f>, columns: &Columns<'f>, gathered: &mut Gathered<'f>) {
    let note =
        |gathered: &mut Gathered<'f>, table: TableId, name: &str, verb: &str, at: &Location| {
            let possible = match columns.of(table, name) {
                Some(Column::Plain | Column::Set) => false,
                Some(Column::Identifier) => !name.contains('.'),
                None => true,
            };
            if !possible || !names_a_secret(name) {
                return;
            }
            let label = format!("{verb} the attribute `{name}`, named as a secret");
            let step = Step::new(label, at.clone());
            let evidence = gathered.entry((table, name.to_owned())).or_default();
            if evidence.named_at.as_ref().is_none_or(|known| step < *known) {
                evidence.named_at = Some(step);
            }
        };
    for (number, operation) in joined.operations.iter().enumerate() {
        for &(table, _) in joined.tables_of(number) {
            if writes_envelope(operation) {
                for name in operation.writes.iter().filter(|it| names_a_secret(it)) {
                    let evidence = gathered.entry((table, name.clone())).or_default();
                    evidence.protected = true;
                }
                continue;
            }
            for name in &operation.writes {
                let verb = format!("{} writes", operation.kind.as_str());
                note(gathered, table, name, &verb, &operation.location);
            }
            if let Projection::Attributes(names) = &operation.projection {
                for name in names {
                    let verb = format!("{} reads", operation.kind.as_str());
                    note(gathered, table, name, &verb, &operation.location);
                }
            }
        }
    }
    for flow in &joined.flows {
        if let Source::Item(at, path) = &flow.source {
            for (table, _) in targets(joined, at, &flow.function) {
                note(gathered, table, path, "the code picks", at);
            }
        }
    }
}

/// Names in declarations: keys, projections, items that a template writes.
fn gather_declared<'f>(joined: &Joined<'f>, gathered: &mut Gathered<'f>) {
    for table in joined.tables.ids() {
        for declared in joined.tables.node(table).believed() {
            let keys = declared
                .keys
                .iter()
                .map(|key| (&key.attribute, &declared.location));
            let indexed = declared.indexes.iter().flat_map(|index| {
                let included = match &index.projection {
                    keytrail_model::IndexProjection::Include(names) => names.as_slice(),
                    _ => &[],
                };
                let keys = index.keys.iter().map(|key| &key.attribute);
                keys.chain(included).map(|name| (name, &index.location))
            });
            for (name, location) in keys.chain(indexed) {
                if names_a_secret(name) {
                    let label = format!("the template declares the attribute `{name}`");
                    let evidence = gathered.entry((table, name.clone())).or_default();
                    evidence
                        .named_at
                        .get_or_insert(Step::new(label, location.clone()));
                }
            }
            for (name, location) in &declared.seeded {
                if names_a_secret(name) {
                    let label = format!("the template itself writes an item with `{name}`");
                    let evidence = gathered.entry((table, name.clone())).or_default();
                    evidence
                        .seeded_at
                        .get_or_insert(Step::new(label, location.clone()));
                }
            }
        }
    }
}

/// What lies in the items themselves.
fn gather_observed<'f>(joined: &Joined<'f>, gathered: &mut Gathered<'f>) {
    for &stored in &joined.stored_keys {
        if let Some(table) = joined.tables.named(&stored.table) {
            let evidence = gathered
                .entry((table, stored.attribute.clone()))
                .or_default();
            evidence.observed = Some(stored);
        }
    }
}

/// `1,200 of 1,310 values are keys (openai 1,100, stripe 100)`.
fn observed_step(stored: &StoredKeys) -> Step {
    let providers = stored.providers.iter().take(5);
    let providers: Vec<String> = providers
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let read = if stored.sampled { "sampled" } else { "read" };
    Step::new(
        format!(
            "{} of {} values of `{}` are keys ({}), in {} items that were {read}",
            stored.keys,
            stored.values,
            stored.attribute,
            providers.join(", "),
            stored.items
        ),
        stored.location.clone(),
    )
}

/// What models say of the attributes of each table.
pub(super) struct Columns<'f>(BTreeMap<(TableId, &'f str), Column>);

impl<'f> Columns<'f> {
    pub(super) fn new(joined: &Joined<'f>) -> Self {
        let mut columns = BTreeMap::new();
        for (number, operation) in joined.operations.iter().enumerate() {
            for &(table, _) in joined.tables_of(number) {
                for (name, column) in &operation.columns {
                    columns.insert((table, name.as_str()), *column);
                }
            }
        }
        Self(columns)
    }

    /// Of the attribute that a path begins with.
    pub(super) fn of(&self, table: TableId, path: &str) -> Option<Column> {
        let name = path.split('.').next().unwrap_or(path);
        self.0.get(&(table, name)).copied()
    }
}

/// True for a source that is one key by itself, not a list of names of keys.
fn is_one_key(source: &Source) -> bool {
    match source {
        Source::Literal { .. } | Source::Vault(_) | Source::Decrypted(_) | Source::Generated(_) => {
            true
        }
        Source::Request(_, name) | Source::Setting(name) | Source::Environment(name) => {
            !name.to_ascii_lowercase().ends_with('s')
        }
        _ => false,
    }
}

fn names_a_password(attribute: &str) -> bool {
    let last = attribute.rsplit('.').next().unwrap_or(attribute);
    let lower = last.to_ascii_lowercase();
    ["password", "passwd", "pwd"]
        .iter()
        .any(|word| lower.ends_with(word))
}

/// `token` without a word that says of what: as often as not of a page, a lock or a version.
fn is_bare_token(attribute: &str) -> bool {
    let last = attribute.rsplit('.').next().unwrap_or(attribute);
    last.eq_ignore_ascii_case("token") || last.eq_ignore_ascii_case("tokens")
}

/// The write that makes one record tells most, then those that make many, then those that change.
fn rank(joined: &Joined<'_>, flow: &Flow) -> u8 {
    let call = written_by(joined, flow)
        .and_then(|(at, _)| joined.operations_at(at).first())
        .map(|&number| joined.operations[number].kind);
    match call {
        Some(OperationKind::PutItem) => 0,
        Some(OperationKind::UpdateItem) | None => 2,
        Some(_) => 1,
    }
}

/// A key attribute, if the evidence speaks for one.
pub(super) fn judge(
    joined: &Joined<'_>,
    attribute: &str,
    evidence: &Evidence<'_>,
) -> Option<KeyAttribute> {
    let named = names_a_secret(attribute);
    // What callers send is what the application is for; scripts and settings come after it.
    let sent = |flow: &Flow| matches!(flow.source, Source::Request(..));
    let best = evidence
        .readable
        .iter()
        .min_by_key(|flow| (!sent(flow), rank(joined, flow), flow.steps.len(), **flow));
    let mut written: BTreeSet<Location> = evidence
        .readable
        .iter()
        .filter_map(|flow| match &flow.sink {
            Sink::Store(at, _) | Sink::KeyCondition(at, _) => Some(at.clone()),
            _ => None,
        })
        .collect();
    if let Some(stored) = evidence.observed {
        let way = best.map_or_else(Vec::new, |flow| flow.steps.clone());
        written.insert(stored.location.clone());
        return Some(KeyAttribute {
            attribute: attribute.to_owned(),
            confidence: Confidence::Observed,
            evidence: way.into_iter().chain([observed_step(stored)]).collect(),
            power: power_of_name(attribute),
            only_encoded: false,
            written,
            rewritten: BTreeSet::new(),
        });
    }
    let (confidence, steps) = match (best, &evidence.seeded_at, &evidence.named_at) {
        (Some(flow), _, _) if named => (Confidence::Likely, flow.steps.clone()),
        (Some(flow), _, _) => (Confidence::Possible, flow.steps.clone()),
        (None, _, _) if evidence.protected => return None,
        (None, Some(step), _) => (Confidence::Likely, vec![step.clone()]),
        // What is called a password is a hash more often than not: its name alone says nothing.
        (None, None, Some(_)) if names_a_password(attribute) => return None,
        (None, None, Some(step)) => (Confidence::Possible, vec![step.clone()]),
        (None, None, None) => return None,
    };
    let power = match (best, &evidence.seeded_at) {
        (None, None) if is_bare_token(attribute) => KeyPower::Low,
        _ => power_of_name(attribute),
    };
    let encoded = |flow: &&&Flow| flow.transform == Transform::Encoded;
    Some(KeyAttribute {
        attribute: attribute.to_owned(),
        confidence,
        evidence: steps,
        power,
        only_encoded: best.is_some() && evidence.readable.iter().all(|flow| encoded(&flow)),
        written,
        rewritten: BTreeSet::new(),
    })
}

/// The tables of the calls at a place that belong together with `function`.
pub(super) fn targets(
    joined: &Joined<'_>,
    at: &Location,
    function: &str,
) -> Vec<(TableId, Confidence)> {
    let mut all: Vec<_> = joined
        .operations_for(at, function)
        .into_iter()
        .flat_map(|number| joined.tables_of(number).iter().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
