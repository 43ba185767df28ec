//! The facts as a whole, indexed: what every arm of the great `match` and every rule asks.
//!
//! Built from the sorted, duplicate-free set of facts, so that nothing here depends on order.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{
    AdminColumn, Answer, Asset, AwsClient, Committed, Confidence, EnvBinding, Fact, Fingerprint,
    Flow, Grant, Location, Node, ObservedRead, Opening, Operation, Practice, Principal, Reach,
    ResponseHeader, Right, Route, Setting, Sighting, Sink, Source, StoredKeys, Surface, Table,
    Validated,
};

use crate::keys::{KeyAttribute, KeyAttributes};
use crate::projects::Projects;
use crate::reach::Calls;
use crate::tables::{TableId, Tables};

/// All facts, sorted and indexed.
#[derive(Debug)]
pub struct Joined<'f> {
    /// Concrete keys.
    pub sightings: Vec<&'f Sighting>,
    /// Keys in the history.
    pub history: Vec<&'f Committed>,
    /// Effective settings.
    pub settings: Vec<&'f Setting>,
    /// Routes.
    pub routes: Vec<&'f Route>,
    /// Calls from views to functions.
    pub reaches: Vec<&'f Reach>,
    /// Calls of `DynamoDB`.
    pub operations: Vec<&'f Operation>,
    /// Data flow.
    pub flows: Vec<&'f Flow>,
    /// AWS clients.
    pub clients: Vec<&'f AwsClient>,
    /// Response headers that open a response.
    pub headers: Vec<&'f ResponseHeader>,
    /// What code does at one place.
    pub practices: Vec<&'f Practice>,
    /// Fields that hold a secret, shown by Django's admin.
    pub admin_columns: Vec<&'f AdminColumn>,
    /// Declared tables.
    pub declared: Vec<&'f Table>,
    /// Principals.
    pub principals: Vec<&'f Principal>,
    /// Grants.
    pub grants: Vec<&'f Grant>,
    /// Keys that were seen in items.
    pub stored_keys: Vec<&'f StoredKeys>,
    /// Tables' names handed to code by variables.
    pub bindings: Vec<&'f EnvBinding>,
    /// What stands round the tables.
    pub assets: Vec<&'f Asset>,
    /// Rights over all vaults, and those that lead to more.
    pub rights: Vec<&'f Right>,
    /// Who outside the account is let in.
    pub openings: Vec<&'f Opening>,
    /// Calls on tables that a trail recorded.
    pub observed: Vec<&'f ObservedRead>,
    /// What operations of the running service answer.
    pub answers: Vec<&'f Answer>,
    /// What the checks of the running service saw.
    pub surfaces: Vec<&'f Surface>,
    /// What vendors say of their keys.
    pub validated: BTreeMap<Fingerprint, &'f Validated>,
    /// Declared tables and those that only code names, each once.
    pub tables: Tables<'f>,
    /// Which views reach which functions.
    pub calls: Calls<'f>,
    /// The attributes that hold keys.
    pub keys: KeyAttributes<'f>,
    pub(crate) sorted: Vec<&'f Fact>,
    operation_tables: Vec<Vec<(TableId, Confidence)>>,
    operations_at: BTreeMap<&'f Location, Vec<usize>>,
    flows_from: BTreeMap<&'f Location, Vec<&'f Flow>>,
    flows_to: BTreeMap<&'f Location, Vec<&'f Flow>>,
    settings_named: BTreeMap<&'f str, Vec<&'f Setting>>,
    providers: BTreeMap<Fingerprint, &'f str>,
    sighted: BTreeSet<(&'f str, u32)>,
    aws_ids: BTreeMap<&'f str, Vec<(u32, bool)>>,
    by_table: BTreeMap<TableId, Vec<usize>>,
    projects: Projects,
}

impl<'f> Joined<'f> {
    /// Sorts, drops duplicates, joins.
    pub fn new(facts: &'f [Fact]) -> Self {
        let mut sorted: Vec<&Fact> = facts.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut joined = Self::empty();
        for fact in &sorted {
            joined.file(fact);
        }
        joined.sorted = sorted;
        joined.index();
        joined
    }

