//! Outcomes of the analysis → facts in the model's words.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use keytrail_model::{
    AwsClient, Check, Comparison, Fact, Fingerprinter, Flow, KeyBinding, Location, NameSource,
    Operation, OperationKind, Origin, Projection, Reach, RequestPart, ResponseHeader, Route, Sink,
    Source, Step, TableRef, Transform, names_a_secret,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::django::access::Doors;
use crate::django::urls::Binding;
use crate::fixpoint::Fixpoint;
use crate::interp::{
    Label, NameSourceRef, OperationRecord, Outcome, ProjectionRecord, Shape, Shared, SinkKind,
    SinkRecord, Taint, Value, What, hop, is_descriptor, substitute, unroll,
};
use crate::program::{ClassRef, FunctionRef, Site};
use crate::symbols::Sym;

const LONGEST_WAY: usize = 24;

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

    fn outcome(&self, function: FunctionRef) -> &'a Outcome {
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
                for hook in doors.hooks(class) {
                    if !hooks.contains(&hook) {
                        hooks.push(hook);
                    }
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

    fn operation(&mut self, entry: FunctionRef, record: &OperationRecord) {
        let table = names_of(self.shared, &record.table);
        if record.assumed && table.names.is_empty() && table.via.is_empty() {
            return;
        }
        self.holding.insert(entry);
        self.holding.insert(record.holder);
        let shaped = record
            .text
            .taints
            .iter()
            .find(|taint| taint.label == Label::Request && !self.is_identity(taint))
            .map(|taint| {
                self.step_of(
                    taint,
                    record.site,
                    "the caller's input becomes part of the expression",
                )
            });
        let index = record.index.as_ref().and_then(|index| {
            let none = index.shapes.contains(&Shape::None) && index.constant().is_none();
            let pattern = index.shapes.iter().find_map(|shape| match shape {
                Shape::Pattern(text) => Some(text.to_string()),
                _ => None,
            });
            match index.constant() {
                Some(name) => Some(self.text(name).to_owned()),
                None if pattern.is_some() => pattern,
                None if none => None,
                None => Some("*".to_owned()),
            }
        });
        let mut keys: Vec<KeyBinding> = record
            .keys
            .iter()
            .map(|(attribute, equal, value)| KeyBinding {
                attribute: attribute.clone(),
                comparison: if *equal {
                    Comparison::Equal
                } else {
                    Comparison::Range
                },
                origins: self.origins(value, record.site),
            })
            .collect();
        keys.sort();
        self.key_flows(entry, record);
        // a check counts for the ways that pass it, not for every use of the call
        let on_the_way: Vec<FunctionRef> = record
            .chain
            .iter()
            .filter_map(|site| self.callers.get(site).copied())
            .chain([entry, record.holder])
            .collect();
        let checks = self
            .ties
            .get(&record.site)
            .into_iter()
            .flatten()
            .filter(|(function, _)| on_the_way.contains(function))
            .map(|(_, site)| self.check(*site, entry))
            .collect();
        let chain = record
            .chain
            .iter()
            .map(|site| {
                Step::new(
                    format!("calls {}", self.callee_text(*site)),
                    self.shared.program.location(*site, None),
                )
            })
            .collect();
        self.facts.insert(Fact::Operation(Operation {
            location: self.operation_location(record.site),
            kind: record.kind,
            table,
            index,
            keys,
            projection: match &record.projection {
                ProjectionRecord::Whole => Projection::Whole,
                ProjectionRecord::Attributes(names) => Projection::Attributes(names.clone()),
                ProjectionRecord::Count => Projection::Count,
                ProjectionRecord::Unknown => Projection::Unknown,
            },
            filter: record.filter.clone(),
            limit: record.limit,
            paginated: record.paginated,
            consistent: record.consistent,
            conditional: record.conditional,
            writes: record
                .writes
                .iter()
                .map(|path| without_descriptors(path))
                .collect(),
            shaped_by_caller: shaped,
            checks,
            entry: self.shared.program.qualified(entry),
            chain,
        }));
    }

    /// Secrets that become a key or key condition: verified by lookup, or laid open in the key.
    fn key_flows(&mut self, entry: FunctionRef, record: &OperationRecord) {
        for (attribute, _, value) in &record.keys {
            let Some(attribute) = attribute else { continue };
            for taint in &value.taints {
                let Some(source) = self.source(taint) else {
                    continue;
                };
                if !is_secret_source(&source) {
                    continue;
                }
                let location = self.operation_location(record.site);
                let mut steps = self.way(taint, entry);
                steps.push(Step::new(
                    format!("{} looks it up as {attribute}", record.kind.as_str()),
                    location.clone(),
                ));
                self.add_flow(Flow {
                    source,
                    sink: Sink::KeyCondition(location.clone(), attribute.clone()),
                    transform: taint.transform,
                    steps,
                    location,
                    function: self.shared.program.qualified(entry),
                    excluded: Vec::new(),
                    checks: Vec::new(),
                });
            }
        }
    }

    fn check(&self, site: Site, function: FunctionRef) -> Check {
        let location = self.shared.program.location(site, Some(function));
        Check {
            step: Step::new("checks the item against the caller", location),
        }
    }

    /// `store.by_service`, as it is written at a call.
    fn callee_text(&self, site: Site) -> String {
        use crate::syntax::ir::Expr;
        let module = self.shared.program.module(site.0);
        if site.is_head() {
            return "the view".to_owned();
        }
        let mut names = Vec::new();
        let mut expr = match module.ir.expr(site.1) {
            Expr::Call(function, _) => *function,
            _ => site.1,
        };
        loop {
            match module.ir.expr(expr) {
                Expr::Attribute(object, name) => {
                    names.push(module.ir.text(*name));
                    expr = *object;
                }
                Expr::Name(name) => {
                    names.push(module.ir.text(*name));
                    break;
                }
                Expr::Call(function, _) => {
                    names.push("()");
                    expr = *function;
                }
                _ => break,
            }
        }
        names.reverse();
        names.join(".").replace(".()", "()")
    }

    fn origins(&self, value: &Value, site: Site) -> Vec<Origin> {
        let mut origins = BTreeSet::new();
        for taint in &value.taints {
            origins.insert(match taint.label {
                Label::Request if self.is_identity(taint) => {
                    Origin::Identity(self.step_of(taint, site, "the caller's identity"))
                }
                // a lookup by the hash of a credential is a check of it, not a choice of an item
                Label::Request
                    if matches!(taint.transform, Transform::Hashed | Transform::Hmac)
                        && self
                            .source(taint)
                            .is_some_and(|source| is_secret_source(&source)) =>
                {
                    Origin::Generated
                }
                Label::Request => {
                    let (part, field) = self.request_part(taint);
                    let what = if field.is_empty() {
                        part.as_str().to_owned()
                    } else {
                        format!("{field} from {}", part.as_str())
                    };
                    Origin::Caller(part, self.step_of(taint, site, &what))
                }
                Label::Setting(_) | Label::Environment(_) | Label::WholeEnvironment => {
                    Origin::Configuration
                }
                Label::Literal(_) => Origin::Constant,
                Label::Generated(_) => Origin::Generated,
                Label::Item(operation) => Origin::Item(
                    self.operation_location(operation),
                    self.item_path(operation, taint),
                ),
                Label::Vault(_) | Label::Exception(_) | Label::Param(_) => Origin::Unknown,
            });
        }
        for shape in &value.shapes {
            match shape {
                Shape::Str(_) | Shape::Int(_) | Shape::Pattern(_) if value.taints.is_empty() => {
                    origins.insert(Origin::Constant);
                }
                Shape::Object(_) if value.taints.is_empty() => {
                    origins.insert(Origin::Generated);
                }
                _ => {}
            }
        }
        if origins.is_empty() {
            origins.insert(Origin::Unknown);
        }
        origins.into_iter().collect()
    }

    fn is_identity(&self, taint: &Taint) -> bool {
        let words = self.shared.words;
        taint.label == Label::Request
            && taint.path.first().is_some_and(|&first| {
                first == words.user || first == words.auth || first == words.session
            })
    }

    fn request_part(&self, taint: &Taint) -> (RequestPart, String) {
        let mut path = taint.path.iter().map(|&part| self.text(part));
        let part = match path.next() {
            Some("GET" | "query_params") => RequestPart::Query,
            Some("POST" | "data" | "body" | "json") => RequestPart::Body,
            Some("headers" | "META") => RequestPart::Header,
            Some("COOKIES") => RequestPart::Cookie,
            Some("FILES") => RequestPart::File,
            Some("kwargs" | "resolver_match") => RequestPart::Path,
            _ => RequestPart::Any,
        };
        let field: Vec<&str> = path.filter(|part| *part != "*").collect();
        (part, field.join("."))
    }

    fn item_path(&self, operation: Site, taint: &Taint) -> String {
        let mut path: Vec<&str> = taint
            .path
            .iter()
            .map(|&part| self.text(part))
            .filter(|part| !is_descriptor(part))
            .collect();
        // Responses of batches: the table's name or `Item` comes first
        if matches!(
            self.kinds.get(&operation),
            Some(OperationKind::BatchGetItem | OperationKind::TransactGetItems)
        ) && !path.is_empty()
        {
            path.remove(0);
        }
        // of a list of items, an unknown part is one of the items
        let many = matches!(
            self.kinds.get(&operation),
            Some(OperationKind::Query | OperationKind::Scan | OperationKind::ExecuteStatement)
        );
        if many && path.first() == Some(&"*") {
            path.remove(0);
        }
        path.join(".")
    }

    /// The place nearest to where a taint began.
    fn step_of(&self, taint: &Taint, fallback: Site, label: &str) -> Step {
        let site = unroll(&taint.trace)
            .first()
            .map_or(fallback, |(site, _)| *site);
        Step::new(label, self.shared.program.location(site, None))
    }

    /// The model's word for where a taint began; `None` for what no rule asks about.
    fn source(&self, taint: &Taint) -> Option<Source> {
        Some(match taint.label {
            Label::Param(_) => return None,
            Label::Request if self.is_identity(taint) => Source::Identity,
            Label::Request => {
                let (part, field) = self.request_part(taint);
                Source::Request(part, field)
            }
            Label::Setting(name) => Source::Setting(self.text(name).to_owned()),
            Label::Environment(name) => Source::Environment(self.text(name).to_owned()),
            Label::WholeEnvironment => Source::WholeEnvironment,
            Label::Literal(site) => {
                let module = self.shared.program.module(site.0);
                let crate::syntax::ir::Expr::Str(text) = module.ir.expr(site.1) else {
                    return None;
                };
                let hit = self.shared.detector.examine(module.ir.text(*text), None)?;
                Source::Literal {
                    provider: hit.provider.to_string(),
                    fingerprint: hit.fingerprint(self.prints),
                    masked: hit.masked.clone(),
                }
            }
            Label::Item(operation) => Source::Item(
                self.operation_location(operation),
                self.item_path(operation, taint),
            ),
            Label::Vault(_) => {
                // a part of a secret document counts when its name says so
                let name = taint.path.last().map_or("", |&last| self.text(last));
                if !name.is_empty() && !names_a_secret(name) {
                    return None;
                }
                Source::Vault(name.to_owned())
            }
            Label::Generated(_) => Source::Generated("a random value".to_owned()),
            Label::Exception(handler) => Source::Exception(self.operations_under(handler)),
        })
    }

    /// Calls of DynamoDB that run inside the `try` body of a handler.
    fn operations_under(&self, handler: Site) -> Vec<Location> {
        let fixpoint = self.fixpoint;
        let mut found = BTreeSet::new();
        for (function, outcome) in fixpoint.functions.iter().zip(&fixpoint.outcomes) {
            if function.0 != handler.0 {
                continue;
            }
            let Some((_, (from, to))) = outcome.handlers.iter().find(|(site, _)| *site == handler)
            else {
                continue;
            };
            let module = self.shared.program.module(function.0);
            let inside = |site: &Site| {
                let range = module.ir.range(site.1);
                site.0 == function.0 && range.0 >= *from && range.1 <= *to
            };
            let mut wanted: Vec<FunctionRef> = outcome
                .calls
                .iter()
                .filter(|(_, site)| inside(site))
                .map(|(callee, _)| *callee)
                .collect();
            for (site, holder) in &self.holders {
                if holder == function && inside(site) {
                    found.insert(self.operation_location(*site));
                }
            }
            let mut seen: FxHashSet<FunctionRef> = wanted.iter().copied().collect();
            while let Some(callee) = wanted.pop() {
                for (site, holder) in &self.holders {
                    if *holder == callee {
                        found.insert(self.operation_location(*site));
                    }
                }
                for (next, _) in &self.outcome(callee).calls {
                    if seen.len() < 400 && seen.insert(*next) {
                        wanted.push(*next);
                    }
                }
            }
            break;
        }
        found.into_iter().collect()
    }

    fn flow(&mut self, function: FunctionRef, record: &SinkRecord) {
        let Some(source) = self.source(&record.taint) else {
            return;
        };
        if !worth_saying(&source, &record.kind) {
            return;
        }
        let location = self
            .shared
            .program
            .location(record.site, Some(record.holder));
        let sink = self.sink(record);
        let mut steps = self.way(&record.taint, function);
        let last = Step::new(self.sink_label(record), location.clone());
        steps.push(last);
        let mut excluded: Vec<String> = record
            .excluded
            .iter()
            .map(|&name| self.text(name).to_owned())
            .collect();
        excluded.sort();
        excluded.dedup();
        self.holding.insert(function);
        self.holding.insert(record.holder);
        let checks = record
            .tie
            .map(|site| self.check(site, function))
            .into_iter()
            .collect();
        self.add_flow(Flow {
            source,
            sink,
            transform: record.taint.transform,
            steps,
            location,
            function: self.shared.program.qualified(function),
            excluded,
            checks,
        });
    }

    /// One way from each source to each sink is enough, the shortest; for what a request brings
    /// or a response shows, one for each function in which they meet, since routes tell those apart.
    fn add_flow(&mut self, flow: Flow) {
        let by_function = matches!(flow.sink, Sink::Response | Sink::Template(..))
            || matches!(flow.source, Source::Request(..) | Source::Exception(_));
        let function = if by_function {
            Arc::clone(&flow.function)
        } else {
            Arc::from("")
        };
        let key = (
            flow.source.clone(),
            flow.sink.clone(),
            flow.location.clone(),
            flow.transform,
            function,
        );
        match self.flows.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(flow);
            }
            Entry::Occupied(mut held) => {
                let better = (
                    flow.steps.len(),
                    flow.excluded.len(),
                    flow.checks.len(),
                    &flow,
                ) < (
                    held.get().steps.len(),
                    held.get().excluded.len(),
                    held.get().checks.len(),
                    held.get(),
                );
                if better {
                    held.insert(flow);
                }
            }
        }
    }

    fn sink(&self, record: &SinkRecord) -> Sink {
        match &record.kind {
            SinkKind::Response => Sink::Response,
            SinkKind::Template(name, variable) => Sink::Template(
                self.text(*name).to_owned(),
                variable
                    .map(|variable| self.text(variable).to_owned())
                    .unwrap_or_default(),
            ),
            SinkKind::Log(level) => Sink::Log(self.text(*level).to_owned()),
            SinkKind::Print => Sink::Print,
            SinkKind::ThirdParty(who) => Sink::ThirdParty((*who).to_owned()),
            SinkKind::Url => Sink::Url,
            SinkKind::Credential(_) => Sink::AwsCredential,
            SinkKind::Compare => Sink::Compare,
            SinkKind::CompareDigest => Sink::CompareDigest,
            SinkKind::Replay => Sink::Replay,
            SinkKind::Store(operation, path) => Sink::Store(
                self.operation_location(*operation),
                without_descriptors(path),
            ),
        }
    }

    fn sink_label(&self, record: &SinkRecord) -> String {
        match &record.kind {
            SinkKind::Response => "goes into the response".to_owned(),
            SinkKind::Template(name, variable) => match variable {
                Some(variable) => format!("{} shows {}", self.text(*name), self.text(*variable)),
                None => format!("{} shows it", self.text(*name)),
            },
            SinkKind::Log(level) => format!("is logged ({})", self.text(*level)),
            SinkKind::Print => "is printed".to_owned(),
            SinkKind::ThirdParty(who) => format!("goes to {who}"),
            SinkKind::Url => "becomes part of a URL".to_owned(),
            SinkKind::Credential(_) => "is passed to AWS as a credential".to_owned(),
            SinkKind::Compare => "is compared with ==".to_owned(),
            SinkKind::CompareDigest => "is compared in constant time".to_owned(),
            SinkKind::Replay => "is sent to another service as its credential".to_owned(),
            SinkKind::Store(operation, path) => {
                let kind = self
                    .kinds
                    .get(operation)
                    .map_or("the call", |kind| kind.as_str());
                let path = without_descriptors(path);
                if path.is_empty() {
                    format!("{kind} stores it")
                } else {
                    format!("{kind} stores it as {path}")
                }
            }
        }
    }

    /// The hops of a taint as steps, neighbours on one line once.
    fn way(&self, taint: &Taint, function: FunctionRef) -> Vec<Step> {
        let mut hops = unroll(&taint.trace);
        if hops.len() > LONGEST_WAY {
            let tail = hops.split_off(hops.len() - LONGEST_WAY / 2);
            hops.truncate(LONGEST_WAY / 2);
            hops.extend(tail);
        }
        let mut steps: Vec<Step> = Vec::new();
        for (index, (site, what)) in hops.iter().enumerate() {
            let label = match what {
                What::Passed(_) if site.is_head() => continue,
                What::Source => {
                    if index > 0 && taint.label != Label::Request {
                        continue;
                    }
                    self.source_label(taint)
                }
                What::Assigned(name) => format!("is assigned to {}", self.text(*name)),
                What::Kept(name) => format!("is kept as {}", self.text(*name)),
                What::Passed(callee) => format!("is passed to {}", self.short(*callee)),
                What::Returned(callee) => format!("is returned by {}", self.short(*callee)),
            };
            let location = self
                .shared
                .program
                .location(*site, self.holder_of(*site, function));
            let repeated = steps.last().is_some_and(|last| {
                last.location.span().path == location.span().path
                    && last.location.span().line == location.span().line
                    && matches!(what, What::Assigned(_))
            });
            if !repeated {
                steps.push(Step::new(label, location));
            }
        }
        steps.dedup();
        steps
    }

    fn holder_of(&self, site: Site, function: FunctionRef) -> Option<FunctionRef> {
        if let Some(&holder) = self.holders.get(&site) {
            return Some(holder);
        }
        (site.0 == function.0).then_some(function)
    }

    fn source_label(&self, taint: &Taint) -> String {
        match self.source(taint) {
            Some(Source::Request(part, field)) if field.is_empty() => {
                format!("the caller sends {}", part.as_str())
            }
            Some(Source::Request(part, field)) => {
                format!("the caller sends {field} in {}", part.as_str())
            }
            Some(Source::Identity) => "the caller's identity".to_owned(),
            Some(Source::Setting(name)) => format!("setting {name}"),
            Some(Source::Environment(name)) => format!("environment variable {name}"),
            Some(Source::WholeEnvironment) => "the whole environment".to_owned(),
            Some(Source::Literal { provider, .. }) => format!("a key in the source ({provider})"),
            Some(Source::Item(..)) => match taint.label {
                Label::Item(site) => {
                    format!(
                        "{} reads it",
                        self.kinds
                            .get(&site)
                            .map_or("the call", |kind| kind.as_str())
                    )
                }
                _ => "an item".to_owned(),
            },
            Some(Source::Vault(_)) => "a vault gives the secret".to_owned(),
            Some(Source::Generated(_)) => "a random value is made".to_owned(),
            Some(Source::Exception(_)) => "an exception is caught".to_owned(),
            None => "a parameter".to_owned(),
        }
    }

    fn short(&self, function: FunctionRef) -> String {
        let module = self.shared.program.module(function.0);
        module.ir.function(function.1).qualified.to_string()
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

    /// From each view, the calls to every function that holds something; only over functions
    /// that lead to one.
    fn reaches(&mut self) {
        let mut callers: FxHashMap<FunctionRef, Vec<FunctionRef>> = FxHashMap::default();
        for (function, outcome) in self.fixpoint.functions.iter().zip(&self.fixpoint.outcomes) {
            for (callee, _) in &outcome.calls {
                callers.entry(*callee).or_default().push(*function);
            }
        }
        let mut leading: FxHashSet<FunctionRef> = self.holding.iter().copied().collect();
        let mut queue: Vec<FunctionRef> = self.holding.iter().copied().collect();
        while let Some(function) = queue.pop() {
            for &caller in callers.get(&function).into_iter().flatten() {
                if leading.insert(caller) {
                    queue.push(caller);
                }
            }
        }
        let views: Vec<FunctionRef> = self.views.keys().copied().collect();
        for view in views {
            let mut starts = vec![view];
            starts.extend(self.hooks.get(&view).into_iter().flatten().copied());
            self.reach(view, &starts, &leading);
        }
    }

    fn reach(
        &mut self,
        view: FunctionRef,
        starts: &[FunctionRef],
        leading: &FxHashSet<FunctionRef>,
    ) {
        let mut from: FxHashMap<FunctionRef, Option<(FunctionRef, Site)>> = FxHashMap::default();
        let mut queue = VecDeque::new();
        for &start in starts {
            if leading.contains(&start) && !from.contains_key(&start) {
                from.insert(start, None);
                queue.push_back(start);
            }
        }
        let mut order = Vec::new();
        while let Some(function) = queue.pop_front() {
            order.push(function);
            for (callee, site) in &self.outcome(function).calls {
                if leading.contains(callee) && !from.contains_key(callee) {
                    from.insert(*callee, Some((function, *site)));
                    queue.push_back(*callee);
                }
            }
        }
        let name = self.shared.program.qualified(view);
        for function in order {
            if !self.holding.contains(&function) {
                continue;
            }
            let mut chain = Vec::new();
            let mut at = function;
            while let Some(Some((caller, site))) = from.get(&at) {
                chain.push(Step::new(
                    format!("calls {}", self.callee_text(*site)),
                    self.at(*site, *caller),
                ));
                at = *caller;
            }
            chain.reverse();
            self.facts.insert(Fact::Reach(Reach {
                view: name.clone(),
                function: self.shared.program.qualified(function),
                chain,
            }));
        }
    }
}

