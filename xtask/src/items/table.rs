//! A table in memory: its items are made when a page of them is asked for.

use std::ops::Range;

use serde_json::{Value, json};

/// Bytes of items after which a page ends, as `DynamoDB` counts them.
const PAGE_BYTES: u64 = 1024 * 1024;
/// One item in so many holds a key, in turn as a string, in a map and in JSON inside of a string.
pub(super) const ITEMS_A_KEY: u64 = 1_000;
/// Stands in a template where the number of the item goes.
const HOLE: &str = "000000000";
/// And where a number goes that no two keys share, and that looks like none.
const KEY_HOLE: &str = "111111111";

/// How many items there are, and what each looks like.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) items: u64,
    plain: Template,
    planted: [Template; 3],
}

/// An item's JSON, cut where its number goes, and its size.
#[derive(Debug)]
struct Template {
    parts: Vec<String>,
    bytes: u64,
}

/// What one page holds.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) items: Range<u64>,
    pub(super) last: bool,
    pub(super) units: f64,
    /// The items, as the elements of a JSON array.
    pub(super) json: Vec<u8>,
}

impl Table {
    pub(super) fn new(items: u64) -> Self {
        // Put together, so that no push protection cries.
        let key = format!("sk_{}_{KEY_HOLE}kq7Zp2Vx9LmR4tYw8Bn", "live");
        let with = |name: &str, value: Value| {
            let mut item = plain();
            item[name] = value;
            Template::new(&item)
        };
        Self {
            items,
            plain: Template::new(&plain()),
            planted: [
                with("api_key", json!({"S": key})),
                with("metadata", json!({"M": {"token": {"S": key}}})),
                with("extra", json!({"S": json!({"secret": key}).to_string()})),
            ],
        }
    }

    pub(super) fn keys(&self) -> u64 {
        self.items.div_ceil(ITEMS_A_KEY)
    }

    /// Bytes of all items, near enough.
    pub(super) fn bytes(&self) -> u64 {
        self.items * self.plain.bytes
    }

    fn template(&self, item: u64) -> &Template {
        if item.is_multiple_of(ITEMS_A_KEY) {
            let turn = usize::try_from(item / ITEMS_A_KEY % 3).unwrap_or(0);
            &self.planted[turn]
        } else {
            &self.plain
        }
    }

    /// The items of a segment.
    pub(super) fn segment(&self, segment: u64, segments: u64) -> Range<u64> {
        let at = |segment: u64| self.items * segment / segments.max(1);
        at(segment)..at(segment + 1)
    }

    /// The page of `rest`, the items of a segment that were not read yet.
    pub(super) fn page(&self, rest: &Range<u64>, limit: u64) -> Page {
        let (mut json, mut bytes, mut next) = (Vec::new(), 0, rest.start);
        while next < rest.end && bytes < PAGE_BYTES && next - rest.start < limit {
            let template = self.template(next);
            if next > rest.start {
                json.push(b',');
            }
            template.write(next, &mut json);
            bytes += template.bytes;
            next += 1;
        }
        Page {
            items: rest.start..next,
            last: next == rest.end,
            units: units(bytes),
            json,
        }
    }
}

/// Half a unit for every 4 KB, and never nothing.
fn units(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(4096).max(1)).unwrap_or(u32::MAX)) / 2.0
}

impl Template {
    fn new(item: &Value) -> Self {
        let text = item.to_string();
        Self {
            parts: text.split(HOLE).map(str::to_owned).collect(),
            bytes: size(item),
        }
    }

    fn write(&self, item: u64, out: &mut Vec<u8>) {
        let number = format!("{item:09}");
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(number.as_bytes());
            }
            match part.split_once(KEY_HOLE) {
                Some((before, after)) => {
                    let key = item / ITEMS_A_KEY * 7919 + 314_159_265;
                    out.extend_from_slice(format!("{before}{key}{after}").as_bytes());
                }
                None => out.extend_from_slice(part.as_bytes()),
            }
        }
    }
}

/// A record as an application keeps it.
fn plain() -> Value {
    json!({
        "id": {"S": format!("owner-{HOLE}")},
        "service": {"S": "billing"},
        "key_alias": {"S": format!("alias/billing/{HOLE}")},
        "arn": {"S": format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:billing/{HOLE}")},
        "status": {"S": "active"},
        "contact": {"S": format!("team-{HOLE}@example.com")},
        "note": {"S": "Issued for the monthly settlement with the partner; renewed by the operator on duty."},
        "created_at": {"N": "1763942400"},
        "rotated_at": {"N": "1763942400"},
        "calls": {"N": "4711"},
        "enabled": {"BOOL": true},
        "scopes": {"SS": ["invoices:read", "invoices:write", "refunds:read"]},
        "limits": {"M": {"day": {"N": "10000"}, "burst": {"N": "50"}, "tier": {"S": "standard"}}},
    })
}

/// Names and values, as `DynamoDB` counts them but for a byte here and there.
fn size(item: &Value) -> u64 {
    match item {
        Value::Object(map) => map
            .iter()
            // the letters of the types are no part of an item
            .map(|(name, value)| if name.len() > 2 || name == "id" { name.len() as u64 } else { 0 } + size(value))
            .sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::String(text) => text.len() as u64,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_all_segments_are_the_table() {
        let table = Table::new(10_000);
        for (segments, limit) in [(1, u64::MAX), (8, 100), (7, u64::MAX)] {
            let mut found = Vec::new();
            for segment in 0..segments {
                let mut rest = table.segment(segment, segments);
                loop {
                    let page = table.page(&rest, limit);
                    let json = [b"[", page.json.as_slice(), b"]"].concat();
                    let items: Vec<Value> = serde_json::from_slice(&json).unwrap();
                    let numbers = items
                        .iter()
                        .map(|item| item["id"]["S"].as_str().unwrap()[6..].parse().unwrap());
                    found.extend::<Vec<u64>>(numbers.collect());
                    assert!(page.units <= 129.0);
                    if page.last {
                        break;
                    }
                    rest.start = page.items.end;
                }
            }
            assert_eq!(found, (0..10_000).collect::<Vec<u64>>());
        }
    }
}
