//! Tables: single-item calls with conditions, consistent and stale reads, scans by pages, and
//! transactions that happen wholly or not at all.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::expression::{Reader, Token, tokens};
use crate::reply::{Refused, refused};
use crate::value::{Item, Step, canonical, get, set};
use crate::{condition, update};

/// Items of a page of a scan: a megabyte of real ones would be more.
const PAGE: usize = 500;

#[derive(Default)]
pub(crate) struct Tables(BTreeMap<String, Table>);

#[derive(Default)]
struct Table {
    keys: Vec<String>,
    rows: BTreeMap<String, Row>,
    calls: u64,
}

/// What is there, and what was before the last write: a read that is not consistent may see it.
#[derive(Default)]
struct Row {
    now: Option<Item>,
    before: Option<Item>,
}

impl Table {
    /// The primary key of an item, or of a `Key`, as one text.
    fn key(&self, item: &Item) -> Result<String, Refused> {
        let mut parts = Vec::new();
        for name in &self.keys {
            let value = item.get(name).ok_or_else(invalid)?;
            let text = value.as_object().and_then(|v| v.values().next()?.as_str());
            if text.is_none_or(str::is_empty) {
                return Err(invalid());
            }
            parts.push(canonical(value).to_string());
        }
        Ok(parts.join("\u{0}"))
    }

    fn now(&self, key: &str) -> Option<&Item> {
        self.rows.get(key)?.now.as_ref()
    }

    fn write(&mut self, key: &str, new: Option<Item>) {
        let row = self.rows.entry(key.to_owned()).or_default();
        row.before = std::mem::replace(&mut row.now, new);
    }

    fn only_key(&self, item: &Item) -> Item {
        let names = self.keys.iter();
        names
            .filter_map(|name| Some((name.clone(), item.get(name)?.clone())))
            .collect()
    }
}

fn invalid() -> Refused {
    refused("ValidationException")
}

fn failed() -> Refused {
    refused("ConditionalCheckFailedException")
}

/// A write that was checked and is not made yet.
struct Intended {
    table: String,
    key: String,
    new: Option<Item>,
    changes: bool,
}