    fn empty() -> Self {
        Self {
            sightings: Vec::new(),
            history: Vec::new(),
            settings: Vec::new(),
            routes: Vec::new(),
            reaches: Vec::new(),
            operations: Vec::new(),
            flows: Vec::new(),
            clients: Vec::new(),
            headers: Vec::new(),
            practices: Vec::new(),
            admin_columns: Vec::new(),
            declared: Vec::new(),
            principals: Vec::new(),
            grants: Vec::new(),
            bindings: Vec::new(),
            stored_keys: Vec::new(),
            assets: Vec::new(),
            rights: Vec::new(),
            openings: Vec::new(),
            observed: Vec::new(),
            answers: Vec::new(),
            surfaces: Vec::new(),
            validated: BTreeMap::new(),
            tables: Tables::default(),
            calls: Calls::default(),
            keys: KeyAttributes::default(),
            sorted: Vec::new(),
            operation_tables: Vec::new(),
            operations_at: BTreeMap::new(),
            flows_from: BTreeMap::new(),
            flows_to: BTreeMap::new(),
            settings_named: BTreeMap::new(),
            providers: BTreeMap::new(),
            sighted: BTreeSet::new(),
            aws_ids: BTreeMap::new(),
            by_table: BTreeMap::new(),
            projects: Projects::default(),
        }
    }

    fn file(&mut self, fact: &'f Fact) {
        match fact {
            Fact::Sighting(it) => self.sightings.push(it),
            Fact::Committed(it) => self.history.push(it),
            Fact::Setting(it) => self.settings.push(it),
            Fact::Route(it) => self.routes.push(it),
            Fact::Reach(it) => self.reaches.push(it),
            Fact::Operation(it) => self.operations.push(it),
            Fact::Flow(it) => self.flows.push(it),
            Fact::AwsClient(it) => self.clients.push(it),
            Fact::ResponseHeader(it) => self.headers.push(it),
            Fact::Practice(it) => self.practices.push(it),
            Fact::AdminColumn(it) => self.admin_columns.push(it),
            Fact::Table(it) => self.declared.push(it),
            Fact::Principal(it) => self.principals.push(it),
            Fact::Grant(it) => self.grants.push(it),
            Fact::EnvBinding(it) => self.bindings.push(it),
            Fact::StoredKeys(it) => self.stored_keys.push(it),
            Fact::Asset(it) => self.assets.push(it),
            Fact::Right(it) => self.rights.push(it),
            Fact::Opening(it) => self.openings.push(it),
            // Routes know the ones already; the others are edges by themselves.
            Fact::Endpoint(_) | Fact::RoleChain(_) => {}
            Fact::ObservedRead(it) => self.observed.push(it),
            Fact::Answer(it) => self.answers.push(it),
            Fact::Surface(it) => self.surfaces.push(it),
            Fact::Validated(it) => {
                self.validated.insert(it.fingerprint, it);
            }
        }
    }

    fn index(&mut self) {
        for (number, operation) in self.operations.iter().enumerate() {
            self.operations_at
                .entry(&operation.location)
                .or_default()
                .push(number);
        }
        for &flow in &self.flows {
            if let Source::Item(at, _) = &flow.source {
                self.flows_from.entry(at).or_default().push(flow);
            }
            if let Sink::Store(at, _) = &flow.sink {
                self.flows_to.entry(at).or_default().push(flow);
            }
        }
        for setting in &self.settings {
            self.settings_named
                .entry(&setting.name)
                .or_default()
                .push(setting);
        }
        self.sighted = self
            .sightings
            .iter()
            .map(|it| (&*it.location.span().path, it.location.span().line))
            .collect();
        for sighting in &self.sightings {
            let masked = sighting.masked.to_string();
            let temporary = masked.starts_with("ASIA");
            if temporary || masked.starts_with("AKIA") {
                let span = sighting.location.span();
                self.aws_ids
                    .entry(&span.path)
                    .or_default()
                    .push((span.line, temporary));
            }
        }
        self.projects = Projects::of(&self.settings);
        self.providers = crate::identity::providers(&self.sightings, &self.flows);
        self.calls = Calls::new(&self.routes, &self.reaches);
        let (tables, of_operations) = Tables::new(
            &self.declared,
            &self.bindings,
            &self.settings_named,
            &self.operations,
        );
        self.tables = tables;
        for stored in &self.stored_keys {
            self.tables.seen(&stored.table);
        }
        for (number, tables) in of_operations.iter().enumerate() {
            for &(table, _) in tables {
                self.by_table.entry(table).or_default().push(number);
            }
        }
        self.operation_tables = of_operations;
        self.keys = KeyAttributes::new(self);
    }

