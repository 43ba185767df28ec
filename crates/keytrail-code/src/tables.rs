//! Tables that code creates itself (`create_table`).

use keytrail_model::{
    Encryption, Environment, Fact, Index, IndexKind, IndexProjection, KeyElement, KeyRole, Stream,
    StreamView, Table, TableSource, Tri,
};

use crate::emit::names_of;
use crate::fixpoint::Fixpoint;
use crate::interp::Shared;
use crate::program::Site;
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId, Module};

/// One fact for each `create_table` whose key schema is written out.
pub(crate) fn created(shared: &Shared<'_>, fixpoint: &Fixpoint) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (function, outcome) in fixpoint.functions.iter().zip(&fixpoint.outcomes) {
        for (site, name) in &outcome.tables {
            let names = names_of(shared, name).names;
            let Some(first) = names.first() else { continue };
            let module = shared.program.module(site.0);
            let Some(Expr::Call(_, arguments)) = shared.program.expr(*site) else {
                continue;
            };
            let location = shared.program.location(*site, Some(*function));
            let at = |expr: ExprId| shared.program.location(Site(site.0, expr), Some(*function));
            let reader = Reader { ir: &module.ir };
            let stream = reader
                .keyword(arguments, "StreamSpecification")
                .map(|spec| Stream {
                    view: match reader
                        .entry(spec, "StreamViewType")
                        .and_then(|view| reader.text(view))
                    {
                        Some("KEYS_ONLY") => StreamView::KeysOnly,
                        Some(_) => StreamView::Images,
                        None => StreamView::Unknown,
                    },
                    location: at(spec),
                    consumers: Vec::new(),
                });
            let mut indexes = Vec::new();
            for (parameter, kind) in [
                ("GlobalSecondaryIndexes", IndexKind::Global),
                ("LocalSecondaryIndexes", IndexKind::Local),
            ] {
                for index in reader
                    .keyword(arguments, parameter)
                    .map(|list| reader.items(list))
                    .unwrap_or_default()
                {
                    let Some(name) = reader
                        .entry(index, "IndexName")
                        .and_then(|name| reader.text(name))
                    else {
                        continue;
                    };
                    indexes.push(Index {
                        name: name.to_owned(),
                        kind,
                        keys: reader
                            .entry(index, "KeySchema")
                            .map(|keys| reader.keys(keys))
                            .unwrap_or_default(),
                        projection: reader.projection(index),
                        location: at(index),
                    });
                }
            }
            let encryption = match reader.keyword(arguments, "SSESpecification") {
                None => Encryption::AwsOwned,
                Some(spec) if reader.entry(spec, "KMSMasterKeyId").is_some() => {
                    Encryption::CustomerManaged("KMSMasterKeyId".to_owned())
                }
                Some(_) => Encryption::AwsManaged,
            };
            facts.push(Fact::Table(Table {
                name: first.clone(),
                also_named: names[1..].to_vec(),
                address: shared.program.qualified(*function),
                location,
                source: TableSource::Code,
                environment: Environment::Unspecified,
                environments: Vec::new(),
                keys: reader
                    .keyword(arguments, "KeySchema")
                    .map(|keys| reader.keys(keys))
                    .unwrap_or_default(),
                indexes,
                stream,
                encryption,
                // create_table cannot switch it on
                point_in_time_recovery: Tri::Unknown,
                deletion_protection: match reader.keyword(arguments, "DeletionProtectionEnabled") {
                    Some(value) if matches!(reader.ir.expr(value), Expr::Bool(true)) => Tri::Yes,
                    Some(_) => Tri::Unknown,
                    None => Tri::No,
                },
                ttl: None,
                tags: None,
                replicas: Vec::new(),
                copies: Vec::new(),
                seeded: Vec::new(),
            }));
        }
    }
    facts
}

struct Reader<'a> {
    ir: &'a Module,
}

impl<'a> Reader<'a> {
    fn keyword(&self, arguments: &[Argument], name: &str) -> Option<ExprId> {
        arguments.iter().find_map(|argument| match argument.kind {
            ArgumentKind::Keyword(own) if self.ir.text(own) == name => Some(argument.value),
            _ => None,
        })
    }

    fn text(&self, expr: ExprId) -> Option<&'a str> {
        match self.ir.expr(expr) {
            Expr::Str(text) => Some(self.ir.text(*text)),
            _ => None,
        }
    }

    fn items(&self, expr: ExprId) -> Vec<ExprId> {
        match self.ir.expr(expr) {
            Expr::Sequence(parts) => parts.to_vec(),
            _ => Vec::new(),
        }
    }

    fn entry(&self, expr: ExprId, name: &str) -> Option<ExprId> {
        let Expr::Dict(entries) = self.ir.expr(expr) else {
            return None;
        };
        entries
            .iter()
            .find(|(key, _)| key.is_some_and(|key| self.text(key) == Some(name)))
            .map(|(_, value)| *value)
    }

    fn keys(&self, expr: ExprId) -> Vec<KeyElement> {
        self.items(expr)
            .into_iter()
            .filter_map(|key| {
                let attribute = self.text(self.entry(key, "AttributeName")?)?.to_owned();
                let role = match self.text(self.entry(key, "KeyType")?)? {
                    "HASH" => KeyRole::Partition,
                    _ => KeyRole::Sort,
                };
                Some(KeyElement { attribute, role })
            })
            .collect()
    }

    fn projection(&self, index: ExprId) -> IndexProjection {
        let Some(projection) = self.entry(index, "Projection") else {
            return IndexProjection::Unknown;
        };
        match self
            .entry(projection, "ProjectionType")
            .and_then(|kind| self.text(kind))
        {
            Some("ALL") => IndexProjection::All,
            Some("KEYS_ONLY") => IndexProjection::KeysOnly,
            Some("INCLUDE") => {
                let mut names: Vec<String> = self
                    .entry(projection, "NonKeyAttributes")
                    .map(|list| self.items(list))
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|name| self.text(name).map(str::to_owned))
                    .collect();
                names.sort();
                IndexProjection::Include(names)
            }
            _ => IndexProjection::Unknown,
        }
    }
}