impl Tables {
    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Result<Value, Refused> {
        match operation {
            "CreateTable" => self.create(request),
            "DescribeTable" => self.describe(request),
            "GetItem" => self.get_item(request),
            "PutItem" | "UpdateItem" | "DeleteItem" => self.single(operation, request),
            "Scan" => self.scan(request),
            "TransactWriteItems" => self.transact(request),
            "DescribeContinuousBackups" => Ok(json!({"ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}})),
            "ListBackups" => Ok(json!({"BackupSummaries": []})),
            "ListExports" => Ok(json!({"ExportSummaries": []})),
            "DescribeKinesisStreamingDestination" => {
                Ok(json!({"KinesisDataStreamDestinations": []}))
            }
            _ => Err(refused("UnknownOperationException")),
        }
    }

    fn table(&mut self, request: &Value) -> Result<&mut Table, Refused> {
        let name = request.get("TableName").and_then(Value::as_str);
        self.0
            .get_mut(name.unwrap_or_default())
            .ok_or_else(|| refused("ResourceNotFoundException"))
    }

    fn create(&mut self, request: &Value) -> Result<Value, Refused> {
        let keys = request.get("KeySchema").and_then(Value::as_array);
        let keys = keys.into_iter().flatten();
        let keys: Vec<String> = keys
            .filter_map(|key| key.get("AttributeName")?.as_str().map(str::to_owned))
            .collect();
        let name = request.get("TableName").and_then(Value::as_str);
        let name = name.ok_or_else(invalid)?.to_owned();
        let table = Table {
            keys,
            ..Table::default()
        };
        self.0.insert(name, table);
        Ok(json!({}))
    }

    fn describe(&mut self, request: &Value) -> Result<Value, Refused> {
        let name = request.get("TableName").cloned().unwrap_or_default();
        let table = self.table(request)?;
        let kinds = ["HASH", "RANGE"];
        let schema: Vec<Value> = table
            .keys
            .iter()
            .zip(kinds)
            .map(|(name, kind)| json!({"AttributeName": name, "KeyType": kind}))
            .collect();
        let items = table.rows.values().filter(|row| row.now.is_some()).count();
        Ok(json!({"Table": {
            "TableName": name, "TableStatus": "ACTIVE", "KeySchema": schema, "ItemCount": items,
            "TableSizeBytes": items * 300,
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "TableArn": format!("arn:aws:dynamodb:us-east-1:123456789012:table/{}", name.as_str().unwrap_or_default()),
        }}))
    }

    fn get_item(&mut self, request: &Value) -> Result<Value, Refused> {
        all_used(request)?;
        let consistent = request.get("ConsistentRead") == Some(&Value::Bool(true));
        let table = self.table(request)?;
        table.calls += 1;
        let key = table.key(fields(request, "Key")?)?;
        let row = table.rows.get(&key);
        let stale = !consistent && table.calls.is_multiple_of(3);
        let item = row.and_then(|row| if stale { &row.before } else { &row.now }.as_ref());
        match item {
            Some(item) => Ok(json!({"Item": projected(request, item)?})),
            None => Ok(json!({})),
        }
    }

    fn single(&mut self, operation: &str, request: &Value) -> Result<Value, Refused> {
        let intended = self.intend(operation, request)?;
        let table = self.table(request)?;
        let old = table.now(&intended.key).cloned();
        table.write(&intended.key, intended.new.clone());
        let shown = match request.get("ReturnValues").and_then(Value::as_str) {
            Some("ALL_OLD") => old,
            Some("ALL_NEW") => intended.new,
            _ => None,
        };
        Ok(shown.map_or_else(|| json!({}), |item| json!({"Attributes": item})))
    }

    /// What a write would do, or why it is refused.
    fn intend(&mut self, operation: &str, request: &Value) -> Result<Intended, Refused> {
        all_used(request)?;
        let name = request.get("TableName").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let table = self.table(request)?;
        let field = if operation == "PutItem" {
            "Item"
        } else {
            "Key"
        };
        let given = fields(request, field)?;
        let key = table.key(given)?;
        let now = table.now(&key);
        if !condition::holds(request, now)? {
            return Err(failed());
        }
        let new = match operation {
            "PutItem" => Some(given.clone()),
            "UpdateItem" => {
                let begun = now.unwrap_or(given);
                let new = update::updated(request, begun)?;
                if table.only_key(&new) != table.only_key(begun) {
                    return Err(invalid());
                }
                Some(new)
            }
            _ => None,
        };
        Ok(Intended {
            table: name,
            key,
            new,
            changes: operation != "ConditionCheck",
        })
    }

    fn transact(&mut self, request: &Value) -> Result<Value, Refused> {
        let parts = request.get("TransactItems").and_then(Value::as_array);
        let parts = parts.filter(|parts| !parts.is_empty() && parts.len() <= 100);
        let mut reasons = Vec::new();
        let mut intended: Vec<Intended> = Vec::new();
        for part in parts.ok_or_else(invalid)? {
            let (kind, inner) = part
                .as_object()
                .and_then(|part| part.iter().next())
                .ok_or_else(invalid)?;
            let operation = match kind.as_str() {
                "Put" => "PutItem",
                "Update" => "UpdateItem",
                "Delete" => "DeleteItem",
                _ => "ConditionCheck",
            };
            match self.intend(operation, inner) {
                Ok(one) if intended.iter().any(|other| other.key == one.key) => {
                    return Err(invalid());
                }
                Ok(one) => {
                    intended.push(one);
                    reasons.push(json!({"Code": "None"}));
                }
                Err(error) if error == failed() => {
                    reasons.push(json!({"Code": "ConditionalCheckFailed"}));
                }
                Err(error) => return Err(error),
            }
        }
        if reasons
            .iter()
            .any(|reason| reason != &json!({"Code": "None"}))
        {
            let mut error = refused("TransactionCanceledException");
            error["CancellationReasons"] = reasons.into();
            return Err(error);
        }
        for one in intended.into_iter().filter(|one| one.changes) {
            if let Some(table) = self.0.get_mut(&one.table) {
                table.write(&one.key, one.new);
            }
        }
        Ok(json!({}))
    }

    fn scan(&mut self, request: &Value) -> Result<Value, Refused> {
        all_used(request)?;
        let number = |name: &str| request.get(name).and_then(Value::as_u64);
        let limit = number("Limit").map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE));
        let segment = (
            number("Segment").unwrap_or(0),
            number("TotalSegments").unwrap_or(1),
        );
        let table = self.table(request)?;
        let start = match request.get("ExclusiveStartKey").and_then(Value::as_object) {
            Some(start) => Some(table.key(start)?),
            None => None,
        };
        let mut items = Vec::new();
        let mut last = None;
        let mut read = 0;
        let begun = start.as_ref();
        let rows = table.rows.iter();
        let rows = rows.filter(|(key, _)| begun.is_none_or(|begun| *key > begun));
        for (key, row) in rows.filter(|(key, _)| hash(key) % segment.1.max(1) == segment.0) {
            let Some(item) = &row.now else { continue };
            if read == limit.min(PAGE) {
                break;
            }
            read += 1;
            last = Some((key.clone(), table.only_key(item)));
            if condition::named(request, "FilterExpression", Some(item))? {
                items.push(Value::Object(projected(request, item)?));
            }
        }
        let mut answer = json!({"Items": items, "Count": items.len(), "ScannedCount": read});
        // As the service does: a full page has a key to go on from, be there more or not.
        if let Some((_, key)) = last.filter(|_| read == limit.min(PAGE)) {
            answer["LastEvaluatedKey"] = Value::Object(key);
        }
        Ok(answer)
    }

    /// Every item of a table, for whoever checks what became of it.
    pub(crate) fn items(&self, table: &str) -> Vec<Item> {
        let rows = self.0.get(table).into_iter().flat_map(|t| t.rows.values());
        rows.filter_map(|row| row.now.clone()).collect()
    }
}

fn hash(text: &str) -> u64 {
    // FNV-1a: any spread serves.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn fields<'r>(request: &'r Value, name: &str) -> Result<&'r Item, Refused> {
    request
        .get(name)
        .and_then(Value::as_object)
        .ok_or_else(invalid)
}

/// Only what a projection names; the whole item without one.
fn projected(request: &Value, item: &Item) -> Result<Item, Refused> {
    let Some(text) = request.get("ProjectionExpression").and_then(Value::as_str) else {
        return Ok(item.clone());
    };
    let mut reader = Reader::new(text, request)?;
    let mut shown = Item::new();
    loop {
        let path = reader.path()?;
        if let Some(value) = get(item, &path) {
            place(&mut shown, &path, value.clone());
        }
        if !reader.take_sign(",") {
            return Ok(shown);
        }
    }
}

/// Puts a value at a path, making the maps on the way.
fn place(shown: &mut Item, path: &[Step], value: Value) {
    for length in 1..path.len() {
        if get(shown, &path[..length]).is_none() {
            let empty = match path[length] {
                Step::Field(_) => json!({"M": Map::new()}),
                Step::Index(_) => json!({"L": []}),
            };
            set(shown, &path[..length], empty);
        }
    }
    set(shown, path, value);
}

/// Placeholders that no expression uses are refused, as the service does.
fn all_used(request: &Value) -> Result<(), Refused> {
    let mut used = Vec::new();
    for name in [
        "ConditionExpression",
        "UpdateExpression",
        "ProjectionExpression",
        "FilterExpression",
        "KeyConditionExpression",
    ] {
        if let Some(text) = request.get(name).and_then(Value::as_str) {
            used.extend(tokens(text)?);
        }
    }
    for name in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        let given = request.get(name).and_then(Value::as_object);
        let unused = |key: &&String| !used.contains(&Token::Word((*key).clone()));
        if given.is_some_and(|given| given.is_empty() || given.keys().any(|key| unused(&key))) {
            return Err(invalid());
        }
    }
    Ok(())
}
