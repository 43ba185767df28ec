//! Calls of DynamoDB.

use keytrail_model::{
    Check, Comparison, Fact, Flow, KeyBinding, Operation, Projection, Sink, Step,
};

use super::{Emitter, is_secret_source, names_of, without_descriptors};
use crate::interp::{Label, OperationRecord, ProjectionRecord, Shape, Value};
use crate::mappers::columns;
use crate::program::{FunctionRef, Site};

impl Emitter<'_> {
    pub(super) fn operation(&mut self, entry: FunctionRef, record: &OperationRecord) {
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
            .find(|taint| taint.label == Label::Request && !taint.is_identity())
            .map(|taint| {
                self.step_of(
                    taint,
                    record.site,
                    "the caller's input becomes part of the expression",
                )
            });
        let index = record
            .index
            .as_ref()
            .and_then(|index| self.index_name(index));
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
            // a check that only some answers wait for holds only those
            .filter(|(function, check)| {
                let held = &self.outcome(*function).held;
                !self.untied.contains(&record.site)
                    || held.contains(&(Label::Item(record.site), *check))
            })
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
            columns: record
                .model
                .map(|class| columns(self.shared, class))
                .unwrap_or_default(),
            checks,
            entry: self.shared.program.qualified(entry),
            chain,
        }));
    }

    /// `*` for one that is named and not known.
    fn index_name(&self, index: &Value) -> Option<String> {
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
    }

    /// Secrets that become a key or key condition: verified by lookup, or laid open in the key.
    pub(super) fn key_flows(&mut self, entry: FunctionRef, record: &OperationRecord) {
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

    pub(super) fn check(&self, site: Site, function: FunctionRef) -> Check {
        let holder = self.looks.get(&site).copied().unwrap_or(function);
        let location = self.shared.program.location(site, Some(holder));
        Check {
            step: Step::new("checks the item against the caller", location),
        }
    }

    /// `store.by_service`, as it is written at a call.
    pub(super) fn callee_text(&self, site: Site) -> String {
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
}
