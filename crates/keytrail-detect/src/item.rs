//! Items of DynamoDB, as its JSON writes them: `{"api_key": {"S": "…"}}`. Scans, streams, exports and
//! templates' items all have this form, and all are read here.
//!
//! Values are examined under their own names, with nested maps, lists and sets, bytes that are text,
//! and JSON inside strings. Nothing here knows a table or a file.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keytrail_model::{AttributePath, Masked, Secret, names_a_secret};
use serde_json::{Map, Value};

use crate::{Detector, Format, Hit, ScanContext};

/// Levels of maps, lists and JSON in strings; DynamoDB itself allows 32.
const DEEPEST: usize = 48;
/// Names of attributes that are told apart in one item; more count as `*`.
const MOST_ATTRIBUTES: usize = 2_000;
/// A text beyond this length is read as a text, not as a value.
pub(crate) const LONGEST_VALUE: usize = 512;

/// A key in an item.
#[derive(Debug)]
pub struct ItemHit {
    /// `metadata.api_key`; elements of lists and sets go by the list's name.
    pub attribute: AttributePath,
    /// The key.
    pub hit: Hit,
}

/// What an item holds.
#[derive(Debug, Default)]
pub struct ItemRead {
    /// How many values each attribute has in this item, keys or not.
    pub values: BTreeMap<AttributePath, u64>,
    /// The keys.
    pub hits: Vec<ItemHit>,
    /// True where something nests deeper, or has more attributes, than is looked at.
    pub cut: bool,
}

/// Reads items; a copy costs nothing.
#[derive(Clone, Debug)]
pub struct ItemReader {
    detector: Detector,
}

impl ItemReader {
    /// With the built-in providers.
    pub fn new(detector: &Detector) -> Self {
        Self {
            detector: detector.clone(),
        }
    }

    /// Reads one item: a map of attributes with their typed values.
    pub fn read(&self, item: &Map<String, Value>) -> ItemRead {
        let mut walk = Walk {
            detector: &self.detector,
            out: ItemRead::default(),
            texts: Vec::new(),
        };
        walk.attributes(item, "", 0);
        walk.pairs();
        walk.out
    }

    /// True where what a value holds may be a key, or its attribute is called one: then it must not be
    /// written down anywhere.
    pub fn is_delicate(&self, item: &Map<String, Value>) -> bool {
        item.keys().any(|name| names_a_secret(name)) || !self.read(item).hits.is_empty()
    }

