//! What the values of attributes are, in memory that does not grow with the table.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{Location, StoredKey, StoredKeys};
use serde::{Deserialize, Serialize};

/// Attributes that are told apart.
const MOST_ATTRIBUTES: usize = 5_000;
/// Keys of an attribute that are kept; the others are counted.
const MOST_EXAMPLES: usize = 200;
const MOST_SHAPES: usize = 16;

/// A key, as it is written down: never itself.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Attribute.
    pub(crate) a: String,
    /// Provider.
    pub(crate) p: String,
    /// Fingerprint.
    pub(crate) f: Option<String>,
    /// Length and public prefix, masked.
    pub(crate) m: String,
    /// Characters.
    pub(crate) n: u64,
    /// The item's key, masked.
    pub(crate) i: String,
}

/// What one page adds.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct PageStats {
    pub(crate) items: u64,
    /// Values by attribute.
    pub(crate) values: BTreeMap<String, u64>,
    pub(crate) seen: Vec<Seen>,
    /// Items of which not all was looked at.
    pub(crate) cut: u64,
}

#[derive(Debug, Default)]
struct Attribute {
    values: u64,
    keys: u64,
    providers: BTreeMap<String, u64>,
    shapes: BTreeMap<u64, u64>,
    examples: Vec<StoredKey>,
    known: BTreeSet<String>,
}

/// Of one table.
#[derive(Debug, Default)]
pub(crate) struct TableStats {
    pub(crate) items: u64,
    pub(crate) keys: u64,
    pub(crate) cut: u64,
    /// Attributes that were too many to be told apart.
    pub(crate) more_attributes: bool,
    attributes: BTreeMap<String, Attribute>,
}

impl TableStats {
    pub(crate) fn add(&mut self, page: PageStats) {
        self.items += page.items;
        self.cut += page.cut;
        for (name, count) in page.values {
            if let Some(attribute) = self.attribute(&name) {
                attribute.values += count;
            }
        }
        for seen in page.seen {
            self.keys += 1;
            if let Some(attribute) = self.attribute(&seen.a) {
                attribute.add(seen);
            }
        }
    }

    fn attribute(&mut self, name: &str) -> Option<&mut Attribute> {
        if !self.attributes.contains_key(name) && self.attributes.len() >= MOST_ATTRIBUTES {
            self.more_attributes = true;
            return None;
        }
        Some(self.attributes.entry(name.to_owned()).or_default())
    }

    /// The attributes that hold keys.
    pub(crate) fn facts(self, table: &str, location: &Location, sampled: bool) -> Vec<StoredKeys> {
        let items = self.items;
        let with_keys = self.attributes.into_iter().filter(|(_, it)| it.keys > 0);
        with_keys
            .map(|(attribute, it)| StoredKeys {
                table: table.to_owned(),
                attribute,
                location: location.clone(),
                items,
                values: it.values.max(it.keys),
                keys: it.keys,
                providers: it.providers.into_iter().collect(),
                shapes: most(it.shapes),
                examples: {
                    let mut examples = it.examples;
                    examples.sort();
                    examples
                },
                sampled,
            })
            .collect()
    }
}

impl Attribute {
    fn add(&mut self, seen: Seen) {
        self.keys += 1;
        *self.providers.entry(seen.p.clone()).or_default() += 1;
        if self.shapes.len() < MOST_SHAPES || self.shapes.contains_key(&seen.n) {
            *self.shapes.entry(seen.n).or_default() += 1;
        }
        let identity = seen.f.clone().unwrap_or_else(|| seen.i.clone());
        if self.examples.len() < MOST_EXAMPLES && self.known.insert(identity) {
            self.examples.push(StoredKey {
                fingerprint: seen.f.as_deref().and_then(|print| print.parse().ok()),
                masked: seen.m,
                provider: seen.p,
                item: seen.i,
            });
        }
    }
}

fn most(shapes: BTreeMap<u64, u64>) -> Vec<(u64, u64)> {
    let mut all: Vec<(u64, u64)> = shapes.into_iter().collect();
    all.sort_by_key(|(length, count)| (std::cmp::Reverse(*count), *length));
    all
}
