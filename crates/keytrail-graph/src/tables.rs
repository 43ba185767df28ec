//! Which table is meant: what templates declare, what settings and variables call it, and what
//! code names, joined into one list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{
    Confidence, EnvBinding, Location, NameSource, Operation, Setting, SettingValue, Table,
    TableRef, TableSource,
};

use crate::naming::{known_characters, matches_pattern};

/// A number for a table of this graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(usize);

/// A table, declared or only named by code.
#[derive(Debug)]
pub struct TableNode<'f> {
    /// What it is called in the graph and in messages.
    pub name: Arc<str>,
    /// Its declarations, the ones that count first: templates before code that sets up tests.
    pub declared: Vec<&'f Table>,
}

impl<'f> TableNode<'f> {
    /// The declaration that counts.
    pub fn main(&self) -> Option<&'f Table> {
        self.declared.first().copied()
    }

    /// Declarations by templates; those by code are development and test set-ups.
    pub fn in_templates(&self) -> impl Iterator<Item = &'f Table> {
        self.declared
            .iter()
            .copied()
            .filter(|table| table.source != TableSource::Code)
    }

    /// The declarations that are believed about indexes and keys.
    pub fn believed(&self) -> impl Iterator<Item = &'f Table> {
        let code_too = self.in_templates().next().is_none();
        self.declared
            .iter()
            .copied()
            .filter(move |table| code_too || table.source != TableSource::Code)
    }
}

type Settings<'f> = BTreeMap<&'f str, Vec<&'f Setting>>;

/// All tables, and how references find them.
#[derive(Debug, Default)]
pub struct Tables<'f> {
    nodes: Vec<TableNode<'f>>,
    by_name: BTreeMap<Arc<str>, TableId>,
    /// Tables of several accounts or regions that have one name.
    twins: BTreeMap<&'f str, BTreeSet<TableId>>,
    by_address: BTreeMap<&'f str, BTreeSet<TableId>>,
    by_variable: BTreeMap<&'f str, BTreeSet<TableId>>,
    names_by_setting: BTreeMap<&'f str, Names<'f>>,
}

/// What a setting says about a table's name.
#[derive(Debug, Default)]
struct Names<'f> {
    literal: BTreeSet<&'f str>,
    variables: BTreeSet<&'f str>,
}

