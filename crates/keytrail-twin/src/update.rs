//! Update expressions: `SET`, `REMOVE` and `ADD` of numbers.

use serde_json::{Value, json};

use crate::expression::Reader;
use crate::reply::{Refused, refused};
use crate::value::{Item, Step, get, remove, set};

enum Change {
    Set(Vec<Step>, Value),
    Remove(Vec<Step>),
}

/// `item` after the request's update. What it reads is what was there before.
pub(crate) fn updated(request: &Value, item: &Item) -> Result<Item, Refused> {
    let text = request.get("UpdateExpression").and_then(Value::as_str);
    let mut reader = Reader::new(text.unwrap_or_default(), request)?;
    let mut changes = Vec::new();
    while !reader.at_end() {
        let clause = reader.word()?.to_ascii_uppercase();
        loop {
            changes.push(change(&clause, &mut reader, item)?);
            if !reader.take_sign(",") {
                break;
            }
        }
    }
    let mut new = item.clone();
    for change in changes {
        let done = match change {
            Change::Set(path, value) => set(&mut new, &path, value),
            Change::Remove(path) => remove(&mut new, &path),
        };
        done.ok_or_else(|| refused("ValidationException"))?;
    }
    Ok(new)
}

fn change(clause: &str, reader: &mut Reader<'_>, item: &Item) -> Result<Change, Refused> {
    let path = reader.path()?;
    match clause {
        "REMOVE" => Ok(Change::Remove(path)),
        "SET" => {
            reader.expect("=")?;
            let value = operand(reader, item)?;
            Ok(Change::Set(path, value))
        }
        "ADD" => {
            let more = reader.value()?.unwrap_or_default();
            let sum = number(get(item, &path)) + number(Some(&more));
            Ok(Change::Set(path, json!({"N": sum.to_string()})))
        }
        _ => Err(refused("ValidationException")),
    }
}

fn operand(reader: &mut Reader<'_>, item: &Item) -> Result<Value, Refused> {
    if let Some(value) = reader.value()? {
        return Ok(value);
    }
    let path = reader.path()?;
    get(item, &path)
        .cloned()
        .ok_or_else(|| refused("ValidationException"))
}

fn number(value: Option<&Value>) -> i64 {
    value
        .and_then(|value| value.get("N")?.as_str()?.parse().ok())
        .unwrap_or(0)
}
