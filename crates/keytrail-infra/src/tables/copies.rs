//! Exports, backups and Kinesis destinations of a table.

use std::collections::BTreeMap;

use keytrail_model::{Step, Table};

use super::terraform::found;
use crate::arns::arn;
use crate::glob::{self, Atom, Fit};
use crate::stack::{Entry, Index, Resource, Stack};
use crate::text::{Id, RefKind, Text};
use crate::value::Node;

/// Adds what copies a table to the table.
pub(super) fn attach(stack: &Stack, index: &Index, tables: &mut BTreeMap<Id, Table>) {
    for resource in &stack.resources {
        match resource.kind.as_str() {
            "aws_dynamodb_table_export" => {
                let bucket = resource.body.get("s3_bucket").and_then(Node::as_text);
                let bucket = bucket.map_or_else(|| "a bucket".to_owned(), |text| text.shown());
                let label = format!("is exported to S3 ({bucket})");
                copy(
                    resource,
                    found(resource, "table_arn", index, tables),
                    &label,
                );
            }
            "aws_dynamodb_kinesis_streaming_destination" => {
                let label = "sends its changes to a Kinesis stream";
                copy(
                    resource,
                    found(resource, "table_name", index, tables),
                    label,
                );
            }
            "AWS::DynamoDB::Table" => {
                if let Some(node) = resource.body.get("KinesisStreamSpecification") {
                    let label = "sends its changes to a Kinesis stream";
                    let step = Step::new(label, resource.at(&node.span));
                    tables
                        .entry(resource.id.clone())
                        .and_modify(|table| table.copies.push(step));
                }
            }
            "aws_backup_selection" => {
                selection(resource, &resource.body, &BACKUP_TERRAFORM, index, tables);
            }
            "AWS::Backup::BackupSelection" => {
                if let Some(inner) = resource.body.get("BackupSelection") {
                    selection(resource, inner, &BACKUP_CLOUDFORMATION, index, tables);
                }
            }
            _ => {}
        }
    }
}

fn copy(resource: &Resource, tables: Vec<&mut Table>, label: &str) {
    for table in tables {
        table.copies.push(Step::new(label, resource.location()));
    }
}

/// How the two template languages spell a backup selection.
struct Names {
    resources: &'static str,
    excluded: &'static str,
    tags: &'static str,
    key: &'static str,
    value: &'static str,
}

const BACKUP_TERRAFORM: Names = Names {
    resources: "resources",
    excluded: "not_resources",
    tags: "selection_tag",
    key: "key",
    value: "value",
};

const BACKUP_CLOUDFORMATION: Names = Names {
    resources: "Resources",
    excluded: "NotResources",
    tags: "ListOfTags",
    key: "ConditionKey",
    value: "ConditionValue",
};

/// A table is selected when its ARN fits, or when it has one of the tags.
fn selection(
    resource: &Resource,
    body: &Node,
    names: &Names,
    index: &Index,
    tables: &mut BTreeMap<Id, Table>,
) {
    let texts = |field: &str| body.get(field).map_or_else(Vec::new, Node::texts);
    let (wanted, excluded) = (texts(names.resources), texts(names.excluded));
    let tags: Vec<(String, String)> = body
        .get(names.tags)
        .map_or_else(Vec::new, Node::items)
        .into_iter()
        .filter_map(|tag| {
            let key = tag.get(names.key)?.as_str()?;
            let key = key.strip_prefix("aws:ResourceTag/").unwrap_or(key);
            Some((key.to_owned(), tag.get(names.value)?.as_str()?.to_owned()))
        })
        .collect();
    for (id, table) in tables.iter_mut() {
        let Some(entry) = index.get(id) else { continue };
        let by_arn = wanted.iter().any(|pattern| covers(pattern, entry));
        let by_tag = table
            .tags
            .as_ref()
            .is_some_and(|own| tags.iter().any(|(key, value)| own.get(key) == Some(value)));
        let out = excluded.iter().any(|pattern| covers(pattern, entry));
        if (by_arn || by_tag) && !out {
            table
                .copies
                .push(Step::new("is backed up by AWS Backup", resource.location()));
        }
    }
}

/// Whether a pattern of ARNs covers a table, for certain.
fn covers(pattern: &Text, entry: &Entry) -> bool {
    if let Some((id, RefKind::Arn)) = pattern.as_reference() {
        return *id == entry.id;
    }
    let pattern = glob::pattern(pattern);
    entry.names.iter().any(|name| {
        let mut arn = arn("dynamodb", "table/");
        arn.append(name);
        let atoms: Vec<Atom> = glob::name(&arn);
        crate::evaluate::arn_fit(&pattern, &atoms) == Fit::Yes
    })
}
