//! Where data began, in the model's words.

use std::collections::BTreeSet;

use keytrail_model::{
    Location, OperationKind, Origin, RequestPart, Source, Step, Transform, names_a_secret,
};
use rustc_hash::FxHashSet;

use super::Emitter;
use crate::interp::{Label, Shape, Taint, Tie, Value, What, is_descriptor, unroll};
use crate::program::{FunctionRef, Site};
use crate::syntax::ir::Expr;

impl Emitter<'_> {
    pub(super) fn origins(&self, value: &Value, site: Site) -> Vec<Origin> {
        let mut origins = BTreeSet::new();
        for taint in &value.taints {
            origins.insert(match taint.label {
                Label::Request if taint.is_identity() => {
                    Origin::Identity(self.step_of(taint, site, "the caller's identity"))
                }
                Label::Request
                    if let Some(check) = taint.tie.as_deref().and_then(Tie::complete) =>
                {
                    let location = self.shared.program.location(check, None);
                    Origin::Identity(Step::new("is checked to be the caller's own", location))
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
                Label::Generated(_) | Label::Guessable(_) => Origin::Generated,
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

    pub(super) fn request_part(&self, taint: &Taint) -> (RequestPart, String) {
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

    pub(super) fn item_path(&self, operation: Site, taint: &Taint) -> String {
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
    pub(super) fn step_of(&self, taint: &Taint, fallback: Site, label: &str) -> Step {
        let site = unroll(&taint.trace)
            .first()
            .map_or(fallback, |(site, _)| *site);
        Step::new(label, self.shared.program.location(site, None))
    }

    /// The model's word for where a taint began; `None` for what no rule asks about.
    pub(super) fn source(&self, taint: &Taint) -> Option<Source> {
        Some(match taint.label {
            Label::Param(_) | Label::Guessable(_) => return None,
            Label::Request if taint.is_identity() => Source::Identity,
            Label::Request => {
                let (part, field) = self.request_part(taint);
                Source::Request(part, field)
            }
            Label::Setting(name) => Source::Setting(self.text(name).to_owned()),
            Label::Environment(name) => Source::Environment(self.text(name).to_owned()),
            Label::WholeEnvironment => Source::WholeEnvironment,
            Label::Literal(site) => {
                let module = self.shared.program.module(site.0);
                let Some(Expr::Str(text)) = self.shared.program.expr(site) else {
                    return None;
                };
                let hit = self.shared.detector.examine(module.ir.text(*text), None)?;
                Source::Literal {
                    provider: hit.provider.to_string(),
                    fingerprint: hit.fingerprint(self.prints),
                    masked: hit.masked.clone(),
                }
            }
            Label::Item(operation) => {
                let path = self.item_path(operation, taint);
                // no longer what the table holds, but what it keeps safe
                if names_a_secret(&path) && is_decrypted(taint) {
                    return Some(Source::Decrypted(path));
                }
                Source::Item(self.operation_location(operation), path)
            }
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
    pub(super) fn operations_under(&self, handler: Site) -> Vec<Location> {
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
            let inside = |site: &Site| {
                let range = self.shared.program.range(*site);
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
}

/// True for what was cipher text on its way.
fn is_decrypted(taint: &Taint) -> bool {
    unroll(&taint.trace)
        .iter()
        .any(|(_, what)| matches!(what, What::Decrypted))
}

/// True for what a person would call a secret.
pub(super) fn is_secret_source(source: &Source) -> bool {
    match source {
        Source::Setting(name) | Source::Environment(name) => names_a_secret(name),
        Source::Request(part, field) => {
            names_a_secret(field) || (*part == RequestPart::Header && is_credential_header(field))
        }
        Source::Literal { .. }
        | Source::Vault(_)
        | Source::Decrypted(_)
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
