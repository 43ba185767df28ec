//! GraphQL by GET: introspection, and each query that needs no argument as an operation.

use serde_json::Value;

use crate::client::{Answer, Ask, Client, Who};
use crate::operation::{Found, Operation};

const INTROSPECTION: &str = "{__schema{queryType{name}types{name kind fields{name args{name type{kind}}type{name kind ofType{name kind ofType{name kind ofType{name kind}}}}}}}}";
/// Queries that are asked.
const MOST: usize = 60;

/// The path and its operations, where there is a schema to read.
pub(crate) fn find(client: &mut Client) -> Option<(Ask, Answer, Vec<Operation>)> {
    let base = client.target.base.clone();
    for name in ["graphql", "api/graphql", "graphql/"] {
        let path = format!("{base}{name}");
        let ask = Ask::get(&query(&path, INTROSPECTION), Who::Anonymous);
        let outcome = client.one(ask.clone());
        if let Some(answer) = outcome.success()
            && let Some(schema) = answer
                .json
                .as_ref()
                .and_then(|json| json.pointer("/data/__schema"))
        {
            return Some((ask, answer.clone(), operations(schema, &path)));
        }
    }
    None
}

fn query(path: &str, text: &str) -> String {
    let text = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
    format!("{path}?query={text}")
}

fn operations(schema: &Value, path: &str) -> Vec<Operation> {
    let root = schema
        .pointer("/queryType/name")
        .and_then(Value::as_str)
        .unwrap_or("Query");
    let Some(fields) = fields(schema, root) else {
        return Vec::new();
    };
    let free = fields.iter().filter(|field| {
        let args = field.get("args").and_then(Value::as_array);
        args.into_iter()
            .flatten()
            .all(|arg| arg.pointer("/type/kind").and_then(Value::as_str) != Some("NON_NULL"))
    });
    free.take(MOST)
        .filter_map(|field| {
            let name = field.get("name")?.as_str()?;
            let (kind, of) = named(field.get("type")?);
            let text = match kind {
                "SCALAR" | "ENUM" => format!("{{{name}}}"),
                _ => format!("{{{name}{{{}}}}}", scalars(schema, of)?),
            };
            let mut operation =
                Operation::new("GET", &format!("{path}#{name}"), Found::Introspection);
            operation.concrete = Some(query(path, &text));
            operation.action = crate::actions::told(name);
            Some(operation)
        })
        .collect()
}

fn fields<'s>(schema: &'s Value, name: &str) -> Option<&'s Vec<Value>> {
    let types = schema.get("types")?.as_array()?;
    let found = types
        .iter()
        .find(|one| one.get("name").and_then(Value::as_str) == Some(name))?;
    found.get("fields")?.as_array()
}

/// The named type behind lists and not-nulls.
fn named(mut kind: &Value) -> (&str, &str) {
    for _ in 0..4 {
        match kind.get("ofType") {
            Some(inner) if inner.is_object() => kind = inner,
            _ => break,
        }
    }
    let text = |name: &str| kind.get(name).and_then(Value::as_str).unwrap_or_default();
    (text("kind"), text("name"))
}

fn scalars(schema: &Value, name: &str) -> Option<String> {
    let names: Vec<&str> = fields(schema, name)?
        .iter()
        .filter(|field| {
            field
                .get("type")
                .is_some_and(|kind| matches!(named(kind).0, "SCALAR" | "ENUM"))
        })
        .filter_map(|field| field.get("name")?.as_str())
        .take(40)
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}
