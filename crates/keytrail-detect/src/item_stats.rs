//! What the values of attributes are, in memory that does not grow with the table.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{Fingerprinter, Location, StoredKey, StoredKeys};
use serde::{Deserialize, Serialize};

use crate::ItemHit;

/// Attributes that are told apart.
const MOST_ATTRIBUTES: usize = 5_000;
/// Keys of an attribute that are kept; the others are counted.
const MOST_EXAMPLES: usize = 200;
const MOST_SHAPES: usize = 16;

/// A key, as it is written down: never itself.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Seen {
    /// Attribute.
    pub a: String,
    /// Provider.
    pub p: String,
    /// Fingerprint.
    pub f: Option<String>,
    /// Length and public prefix, masked.
    pub m: String,
    /// Characters.
    pub n: u64,
    /// The item's key, masked.
    pub i: String,
}

/// What one page adds.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct PageStats {
    /// Items that were read.
    pub items: u64,
    /// Values by attribute.
    pub values: BTreeMap<String, u64>,
    /// The keys.
    pub seen: Vec<Seen>,
    /// Items of which not all was looked at.
    pub cut: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Attribute {
    values: u64,
    keys: u64,
    providers: BTreeMap<String, u64>,
    shapes: BTreeMap<u64, u64>,
    /// The first keys, each once.
    examples: Vec<Seen>,
    #[serde(skip)]
    known: BTreeSet<String>,
}

/// Of one table.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TableStats {
    /// Items that were read.
    pub items: u64,
    /// Keys in them.
    pub keys: u64,
    /// Items of which not all was looked at.
    pub cut: u64,
    /// Attributes that were too many to be told apart.
    pub more_attributes: bool,
    attributes: BTreeMap<String, Attribute>,
}

impl TableStats {
    /// A page more.
    pub fn add(&mut self, page: PageStats) {
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

    /// What another part of the table holds, which comes after this one.
    pub fn join(&mut self, other: Self) {
        self.items += other.items;
        self.keys += other.keys;
        self.cut += other.cut;
        self.more_attributes |= other.more_attributes;
        for (name, theirs) in other.attributes {
            if let Some(attribute) = self.attribute(&name) {
                attribute.join(theirs);
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
    pub fn facts(self, table: &str, location: &Location, sampled: bool) -> Vec<StoredKeys> {
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
                    let mut examples: Vec<StoredKey> =
                        it.examples.into_iter().map(stored).collect();
                    examples.sort();
                    examples
                },
                sampled,
                day: None,
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
        self.example(seen);
    }

    fn example(&mut self, seen: Seen) {
        // What was read back from a file does not know yet which it has.
        if self.known.len() < self.examples.len() {
            self.known = self.examples.iter().map(Seen::identity).collect();
        }
        if self.examples.len() < MOST_EXAMPLES && self.known.insert(seen.identity()) {
            self.examples.push(seen);
        }
    }

    fn join(&mut self, other: Self) {
        self.values += other.values;
        self.keys += other.keys;
        for (provider, count) in other.providers {
            *self.providers.entry(provider).or_default() += count;
        }
        for (length, count) in other.shapes {
            if self.shapes.len() < MOST_SHAPES || self.shapes.contains_key(&length) {
                *self.shapes.entry(length).or_default() += count;
            }
        }
        for seen in other.examples {
            self.example(seen);
        }
    }
}

impl Seen {
    /// Of a key in the item that is shown as `item`.
    pub fn of(found: ItemHit, item: &str, prints: &Fingerprinter) -> Self {
        Self {
            a: found.attribute,
            p: found.hit.provider.to_owned(),
            f: found.hit.fingerprint(prints).map(|print| print.to_string()),
            m: found.hit.masked.to_string(),
            n: found.hit.secret.len() as u64,
            i: item.to_owned(),
        }
    }

    fn identity(&self) -> String {
        self.f.clone().unwrap_or_else(|| self.i.clone())
    }
}

fn stored(seen: Seen) -> StoredKey {
    StoredKey {
        fingerprint: seen.f.as_deref().and_then(|print| print.parse().ok()),
        masked: seen.m,
        provider: seen.p,
        item: seen.i,
    }
}

fn most(shapes: BTreeMap<u64, u64>) -> Vec<(u64, u64)> {
    let mut all: Vec<(u64, u64)> = shapes.into_iter().collect();
    all.sort_by_key(|(length, count)| (std::cmp::Reverse(*count), *length));
    all
}
