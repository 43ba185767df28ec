//! What the service says of a table before anything is done: its key, and everything that keeps a copy
//! of what was in it.

use serde_json::{Value, json};

use crate::error::MoveError;
use crate::pace::Pace;
use crate::patience;
use crate::wire::{Refusal, Wire};

/// A table as it is described.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Attributes of the primary key.
    pub keys: Vec<String>,
    /// Items, as the service counted them some hours ago.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Indexes: name, attributes of their key, and whether they hold every attribute.
    pub indexes: Vec<(String, Vec<String>, bool)>,
    /// What keeps raw keys after they are moved, in a sentence each.
    pub keeps: Vec<String>,
    /// What could not be asked, and why.
    pub not_asked: Vec<String>,
}

impl Table {
    /// Asks the service.
    pub fn read(wire: &dyn Wire, pace: &Pace, name: &str) -> Result<Self, MoveError> {
        let request = json!({"TableName": name});
        let described = patience::send(wire, pace, "dynamodb:DescribeTable", &request)?;
        let described = described.map_err(|code| MoveError::Unfit {
            what: format!("the table {name} can't be described: {code}"),
            hint: "look at its name, the region and the account".to_owned(),
        })?;
        let described = described.get("Table").cloned().unwrap_or_default();
        let count = |field: &str| described.get(field).and_then(Value::as_u64).unwrap_or(0);
        let mut table = Self {
            keys: schema(&described),
            items: count("ItemCount"),
            bytes: count("TableSizeBytes"),
            indexes: indexes(&described),
            ..Self::default()
        };
        if table.keys.is_empty() {
            return Err(MoveError::Unfit {
                what: format!("the table {name} was described without its key"),
                hint: "check what stands at AWS_ENDPOINT_URL".to_owned(),
            });
        }
        table.stream(&described);
        table.replicas(&described);
        table.copies(wire, &request);
        Ok(table)
    }

    fn stream(&mut self, described: &Value) {
        let stream = described.get("StreamSpecification");
        let view = stream.and_then(|stream| stream.get("StreamViewType")?.as_str());
        if let Some(view) = view.filter(|view| *view != "KEYS_ONLY") {
            self.keeps.push(format!(
                "stream ({view}): every update carries the raw key as an old image for 24 hours, to \
                 whoever reads the stream"
            ));
        }
    }

    fn replicas(&mut self, described: &Value) {
        let replicas = described.get("Replicas").and_then(Value::as_array);
        let names: Vec<&str> = replicas
            .into_iter()
            .flatten()
            .filter_map(|replica| replica.get("RegionName")?.as_str())
            .collect();
        if !names.is_empty() {
            self.keeps.push(format!(
                "replicas in {}: they follow within seconds; their streams and backups are their own, and \
                 the vault has to be replicated there too",
                names.join(", ")
            ));
        }
    }

    /// Each of these may be refused without harm: then it is told that nobody knows.
    fn copies(&mut self, wire: &dyn Wire, request: &Value) {
        if let Some(answer) = self.ask(wire, "dynamodb:DescribeContinuousBackups", request) {
            let status = answer.pointer(
                "/ContinuousBackupsDescription/PointInTimeRecoveryDescription/PointInTimeRecoveryStatus",
            );
            if status.and_then(Value::as_str) == Some("ENABLED") {
                self.keeps.push(
                    "point-in-time recovery: the raw keys can be restored for up to 35 days"
                        .to_owned(),
                );
            }
        }
        if let Some(answer) = self.ask(wire, "dynamodb:ListBackups", request) {
            let count = length(&answer, "BackupSummaries");
            if count > 0 {
                self.keeps.push(format!(
                    "{count} backups: they hold the raw keys until they are deleted"
                ));
            }
        }
        if let Some(answer) = self.ask(wire, "dynamodb:ListExports", &json!({})) {
            let exports = answer.get("ExportSummaries").and_then(Value::as_array);
            let name = request.get("TableName").and_then(Value::as_str);
            let marker = format!("table/{}/", name.unwrap_or_default());
            let ours = exports.into_iter().flatten().filter(|export| {
                let arn = export.get("ExportArn").and_then(Value::as_str);
                arn.is_some_and(|arn| arn.contains(&marker))
            });
            let count = ours.count();
            if count > 0 {
                self.keeps.push(format!(
                    "{count} exports: their files in S3 hold the raw keys until they are deleted"
                ));
            }
        }
        let kinesis = "dynamodb:DescribeKinesisStreamingDestination";
        if let Some(answer) = self.ask(wire, kinesis, request)
            && length(&answer, "KinesisDataStreamDestinations") > 0
        {
            self.keeps.push(
                "a Kinesis destination: every update carries the raw key for as long as its stream keeps it"
                    .to_owned(),
            );
        }
    }

    fn ask(&mut self, wire: &dyn Wire, call: &'static str, request: &Value) -> Option<Value> {
        let why = match wire.send(call, request) {
            Ok(answer) => return Some(answer),
            Err(Refusal::Throttled) => "throttling".to_owned(),
            Err(Refusal::Broken(why) | Refusal::Code(why) | Refusal::Never { what: why, .. }) => {
                why
            }
        };
        self.not_asked.push(format!("{call}: {why}"));
        None
    }

    /// Indexes whose key is this attribute: the item leaves them with it.
    pub fn indexes_by(&self, attribute: &str) -> Vec<&str> {
        let by = self
            .indexes
            .iter()
            .filter(|(_, keys, _)| keys.iter().any(|key| key == attribute));
        by.map(|(name, _, _)| name.as_str()).collect()
    }
}

fn length(answer: &Value, field: &str) -> usize {
    answer
        .get(field)
        .and_then(Value::as_array)
        .map_or(0, Vec::len)
}

fn schema(described: &Value) -> Vec<String> {
    let keys = described.get("KeySchema").and_then(Value::as_array);
    let keys = keys.into_iter().flatten();
    keys.filter_map(|key| key.get("AttributeName")?.as_str().map(str::to_owned))
        .collect()
}

fn indexes(described: &Value) -> Vec<(String, Vec<String>, bool)> {
    let of = |field: &str| described.get(field).and_then(Value::as_array).cloned();
    let lists = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let all = lists.into_iter().filter_map(of).flatten();
    all.filter_map(|index| {
        let name = index.get("IndexName")?.as_str()?.to_owned();
        let whole = index.pointer("/Projection/ProjectionType")?.as_str()? == "ALL";
        Some((name, schema(&index), whole))
    })
    .collect()
}
