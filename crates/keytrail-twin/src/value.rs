//! Attribute values, and paths into items.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// An item: names to typed values.
pub(crate) type Item = Map<String, Value>;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Index(usize),
}

/// The value at a path.
pub(crate) fn get<'i>(item: &'i Item, path: &[Step]) -> Option<&'i Value> {
    let (Step::Field(first), rest) = path.split_first()? else {
        return None;
    };
    let mut value = item.get(first)?;
    for step in rest {
        value = match step {
            Step::Field(name) => value.get("M")?.get(name)?,
            Step::Index(index) => value.get("L")?.get(index)?,
        };
    }
    Some(value)
}

fn parent<'i>(item: &'i mut Item, path: &[Step]) -> Option<&'i mut Value> {
    let (Step::Field(first), rest) = path.split_first()? else {
        return None;
    };
    let mut value = item.get_mut(first)?;
    for step in rest {
        value = match step {
            Step::Field(name) => value.get_mut("M")?.get_mut(name)?,
            Step::Index(index) => value.get_mut("L")?.get_mut(index)?,
        };
    }
    Some(value)
}

/// Sets the value at a path; `None` where what it lies in is not there.
pub(crate) fn set(item: &mut Item, path: &[Step], new: Value) -> Option<()> {
    let (last, above) = path.split_last()?;
    match (last, above) {
        (Step::Field(name), []) => {
            item.insert(name.clone(), new);
        }
        (Step::Field(name), above) => {
            let map = parent(item, above)?.get_mut("M")?.as_object_mut()?;
            map.insert(name.clone(), new);
        }
        (Step::Index(index), above) => {
            let elements = parent(item, above)?.get_mut("L")?.as_array_mut()?;
            match elements.get_mut(*index) {
                Some(old) => *old = new,
                None => elements.push(new),
            }
        }
    }
    Some(())
}

/// Takes the value at a path away.
pub(crate) fn remove(item: &mut Item, path: &[Step]) -> Option<()> {
    let (last, above) = path.split_last()?;
    match (last, above) {
        (Step::Field(name), []) => {
            item.remove(name);
        }
        (Step::Field(name), above) => {
            let map = parent(item, above)?.get_mut("M")?.as_object_mut()?;
            map.remove(name);
        }
        (Step::Index(index), above) => {
            let elements = parent(item, above)?.get_mut("L")?.as_array_mut()?;
            if *index < elements.len() {
                elements.remove(*index);
            }
        }
    }
    Some(())
}

/// A form that is equal where DynamoDB calls values equal: numbers by value, sets without order.
pub(crate) fn canonical(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|map| map.iter().next()) else {
        return value.clone();
    };
    let inner = match (kind.as_str(), inner) {
        ("N", Value::String(text)) => Value::String(number(text)),
        ("SS" | "NS" | "BS", Value::Array(list)) => {
            let mut list: Vec<String> = list
                .iter()
                .filter_map(Value::as_str)
                .map(|text| {
                    if kind == "NS" {
                        number(text)
                    } else {
                        text.to_owned()
                    }
                })
                .collect();
            list.sort();
            list.into()
        }
        ("L", Value::Array(list)) => list.iter().map(canonical).collect(),
        ("M", Value::Object(map)) => {
            let sorted: BTreeMap<&String, Value> = map
                .iter()
                .map(|(name, value)| (name, canonical(value)))
                .collect();
            sorted
                .into_iter()
                .map(|(name, value)| (name.clone(), value))
                .collect()
        }
        _ => inner.clone(),
    };
    Value::Object([(kind.clone(), inner)].into_iter().collect())
}

/// Without a plus, leading zeros, and zeros behind a point.
fn number(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.trim_start_matches('+')),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let part = part.trim_end_matches('0');
    match (whole, part) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    }
}