    /// A primary key for people, masked: how long each part is, and its first characters.
    pub fn masked(&self, key: &Map<String, Value>) -> String {
        let parts = key.iter().map(|(name, value)| {
            let text = value.as_object().and_then(|typed| typed.values().next());
            let text = text.and_then(Value::as_str).unwrap_or_default();
            let delicate =
                names_a_secret(name) || self.detector.examine(text, Some(name)).is_some();
            let shown = if delicate { 0 } else { 4 };
            format!(
                "{name}={}",
                Masked::of(&Secret::new(text.as_bytes()), shown)
            )
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

struct Walk<'d> {
    detector: &'d Detector,
    out: ItemRead,
    /// Values that no key was found in, for pairs.
    texts: Vec<(AttributePath, String)>,
}

fn joined(path: &str, name: &str) -> AttributePath {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

impl Walk<'_> {
    fn attributes(&mut self, map: &Map<String, Value>, path: &str, depth: usize) {
        for (name, value) in map {
            self.typed(value, &joined(path, name), depth);
        }
    }

    /// `{"S": "…"}` and its kin.
    fn typed(&mut self, value: &Value, path: &str, depth: usize) {
        let one = value.as_object().and_then(|typed| typed.iter().next());
        let Some((kind, inner)) = one else { return };
        if depth == DEEPEST {
            self.out.cut = true;
            return;
        }
        match (kind.as_str(), inner) {
            ("S", Value::String(text)) => self.text(text, path, depth),
            ("B", Value::String(text)) => self.bytes(text, path, depth),
            ("M", Value::Object(map)) => self.attributes(map, path, depth + 1),
            ("L", Value::Array(items)) => {
                for item in items {
                    self.typed(item, path, depth + 1);
                }
            }
            ("SS", Value::Array(items)) => {
                for text in items.iter().filter_map(Value::as_str) {
                    self.text(text, path, depth);
                }
            }
            ("BS", Value::Array(items)) => {
                for text in items.iter().filter_map(Value::as_str) {
                    self.bytes(text, path, depth);
                }
            }
            ("NS", Value::Array(items)) => self.count(path, items.len() as u64),
            _ => self.count(path, 1),
        }
    }

    fn count(&mut self, path: &str, more: u64) {
        if let Some(known) = self.out.values.get_mut(path) {
            *known += more;
        } else if self.out.values.len() < MOST_ATTRIBUTES {
            self.out.values.insert(path.to_owned(), more);
        } else {
            self.out.cut = true;
            *self.out.values.entry("*".to_owned()).or_default() += more;
        }
    }

    /// Bytes that are text are read as text; the others can hold no key that anybody would paste.
    fn bytes(&mut self, encoded: &str, path: &str, depth: usize) {
        let decoded = STANDARD.decode(encoded).ok();
        match decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => self.text(&text, path, depth),
            None => self.count(path, 1),
        }
    }

    fn text(&mut self, text: &str, path: &str, depth: usize) {
        if let Some(inner) = json_in(text) {
            self.plain(&inner, path, depth + 1);
            return;
        }
        self.count(path, 1);
        let name = path.rsplit('.').next();
        let found = self.detector.examine(text, name);
        let found_none = found.is_none();
        self.take(found, path);
        if text.len() > LONGEST_VALUE || text.contains('\n') {
            let cx = ScanContext {
                format: Format::Config,
                ..ScanContext::default()
            };
            if found_none {
                for hit in self.detector.scan(text.as_bytes(), &cx) {
                    self.take(Some(hit), path);
                }
            }
        } else if found_none {
            self.texts.push((path.to_owned(), text.to_owned()));
        }
    }

    /// JSON without types.
    fn plain(&mut self, value: &Value, path: &str, depth: usize) {
        if depth >= DEEPEST {
            self.out.cut = true;
            return;
        }
        match value {
            Value::String(text) => self.text(text, path, depth),
            Value::Array(items) => {
                for item in items {
                    self.plain(item, path, depth + 1);
                }
            }
            Value::Object(map) => {
                for (name, value) in map {
                    self.plain(value, &joined(path, name), depth + 1);
                }
            }
            _ => self.count(path, 1),
        }
    }

    fn take(&mut self, hit: Option<Hit>, path: &str) {
        self.out.hits.extend(hit.map(|hit| ItemHit {
            attribute: path.to_owned(),
            hit,
        }));
    }

    /// A secret that only its partner gives away: an AWS key id somewhere in the item.
    fn pairs(&mut self) {
        const ID: &str = "aws-access-key-id";
        let ids = self
            .out
            .hits
            .iter()
            .filter(|found| found.hit.provider == ID);
        let ids: Vec<&ItemHit> = ids.take(4).collect();
        let mut found = Vec::new();
        for id in ids {
            for (path, text) in self.texts.iter().take(MOST_ATTRIBUTES) {
                let beside = id.hit.secret.with_bytes(|bytes| {
                    let mut both = b"aws_access_key_id = \"".to_vec();
                    both.extend_from_slice(bytes);
                    both.extend_from_slice(b"\"\nvalue = \"");
                    let at = both.len();
                    both.extend_from_slice(text.as_bytes());
                    both.extend_from_slice(b"\"\n");
                    let hits = self.detector.scan(&both, &ScanContext::default());
                    hits.into_iter().find(|hit| hit.range.start >= at)
                });
                found.extend(beside.map(|hit| (path.clone(), hit)));
            }
        }
        for (path, hit) in found {
            self.take(Some(hit), &path);
        }
    }
}

/// The document in a text that is one.
fn json_in(text: &str) -> Option<Value> {
    let trimmed = text.trim();
    let ends = (trimmed.starts_with('{') && trimmed.ends_with('}'))
        || (trimmed.starts_with('[') && trimmed.ends_with(']'));
    let value: Value = ends.then(|| serde_json::from_str(trimmed).ok())??;
    (value.is_object() || value.is_array()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys are put together so that no push protection cries.
    fn stripe() -> String {
        format!("sk_{}_{}", "live", "kq7Zp2Vx9LmR4tYw8BnC5dFgHj3s")
    }

    fn read(item: &Value) -> ItemRead {
        ItemReader::new(&Detector::new()).read(item.as_object().unwrap())
    }

    fn where_found(item: &Value) -> Vec<String> {
        let mut found: Vec<String> = read(item)
            .hits
            .into_iter()
            .map(|one| one.attribute)
            .collect();
        found.sort();
        found
    }

    #[test]
    fn every_shape_of_a_value() {
        let key = stripe();
        let base64 = STANDARD.encode(&key);
        let inner = serde_json::json!({"vendor": {"keys": [key]}}).to_string();
        let item = serde_json::json!({
            "plain": {"S": key},
            "map": {"M": {"deep": {"M": {"api_key": {"S": key}}}}},
            "list": {"L": [{"S": "no"}, {"M": {"token": {"S": key}}}]},
            "set": {"SS": ["no", key]},
            "bytes": {"B": base64},
            "byte_set": {"BS": [base64]},
            "json": {"S": inner},
            "number": {"N": "12"},
            "nothing": {"NULL": true},
        });
        let expected = [
            "byte_set",
            "bytes",
            "json.vendor.keys",
            "list.token",
            "map.deep.api_key",
            "plain",
            "set",
        ];
        assert_eq!(where_found(&item), expected);
        let read = read(&item);
        assert_eq!(read.values["set"], 2);
        assert_eq!(read.values["number"], 1);
        assert!(!read.cut);
    }

    #[test]
    fn a_secret_is_known_by_its_partner() {
        let id = format!("AKIA{}", "Z3MSJYVQK7QWERTY");
        let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYzq8Lw2Xv5Nt1";
        let item = serde_json::json!({"a": {"S": id}, "b": {"S": secret}});
        assert_eq!(where_found(&item), ["a", "b"]);
        let alone = serde_json::json!({"b": {"S": secret}});
        assert_eq!(where_found(&alone), [""; 0]);
    }

    #[test]
    fn hostile_items_end() {
        let mut deep = serde_json::json!({"S": "x"});
        for _ in 0..100 {
            deep = serde_json::json!({"M": {"a": deep}});
        }
        assert!(read(&serde_json::json!({"a": deep})).cut);
        let odd =
            serde_json::json!({"a": 1, "b": {"S": 2}, "c": {}, "d": {"B": "%%%"}, "e": {"L": {}}});
        assert!(read(&odd).hits.is_empty());
        let mut text = stripe();
        for _ in 0..60 {
            text = serde_json::json!([text]).to_string();
            if text.len() > 300_000 {
                break;
            }
        }
        let _ = read(&serde_json::json!({"a": {"S": text}}));
    }

    #[test]
    fn keys_of_items_are_masked() {
        let reader = ItemReader::new(&Detector::new());
        let plain = serde_json::json!({"owner_id": {"S": "team-partner-7"}});
        let plain = plain.as_object().unwrap();
        assert!(!reader.is_delicate(plain));
        assert_eq!(reader.masked(plain), "owner_id=tea…(14 characters)");
        let delicate = serde_json::json!({"id": {"S": stripe()}});
        let delicate = delicate.as_object().unwrap();
        assert!(reader.is_delicate(delicate));
        assert!(!reader.masked(delicate).contains("sk_"));
    }
}
