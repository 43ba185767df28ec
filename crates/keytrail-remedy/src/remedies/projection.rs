//! A read that names what it needs.

use std::collections::BTreeSet;

use keytrail_model::{
    IndexProjection, Location, Operation, OperationKind, Projection, Sink, Source, Table, TableRef,
    names_a_secret,
};
use ruff_python_ast::Expr;

use super::{Remedy, is_reserved};
use crate::case::Case;
use crate::python::{add_keywords, keyword};
use crate::{Change, Why};

pub(crate) struct NamedAttributes;

impl Remedy for NamedAttributes {
    fn name(&self) -> &'static str {
        "named-attributes"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["item-in-response", "whole-item-read"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["projection"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let reads = reads(case);
        if reads.is_empty() {
            return Err(Why::Shape("the code needs the key from the same read"));
        }
        reads.iter().map(|read| named(case, read)).collect()
    }
}

/// The read itself, or those on the finding's path that need no key.
fn reads(case: &Case<'_>) -> Vec<Location> {
    if !case.facts.operations_at(case.at()).is_empty() {
        return vec![case.at().clone()];
    }
    let on_path = case.finding.edits.iter();
    on_path
        .filter(|edit| edit.id.starts_with("projection:"))
        .map(|edit| edit.location.clone())
        .collect()
}

fn named(case: &Case<'_>, read: &Location) -> Result<Change, Why> {
    let operations = case.facts.operations_at(read);
    let operation = only(operations)?;
    let attributes = attributes(case, operation)?;
    let keys = keys(case, operation);
    let mut taken_out = case.facts.flows_from(read).filter(|flow| {
        matches!(&flow.source, Source::Item(_, path) if !path.is_empty() && keys.contains(&top(path)))
    });
    if taken_out.next().is_some() {
        return Err(Why::Shape(
            "the code takes the key out of what it reads there",
        ));
    }
    let module = case.files.module(&read.span().path)?;
    let call = module.call(read.span())?;
    let of_boto3 = matches!(&*call.func, Expr::Attribute(it)
        if matches!(it.attr.as_str(), "get_item" | "query" | "scan"));
    let taken = [
        "AttributesToGet",
        "ExpressionAttributeNames",
        "ProjectionExpression",
        "Select",
    ];
    if !of_boto3 || taken.iter().any(|name| keyword(call, name).is_some()) {
        return Err(Why::Shape("the call is no plain read of boto3"));
    }
    let mut arguments = vec![projection(&attributes)];
    arguments.extend(placeholders(&attributes));
    let arguments: Vec<String> = arguments.iter().map(|it| module.quotes(it)).collect();
    let pieces = add_keywords(&module, call, &arguments)?;
    let draft = case
        .change(read, pieces)
        .title("Read these attributes and no keys")
        .changes("attributes that the list leaves out are not read any more: look through it");
    Ok(case.making(draft, "projection", read).done())
}

/// One operation, though several callers may lead to it.
fn only<'c>(operations: &[&'c Operation]) -> Result<&'c Operation, Why> {
    let first = operations.first().ok_or(Why::Shape("the read is gone"))?;
    let alike = operations
        .iter()
        .all(|it| it.table == first.table && it.index == first.index && it.kind == first.kind);
    let simple = matches!(
        first.kind,
        OperationKind::GetItem | OperationKind::Query | OperationKind::Scan
    );
    if !alike || !simple || first.projection != Projection::Whole || first.table.names.is_empty() {
        return Err(Why::Shape(
            "the read serves several tables, or is no get_item, query or scan",
        ));
    }
    Ok(first)
}

