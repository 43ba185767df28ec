//! Answers as lines of JSON.

use serde_json::{Map, Value, json};

use super::CaseError;
use super::case::Case;
use crate::evaluate::{Alternative, Deciding, Decision};

/// Longer lines are no cases: twenty policies of the largest size have room in it.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The answer to one line, `number` from 1: a decision, or why there is none.
pub fn answer(line: &str, number: usize) -> String {
    let case: Value = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => return refused(&CaseError::Json(error.column()), number),
    };
    let Some(fields) = case.as_object() else {
        return refused(&CaseError::NoObject, number);
    };
    let id = fields.get("id").cloned().unwrap_or(Value::Null);
    match Case::read(fields) {
        Ok(case) => decided(id, &case.decide()),
        Err(error) => with_error(&id, &error, number),
    }
}

/// The answer to a line of which not even the id is known.
pub fn refused(error: &CaseError, number: usize) -> String {
    with_error(&Value::Null, error, number)
}

fn with_error(id: &Value, error: &CaseError, number: usize) -> String {
    let told = format!("{error}; {}", error.hint());
    json!({"id": id, "line": number, "error": told}).to_string()
}

fn decided(id: Value, decision: &Decision<'_>) -> String {
    let mut out = Map::new();
    out.insert("id".to_owned(), id);
    let (word, statements, remaining) = match decision {
        Decision::Allow(by) => ("allow", statements(by.iter()), Vec::new()),
        Decision::ExplicitDeny(by) => ("explicit_deny", statements([by]), Vec::new()),
        Decision::ImplicitDeny(layer) => {
            out.insert("missing".to_owned(), json!(layer.to_string()));
            ("implicit_deny", Vec::new(), Vec::new())
        }
        Decision::AllowedIf(ways) => {
            let first = ways.iter().min_by_key(|way| way.conditions.len());
            if ways.len() > 1 {
                let ways: Vec<Value> = ways.iter().map(way).collect();
                out.insert("ways".to_owned(), json!(ways));
            }
            let by = ways.iter().flat_map(|way| &way.by);
            (
                "allow_if",
                statements(by),
                first.map_or_else(Vec::new, remaining),
            )
        }
    };
    out.insert("decision".to_owned(), json!(word));
    out.insert("statements".to_owned(), json!(statements));
    out.insert("remaining".to_owned(), json!(remaining));
    Value::Object(out).to_string()
}

fn way(way: &Alternative<'_>) -> Value {
    json!({"statements": statements(&way.by), "remaining": remaining(way)})
}

fn remaining(way: &Alternative<'_>) -> Vec<String> {
    let texts = way
        .conditions
        .iter()
        .map(|condition| condition.text.clone());
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    texts
}

fn statements<'d, 'p: 'd>(by: impl IntoIterator<Item = &'d Deciding<'p>>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for by in by {
        let one = json!({
            "policy": *by.policy.address,
            "statement": by.statement.name,
            "effect": by.statement.effect.as_str(),
            "layer": by.layer.to_string(),
        });
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}
