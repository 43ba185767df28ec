//! A page of a scan, read item by item: a page in memory is its bytes and one item. Items in which nothing
//! can be a key are counted as text; the others are built and read.

use std::collections::BTreeMap;

use keytrail_detect::{Detector, ItemCounter, ItemReader, PageStats, Seen};
use keytrail_model::Fingerprinter;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What a page says beside its items.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) stats: PageStats,
    pub(crate) last: Option<Map<String, Value>>,
    /// Read units, where the service told.
    pub(crate) units: Option<f64>,
    /// Items that were read before a filter; what the service counts.
    pub(crate) scanned: u64,
}

/// Reads items and keeps nothing of them but masks and fingerprints.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) detector: Detector,
    pub(crate) reader: ItemReader,
    pub(crate) prints: Fingerprinter,
    /// Attributes of the primary key.
    pub(crate) keys: Vec<String>,
}

impl Reading {
    /// `None` where the answer is no page.
    pub(crate) fn page(&self, bytes: &[u8]) -> Option<Page> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let mut counter = ItemCounter::new(&self.detector);
        let seed = PageSeed {
            reading: self,
            counter: &mut counter,
        };
        let mut page = seed.deserialize(&mut json).ok()?;
        json.end().ok()?;
        for (name, count) in counter.take() {
            *page.stats.values.entry(name).or_default() += count;
        }
        Some(page)
    }

    fn item(&self, item: &Map<String, Value>, stats: &mut PageStats) {
        let read = self.reader.read(item);
        stats.items += 1;
        stats.cut += u64::from(read.cut);
        for (name, count) in read.values {
            *stats.values.entry(name).or_default() += count;
        }
        if read.hits.is_empty() {
            return;
        }
        let keys = self.keys.iter();
        let key: Map<String, Value> = keys
            .filter_map(|name| Some((name.clone(), item.get(name)?.clone())))
            .collect();
        let shown = self.reader.masked(&key);
        let hits = read.hits.into_iter();
        stats
            .seen
            .extend(hits.map(|found| Seen::of(found, &shown, &self.prints)));
    }
}

struct PageSeed<'r, 'c> {
    reading: &'r Reading,
    counter: &'c mut ItemCounter,
}

impl<'de> DeserializeSeed<'de> for PageSeed<'_, '_> {
    type Value = Page;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PageSeed<'_, '_> {
    type Value = Page;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a page of items")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
        let mut page = Page::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "Items" => map.next_value_seed(Items {
                    reading: self.reading,
                    counter: &mut *self.counter,
                    stats: &mut page.stats,
                })?,
                "LastEvaluatedKey" => page.last = map.next_value()?,
                "ScannedCount" => page.scanned = map.next_value()?,
                "ConsumedCapacity" => {
                    let told: BTreeMap<String, Value> = map.next_value()?;
                    page.units = told.get("CapacityUnits").and_then(Value::as_f64);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(page)
    }
}

struct Items<'r, 'c, 's> {
    reading: &'r Reading,
    counter: &'c mut ItemCounter,
    stats: &'s mut PageStats,
}

impl<'de> DeserializeSeed<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(text) = items.next_element::<&'de RawValue>()? {
            let text = text.get();
            if self.counter.count(text.as_bytes()) {
                self.stats.items += 1;
            } else {
                let item = serde_json::from_str(text).map_err(de::Error::custom)?;
                self.reading.item(&item, self.stats);
            }
        }
        Ok(())
    }
}
