//! A put that replaces nothing.

use std::collections::BTreeSet;

use keytrail_model::{Operation, OperationKind};

use super::Remedy;
use crate::case::Case;
use crate::python::{add_keywords, keyword};
use crate::{Change, Why};

pub(crate) struct ConditionOnPut;

/// Words of functions that replace records on purpose.
const ON_PURPOSE: [&str; 8] = [
    "overwrite",
    "replace",
    "rotate",
    "save",
    "set",
    "sync",
    "update",
    "upsert",
];

impl Remedy for ConditionOnPut {
    fn name(&self) -> &'static str {
        "condition-on-put"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["unconditional-put"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let operations = case.facts.operations_at(case.at());
        let operation = operations
            .iter()
            .find(|it| it.kind == OperationKind::PutItem)
            .ok_or(Why::Shape("the write is no single put_item"))?;
        let partition = partition(case, operation)
            .ok_or(Why::Shape("the partition key of the table is not known"))?;
        let function = case
            .at()
            .symbol()
            .unwrap_or_default()
            .rsplit('.')
            .next()
            .unwrap_or_default();
        if function.split('_').any(|word| ON_PURPOSE.contains(&word)) {
            return Err(Why::Shape(
                "by its name the function replaces records on purpose",
            ));
        }
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        if keyword(call, "ConditionExpression").is_some() || keyword(call, "Item").is_none() {
            return Err(Why::Shape("the call is no plain put_item of boto3"));
        }
        if super::is_reserved(&partition) {
            return Err(Why::Shape(
                "the partition key's name is a reserved word of DynamoDB",
            ));
        }
        let argument = format!("ConditionExpression=\"attribute_not_exists({partition})\"");
        let pieces = add_keywords(&module, call, &[module.quotes(&argument)])?;
        let draft = case
            .change(case.at(), pieces)
            .title("Write only where there is no such record yet")
            .changes("a second write of the same record raises ConditionalCheckFailedException; replace records with update_item");
        Ok(vec![draft.done()])
    }
}

/// From the templates, else from what other calls on the table name as its key.
fn partition(case: &Case<'_>, operation: &Operation) -> Option<String> {
    let names = &operation.table.names;
    let declared: BTreeSet<&str> = names
        .iter()
        .flat_map(|name| case.facts.tables_named(name))
        .filter_map(|table| table.keys.first())
        .map(|key| key.attribute.as_str())
        .collect();
    if declared.len() == 1 {
        return declared.first().map(|name| (*name).to_owned());
    }
    let reads = case.facts.operations().filter(|other| {
        let same = other.table.names.iter().any(|name| names.contains(name));
        same && other.index.is_none()
            && matches!(other.kind, OperationKind::GetItem | OperationKind::Query)
    });
    let used: BTreeSet<&str> = reads
        .filter_map(|other| other.keys.first()?.attribute.as_deref())
        .collect();
    (used.len() == 1)
        .then(|| used.first().map(|name| (*name).to_owned()))
        .flatten()
}