/// All that is known of the table's items, but for its keys.
fn attributes(case: &Case<'_>, operation: &Operation) -> Result<BTreeSet<String>, Why> {
    let same = |table: &TableRef| {
        let mut names = table.names.iter();
        names.any(|name| operation.table.names.contains(name))
    };
    let on_table: Vec<&Operation> = case
        .facts
        .operations()
        .filter(|other| same(&other.table))
        .collect();
    let unknown = Why::Shape("which attributes the items have is not known from the code");
    let mut all: BTreeSet<String> = BTreeSet::new();
    for other in &on_table {
        if other.writes.iter().any(|name| name.contains('*')) {
            return Err(unknown);
        }
        all.extend(other.writes.iter().map(|path| top(path)));
        all.extend(other.filter.iter().map(|path| top(path)));
        all.extend(other.keys.iter().filter_map(|key| key.attribute.clone()));
        let read = case.facts.flows_from(&other.location);
        all.extend(read.filter_map(|flow| match &flow.source {
            Source::Item(_, path) if !path.is_empty() && !path.contains('*') => Some(top(path)),
            _ => None,
        }));
    }
    if !on_table.iter().any(|other| !other.writes.is_empty()) {
        return Err(unknown);
    }
    let tables = operation.table.names.iter();
    let tables: Vec<&Table> = tables
        .flat_map(|name| case.facts.tables_named(name))
        .collect();
    all.extend(tables.iter().flat_map(|table| declared(table)));
    if let Some(index) = &operation.index {
        all = held_by(&tables, index, &all).ok_or(Why::Shape(
            "which attributes the index holds is not known from the templates",
        ))?;
    }
    let keys = keys(case, operation);
    all.retain(|name| !names_a_secret(name) && !keys.contains(name) && is_name(name));
    if all.is_empty() {
        Err(unknown)
    } else {
        Ok(all)
    }
}

fn top(path: &str) -> String {
    path.split(['.', '[']).next().unwrap_or(path).to_owned()
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

fn declared(table: &Table) -> impl Iterator<Item = String> {
    let indexes = table.indexes.iter().flat_map(|index| &index.keys);
    let keys = table
        .keys
        .iter()
        .chain(indexes)
        .map(|key| key.attribute.clone());
    keys.chain(table.ttl.clone())
}

/// What an index copies of these attributes.
fn held_by(tables: &[&Table], index: &str, all: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    let mut held: Option<BTreeSet<String>> = None;
    for table in tables {
        let index = table.indexes.iter().find(|it| it.name == index)?;
        let own = table
            .keys
            .iter()
            .chain(&index.keys)
            .map(|key| key.attribute.clone());
        let copied: BTreeSet<String> = match &index.projection {
            IndexProjection::All => all.clone(),
            IndexProjection::KeysOnly => own.collect(),
            IndexProjection::Include(names) => own.chain(names.iter().cloned()).collect(),
            IndexProjection::Unknown => return None,
        };
        held = Some(held.map_or(copied.clone(), |known| &known & &copied));
    }
    held
}

/// Attributes under which keys are seen to be stored, and those that the finding names.
fn keys(case: &Case<'_>, operation: &Operation) -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = case.finding.subject.split(',').map(top).collect();
    for flow in case.facts.flows_from(&operation.location) {
        if let (Source::Item(_, path), Sink::Replay | Sink::AwsCredential) =
            (&flow.source, &flow.sink)
        {
            keys.insert(top(path));
        }
    }
    keys
}

fn projection(attributes: &BTreeSet<String>) -> String {
    let names: Vec<String> = attributes.iter().map(|name| spelled(name)).collect();
    format!("ProjectionExpression=\"{}\"", names.join(", "))
}

/// As an expression can name it.
fn spelled(name: &str) -> String {
    if is_reserved(name) {
        format!("#{}", name.replace('-', "_"))
    } else {
        name.to_owned()
    }
}

fn placeholders(attributes: &BTreeSet<String>) -> Option<String> {
    let pairs: Vec<String> = attributes
        .iter()
        .filter(|name| is_reserved(name))
        .map(|name| format!("\"{}\": \"{name}\"", spelled(name)))
        .collect();
    (!pairs.is_empty()).then(|| format!("ExpressionAttributeNames={{{}}}", pairs.join(", ")))
}
