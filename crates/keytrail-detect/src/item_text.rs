//! Items as text, by the million: counts the values of items in which nothing can be a key, without
//! building them.
//!
//! The items of a table are alike. What follows an attribute is guessed from the item before, so that
//! most names and types are compared and not read. Whatever is not as DynamoDB writes it, may be a
//! key or nests deep is left to [`crate::ItemReader`]: this one errs on that side only.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keytrail_model::AttributePath;

use crate::detector::Detector;
use crate::item::LONGEST_VALUE;

/// Levels of maps and lists.
const DEEPEST: usize = 16;
/// Attributes that are told apart; an item with more is left to the reader.
const MOST_NODES: usize = 1_000;

/// An attribute, by its place in the item.
struct Node {
    path: AttributePath,
    /// `"name":{"`, as it stands before the type.
    head: Vec<u8>,
    /// The name may speak of a key.
    may_name: bool,
    children: Vec<usize>,
    /// Which attribute came first in the map.
    first: usize,
    /// Which one came after.
    next: usize,
    values: u64,
}

/// No guess.
const NONE: usize = usize::MAX;
const ROOT: usize = 0;

/// Counts values by attribute.
pub struct ItemCounter {
    detector: Detector,
    nodes: Vec<Node>,
    /// Attributes of the item that is read, once for each value.
    counted: Vec<usize>,
}

impl std::fmt::Debug for ItemCounter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ItemCounter({} attributes)", self.nodes.len())
    }
}

impl ItemCounter {
    /// With the built-in providers.
    pub fn new(detector: &Detector) -> Self {
        Self {
            detector: detector.clone(),
            nodes: vec![Node::new("", "", false)],
            counted: Vec::new(),
        }
    }

    /// Counts an item, `{"name":{"S":"…"}}`. False where the reader has to look at it: then nothing of
    /// it is counted.
    pub fn count(&mut self, item: &[u8]) -> bool {
        self.counted.clear();
        let mut walk = Walk {
            bytes: item,
            at: 0,
            of: self,
        };
        let whole = walk.attributes(ROOT, 0).is_some() && walk.at == item.len();
        if whole {
            for &node in &self.counted {
                self.nodes[node].values += 1;
            }
        }
        whole
    }

    /// What was counted since the last time.
    pub fn take(&mut self) -> BTreeMap<AttributePath, u64> {
        let mut values = BTreeMap::new();
        for node in self.nodes.iter_mut().filter(|node| node.values > 0) {
            *values.entry(node.path.clone()).or_default() += std::mem::take(&mut node.values);
        }
        values
    }

    fn child(&mut self, parent: usize, name: &str) -> Option<usize> {
        let head = head(name);
        let known = self.nodes[parent].children.iter().copied();
        if let Some(known) = known.clone().find(|&child| self.nodes[child].head == head) {
            return Some(known);
        }
        if self.nodes.len() >= MOST_NODES {
            return None;
        }
        // `{"a.b": …}` and `{"a": {"b": …}}` are one path.
        let path = match self.nodes[parent].path.as_str() {
            "" => name.to_owned(),
            above => format!("{above}.{name}"),
        };
        let last = path.rsplit('.').next().unwrap_or(&path);
        let may_name = self.detector.may_name_a_key(last);
        let child = self.nodes.len();
        self.nodes.push(Node::new(&path, name, may_name));
        self.nodes[parent].children.push(child);
        Some(child)
    }
}

fn head(name: &str) -> Vec<u8> {
    format!("\"{name}\":{{\"").into_bytes()
}

impl Node {
    fn new(path: &str, name: &str, may_name: bool) -> Self {
        Self {
            path: path.to_owned(),
            head: head(name),
            may_name,
            children: Vec::new(),
            first: NONE,
            next: NONE,
            values: 0,
        }
    }
}

struct Walk<'t, 'c> {
    bytes: &'t [u8],
    at: usize,
    of: &'c mut ItemCounter,
}

