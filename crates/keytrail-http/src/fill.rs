//! Parameters get values: from a target that is known to exist, from answers that produce them, from
//! examples, last from their kind.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::Who;
use crate::json;
use crate::operation::{In, Operation, Param};

/// Values that each caller was answered, by the route that produced them.
#[derive(Debug, Default)]
pub(crate) struct Produced {
    /// Route → caller → records' fields.
    by_route: BTreeMap<String, BTreeMap<Who, Vec<BTreeMap<String, String>>>>,
    /// Values that come before others.
    marks: Vec<String>,
}

/// Records of one answer whose fields are kept.
const MOST_RECORDS: usize = 200;

impl Produced {
    /// Nothing yet; these values come before others.
    pub(crate) fn with_marks(marks: Vec<String>) -> Self {
        Self {
            marks,
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, route: &str, who: Who, value: &Value) {
        let records: Vec<BTreeMap<String, String>> = json::records(value)
            .into_iter()
            .take(MOST_RECORDS)
            .map(|record| {
                record
                    .iter()
                    .map(|(name, value)| (name, json::untyped(value)))
                    .filter(|(_, value)| matches!(value, Value::String(_) | Value::Number(_)))
                    .map(|(name, value)| (name.clone(), json::scalar(value)))
                    .filter(|(_, value)| !value.is_empty() && value.len() < 200)
                    .collect()
            })
            .collect();
        self.by_route
            .entry(route.to_owned())
            .or_default()
            .insert(who, records);
    }

    /// Values for the parameter of a route, from what this caller was answered, best first.
    pub(crate) fn values(&self, route: &str, param: &str, who: Who) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let marker = format!("{{{param}}}");
        let before = route.split(&marker).next().unwrap_or(route);
        let segment = before
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        // The collection that the object lies in, then whatever has a field of that very name.
        for (producer, by_who) in &self.by_route {
            let Some(records) = by_who.get(&who) else {
                continue;
            };
            if same_directory(producer, before) {
                let names = names(param, segment);
                for record in records {
                    found.extend(names.iter().find_map(|name| record.get(name)).cloned());
                }
            }
        }
        if param.len() > 2 {
            for by_who in self.by_route.values() {
                for record in by_who.get(&who).into_iter().flatten() {
                    found.extend(record.get(param).cloned());
                }
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|value| seen.insert(value.clone()));
        found.sort_by_key(|value| !self.marks.contains(value));
        found
    }
}

impl Produced {
    /// The one value of a field in all that the owner is answered somewhere, where the other is answered with
    /// another one: it stands for whose the records are.
    pub(crate) fn telling(&self, field: &str, owner: Who, other: Who) -> Option<String> {
        let the_one = |by_who: &BTreeMap<Who, Vec<BTreeMap<String, String>>>, who| {
            let records = by_who.get(&who)?;
            let first = records.first()?.get(field)?;
            let same = records
                .iter()
                .all(|record| record.get(field) == Some(first));
            same.then(|| first.clone())
        };
        self.by_route.values().find_map(|by_who| {
            let (own, theirs) = (the_one(by_who, owner)?, the_one(by_who, other)?);
            (own != theirs).then_some(own)
        })
    }
}

/// `/api/keys` and `/api/keys/` are the collection before `/api/keys/{id}`.
fn same_directory(producer: &str, before: &str) -> bool {
    producer.trim_end_matches('/') == before.trim_end_matches('/')
}

/// Fields that may hold the identifier, the most telling first.
fn names(param: &str, segment: &str) -> Vec<String> {
    let single = segment.strip_suffix("ies").map_or_else(
        || segment.trim_end_matches('s').to_owned(),
        |stem| format!("{stem}y"),
    );
    let mut names = vec![param.to_owned()];
    if let Some(stem) = param
        .strip_suffix("_id")
        .or_else(|| param.strip_suffix("Id"))
    {
        names.push(stem.to_owned());
    }
    names.extend([
        "id".to_owned(),
        "uuid".to_owned(),
        "pk".to_owned(),
        format!("{single}_id"),
        format!("{single}Id"),
    ]);
    names.extend(["slug", "key_id", "name", "code"].map(str::to_owned));
    names
}

/// The target of an operation for a caller.
pub(crate) fn target(operation: &Operation, produced: &Produced, who: Who) -> String {
    with(operation, &|param| {
        produced
            .values(&operation.route, param, who)
            .into_iter()
            .next()
    })
}

/// As [`target`], with `value` for parameters before all else.
pub(crate) fn with(operation: &Operation, value: &dyn Fn(&str) -> Option<String>) -> String {
    let names = operation.path_params();
    let mut path = operation.route.clone();
    for name in &names {
        let told = operation
            .params
            .iter()
            .find(|param| param.name == *name && param.place == In::Path);
        let from_answers = value(name);
        if from_answers.is_none()
            && let Some(concrete) = &operation.concrete
        {
            return concrete.clone();
        }
        let filled = from_answers
            .or_else(|| told.and_then(|param| param.example.clone()))
            .unwrap_or_else(|| by_kind(name, told));
        path = path.replace(&format!("{{{name}}}"), &encode(&filled));
    }
    if names.is_empty()
        && let Some(concrete) = &operation.concrete
    {
        return concrete.clone();
    }
    let required = operation
        .params
        .iter()
        .filter(|param| param.place == In::Query && param.required);
    let mut query = Vec::new();
    for param in required {
        let filled = param
            .example
            .clone()
            .or_else(|| value(&param.name))
            .unwrap_or_else(|| by_kind(&param.name, Some(param)));
        query.push(format!("{}={}", encode(&param.name), encode(&filled)));
    }
    if query.is_empty() {
        path
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

fn by_kind(name: &str, told: Option<&Param>) -> String {
    let (kind, format) = told.map_or(("", ""), |param| {
        (param.kind.as_str(), param.format.as_str())
    });
    match (kind, format) {
        ("integer" | "number", _) => "1".to_owned(),
        ("boolean", _) => "true".to_owned(),
        (_, "uuid") => "00000000-0000-4000-8000-000000000001".to_owned(),
        (_, "date") => "2026-01-01".to_owned(),
        (_, "date-time") => "2026-01-01T00:00:00Z".to_owned(),
        (_, "email") => "nobody@example.org".to_owned(),
        _ if name.ends_with("id") || name == "pk" => "1".to_owned(),
        _ => "test".to_owned(),
    }
}

/// As one part of a path or query.
pub(crate) fn encode(value: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~')
        .remove(b'@')
        .remove(b':');
    percent_encoding::utf8_percent_encode(value, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::Found;

    #[test]
    fn identifiers_come_from_the_collection_of_the_same_caller() {
        let mut produced = Produced::default();
        produced.add(
            "/api/orders/",
            Who::Identity(0),
            &json!({"results": [{"id": 7, "n": "x"}, {"id": 9}]}),
        );
        produced.add("/api/orders/", Who::Identity(1), &json!([{"id": 8}]));
        let operation = Operation::new("GET", "/api/orders/{order_id}/items/", Found::Code);
        assert_eq!(
            target(&operation, &produced, Who::Identity(0)),
            "/api/orders/7/items/"
        );
        assert_eq!(
            target(&operation, &produced, Who::Identity(1)),
            "/api/orders/8/items/"
        );
        assert_eq!(
            target(&operation, &produced, Who::Anonymous),
            "/api/orders/1/items/"
        );
    }

    #[test]
    fn values_are_encoded() {
        let mut operation = Operation::new("GET", "/a/{name}", Found::Code);
        operation.concrete = None;
        assert_eq!(
            with(&operation, &|_| Some("x/../y?z".to_owned())),
            "/a/x%2F..%2Fy%3Fz"
        );
    }
}
