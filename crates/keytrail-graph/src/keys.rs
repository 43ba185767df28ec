//! Which attributes hold keys.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{
    Confidence, Flow, KeyPower, Location, Projection, SettingValue, Sink, Source, Step,
    names_a_secret,
};

use crate::Joined;
use crate::identity::power_of_name;
use crate::naming::{covers, is_taken_out, shows};
use crate::tables::TableId;

/// An attribute whose values are keys.
#[derive(Clone, Debug)]
pub struct KeyAttribute {
    /// Its path in the item.
    pub attribute: String,
    /// `Likely` where its name and what is written to it agree.
    pub confidence: Confidence,
    /// How we know: the way a key takes into it, or where its name stands.
    pub evidence: Vec<Step>,
    /// How much such a key opens.
    pub power: KeyPower,
    /// Where a key is written to it in the clear; empty when no write was seen.
    pub written: BTreeSet<Location>,
    /// True when every write seen makes it unreadable by encoding only (base64).
    pub only_encoded: bool,
}

/// All of them, by table.
#[derive(Debug, Default)]
pub struct KeyAttributes<'f> {
    by_table: BTreeMap<TableId, BTreeMap<String, KeyAttribute>>,
    stored: BTreeMap<(&'f Source, &'f Location), BTreeSet<(TableId, String)>>,
}

#[derive(Debug, Default)]
struct Evidence<'f> {
    readable: BTreeSet<&'f Flow>,
    protected: bool,
    copied: bool,
    named_at: Option<Step>,
    seeded_at: Option<Step>,
}

type Gathered<'f> = BTreeMap<(TableId, String), Evidence<'f>>;

impl<'f> KeyAttributes<'f> {
    pub(crate) fn new(joined: &Joined<'f>) -> Self {
        let mut gathered = Gathered::new();
        let mut stored: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for &flow in &joined.flows {
            gather_flow(joined, flow, &mut gathered, &mut stored);
        }
        gather_names(joined, &mut gathered);
        gather_declared(joined, &mut gathered);
        let mut keys = Self {
            by_table: BTreeMap::new(),
            stored,
        };
        for ((table, attribute), evidence) in &gathered {
            if let Some(key) = judge(attribute, evidence) {
                keys.insert(*table, key);
            }
        }
        keys.follow_copies(joined, &gathered);
        keys
    }

    fn insert(&mut self, table: TableId, key: KeyAttribute) -> bool {
        let of_table = self.by_table.entry(table).or_default();
        if of_table.contains_key(&key.attribute) {
            return false;
        }
        of_table.insert(key.attribute.clone(), key);
        true
    }

    /// An item, or the key in it, written to another attribute makes that one a key attribute.
    fn follow_copies(&mut self, joined: &Joined<'f>, gathered: &Gathered<'f>) {
        const ROUNDS: usize = 4;
        for _ in 0..ROUNDS {
            let mut more = Vec::new();
            for &flow in &joined.flows {
                self.copies_of(joined, flow, gathered, &mut more);
            }
            let mut grew = false;
            for (table, key) in more {
                grew |= self.insert(table, key);
            }
            if !grew {
                break;
            }
        }
    }

    fn copies_of(
        &self,
        joined: &Joined<'f>,
        flow: &'f Flow,
        gathered: &Gathered<'f>,
        more: &mut Vec<(TableId, KeyAttribute)>,
    ) {
        let Sink::Store(at, to) = &flow.sink else {
            return;
        };
        let Source::Item(from, _) = &flow.source else {
            return;
        };
        if !flow.transform.is_readable() {
            return;
        }
        for number in joined.operations_for(from, &flow.function) {
            for key in self.read_by(joined, number, flow) {
                let Some(attribute) = renamed(flow, &key.attribute, to) else {
                    continue;
                };
                for (table, _) in targets(joined, at, &flow.function) {
                    let own = (table, attribute.clone());
                    if gathered.get(&own).is_some_and(|it| it.protected) {
                        continue;
                    }
                    let copy = KeyAttribute {
                        attribute: attribute.clone(),
                        evidence: flow.steps.clone(),
                        written: BTreeSet::from([at.clone()]),
                        only_encoded: false,
                        ..key.clone()
                    };
                    more.push((table, copy));
                }
            }
        }
    }

