//! Outcomes of the analysis → facts in the model's words.

mod admin;
mod flow;
mod operation;
mod practice;
mod reach;
mod source;

use self::source::is_secret_source;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{
    AwsClient, Fact, Fingerprinter, Flow, Location, NameSource, OperationKind, ResponseHeader,
    Route, Sink, Source, TableRef, Transform,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::django::access::Doors;
use crate::django::urls::Binding;
use crate::fixpoint::Fixpoint;
use crate::interp::{
    Kept, Label, NameSourceRef, Outcome, Shape, Shared, SinkKind, SinkRecord, Value, What, hop,
    is_descriptor, substitute,
};
use crate::program::{ClassRef, FunctionRef, Site};
use crate::symbols::Sym;

type FlowKey = (Source, Sink, Location, Transform, Arc<str>);

pub(crate) struct Emitter<'a> {
    shared: &'a Shared<'a>,
    prints: &'a Fingerprinter,
    fixpoint: &'a Fixpoint,
    facts: BTreeSet<Fact>,
    flows: BTreeMap<FlowKey, Flow>,
    /// Kind of the operation at each call.
    kinds: FxHashMap<Site, OperationKind>,
    holders: FxHashMap<Site, FunctionRef>,
    /// Checks of what a call reads, with the function that makes them.
    ties: FxHashMap<Site, BTreeSet<(FunctionRef, Site)>>,
    /// Reads of which something is answered without a check.
    untied: FxHashSet<Site>,
    /// The function in which each comparison with the caller stands.
    looks: FxHashMap<Site, FunctionRef>,
    /// The function in which each call of a function stands.
    callers: FxHashMap<Site, FunctionRef>,
    called: FxHashSet<FunctionRef>,
    /// Views with their classes.
    views: BTreeMap<FunctionRef, Vec<ClassRef>>,
    /// Functions that hold something worth reaching.
    holding: BTreeSet<FunctionRef>,
    /// Functions that the framework calls beside a view.
    hooks: BTreeMap<FunctionRef, Vec<FunctionRef>>,
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(
        shared: &'a Shared<'a>,
        prints: &'a Fingerprinter,
        fixpoint: &'a Fixpoint,
    ) -> Self {
        let mut emitter = Self {
            shared,
            prints,
            fixpoint,
            facts: BTreeSet::new(),
            flows: BTreeMap::new(),
            kinds: FxHashMap::default(),
            holders: FxHashMap::default(),
            ties: FxHashMap::default(),
            untied: FxHashSet::default(),
            looks: FxHashMap::default(),
            callers: FxHashMap::default(),
            called: FxHashSet::default(),
            views: BTreeMap::new(),
            holding: BTreeSet::new(),
            hooks: BTreeMap::new(),
        };
        for (function, outcome) in fixpoint.functions.iter().zip(&fixpoint.outcomes) {
            let summary = &fixpoint.state.summaries[fixpoint.state.index(*function)];
            for record in outcome.operations.iter().chain(&summary.operations) {
                emitter.kinds.insert(record.site, record.kind);
                emitter.holders.insert(record.site, record.holder);
            }
            for (label, site) in &outcome.ties {
                if let Label::Item(item) = label {
                    emitter
                        .ties
                        .entry(*item)
                        .or_default()
                        .insert((*function, *site));
                }
            }
            emitter
                .untied
                .extend(outcome.sinks.iter().filter_map(answered_unchecked));
            let looks = outcome.looks.iter().map(|site| (*site, *function));
            emitter.looks.extend(looks);
            let calls = outcome.calls.iter().map(|(_, site)| (*site, *function));
            emitter.callers.extend(calls);
            emitter
                .called
                .extend(outcome.calls.iter().map(|(callee, _)| *callee));
        }
        emitter
    }

    pub(crate) fn finish(self) -> Vec<Fact> {
        let flows = self.flows.into_values().map(Fact::Flow);
        self.facts.into_iter().chain(flows).collect()
    }

    fn outcome(&self, function: FunctionRef) -> &'a Kept {
        &self.fixpoint.outcomes[self.fixpoint.state.index(function)]
    }

    // ---- routes ----

    pub(crate) fn routes(&mut self, bindings: &[Binding], doors: &Doors<'_>) {
        let program = self.shared.program;
        for binding in bindings {
            let door = doors.of(binding);
            let classes = self.views.entry(binding.view).or_default();
            if let Some(class) = binding.class
                && !classes.contains(&class)
            {
                classes.push(class);
            }
            if let Some(class) = binding.class {
                let hooks = self.hooks.entry(binding.view).or_default();
                for hook in doors.hooks(class, binding.method) {
                    if !hooks.contains(&hook) {
                        hooks.push(hook);
                    }
                }
            }
            let hooks = self.hooks.entry(binding.view).or_default();
            for hook in &self.shared.around.everywhere {
                if !hooks.contains(hook) {
                    hooks.push(*hook);
                }
            }
            self.facts.insert(Fact::Route(Route {
                pattern: binding.pattern.clone(),
                method: binding.method,
                view: program.qualified(binding.view),
                view_location: program.function_location(binding.view),
                location: program.location(binding.declared, None),
                access: door.access,
                access_evidence: door.evidence,
                csrf_exempt: door.csrf_exempt,
                throttled: door.throttled,
            }));
        }
    }

    // ---- everything else ----

    pub(crate) fn facts(&mut self) {
        let fixpoint = self.fixpoint;
        for (function, outcome) in fixpoint.functions.iter().zip(&fixpoint.outcomes) {
            for record in &outcome.operations {
                self.operation(*function, record);
            }
            for record in &outcome.sinks {
                self.flow(*function, record);
            }
            self.open_records(*function);
            self.clients(*function, outcome);
            self.practices(*function, &outcome.practices);
            for header in &outcome.headers {
                let reflected = header
                    .value
                    .taints
                    .iter()
                    .any(|taint| taint.label == Label::Request);
                let value = header
                    .value
                    .constant()
                    .map(|text| self.text(text).to_owned());
                if reflected || value.is_some() {
                    self.facts.insert(Fact::ResponseHeader(ResponseHeader {
                        location: self.at(header.site, *function),
                        name: self.text(header.name).to_owned(),
                        value: if reflected { None } else { value },
                        function: self.shared.program.qualified(*function),
                    }));
                    self.holding.insert(*function);
                }
            }
        }
        self.admin_columns();
        self.reaches();
    }

    /// What depends on a caller, at functions that nothing in the tree calls: a view's arguments
    /// come from the URL, those of others are not known.
    fn open_records(&mut self, function: FunctionRef) {
        let is_view = self.views.contains_key(&function);
        if self.called.contains(&function) && !is_view {
            return;
        }
        let fixpoint = self.fixpoint;
        let summary = &fixpoint.state.summaries[fixpoint.state.index(function)];
        let bindings = self.entry_bindings(function, is_view);
        let site = Site::head(function);
        for record in &summary.operations {
            let mut bound = record.bound(&bindings, site, function);
            bound.chain.remove(0);
            self.operation(function, &bound);
        }
        if is_view {
            for record in &summary.sinks {
                let whole = Value {
                    taints: [record.taint.clone()].into_iter().collect(),
                    ..Value::default()
                };
                for taint in substitute(&whole, &bindings, site, function).taints {
                    self.flow(
                        function,
                        &SinkRecord {
                            taint,
                            ..record.clone()
                        },
                    );
                }
            }
        }
    }

    fn entry_bindings(&self, function: FunctionRef, is_view: bool) -> Vec<Value> {
        let module = self.shared.program.module(function.0);
        let words = self.shared.words;
        module
            .ir
            .function(function.1)
            .parameters
            .iter()
            .map(|parameter| {
                let name = module.sym(parameter.name);
                let own = [words.self_, words.cls, words.request].contains(&name);
                if !is_view || own {
                    return Value::default();
                }
                let trace = hop(Site::head(function), What::Source, &None);
                let value = Value::tainted(Label::Request, trace).field(words.kwargs);
                if name == words.kwargs {
                    value
                } else {
                    value.field(name)
                }
            })
            .collect()
    }

    fn text(&self, sym: Sym) -> &'a str {
        self.shared.program.text(sym)
    }

    fn at(&self, site: Site, function: FunctionRef) -> Location {
        self.shared.program.location(site, Some(function))
    }

    /// A call of DynamoDB, in the function that holds it.
    fn operation_location(&self, site: Site) -> Location {
        self.shared
            .program
            .location(site, self.holders.get(&site).copied())
    }

    fn clients(&mut self, function: FunctionRef, outcome: &Outcome) {
        for client in &outcome.clients {
            let endpoint = client.endpoint.shapes.iter().find_map(|shape| match shape {
                Shape::Str(text) => Some(self.text(*text).to_owned()),
                Shape::Pattern(text) => Some(text.to_string()),
                _ => None,
            });
            let credentials = client
                .credentials
                .taints
                .iter()
                .filter_map(|taint| Some((self.source(taint)?, self.way(taint, function))))
                .collect();
            self.facts.insert(Fact::AwsClient(AwsClient {
                location: self.at(client.site, function),
                service: client
                    .service
                    .map(|service| self.text(service).to_owned())
                    .unwrap_or_default(),
                plain: client.plain,
                unverified: client.unverified,
                endpoint,
                credentials,
            }));
        }
    }

    // ---- reach ----
}

