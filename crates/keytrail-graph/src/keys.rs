//! Which attributes hold keys.

mod evidence;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{
    Confidence, Flow, KeyPower, Location, OperationKind, Projection, SettingValue, Sink, Source,
    Step, names_a_secret,
};

use crate::Joined;
use crate::naming::{covers, is_taken_out, shows};
use crate::tables::TableId;

use evidence::{Columns, Gathered, targets};

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
    /// Where whole items are read and written back, the key with them.
    pub rewritten: BTreeSet<Location>,
    /// True when every write seen makes it unreadable by encoding only (base64).
    pub only_encoded: bool,
}

impl KeyAttribute {
    /// Takes over what another way to the same attribute tells; true when that was new.
    fn learn(&mut self, other: Self) -> bool {
        let size = |key: &Self| (key.confidence, key.written.len() + key.rewritten.len());
        let before = size(self);
        if self.written.is_empty() && !other.written.is_empty() {
            self.evidence = other.evidence;
            self.only_encoded = other.only_encoded;
        } else {
            self.only_encoded &= other.only_encoded;
        }
        self.confidence = self.confidence.max(other.confidence);
        self.written.extend(other.written);
        self.rewritten.extend(other.rewritten);
        before != size(self)
    }
}

/// All of them, by table.
#[derive(Debug, Default)]
pub struct KeyAttributes<'f> {
    by_table: BTreeMap<TableId, BTreeMap<String, KeyAttribute>>,
    stored: BTreeMap<(&'f Source, &'f Location), BTreeSet<(TableId, String)>>,
}

impl<'f> KeyAttributes<'f> {
    pub(crate) fn new(joined: &Joined<'f>) -> Self {
        let columns = Columns::new(joined);
        let (gathered, stored) = evidence::gather(joined, &columns);
        let mut keys = Self {
            by_table: BTreeMap::new(),
            stored,
        };
        for ((table, attribute), evidence) in &gathered {
            if let Some(key) = evidence::judge(joined, attribute, evidence) {
                keys.insert(*table, key);
            }
        }
        keys.follow_copies(joined, &gathered, &columns);
        keys
    }

    /// True when something is new by it.
    fn insert(&mut self, table: TableId, key: KeyAttribute) -> bool {
        let of_table = self.by_table.entry(table).or_default();
        match of_table.entry(key.attribute.clone()) {
            Entry::Vacant(place) => {
                place.insert(key);
                true
            }
            Entry::Occupied(mut known) => known.get_mut().learn(key),
        }
    }

    /// An item, or the key in it, written to another attribute makes that one a key attribute.
    fn follow_copies(
        &mut self,
        joined: &Joined<'f>,
        gathered: &Gathered<'f>,
        columns: &Columns<'f>,
    ) {
        const ROUNDS: usize = 4;
        for _ in 0..ROUNDS {
            let mut more = Vec::new();
            for &flow in &joined.flows {
                self.copies_of(joined, flow, (gathered, columns), &mut more);
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
        (gathered, columns): (&Gathered<'f>, &Columns<'f>),
        more: &mut Vec<(TableId, KeyAttribute)>,
    ) {
        let Some((at, to)) = written_by(joined, flow) else {
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
                    // a number, a set of names or an identifier holds no item
                    if columns.of(table, &attribute).is_some() {
                        continue;
                    }
                    let own = (table, attribute.clone());
                    if gathered
                        .get(&own)
                        .is_some_and(evidence::Evidence::is_protected)
                    {
                        continue;
                    }
                    let back = to.is_empty()
                        && joined
                            .tables_of(number)
                            .iter()
                            .any(|&(from, _)| from == table);
                    let here = BTreeSet::from([at.clone()]);
                    let (written, rewritten) = if back {
                        (BTreeSet::new(), here)
                    } else {
                        (here, BTreeSet::new())
                    };
                    let copy = KeyAttribute {
                        attribute: attribute.clone(),
                        evidence: flow.steps.clone(),
                        written,
                        rewritten,
                        only_encoded: key.only_encoded,
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

/// The write that a flow ends in, with the attribute it fills: an item's, or the key of an
/// update, which makes the item where there is none.
pub(crate) fn written_by<'f>(
    joined: &Joined<'_>,
    flow: &'f Flow,
) -> Option<(&'f Location, &'f str)> {
    match &flow.sink {
        Sink::Store(at, attribute) => Some((at, attribute)),
        Sink::KeyCondition(at, attribute) => {
            let mut calls = joined.operations_at(at).iter();
            let updates = calls.any(|&it| joined.operations[it].kind == OperationKind::UpdateItem);
            updates.then_some((at, attribute.as_str()))
        }
        _ => None,
    }
}

/// True for sources whose value is a key.
pub(crate) fn is_secret(joined: &Joined<'_>, source: &Source) -> bool {
    match source {
        Source::Literal { .. } | Source::Vault(_) | Source::Decrypted(_) => true,
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
