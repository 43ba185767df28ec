//! Answers as values: leaves with their paths, records, and comparison by structure and by content.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::limits;

/// A value that holds no others, with its path; elements of lists go by the list's name.
pub(crate) struct Leaf<'v> {
    pub(crate) path: String,
    pub(crate) value: &'v Value,
}

impl Leaf<'_> {
    /// The last part of the path that names something.
    pub(crate) fn name(&self) -> &str {
        let path = attribute(&self.path);
        path.rsplit('.').next().unwrap_or(path)
    }
}

/// The path without DynamoDB's word for the kind of a value: `tokens.token.S` is `tokens.token`.
pub(crate) fn attribute(path: &str) -> &str {
    let known = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"];
    match path.rsplit_once('.') {
        Some((before, kind)) if known.contains(&kind) => before,
        _ => path,
    }
}

/// The value itself, where DynamoDB's word for its kind is around it.
pub(crate) fn untyped(value: &Value) -> &Value {
    let typed = value.as_object().filter(|map| map.len() == 1);
    let inner = typed.and_then(|map| map.get("S").or_else(|| map.get("N")));
    inner.unwrap_or(value)
}

/// The leaves, as far as they are looked at.
pub(crate) fn leaves(value: &Value) -> Vec<Leaf<'_>> {
    let mut out = Vec::new();
    let mut stack = vec![(String::new(), value, 0)];
    while let Some((path, value, depth)) = stack.pop() {
        if out.len() >= limits::VALUES || depth > limits::DEPTH {
            continue;
        }
        match value {
            Value::Object(map) => {
                for (name, inner) in map.iter().rev() {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    stack.push((path, inner, depth + 1));
                }
            }
            Value::Array(items) => {
                stack.extend(
                    items
                        .iter()
                        .rev()
                        .take(limits::VALUES)
                        .map(|inner| (path.clone(), inner, depth + 1)),
                );
            }
            _ => out.push(Leaf { path, value }),
        }
    }
    out
}

/// The list that an answer is or holds as its main content.
pub(crate) fn list(value: &Value) -> Option<&Vec<Value>> {
    match value {
        Value::Array(items) => Some(items),
        Value::Object(map) => {
            let mut lists = map
                .values()
                .filter_map(Value::as_array)
                .filter(|items| items.iter().all(Value::is_object));
            let first = lists.next()?;
            lists.next().is_none().then_some(first)
        }
        _ => None,
    }
}

/// The objects that an answer is about: those of its list, or itself.
pub(crate) fn records(value: &Value) -> Vec<&Map<String, Value>> {
    match (list(value), value) {
        (Some(items), _) => items.iter().filter_map(Value::as_object).collect(),
        (None, Value::Object(map)) => vec![map],
        _ => Vec::new(),
    }
}

/// Names that change from answer to answer and say nothing about the object.
const VOLATILE: &[&str] = &[
    "request_id",
    "requestid",
    "trace_id",
    "traceid",
    "timestamp",
    "now",
    "server_time",
    "time",
    "nonce",
    "csrf",
    "csrf_token",
    "csrftoken",
    "etag",
    "expires_in",
    "elapsed",
    "duration",
    "generated_at",
];

/// Path and value of everything that tells one object from another.
pub(crate) fn content(value: &Value) -> BTreeSet<(String, String)> {
    leaves(value)
        .into_iter()
        .filter(|leaf| !leaf.value.is_null())
        .filter(|leaf| !VOLATILE.contains(&leaf.name().to_ascii_lowercase().as_str()))
        .map(|leaf| (leaf.path.clone(), scalar(leaf.value)))
        .collect()
}

/// Paths with the kind of their values.
pub(crate) fn structure(value: &Value) -> BTreeSet<String> {
    leaves(value).into_iter().map(|leaf| leaf.path).collect()
}

/// Two answers that show the same object: what is there of one is there of the other.
pub(crate) fn same_content(one: &Value, other: &Value) -> bool {
    let (one, other) = (content(one), content(other));
    !one.is_empty() && one == other
}

/// A scalar as text, without the quotes.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_those_of_the_one_list() {
        assert_eq!(
            records(&json!({"count": 2, "results": [{"a": 1}, {"a": 2}]})).len(),
            2
        );
        assert_eq!(records(&json!([{"a": 1}])).len(), 1);
        assert_eq!(
            records(&json!({"a": 1, "tags": [{"x": 1}], "parts": [{"y": 1}]})).len(),
            1
        );
        assert!(records(&json!("text")).is_empty());
    }

    #[test]
    fn equal_but_for_what_changes_anyway() {
        let one = json!({"id": 7, "request_id": "a", "name": "x"});
        assert!(same_content(
            &one,
            &json!({"name": "x", "id": 7, "request_id": "b"})
        ));
        assert!(!same_content(&one, &json!({"name": "x", "id": 8})));
        assert!(!same_content(&json!({}), &json!({})));
    }

    #[test]
    fn items_as_dynamodb_writes_them_have_their_own_names() {
        let value = json!({"tokens": [{"token": {"S": "x"}, "count": {"N": "1"}}]});
        let names: Vec<String> = leaves(&value)
            .iter()
            .map(|leaf| leaf.name().to_owned())
            .collect();
        assert_eq!(names, ["count", "token"]);
        assert_eq!(attribute("tokens.token.S"), "tokens.token");
        assert_eq!(attribute("S"), "S");
    }

    #[test]
    fn deep_values_are_bounded() {
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        assert!(leaves(&deep).is_empty());
    }
}