/// The read of which a response shows something that no check stands before.
fn answered_unchecked(record: &SinkRecord) -> Option<Site> {
    match (record.taint.label, &record.kind, record.tie) {
        (Label::Item(site), SinkKind::Response | SinkKind::Template(..), None) => Some(site),
        _ => None,
    }
}

fn without_descriptors(path: &str) -> String {
    path.split('.')
        .filter(|part| !is_descriptor(part))
        .collect::<Vec<_>>()
        .join(".")
}

/// The names a table may have, and what gives them.
pub(crate) fn names_of(shared: &Shared<'_>, value: &Value) -> TableRef {
    let mut table = TableRef::default();
    for shape in &value.shapes {
        match shape {
            Shape::Str(text) => table.names.push(shared.program.text(*text).to_owned()),
            Shape::Pattern(text) => table.names.push(text.to_string()),
            Shape::NameSource(NameSourceRef::Setting(name)) => {
                table
                    .via
                    .push(NameSource::Setting(shared.program.text(*name).to_owned()));
            }
            Shape::NameSource(NameSourceRef::Environment(name)) => {
                table.via.push(NameSource::Environment(
                    shared.program.text(*name).to_owned(),
                ));
            }
            _ => {}
        }
    }
    table
        .names
        .retain(|name| !name.trim_matches('*').is_empty());
    table.names.sort();
    table.names.dedup();
    table.via.sort();
    table.via.dedup();
    table
}

/// Kept for the transform's order, which the engine relies on: the strongest protection is the
/// greatest.
const _: () = assert!((Transform::None as u8) < (Transform::Encrypted as u8));
