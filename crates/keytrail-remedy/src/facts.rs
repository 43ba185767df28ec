//! Facts by the place where they were seen.

use std::collections::BTreeMap;

use keytrail_model::{Fact, Flow, Location, Operation, Route, Setting, Source, Table};

/// The facts that remedies ask for.
pub(crate) struct Facts<'f> {
    flows: BTreeMap<&'f Location, Vec<&'f Flow>>,
    operations: BTreeMap<&'f Location, Vec<&'f Operation>>,
    settings: Vec<&'f Setting>,
    routes: Vec<&'f Route>,
    tables: Vec<&'f Table>,
}

impl<'f> Facts<'f> {
    pub(crate) fn new(facts: &'f [Fact]) -> Self {
        let mut all = Self {
            flows: BTreeMap::new(),
            operations: BTreeMap::new(),
            settings: Vec::new(),
            routes: Vec::new(),
            tables: Vec::new(),
        };
        for fact in facts {
            match fact {
                Fact::Flow(flow) => all.flows.entry(&flow.location).or_default().push(flow),
                Fact::Operation(operation) => {
                    let place = all.operations.entry(&operation.location).or_default();
                    place.push(operation);
                }
                Fact::Setting(setting) => all.settings.push(setting),
                Fact::Route(route) => all.routes.push(route),
                Fact::Table(table) => all.tables.push(table),
                _ => {}
            }
        }
        all
    }

    /// What flows into this place.
    pub(crate) fn flows_at(&self, location: &Location) -> &[&'f Flow] {
        self.flows.get(location).map_or(&[], Vec::as_slice)
    }

    /// What flows out of the read at this place.
    pub(crate) fn flows_from(&self, read: &Location) -> impl Iterator<Item = &'f Flow> {
        let all = self.flows.values().flatten().copied();
        all.filter(move |flow| matches!(&flow.source, Source::Item(at, _) if at == read))
    }

    /// Everything that flows.
    pub(crate) fn flows(&self) -> impl Iterator<Item = &'f Flow> {
        self.flows.values().flatten().copied()
    }

    pub(crate) fn operations_at(&self, location: &Location) -> &[&'f Operation] {
        self.operations.get(location).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn operations(&self) -> impl Iterator<Item = &'f Operation> {
        self.operations.values().flatten().copied()
    }

    /// A setting as a module has it in the end.
    pub(crate) fn setting(&self, module: &str, name: &str) -> Option<&'f Setting> {
        let mut all = self.settings.iter().copied();
        all.find(|setting| &*setting.module == module && setting.name == name)
    }

    /// Settings that are set at this place.
    pub(crate) fn settings_at(&self, location: &Location) -> impl Iterator<Item = &'f Setting> {
        let all = self.settings.iter().copied();
        all.filter(move |setting| setting.location == *location)
    }

    pub(crate) fn routes(&self) -> impl Iterator<Item = &'f Route> {
        self.routes.iter().copied()
    }

    /// The tables of this name.
    pub(crate) fn tables_named(&self, name: &str) -> impl Iterator<Item = &'f Table> {
        let all = self.tables.iter().copied();
        all.filter(move |table| {
            table.name == name || table.also_named.iter().any(|other| other == name)
        })
    }

    /// The names of all tables.
    pub(crate) fn table_names(&self) -> impl Iterator<Item = &'f str> {
        let all = self.tables.iter().copied();
        all.flat_map(|table| {
            let more = table.also_named.iter().map(String::as_str);
            std::iter::once(table.name.as_str()).chain(more)
        })
    }

    pub(crate) fn tables_at(&self, location: &Location) -> impl Iterator<Item = &'f Table> {
        let all = self.tables.iter().copied();
        all.filter(move |table| table.location == *location)
    }
}
