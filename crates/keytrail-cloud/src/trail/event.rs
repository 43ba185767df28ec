//! One event, as far as it is needed. Key attributes of items stand in its parameters: those are passed over.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::identity::Identity;

/// A call, as `CloudTrail` recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailEvent {
    /// `dynamodb.amazonaws.com`.
    pub source: String,
    /// `GetItem`.
    pub name: String,
    /// `2026-11-24T09:41:00Z`.
    pub time: String,
    /// Its number.
    pub id: String,
    /// `eu-west-1`.
    pub region: String,
    /// The account that the trail is of.
    pub account: String,
    /// Who: the ARN of a user or role, a service, or another account's number.
    pub principal: String,
    /// `AccessDenied`, where the call failed.
    pub error: Option<String>,
    /// ARNs of the tables, streams, indexes or other things that it was about, or their names.
    pub resources: Vec<String>,
}

/// What the file says; all else is passed over without being kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    event_source: String,
    #[serde(default)]
    event_name: String,
    #[serde(default)]
    event_time: String,
    #[serde(rename = "eventID", default)]
    event_id: String,
    #[serde(default)]
    aws_region: String,
    #[serde(default)]
    recipient_account_id: Option<String>,
    #[serde(default)]
    user_identity: Option<Identity>,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(default)]
    request_parameters: Parameters,
    #[serde(default)]
    resources: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "ARN", default)]
    arn: Option<String>,
}

impl Raw {
    fn event(self) -> TrailEvent {
        let identity = self.user_identity.unwrap_or_default();
        let resources = self.resources.unwrap_or_default();
        let mut resources: Vec<String> = resources.into_iter().filter_map(|one| one.arn).collect();
        if resources.is_empty() {
            resources = self.request_parameters.0;
        }
        TrailEvent {
            principal: identity.name(),
            account: self
                .recipient_account_id
                .or(identity.account_id)
                .unwrap_or_default(),
            source: self.event_source,
            name: self.event_name,
            time: self.event_time,
            id: self.event_id,
            region: self.aws_region,
            error: self.error_code,
            resources,
        }
    }
}

/// Names of tables in the parameters of a request, wherever they stand.
#[derive(Default)]
struct Parameters(Vec<String>);

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let mut names = Vec::new();
        for field in [
            "tableName",
            "tableArn",
            "streamArn",
            "resourceArn",
            "sourceTableName",
            "sourceTableArn",
        ] {
            names.extend(value.get(field).and_then(Value::as_str).map(str::to_owned));
        }
        // A batch has a field for each table.
        let batch = value.get("requestItems").and_then(Value::as_object);
        names.extend(batch.into_iter().flatten().map(|(name, _)| name.clone()));
        Ok(Self(names))
    }
}

/// Hands each event of a file to `take`, and tells how many could not be read. `false` where the file
/// is no file of events; those before the break were handed over.
pub(crate) fn each(bytes: &[u8], take: &mut dyn FnMut(TrailEvent)) -> (bool, u64) {
    let mut malformed = 0;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let file = File {
        take,
        malformed: &mut malformed,
    };
    let found = file.deserialize(&mut json);
    let whole = matches!(found, Ok(true)) && json.end().is_ok();
    (whole, malformed)
}

struct File<'t> {
    take: &'t mut dyn FnMut(TrailEvent),
    malformed: &'t mut u64,
}

impl<'de> DeserializeSeed<'de> for File<'_> {
    /// Whether there is a list of events.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for File<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a file of events")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                // A delivered file, and what `lookup-events` prints.
                "Records" | "Events" => {
                    found = true;
                    let list = List {
                        take: &mut *self.take,
                        malformed: &mut *self.malformed,
                    };
                    map.next_value_seed(list)?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

struct List<'t> {
    take: &'t mut dyn FnMut(TrailEvent),
    malformed: &'t mut u64,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<(), A::Error> {
        while let Some(event) = events.next_element::<Value>()? {
            match parsed(event) {
                Some(event) => (self.take)(event),
                None => *self.malformed += 1,
            }
        }
        Ok(())
    }
}

/// An event; in the answer of `lookup-events` it stands as text in a field.
fn parsed(event: Value) -> Option<TrailEvent> {
    let raw: Raw = match event.get("CloudTrailEvent").and_then(Value::as_str) {
        Some(text) => serde_json::from_str(text).ok()?,
        None => serde_json::from_value(event).ok()?,
    };
    (!raw.event_name.is_empty()).then(|| raw.event())
}
