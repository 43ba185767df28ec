//! Flows: the shortest way from each source to each sink, in words.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use keytrail_model::{Flow, Sink, Source, Step};

use super::{Emitter, is_secret_source, without_descriptors};
use crate::interp::{Label, SinkKind, SinkRecord, Taint, What, unroll};
use crate::program::{FunctionRef, Site};

/// Steps of a way; of longer ones the middle is left out.
const LONGEST_WAY: usize = 24;

impl Emitter<'_> {
    pub(super) fn flow(&mut self, function: FunctionRef, record: &SinkRecord) {
        if let (Label::Guessable(made), SinkKind::Store(operation, path)) =
            (record.taint.label, &record.kind)
        {
            self.guessable(function, record, made, *operation, path);
            return;
        }
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
        // what a caller sends itself is nobody's item
        let is_item = matches!(record.taint.label, Label::Item(_));
        let checks = record
            .tie
            .filter(|_| is_item)
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
    pub(super) fn add_flow(&mut self, flow: Flow) {
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

    pub(super) fn sink(&self, record: &SinkRecord) -> Sink {
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

    pub(super) fn sink_label(&self, record: &SinkRecord) -> String {
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
    pub(super) fn way(&self, taint: &Taint, function: FunctionRef) -> Vec<Step> {
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
                What::Decrypted => "is decrypted".to_owned(),
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

    pub(super) fn holder_of(&self, site: Site, function: FunctionRef) -> Option<FunctionRef> {
        if let Some(&holder) = self.holders.get(&site) {
            return Some(holder);
        }
        (site.0 == function.0).then_some(function)
    }

    pub(super) fn source_label(&self, taint: &Taint) -> String {
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
            Some(Source::Decrypted(name)) => format!("the table keeps {name} encrypted"),
            Some(Source::Vault(_)) => "a vault gives the secret".to_owned(),
            Some(Source::Generated(_)) => "a random value is made".to_owned(),
            Some(Source::Exception(_)) => "an exception is caught".to_owned(),
            None => "a parameter".to_owned(),
        }
    }

    pub(super) fn short(&self, function: FunctionRef) -> String {
        let module = self.shared.program.module(function.0);
        module.ir.function(function.1).qualified.to_string()
    }
}

/// Keeps a fact for each flow that some rule or path may ask about, and nothing else.
fn worth_saying(source: &Source, kind: &SinkKind) -> bool {
    let secret = is_secret_source(source);
    match (source, kind) {
        // who somebody is, is no secret; a caller gets its own input back; a new key is shown once to who asked for it
        (Source::Identity, _)
        | (
            Source::Request(..) | Source::Generated(_),
            SinkKind::Response | SinkKind::Template(..),
        ) => false,
        (_, SinkKind::Store(..)) => {
            !matches!(source, Source::Setting(_) | Source::Environment(_)) || secret
        }
        (Source::Item(..) | Source::Exception(_), SinkKind::Compare | SinkKind::CompareDigest) => {
            secret
        }
        (_, SinkKind::Credential(_))
        | (Source::Item(..), _)
        | (
            Source::Exception(_),
            SinkKind::Response | SinkKind::Log(_) | SinkKind::Template(..) | SinkKind::Print,
        ) => true,
        (Source::Exception(_), _) => false,
        _ => secret,
    }
}
