//! What a finding is about: an attribute of a table, and how its keys are best kept.

use std::collections::BTreeSet;

use keytrail_model::{Flow, Location, Operation, Sink, Source, TableRef};

use crate::Why;
use crate::case::Case;
use crate::facts::Facts;

/// How keys are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Encrypted, and opened where they are used.
    Sealed,
    /// An HMAC: they are recognised and never used.
    Fingerprint,
}

/// An attribute that holds keys.
pub(super) struct Kept<'c> {
    facts: &'c Facts<'c>,
    tables: BTreeSet<&'c str>,
    /// What names the table in the code, where its name is not known there.
    through: BTreeSet<&'c TableRef>,
    /// `metadata.api_key`.
    pub(super) attribute: String,
}

impl<'c> Kept<'c> {
    /// The attribute that is meant by `subject`, at a write of it.
    pub(super) fn of(case: &Case<'c>, place: &Location, subject: &str) -> Result<Self, Why> {
        let operations = case.facts.operations_at(place);
        if operations.is_empty() {
            return Err(Why::Shape(
                "a template writes it: seal it where that gets it from",
            ));
        }
        let mut tables: BTreeSet<&str> = operations
            .iter()
            .flat_map(|operation| &operation.table.names)
            .map(String::as_str)
            .collect();
        let declared = case.facts.table_names();
        let named = |name: &&str| {
            subject
                .strip_prefix(*name)
                .is_some_and(|it| it.starts_with('.'))
        };
        // The longest: names of tables have dots in them too.
        let table = tables
            .iter()
            .copied()
            .chain(declared)
            .filter(named)
            .max_by_key(|name| name.len());
        let attribute = match table {
            Some(name) => subject.get(name.len() + 1..),
            None => subject.split_once('.').map(|(_, rest)| rest),
        };
        tables.extend(table);
        Ok(Self {
            facts: case.facts,
            attribute: attribute
                .ok_or(Why::Shape("which attribute holds the key is not known"))?
                .to_owned(),
            tables,
            through: operations
                .iter()
                .map(|operation| &operation.table)
                .collect(),
        })
    }

    /// Its name without the maps round it.
    pub(super) fn name(&self) -> &str {
        self.attribute.rsplit('.').next().unwrap_or_default()
    }

    pub(super) fn is_on(&self, operation: &Operation) -> bool {
        let mut names = operation.table.names.iter();
        names.any(|name| self.tables.contains(name.as_str()))
            || (operation.table != TableRef::default() && self.through.contains(&operation.table))
    }

    /// The calls on the table, those of tests apart.
    pub(super) fn operations(&self) -> impl Iterator<Item = &'c Operation> {
        self.facts
            .operations()
            .filter(|operation| self.is_on(operation) && !is_test(&operation.location))
    }

    fn is_own_call(&self, place: &Location) -> bool {
        let calls = self.facts.operations_at(place);
        calls.iter().any(|operation| self.is_on(operation))
    }

    /// Flows out of the attribute.
    pub(super) fn flows_out(&self) -> impl Iterator<Item = &'c Flow> {
        self.facts.flows().filter(|flow| {
            matches!(&flow.source, Source::Item(read, path)
                if *path == self.attribute && self.is_own_call(read))
                && !is_test(&flow.location)
        })
    }

    /// Flows into the attribute at this call: stored, or looked up by.
    pub(super) fn flows_in(&self, call: &Location) -> Vec<&'c Flow> {
        let into = |flow: &&Flow| match &flow.sink {
            Sink::Store(at, path) | Sink::KeyCondition(at, path) => {
                at == call && *path == self.attribute
            }
            _ => false,
        };
        self.facts.flows().filter(into).collect()
    }

    /// Something else than other items gets into the attribute as it is.
    fn is_filled_with_keys(&self) -> bool {
        self.operations().any(|operation| {
            self.flows_in(&operation.location).iter().any(|flow| {
                matches!(flow.sink, Sink::Store(..))
                    && !matches!(flow.source, Source::Item(..))
                    && flow.transform.is_readable()
            })
        })
    }

    /// How another attribute, that flows into this one, is kept; `None` where it holds no keys.
    pub(super) fn form_of(&self, read: &Location, path: &str) -> Option<Form> {
        let operations = self.facts.operations_at(read);
        let other = Self {
            facts: self.facts,
            tables: operations
                .iter()
                .flat_map(|operation| &operation.table.names)
                .map(String::as_str)
                .collect(),
            through: operations
                .iter()
                .map(|operation| &operation.table)
                .collect(),
            attribute: path.to_owned(),
        };
        other.is_filled_with_keys().then(|| other.form().ok())?
    }

    /// How its keys are best kept.
    pub(super) fn form(&self) -> Result<Form, Why> {
        let looked_up = self.operations().any(|operation| {
            let named = |name: Option<&str>| name == Some(self.attribute.as_str());
            operation
                .keys
                .iter()
                .any(|bound| named(bound.attribute.as_deref()))
                || operation.filter.contains(&self.attribute)
        });
        let is_key = self.tables.iter().any(|name| {
            self.facts.tables_named(name).any(|table| {
                let indexes = table.indexes.iter().flat_map(|index| &index.keys);
                let mut keys = table.keys.iter().chain(indexes);
                keys.any(|key| key.attribute == self.attribute)
            })
        });
        let used = self.flows_out().any(is_use);
        let compared = self.flows_out().any(is_comparison);
        if used && (looked_up || is_key) {
            return Err(Why::Shape(
                "it is looked up by and used again: keep a fingerprint and a sealed key in two attributes",
            ));
        }
        Ok(if looked_up || is_key || (compared && !used) {
            Form::Fingerprint
        } else {
            Form::Sealed
        })
    }
}

/// The key itself is needed.
pub(super) fn is_use(flow: &Flow) -> bool {
    matches!(flow.sink, Sink::Replay | Sink::Url | Sink::AwsCredential)
}

pub(super) fn is_comparison(flow: &Flow) -> bool {
    matches!(flow.sink, Sink::Compare | Sink::CompareDigest)
}

/// Tests bring keys of their own.
pub(super) fn is_test(place: &Location) -> bool {
    let path = &place.span().path;
    let file = path.rsplit('/').next().unwrap_or(path);
    file.starts_with("test_")
        || file == "conftest.py"
        || file == "tests.py"
        || path
            .split('/')
            .any(|part| part == "tests" || part == "test")
}