    /// The tables that operation number `operation` may mean, with how sure the join is.
    pub fn tables_of(&self, operation: usize) -> &[(TableId, Confidence)] {
        self.operation_tables
            .get(operation)
            .map_or(&[], Vec::as_slice)
    }

    /// Numbers of the operation facts at one call, one per entry.
    pub fn operations_at(&self, location: &Location) -> &[usize] {
        self.operations_at.get(location).map_or(&[], Vec::as_slice)
    }

    /// Numbers of the operation facts at a call that belong together with `function`: those
    /// entered there, else those entered where a common view leads, else all.
    pub fn operations_for(&self, location: &Location, function: &str) -> Vec<usize> {
        let all = self.operations_at(location);
        let own: Vec<usize> = self.filtered(all, |entry| entry == function);
        let joint = self.filtered(all, |entry| self.calls.meet(entry, function));
        let mut both: Vec<usize> = own.into_iter().chain(joint).collect();
        both.sort_unstable();
        both.dedup();
        if both.is_empty() { all.to_vec() } else { both }
    }

    fn filtered(&self, numbers: &[usize], keep: impl Fn(&str) -> bool) -> Vec<usize> {
        numbers
            .iter()
            .copied()
            .filter(|&number| keep(&self.operations[number].entry))
            .collect()
    }

    /// The key attributes that call number `operation` returns, by its table, index and
    /// projection.
    pub fn keys_read_by(&self, operation: usize) -> Vec<(TableId, &KeyAttribute)> {
        crate::edges::keys_read_by(self, operation)
    }

    /// The node of what call number `operation` brings in of an attribute.
    pub fn read_node(&self, operation: usize, attribute: &str) -> Node {
        crate::edges::read_node(self.operations[operation], attribute)
    }

    /// True where a source's own value is a key: a secret setting, a literal, a field that
    /// callers send a key in.
    pub fn is_secret(&self, source: &Source) -> bool {
        crate::keys::is_secret(self, source)
    }

    /// All modules' values of one setting.
    pub fn settings_named(&self, name: &str) -> &[&'f Setting] {
        self.settings_named.get(name).map_or(&[], Vec::as_slice)
    }

    /// The flows of what the call at `location` brings in.
    pub fn flows_from(&self, location: &Location) -> &[&'f Flow] {
        self.flows_from.get(location).map_or(&[], Vec::as_slice)
    }

    /// The flows into the write at `location`.
    pub fn flows_to(&self, location: &Location) -> &[&'f Flow] {
        self.flows_to.get(location).map_or(&[], Vec::as_slice)
    }

    /// The names of settings, each once.
    pub fn setting_names(&self) -> impl Iterator<Item = &'f str> {
        self.settings_named.keys().copied()
    }

    /// The provider of a concrete key: the most telling of those that saw it.
    pub fn provider_of(&self, fingerprint: Fingerprint) -> &str {
        self.providers
            .get(&fingerprint)
            .copied()
            .unwrap_or("generic")
    }

    /// Numbers of the operations on one table.
    pub fn operations_on(&self, table: TableId) -> &[usize] {
        self.by_table.get(&table).map_or(&[], Vec::as_slice)
    }

    /// True when several deployments of the project at `place` have settings of their own, so
    /// that a module whose name says nothing is a base or a developer's.
    pub fn has_named_deployments(&self, place: &Location) -> bool {
        self.projects.has_deployments(place)
    }

    /// True unless the two places lie in different Django projects of one tree.
    pub fn share_project(&self, one: &Location, other: &Location) -> bool {
        self.projects.share(one, other)
    }

    /// The AWS access key ids in a file: line, and true for one that expires by itself.
    pub(crate) fn aws_ids_in(&self, path: &str) -> &[(u32, bool)] {
        self.aws_ids.get(path).map_or(&[], Vec::as_slice)
    }

    /// True where a concrete key begins in this line.
    pub fn is_sighted(&self, path: &str, line: u32) -> bool {
        self.sighted.contains(&(path, line))
    }
}