fn without_descriptors(path: &str) -> String {
    path.split('.')
        .filter(|part| !is_descriptor(part))
        .collect::<Vec<_>>()
        .join(".")
}

/// True for what a person would call a secret.
fn is_secret_source(source: &Source) -> bool {
    match source {
        Source::Setting(name) | Source::Environment(name) => names_a_secret(name),
        Source::Request(part, field) => {
            names_a_secret(field) || (*part == RequestPart::Header && is_credential_header(field))
        }
        Source::Literal { .. }
        | Source::Vault(_)
        | Source::Generated(_)
        | Source::WholeEnvironment => true,
        Source::Item(_, path) => names_a_secret(path),
        Source::Identity | Source::Exception(_) => false,
    }
}

fn is_credential_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace('_', "-");
    let lower = lower.trim_start_matches("http-");
    matches!(
        lower,
        "authorization" | "x-api-key" | "x-auth-token" | "x-access-token" | "api-key"
    )
}

/// Keeps a fact for each flow that some rule or path may ask about, and nothing else.
fn worth_saying(source: &Source, kind: &SinkKind) -> bool {
    let secret = is_secret_source(source);
    match (source, kind) {
        (Source::Identity, _) => false,
        // a caller gets its own input back; a new key is shown once to who asked for it
        (
            Source::Request(..) | Source::Generated(_),
            SinkKind::Response | SinkKind::Template(..),
        ) => false,
        (_, SinkKind::Store(..)) => {
            !matches!(source, Source::Setting(_) | Source::Environment(_)) || secret
        }
        (_, SinkKind::Credential(_)) => true,
        (Source::Item(..) | Source::Exception(_), SinkKind::Compare | SinkKind::CompareDigest) => {
            secret
        }
        (Source::Item(..), _) => true,
        (
            Source::Exception(_),
            SinkKind::Response | SinkKind::Log(_) | SinkKind::Template(..) | SinkKind::Print,
        ) => true,
        (Source::Exception(_), _) => false,
        _ => secret,
    }
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
