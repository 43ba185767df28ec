//! The document that an account becomes, and what could not be asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::error::CloudError;

/// Resources by their ARNs, what else copies a table, and what is missing.
#[derive(Debug, Default)]
pub(crate) struct Document {
    resources: BTreeMap<String, Value>,
    /// Copies of a table, by its ARN: no template can declare them.
    pub(crate) copies: BTreeMap<String, BTreeSet<String>>,
    /// Rights that are missing, with what is not known without them.
    pub(crate) denied: BTreeMap<&'static str, BTreeSet<String>>,
    /// Other failures.
    pub(crate) failed: BTreeMap<String, BTreeSet<String>>,
    /// Copies that could not be asked for: the table's ARN (empty for all) and the copy's label.
    pub(crate) unread: BTreeSet<(String, &'static str)>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

/// A value that exists and is not known.
pub(crate) fn unknown() -> Value {
    json!({"Ref": "NotEvaluated"})
}

impl Document {
    /// Adds a resource; `id` is its ARN.
    pub(crate) fn add(&mut self, id: &str, kind: &str, properties: Map<String, Value>) {
        let properties = Value::Object(properties);
        let mut resource = json!({"Type": kind});
        resource["Properties"] = properties;
        self.resources.insert(id.to_owned(), resource);
    }

    pub(crate) fn count(&mut self, what: &'static str, more: usize) {
        *self.counts.entry(what).or_default() += more as u64;
    }

    /// The value, or `None` with a note about `what` was to be known.
    pub(crate) fn note<T>(&mut self, what: &str, result: Result<T, CloudError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(CloudError::Denied { action }) => {
                self.denied
                    .entry(action)
                    .or_default()
                    .insert(what.to_owned());
                None
            }
            Err(error) => {
                let told = format!("{error}; {}", error.hint());
                self.failed.entry(told).or_default().insert(what.to_owned());
                None
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.resources.extend(other.resources);
        for (arn, copies) in other.copies {
            self.copies.entry(arn).or_default().extend(copies);
        }
        for (action, what) in other.denied {
            self.denied.entry(action).or_default().extend(what);
        }
        for (told, what) in other.failed {
            self.failed.entry(told).or_default().extend(what);
        }
        self.unread.extend(other.unread);
        for (what, count) in other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    pub(crate) fn resources(&self) -> impl Iterator<Item = &Value> {
        self.resources.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// As a template.
    pub(crate) fn text(&self) -> String {
        json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": {"NotEvaluated": {"Type": "String"}},
            "Resources": self.resources,
        })
        .to_string()
    }
}

/// Picks fields of an answer under new names; what is not there stays out.
pub(crate) fn pick(from: &Value, names: &[(&str, &str)]) -> Map<String, Value> {
    let fields = names.iter().filter_map(|(theirs, ours)| {
        let value = from.get(*theirs).filter(|value| !value.is_null())?;
        Some(((*ours).to_owned(), value.clone()))
    });
    fields.collect()
}

pub(crate) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice)
}

/// A policy that stands as text inside an answer; text that is no JSON stays text, which is then
/// told as a policy that can't be read.
pub(crate) fn policy(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
        other => other.clone(),
    }
}
