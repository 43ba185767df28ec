//! A consistent scan of a table, page by page.

use serde_json::{Value, json};

use crate::error::MoveError;
use crate::pace::Pace;
use crate::path::{Item, Names};
use crate::patience;
use crate::setting::Setting;
use crate::wire::Wire;

/// Hands every page of one part of the table to `each`, until that says to stop.
pub(crate) fn pages(
    wire: &dyn Wire,
    pace: &Pace,
    setting: &Setting,
    part: (u32, u32),
    each: &mut dyn FnMut(Vec<Item>) -> bool,
) -> Result<(), MoveError> {
    let mut request = json!({"TableName": setting.table, "ConsistentRead": true});
    if part.1 > 1 {
        request["Segment"] = part.0.into();
        request["TotalSegments"] = part.1.into();
    }
    project(setting, &mut request);
    loop {
        let answer = patience::send(wire, pace, "dynamodb:Scan", &request)?;
        let mut answer = answer.map_err(|code| MoveError::Refused {
            what: format!("the scan of {} failed with {code}", setting.table),
            hint: "look the code up in DynamoDB's documentation".to_owned(),
        })?;
        let items = answer.get_mut("Items").map(Value::take);
        let items = match items {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let items = items.into_iter().filter_map(|item| match item {
            Value::Object(item) => Some(item),
            _ => None,
        });
        if !each(items.collect()) {
            return Ok(());
        }
        match answer.get_mut("LastEvaluatedKey").map(Value::take) {
            Some(key @ Value::Object(_)) if request.get("ExclusiveStartKey") != Some(&key) => {
                request["ExclusiveStartKey"] = key;
            }
            _ => return Ok(()),
        }
    }
}

/// Only what is needed; an item that goes to another primary key is needed wholly.
fn project(setting: &Setting, request: &mut Value) {
    if setting.in_primary_key() {
        return;
    }
    let mut names = Names::default();
    let mut paths: Vec<String> = setting.keys.iter().map(|key| names.of(key)).collect();
    // A place in a list can't be projected and keep its number: the whole attribute is read.
    let top = names.of(setting.path.top());
    if !paths.contains(&top) {
        paths.push(top);
    }
    if setting.path.attribute().is_some() {
        paths.push(names.of(&setting.reference));
    }
    request["ProjectionExpression"] = paths.join(", ").into();
    names.into_request(request);
}