    /// The key attributes that a flow out of an operation brings along.
    fn read_by<'k>(
        &'k self,
        joined: &Joined<'f>,
        operation: usize,
        flow: &'f Flow,
    ) -> impl Iterator<Item = &'k KeyAttribute> + use<'k, 'f> {
        let path = match &flow.source {
            Source::Item(_, path) => path.as_str(),
            _ => "",
        };
        let projection: &Projection = &joined.operations[operation].projection;
        let tables: Vec<TableId> = joined
            .tables_of(operation)
            .iter()
            .map(|&(id, _)| id)
            .collect();
        tables
            .into_iter()
            .flat_map(|table| self.of(table))
            .filter(move |key| {
                covers(path, &key.attribute)
                    && !is_taken_out(&flow.excluded, path, &key.attribute)
                    && shows(projection, &key.attribute) != Some(false)
            })
    }

    /// The key attributes of a table.
    pub fn of(&self, table: TableId) -> impl Iterator<Item = &KeyAttribute> {
        self.by_table
            .get(&table)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// One of them.
    pub fn get(&self, table: TableId, attribute: &str) -> Option<&KeyAttribute> {
        self.by_table.get(&table)?.get(attribute)
    }

    /// The tables that have any.
    pub fn tables(&self) -> impl Iterator<Item = TableId> {
        self.by_table.keys().copied()
    }

    /// The attributes into which the very data of a flow is stored too.
    pub(crate) fn stored_from(&self, flow: &'f Flow) -> impl Iterator<Item = &(TableId, String)> {
        flow.steps
            .first()
            .and_then(|first| self.stored.get(&(&flow.source, &first.location)))
            .into_iter()
            .flatten()
    }
}

/// `detail` and `api_key` give `detail.api_key`; the key alone goes by its new name.
fn renamed(flow: &Flow, attribute: &str, to: &str) -> Option<String> {
    const DEEPEST: usize = 4;
    let path = match &flow.source {
        Source::Item(_, path) => path.as_str(),
        _ => "",
    };
    let rest = if path.is_empty() {
        Some(attribute)
    } else {
        attribute
            .strip_prefix(path)
            .map(|rest| rest.trim_start_matches('.'))
    };
    let name = match rest {
        None | Some("") => to.to_owned(),
        Some(rest) if to.is_empty() => rest.to_owned(),
        Some(rest) => format!("{to}.{rest}"),
    };
    let usable = !name.is_empty() && name != "*" && name.matches('.').count() < DEEPEST;
    usable.then_some(name)
}

