//! Functions: under which role they run, which tables their variables name, which streams they read.

use serde_json::{Map, Value, json};

use super::document::{Document, text};
use super::regions::Region;
use crate::client::{Call, Paging};

/// All functions and event source mappings of a region. Of their variables, only those are kept
/// whose value is the name or the ARN of a table: the rest may be secrets.
pub(crate) async fn collect(region: &Region, tables: &[String]) -> Document {
    let mut document = Document::default();
    let paging = Paging::new("Functions", "NextMarker", "Marker");
    let found = region
        .client
        .list(Call::ListFunctions, json!({}), paging)
        .await;
    let found = document.note(&format!("functions of {}", region.place()), found);
    document.count("functions", found.as_ref().map_or(0, Vec::len));
    for function in found.iter().flatten() {
        let mut properties = Map::new();
        let name = text(function, "FunctionName");
        properties.insert("FunctionName".to_owned(), json!(name));
        properties.insert("Role".to_owned(), json!(text(function, "Role")));
        properties.insert("Environment".to_owned(), variables(function, tables));
        let arn = text(function, "FunctionArn");
        document.add(arn, "AWS::Lambda::Function", properties);
    }
    let paging = Paging::new("EventSourceMappings", "NextMarker", "Marker");
    let found = region
        .client
        .list(Call::ListEventSourceMappings, json!({}), paging)
        .await;
    let what = format!("event source mappings of {}", region.place());
    let found = document.note(&what, found);
    for mapping in found.iter().flatten() {
        let mut properties = Map::new();
        let source = text(mapping, "EventSourceArn");
        let function = text(mapping, "FunctionArn");
        let name = function.rsplit(':').next().unwrap_or(function);
        properties.insert("EventSourceArn".to_owned(), json!(source));
        properties.insert("FunctionName".to_owned(), json!(name));
        let id = region.arn(
            "lambda",
            &format!("event-source-mapping:{}", text(mapping, "UUID")),
        );
        document.add(&id, "AWS::Lambda::EventSourceMapping", properties);
    }
    document
}

fn variables(function: &Value, tables: &[String]) -> Value {
    let given = function
        .pointer("/Environment/Variables")
        .and_then(Value::as_object);
    let kept: Map<String, Value> = given
        .into_iter()
        .flatten()
        .filter(|(_, value)| {
            let value = value.as_str().unwrap_or_default();
            let name = value.rsplit(":table/").next().unwrap_or(value);
            tables.iter().any(|table| table == name)
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    json!({"Variables": kept})
}