impl<'t> Walk<'t, '_> {
    fn take(&mut self, expected: &[u8]) -> Option<()> {
        let there = self.bytes.get(self.at..)?.starts_with(expected);
        self.at += if there { expected.len() } else { 0 };
        there.then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Up to the closing quote; `None` where it holds an escape.
    fn string(&mut self) -> Option<&'t [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let end = memchr::memchr2(b'"', b'\\', rest)?;
        if rest[end] == b'\\' {
            return None;
        }
        self.at += end + 1;
        Some(&rest[..end])
    }

    /// `{"name":{"S":"…"},…}`; the names join those of `parent`.
    fn attributes(&mut self, parent: usize, depth: usize) -> Option<()> {
        if depth == DEEPEST {
            return None;
        }
        self.take(b"{")?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        let mut before = NONE;
        loop {
            let child = self.name(parent, before)?;
            self.typed(child, depth)?;
            before = child;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// The attribute whose name stands here; after it stands its type.
    fn name(&mut self, parent: usize, before: usize) -> Option<usize> {
        let guess = match self.of.nodes.get(before) {
            Some(node) => node.next,
            None => self.of.nodes[parent].first,
        };
        if let Some(node) = self.of.nodes.get(guess)
            && self.bytes[self.at..].starts_with(&node.head)
        {
            self.at += node.head.len();
            return Some(guess);
        }
        self.take(b"\"")?;
        let name = std::str::from_utf8(self.string()?).ok()?;
        self.take(b":{\"")?;
        let child = self.of.child(parent, name)?;
        match self.of.nodes.get_mut(before) {
            Some(node) => node.next = child,
            None => self.of.nodes[parent].first = child,
        }
        Some(child)
    }

    /// `S":"…"}`: what follows `{"`.
    fn typed(&mut self, node: usize, depth: usize) -> Option<()> {
        let kind = self.string()?;
        self.take(b":")?;
        match kind {
            b"S" => self.text(node)?,
            b"N" => {
                self.take(b"\"")?;
                self.string()?;
                self.of.counted.push(node);
            }
            b"M" => self.attributes(node, depth + 1)?,
            b"B" => self.binary(node)?,
            b"BOOL" | b"NULL" => {
                self.take(b"true").or_else(|| self.take(b"false"))?;
                self.of.counted.push(node);
            }
            b"L" => self.list(|walk| {
                if depth + 1 == DEEPEST {
                    return None;
                }
                walk.take(b"{\"")?;
                walk.typed(node, depth + 1)
            })?,
            b"SS" => self.list(|walk| walk.text(node))?,
            b"NS" => self.list(|walk| {
                walk.take(b"\"")?;
                walk.string()?;
                walk.of.counted.push(node);
                Some(())
            })?,
            b"BS" => self.list(|walk| walk.binary(node))?,
            _ => return None,
        }
        self.take(b"}")
    }

    fn list(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b"[")?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            each(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// A text that can't be a key.
    fn text(&mut self, node: usize) -> Option<()> {
        self.take(b"\"")?;
        let text = self.string()?;
        let may_be_json = |byte: &u8| matches!(byte, b'{' | b'[') || byte.is_ascii_whitespace();
        if text.first().is_some_and(may_be_json) || text.len() > LONGEST_VALUE {
            return None;
        }
        let of = &self.of.nodes[node];
        if of.may_name || self.of.detector.may_hold_a_key(text) {
            let name = of.path.rsplit('.').next();
            let value = std::str::from_utf8(text).ok()?;
            if self.of.detector.examine(value, name).is_some() {
                return None;
            }
        }
        self.of.counted.push(node);
        Some(())
    }

    /// Bytes that are no text.
    fn binary(&mut self, node: usize) -> Option<()> {
        self.take(b"\"")?;
        let encoded = self.string()?;
        if !begins_as_no_text(encoded) {
            let is_text = |bytes: Vec<u8>| std::str::from_utf8(&bytes).is_ok();
            if STANDARD.decode(encoded).is_ok_and(is_text) {
                return None;
            }
        }
        self.of.counted.push(node);
        Some(())
    }
}

/// True where the first bytes rule out a text already.
fn begins_as_no_text(encoded: &[u8]) -> bool {
    let mut head = [0; 12];
    let Some(first) = encoded.get(..16) else {
        return false;
    };
    match STANDARD.decode_slice(first, &mut head) {
        // A character that is cut has no `error_len`.
        Ok(_) => std::str::from_utf8(&head).is_err_and(|error| error.error_len().is_some()),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ItemReader;

    fn counter() -> ItemCounter {
        ItemCounter::new(&Detector::new())
    }

    /// As the reader counts.
    fn agrees(item: &Value) -> bool {
        let text = item.to_string();
        let mut counter = counter();
        if !counter.count(text.as_bytes()) {
            assert!(counter.take().is_empty(), "nothing is counted by halves");
            return false;
        }
        let read = ItemReader::new(&Detector::new()).read(item.as_object().unwrap());
        assert!(read.hits.is_empty(), "{text}");
        assert_eq!(counter.take(), read.values, "{text}");
        true
    }

    #[test]
    fn plain_items_are_counted_as_the_reader_does() {
        for item in [
            json!({}),
            json!({"owner_id": {"S": "team-7"}, "n": {"N": "12"}, "empty": {"S": ""}}),
            json!({"map": {"M": {"a": {"S": "x"}, "deep": {"M": {"b": {"NULL": true}}}}}, "on": {"BOOL": false}}),
            json!({"list": {"L": [{"S": "x"}, {"M": {"a": {"N": "1"}}}, {"L": []}]}, "none": {"M": {}}}),
            json!({"set": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2", "3"]}, "bytes": {"B": STANDARD.encode([0xFF, 0xFE])}}),
            json!({"bs": {"BS": [STANDARD.encode([0xFF])]}, "id": {"S": "0f8fad5b-d9cb-469f-a165-70867728950e"}}),
            json!({"key_alias": {"S": "stripe/production/one"}, "api_key": {"S": "none"}, "grüße": {"S": "schön"}}),
        ] {
            assert!(agrees(&item), "{item}");
        }
    }

    #[test]
    fn what_may_be_more_is_left_to_the_reader() {
        let key = ["sk", "live", "kq7Zp2Vx9LmR4tYw8BnC5dFgHj3s"].join("_");
        for item in [
            json!({"note": {"S": key}}),
            json!({"list": {"L": [{"M": {"note": {"SS": [key]}}}]}}),
            json!({"bytes": {"B": STANDARD.encode("text")}}),
            json!({"json": {"S": "[1, 2]"}}),
            json!({"escaped": {"S": "a\nb"}}),
            json!({"password": {"S": "kq7Zp2Vx9L!"}}),
            json!({"odd": {"X": "1"}}),
            json!({"odd": 1}),
            json!({"long": {"S": "x ".repeat(300)}}),
        ] {
            assert!(!agrees(&item), "{item}");
        }
        for text in [
            "",
            "{",
            "[]",
            "{\"a\":{\"S\":\"x\"}",
            "{ \"a\": {}}",
            "{\"a\":{\"S\":\"x\"},}",
        ] {
            assert!(!counter().count(text.as_bytes()), "{text}");
        }
        let deep = "{\"a\":{\"M\":".repeat(100_000);
        assert!(!counter().count(deep.as_bytes()));
    }

    #[test]
    fn items_that_differ_are_told_apart() {
        let mut counter = counter();
        for item in [
            r#"{"a":{"S":"x"},"b":{"N":"1"}}"#,
            r#"{"b":{"N":"1"},"c":{"S":"x"}}"#,
            r#"{"a":{"S":"x"},"c":{"S":"x"},"b":{"M":{"a":{"N":"1"}}}}"#,
            r#"{"c":{"S":"x"}}"#,
        ] {
            assert!(counter.count(item.as_bytes()), "{item}");
        }
        let values: Vec<(String, u64)> = counter.take().into_iter().collect();
        let expected = [("a", 2), ("b", 2), ("b.a", 1), ("c", 3)];
        let expected = expected.map(|(path, count)| (path.to_owned(), count));
        assert_eq!(values, expected);
        assert!(counter.take().is_empty());
    }
}