fn targets(joined: &Joined<'_>, at: &Location, function: &str) -> Vec<(TableId, Confidence)> {
    let mut all: Vec<_> = joined
        .operations_for(at, function)
        .into_iter()
        .flat_map(|number| joined.tables_of(number).iter().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn gather_flow<'f>(
    joined: &Joined<'f>,
    flow: &'f Flow,
    gathered: &mut Gathered<'f>,
    stored: &mut BTreeMap<(&'f Source, &'f Location), BTreeSet<(TableId, String)>>,
) {
    let Sink::Store(at, attribute) = &flow.sink else {
        return;
    };
    if attribute.is_empty() || attribute == "*" || matches!(flow.source, Source::Identity) {
        return;
    }
    for (table, _) in targets(joined, at, &flow.function) {
        let evidence = gathered.entry((table, attribute.clone())).or_default();
        if !flow.transform.is_readable() {
            evidence.protected = true;
        } else if is_secret(joined, &flow.source)
            || (matches!(flow.source, Source::Generated(_)) && names_a_secret(attribute))
        {
            evidence.readable.insert(flow);
            if let Some(first) = flow.steps.first() {
                stored
                    .entry((&flow.source, &first.location))
                    .or_default()
                    .insert((table, attribute.clone()));
            }
        } else if matches!(flow.source, Source::Item(..)) {
            evidence.copied = true;
        }
    }
}

/// Names that code uses for attributes: written, projected, picked.
fn gather_names<'f>(joined: &Joined<'f>, gathered: &mut Gathered<'f>) {
    let mut note = |table: TableId, name: &str, verb: &str, at: &Location| {
        if !names_a_secret(name) {
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
            for name in &operation.writes {
                let verb = format!("{} writes", operation.kind.as_str());
                note(table, name, &verb, &operation.location);
            }
            if let Projection::Attributes(names) = &operation.projection {
                for name in names {
                    let verb = format!("{} reads", operation.kind.as_str());
                    note(table, name, &verb, &operation.location);
                }
            }
        }
    }
    for flow in &joined.flows {
        if let Source::Item(at, path) = &flow.source {
            for (table, _) in targets(joined, at, &flow.function) {
                note(table, path, "the code picks", at);
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

fn judge(attribute: &str, evidence: &Evidence<'_>) -> Option<KeyAttribute> {
    let named = names_a_secret(attribute);
    let best = evidence
        .readable
        .iter()
        .min_by_key(|flow| (flow.steps.len(), **flow));
    let written: BTreeSet<Location> = evidence
        .readable
        .iter()
        .filter_map(|flow| match &flow.sink {
            Sink::Store(at, _) => Some(at.clone()),
            _ => None,
        })
        .collect();
    let (confidence, steps) = match (best, &evidence.seeded_at, &evidence.named_at) {
        (Some(flow), _, _) if named => (Confidence::Likely, flow.steps.clone()),
        (Some(flow), _, _) => (Confidence::Possible, flow.steps.clone()),
        (None, _, _) if evidence.protected => return None,
        (None, Some(step), _) => (Confidence::Likely, vec![step.clone()]),
        (None, None, Some(step)) => (Confidence::Possible, vec![step.clone()]),
        (None, None, None) => return None,
    };
    let encoded = |flow: &&&Flow| flow.transform == keytrail_model::Transform::Encoded;
    Some(KeyAttribute {
        attribute: attribute.to_owned(),
        confidence,
        evidence: steps,
        power: power_of_name(attribute),
        only_encoded: best.is_some() && evidence.readable.iter().all(|flow| encoded(&flow)),
        written,
    })
}

/// True for sources whose value is a key.
pub(crate) fn is_secret(joined: &Joined<'_>, source: &Source) -> bool {
    match source {
        Source::Literal { .. } | Source::Vault(_) => true,
        Source::Setting(name) => is_secret_setting(joined, name),
        Source::Environment(name) => names_a_secret(name),
        Source::Request(_, field) => names_a_secret(field) || is_credential_header(field),
        Source::WholeEnvironment
        | Source::Identity
        | Source::Item(..)
        | Source::Generated(_)
        | Source::Exception(_) => false,
    }
}

/// By its name, its value, or the name of the variable that it is read from.
pub(crate) fn is_secret_setting(joined: &Joined<'_>, name: &str) -> bool {
    names_a_secret(name)
        || joined
            .settings_named(name)
            .iter()
            .any(|setting| match &setting.value {
                SettingValue::Secret { .. } => true,
                SettingValue::FromEnvironment { name, default, .. } => {
                    names_a_secret(name)
                        || matches!(default.as_deref(), Some(SettingValue::Secret { .. }))
                }
                _ => false,
            })
}

fn is_credential_header(field: &str) -> bool {
    let lower = field.to_ascii_lowercase().replace('-', "_");
    matches!(
        lower.as_str(),
        "authorization"
            | "http_authorization"
            | "x_api_key"
            | "http_x_api_key"
            | "proxy_authorization"
    )
}