impl<'f> Tables<'f> {
    pub(crate) fn new(
        declared: &[&'f Table],
        bindings: &[&'f EnvBinding],
        settings: &Settings<'f>,
        operations: &[&'f Operation],
    ) -> (Self, Vec<Vec<(TableId, Confidence)>>) {
        let mut tables = Self::default();
        tables.declare(declared);
        for binding in bindings {
            let bound = tables.by_address.get(&*binding.table).cloned();
            tables
                .by_variable
                .entry(&binding.variable)
                .or_default()
                .extend(bound.into_iter().flatten());
        }
        tables.read_settings(settings, operations);
        let mut known: BTreeMap<(&TableRef, &str), Vec<(TableId, Confidence)>> = BTreeMap::new();
        let resolved = operations
            .iter()
            .map(|operation| {
                let key = (&operation.table, &*operation.location.span().path);
                known
                    .entry(key)
                    .or_insert_with(|| tables.resolve(&operation.table, &operation.location))
                    .clone()
            })
            .collect();
        (tables, resolved)
    }

    /// Declarations that share a name are one table; those whose name is not known go by address.
    fn declare(&mut self, declared: &[&'f Table]) {
        let mut order: Vec<&Table> = declared.to_vec();
        order.sort_by_key(|table| {
            (
                table.source == TableSource::Code,
                table.name.contains('*'),
                table.environment,
                *table,
            )
        });
        let twins = twins(declared);
        for table in order {
            if table.source == TableSource::Account && twins.contains(table.name.as_str()) {
                self.declare_twin(table);
                continue;
            }
            let names: Vec<&str> = std::iter::once(&table.name)
                .chain(&table.also_named)
                .map(String::as_str)
                .filter(|name| known_characters(name) > 0)
                .collect();
            let known = names
                .iter()
                .find_map(|name| self.by_name.get(*name))
                .copied();
            let id = known.unwrap_or_else(|| {
                let fallback: &str = &table.address;
                self.add(names.first().copied().unwrap_or(fallback))
            });
            for name in names {
                self.by_name.entry(Arc::from(name)).or_insert(id);
            }
            self.nodes[id.0].declared.push(table);
            self.by_address
                .entry(&table.address)
                .or_default()
                .insert(id);
        }
    }

    /// A live table of which another account or region has one of the same name: by itself.
    fn declare_twin(&mut self, table: &'f Table) {
        let mut parts = table.address.splitn(6, ':').skip(3);
        let region = parts.next().unwrap_or_default();
        let account = parts.next().unwrap_or_default();
        let name = format!("{} ({region} {account})", table.name);
        let known = self.by_address.get(&*table.address);
        let known = known.and_then(|ids| ids.first().copied());
        let id = known.unwrap_or_else(|| self.add(&name));
        self.nodes[id.0].declared.push(table);
        self.by_address
            .entry(&table.address)
            .or_default()
            .insert(id);
        self.twins.entry(&table.name).or_default().insert(id);
    }

    fn add(&mut self, name: &str) -> TableId {
        let name: Arc<str> = Arc::from(name);
        let id = TableId(self.nodes.len());
        self.nodes.push(TableNode {
            name: Arc::clone(&name),
            declared: Vec::new(),
        });
        self.by_name.entry(name).or_insert(id);
        id
    }

    /// A table of which only items were seen.
    pub(crate) fn seen(&mut self, name: &str) {
        if self.named(name).is_none() {
            self.add(name);
        }
    }

    fn read_settings(&mut self, settings: &Settings<'f>, operations: &[&'f Operation]) {
        let wanted: BTreeSet<&str> = operations
            .iter()
            .flat_map(|operation| &operation.table.via)
            .filter_map(|via| match via {
                NameSource::Setting(name) => Some(name.as_str()),
                NameSource::Environment(_) => None,
            })
            .collect();
        for name in wanted {
            let Some((&name, all)) = settings.get_key_value(name) else {
                continue;
            };
            let deployed = all.iter().any(|setting| setting.environment.is_deployed());
            let mut names = Names::default();
            for setting in all {
                if setting.environment.is_deployed() || !deployed {
                    names.read(&setting.value);
                }
            }
            self.names_by_setting.insert(name, names);
        }
    }

    /// Exact names, then what variables and settings hand over, then patterns; a table that
    /// only code knows is added.
    fn resolve(&mut self, named: &TableRef, at: &Location) -> Vec<(TableId, Confidence)> {
        let exact = self.exact(named);
        if !exact.is_empty() {
            return self.graded(exact);
        }
        let by_pattern = self.by_pattern(named);
        if !by_pattern.is_empty() {
            return by_pattern
                .into_iter()
                .map(|id| (id, Confidence::Possible))
                .collect();
        }
        let (name, confidence) = self.only_in_code(named, at);
        let id = match self.by_name.get(name.as_str()) {
            Some(&id) => id,
            None => self.add(&name),
        };
        vec![(id, confidence)]
    }

    fn exact(&self, named: &TableRef) -> BTreeSet<TableId> {
        let mut found: BTreeSet<TableId> = named
            .names
            .iter()
            .filter_map(|name| self.by_name.get(name.as_str()))
            .copied()
            .collect();
        let twins = named.names.iter();
        let twins = twins.filter_map(|name| self.twins.get(name.as_str()));
        found.extend(twins.flatten());
        for via in &named.via {
            match via {
                NameSource::Environment(variable) => {
                    found.extend(
                        self.by_variable
                            .get(variable.as_str())
                            .into_iter()
                            .flatten(),
                    );
                }
                NameSource::Setting(setting) => {
                    if let Some(names) = self.names_by_setting.get(setting.as_str()) {
                        found.extend(
                            names
                                .literal
                                .iter()
                                .filter_map(|name| self.by_name.get(*name)),
                        );
                        let bound = names
                            .variables
                            .iter()
                            .filter_map(|it| self.by_variable.get(it));
                        found.extend(bound.flatten());
                    }
                }
            }
        }
        found
    }

    /// Declared tables win over names that nothing declares; more than one leaves a doubt.
    fn graded(&self, found: BTreeSet<TableId>) -> Vec<(TableId, Confidence)> {
        let declared: Vec<TableId> = found
            .iter()
            .copied()
            .filter(|id| self.nodes[id.0].in_templates().next().is_some())
            .collect();
        let kept = if declared.is_empty() {
            found.into_iter().collect()
        } else {
            declared
        };
        let confidence = if kept.len() == 1 {
            Confidence::Likely
        } else {
            Confidence::Possible
        };
        kept.into_iter().map(|id| (id, confidence)).collect()
    }

    fn by_pattern(&self, named: &TableRef) -> BTreeSet<TableId> {
        const ENOUGH: usize = 3;
        let mut found = BTreeSet::new();
        let from_settings = named.via.iter().filter_map(|via| match via {
            NameSource::Setting(name) => self.names_by_setting.get(name.as_str()),
            NameSource::Environment(_) => None,
        });
        let patterns = named
            .names
            .iter()
            .map(String::as_str)
            .chain(from_settings.flat_map(|names| names.literal.iter().copied()));
        for name in patterns.filter(|name| known_characters(name) >= ENOUGH) {
            for (known, &id) in &self.by_name {
                let starred = name.contains('*') || known.contains('*');
                let enough = known_characters(known) >= ENOUGH;
                if starred
                    && enough
                    && (matches_pattern(known, name) || matches_pattern(name, known))
                {
                    found.insert(id);
                }
            }
        }
        found
    }

    /// What to call a table that no template declares: a literal name, else the setting or
    /// variable, else "the table that this file means".
    fn only_in_code(&self, named: &TableRef, at: &Location) -> (String, Confidence) {
        if let Some(via) = named.via.first() {
            let name = match via {
                NameSource::Setting(name) => self
                    .names_by_setting
                    .get(name.as_str())
                    .filter(|names| names.literal.len() == 1)
                    .and_then(|names| names.literal.first().copied())
                    .unwrap_or(name),
                NameSource::Environment(name) => match named.names.as_slice() {
                    [only] if !only.contains('*') => only,
                    _ => name,
                },
            };
            return (name.to_owned(), Confidence::Likely);
        }
        match named.names.iter().find(|name| known_characters(name) > 0) {
            Some(name) => (name.clone(), Confidence::Likely),
            None => (
                format!("(table of {})", at.span().path),
                Confidence::Possible,
            ),
        }
    }

    /// One table.
    pub fn node(&self, id: TableId) -> &TableNode<'f> {
        &self.nodes[id.0]
    }

    /// All tables.
    pub fn ids(&self) -> impl Iterator<Item = TableId> + use<> {
        (0..self.nodes.len()).map(TableId)
    }

    /// By name, exactly.
    pub fn named(&self, name: &str) -> Option<TableId> {
        self.by_name.get(name).copied()
    }

    /// The tables that a grant or binding means: by address, else by name.
    pub fn addressed(&self, address: &str) -> Vec<TableId> {
        match self.by_address.get(address) {
            Some(ids) => ids.iter().copied().collect(),
            None => self.named(address).into_iter().collect(),
        }
    }
}

/// Names that live tables of several accounts or regions have.
fn twins<'f>(declared: &[&'f Table]) -> BTreeSet<&'f str> {
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for table in declared
        .iter()
        .filter(|it| it.source == TableSource::Account)
    {
        places
            .entry(&table.name)
            .or_default()
            .insert(&table.address);
    }
    let several = places.into_iter().filter(|(_, places)| places.len() > 1);
    several.map(|(name, _)| name).collect()
}

impl<'f> Names<'f> {
    fn read(&mut self, value: &'f SettingValue) {
        match value {
            SettingValue::Text(name) => {
                self.literal.insert(name);
            }
            SettingValue::FromEnvironment { name, default, .. } => {
                self.variables.insert(name);
                // A default inside a default is cut here: one level is what code writes.
                if let Some(SettingValue::Text(name)) = default.as_deref() {
                    self.literal.insert(name);
                }
            }
            _ => {}
        }
    }
}
