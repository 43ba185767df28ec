//! Sinks that data reaches, AWS clients, headers: as seen inside one function.

use std::sync::Arc;

use super::Machine;
use super::passing::Passing;
use super::taint::{Label, Taint, Tie};
use super::value::Value;
use crate::program::{FunctionRef, Site};
use crate::symbols::Sym;

/// Where data goes; the model's words come when facts are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SinkKind {
    Response,
    /// Template and variable.
    Template(Sym, Option<Sym>),
    Log(Sym),
    Print,
    ThirdParty(&'static str),
    Url,
    Credential(Site),
    Compare,
    CompareDigest,
    Replay,
    /// The operation and the attribute's path; empty: the item as a whole.
    Store(Site, Arc<str>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SinkRecord {
    pub(crate) kind: SinkKind,
    pub(crate) site: Site,
    /// The function that holds the sink.
    pub(crate) holder: FunctionRef,
    pub(crate) taint: Taint,
    /// Parts of what the taint names that were taken out or replaced on the way.
    pub(crate) excluded: Vec<Sym>,
    /// Where a check tied the item to the caller.
    pub(crate) tie: Option<Site>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClientRecord {
    pub(crate) site: Site,
    pub(crate) service: Option<Sym>,
    pub(crate) plain: bool,
    pub(crate) unverified: bool,
    pub(crate) endpoint: Value,
    pub(crate) credentials: Value,
}

/// Something that a rule asks about, at a place, and what to call it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PracticeRecord {
    SdkLog(Site, &'static str),
    Monitoring(Site, &'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct HeaderRecord {
    pub(crate) site: Site,
    pub(crate) name: Sym,
    pub(crate) value: Value,
}

/// Most sinks that one function hands to its callers.
const MOST_SUMMARY_SINKS: usize = 64;
const MOST_SINKS: usize = 160;

/// Every taint in `value`, with the parts that are known to be something else.
pub(crate) fn collect(value: &Value) -> Vec<Collected> {
    let mut all = Vec::new();
    collect_at(value, &mut Vec::new(), &mut all);
    all
}

/// A taint, the parts that are known to be something else, and the part that holds it.
type Collected = (Taint, Vec<Sym>, Vec<Sym>);

fn collect_at(value: &Value, path: &mut Vec<Sym>, all: &mut Vec<Collected>) {
    let named = || -> Vec<Sym> {
        value
            .fields
            .iter()
            .flat_map(|fields| fields.iter())
            .map(|(name, _)| *name)
            .filter(|name| !name.is_place())
            .collect()
    };
    for taint in &value.taints {
        all.push((taint.clone(), named(), path.clone()));
    }
    if path.len() < 5 {
        for (name, part) in value.fields.iter().flat_map(|fields| fields.iter()) {
            // what lies at a place of a list is the list's
            if name.is_place() {
                collect_at(part, path, all);
                continue;
            }
            path.push(*name);
            collect_at(part, path, all);
            path.pop();
        }
    }
}

impl Machine<'_> {
    /// Notes that `value` reaches a sink.
    pub(super) fn sink(&mut self, kind: &SinkKind, site: Site, value: &Value) {
        for (taint, excluded, _) in collect(value) {
            let tie = taint
                .tie
                .as_deref()
                .and_then(Tie::complete)
                .or_else(|| self.tie_of(taint.label));
            self.add_sink(SinkRecord {
                kind: kind.clone(),
                site,
                holder: self.holder.unwrap_or(self.function),
                taint,
                excluded,
                tie,
            });
        }
    }

    pub(super) fn add_sink(&mut self, record: SinkRecord) {
        // a caller gets its own input back: no rule asks about that
        if matches!(record.taint.label, Label::Request | Label::Generated(_))
            && matches!(record.kind, SinkKind::Response | SinkKind::Template(..))
        {
            return;
        }
        let (list, most) = match record.taint.label {
            Label::Param(_) => (&mut self.out.summary.sinks, MOST_SUMMARY_SINKS),
            _ => (&mut self.out.sinks, MOST_SINKS),
        };
        if list.len() < most && !list.contains(&record) {
            list.push(record);
        }
    }

    /// A part of what a callee stores whole is stored under its own name.
    fn below(&self, kind: &SinkKind, part: &[Sym]) -> SinkKind {
        match kind {
            SinkKind::Store(site, path) if !part.is_empty() => {
                let mut parts: Vec<&str> = Vec::new();
                parts.extend((!path.is_empty()).then_some(&**path));
                parts.extend(part.iter().map(|&part| self.text(part)));
                parts.truncate(4);
                SinkKind::Store(*site, Arc::from(parts.join(".")))
            }
            other => other.clone(),
        }
    }

    /// Applies the sinks of a callee to what was passed.
    pub(super) fn inherit_sinks(&mut self, sinks: &[SinkRecord], passing: &Passing<'_>) {
        for record in sinks {
            if passing.is_empty(&record.taint) {
                continue;
            }
            let mut value = passing.taint(&record.taint);
            value.shapes.clear();
            for (taint, mut excluded, part) in collect(&value) {
                excluded.extend(record.excluded.iter().copied());
                let kind = self.below(&record.kind, &part);
                let tie = record
                    .tie
                    .or_else(|| taint.tie.as_deref().and_then(Tie::complete))
                    .or_else(|| self.tie_of(taint.label));
                self.add_sink(SinkRecord {
                    kind,
                    taint,
                    excluded,
                    tie,
                    ..record.clone()
                });
            }
        }
    }
}
