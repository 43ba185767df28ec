//! The four calls that dyeing makes to a table, each bounded in what it can do.

use keytrail_cloud::{CloudError, WriteCall, Writer};
use serde_json::{Map, Value, json};

use super::journal::Planted;
use crate::EngineError;

/// Items that are looked at for a model.
const LOOKED_AT: u32 = 200;

/// What of a table matters here.
#[derive(Debug)]
pub(super) struct Shape {
    /// Names of the primary key's attributes, the partition's first.
    pub(super) keys: Vec<String>,
    /// Its stream, where it has one.
    pub(super) stream: Option<String>,
}

/// What became of an item that was to be removed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Removed {
    /// It is gone, or never was.
    Gone,
    /// Somebody changed it: it is not ours any more.
    Changed,
}

pub(super) fn failed(error: &CloudError) -> EngineError {
    EngineError::Aws {
        hint: error.hint(),
        what: error.to_string(),
    }
}

pub(super) fn shape(writer: &Writer, table: &str) -> Result<Shape, EngineError> {
    let told = writer
        .once(WriteCall::DescribeTable, &json!({"TableName": table}))
        .map_err(|error| failed(&error))?;
    let keys = told.pointer("/Table/KeySchema").and_then(Value::as_array);
    let mut keys: Vec<(bool, String)> = keys
        .into_iter()
        .flatten()
        .filter_map(|key| {
            let name = key.get("AttributeName")?.as_str()?.to_owned();
            Some((key.get("KeyType")?.as_str()? == "RANGE", name))
        })
        .collect();
    keys.sort();
    let stream = told
        .pointer("/Table/LatestStreamArn")
        .and_then(Value::as_str);
    Ok(Shape {
        keys: keys.into_iter().map(|(_, name)| name).collect(),
        stream: stream.map(str::to_owned),
    })
}

/// Some items, to be models of ours.
pub(super) fn sample(writer: &Writer, table: &str) -> Result<Vec<Map<String, Value>>, EngineError> {
    let request = json!({"TableName": table, "Limit": LOOKED_AT});
    let mut page = writer
        .once(WriteCall::Scan, &request)
        .map_err(|error| failed(&error))?;
    let Some(Value::Array(items)) = page.get_mut("Items").map(Value::take) else {
        return Ok(Vec::new());
    };
    let items = items.into_iter();
    Ok(items
        .filter_map(|item| match item {
            Value::Object(item) => Some(item),
            _ => None,
        })
        .collect())
}

/// Puts an item where none is; never over one that is there.
pub(super) fn put(
    writer: &Writer,
    planted: &Planted,
    item: &Map<String, Value>,
) -> Result<(), EngineError> {
    let first = planted.key.keys().next().cloned().unwrap_or_default();
    let request = json!({
        "TableName": planted.table,
        "Item": item,
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": first},
    });
    writer
        .once(WriteCall::PutItem, &request)
        .map(drop)
        .map_err(|error| failed(&error))
}

/// Removes an item that has our colours, and no other.
pub(super) fn remove(writer: &Writer, planted: &Planted) -> Result<Removed, EngineError> {
    let mut names = Map::new();
    let mut values = Map::new();
    let mut conditions = Vec::new();
    for (number, (name, value)) in planted.colours.iter().enumerate() {
        names.insert(format!("#c{number}"), name.clone().into());
        values.insert(format!(":c{number}"), value.clone());
        conditions.push(format!("#c{number} = :c{number}"));
    }
    let request = json!({
        "TableName": planted.table,
        "Key": planted.key,
        "ConditionExpression": conditions.join(" AND "),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    });
    match writer.once(WriteCall::DeleteItem, &request) {
        Ok(_) => Ok(Removed::Gone),
        Err(CloudError::Service { code, .. }) if code.contains("ConditionalCheckFailed") => {
            if is_there(writer, planted)? {
                Ok(Removed::Changed)
            } else {
                Ok(Removed::Gone)
            }
        }
        Err(CloudError::Service { code, .. }) if code.contains("ResourceNotFound") => {
            Ok(Removed::Gone)
        }
        Err(error) => Err(failed(&error)),
    }
}

fn is_there(writer: &Writer, planted: &Planted) -> Result<bool, EngineError> {
    let request = json!({
        "TableName": planted.table, "Key": planted.key, "ConsistentRead": true,
    });
    let told = writer
        .once(WriteCall::GetItem, &request)
        .map_err(|error| failed(&error))?;
    Ok(told.get("Item").is_some())
}
