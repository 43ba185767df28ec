//! Which items are planted: copies of some that are there, under keys of their own, with colours in place of keys.

use keytrail_detect::{Detector, ItemReader};
use keytrail_model::{Secret, names_a_secret};
use serde_json::{Map, Value};

use super::colour;
use super::journal::Planted;
use super::table::Shape;

/// Items that are planted in one table: of different partitions, where there are some.
const MOST: usize = 3;

/// A colour with where it was put.
#[derive(Debug)]
pub(super) struct Dyed {
    pub(super) table: String,
    /// `metadata.api_key`.
    pub(super) attribute: String,
    pub(super) value: Secret,
    /// The item's primary key, masked.
    pub(super) item: String,
}

/// What is put into one table.
#[derive(Default)]
pub(super) struct Planting {
    pub(super) items: Vec<(Planted, Map<String, Value>)>,
    pub(super) colours: Vec<Dyed>,
    /// Identifiers of our own, which an API hands on.
    pub(super) marks: Vec<String>,
}

/// Chooses models, and makes the items. Empty where no item has anything to colour.
pub(super) fn of(
    table: &str,
    shape: &Shape,
    models: &[Map<String, Value>],
    wanted: &[String],
    seed: &[u8],
    detector: &Detector,
) -> Planting {
    let mut planting = Planting::default();
    let reader = ItemReader::new(detector);
    let mut partitions: Vec<&Value> = Vec::new();
    for model in models {
        let partition = shape.keys.first().and_then(|name| model.get(name));
        let Some(partition) = partition.filter(|value| !partitions.contains(value)) else {
            continue;
        };
        let attributes = attributes(model, shape, wanted, detector);
        if attributes.is_empty() || partitions.len() == MOST {
            continue;
        }
        partitions.push(partition);
        let number = partitions.len();
        one(
            &mut planting,
            (table, number),
            (shape, model, &attributes),
            seed,
            &reader,
        );
    }
    planting
}

/// Attributes of an item that hold keys: those that the user names, else by value and name.
fn attributes(
    model: &Map<String, Value>,
    shape: &Shape,
    wanted: &[String],
    detector: &Detector,
) -> Vec<String> {
    let is_key = |name: &str, value: &Value| {
        let Some(text) = value.get("S").and_then(Value::as_str) else {
            return false;
        };
        if wanted.is_empty() {
            let telling = names_a_secret(name) && text.len() >= 12;
            telling || detector.examine(text, Some(name)).is_some()
        } else {
            wanted.iter().any(|wanted| wanted == name)
        }
    };
    model
        .iter()
        .filter(|(name, value)| !shape.keys.contains(name) && is_key(name, value))
        .map(|(name, _)| name.clone())
        .collect()
}

fn one(
    planting: &mut Planting,
    (table, number): (&str, usize),
    (shape, model, attributes): (&Shape, &Map<String, Value>, &[String]),
    seed: &[u8],
    reader: &ItemReader,
) {
    let mut item = model.clone();
    // What holds a real key and is not coloured is left out: no copy of one is made.
    item.retain(|name, value| {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        shape.keys.contains(name)
            || attributes.contains(name)
            || reader.read(&alone).hits.is_empty()
    });
    // The last part of the primary key is our own; the partition stays its owner's where there is a sort key.
    let Some(own) = shape.keys.last() else { return };
    let label = format!("{table} {number} {own}");
    let kind = model.get(own).and_then(Value::as_object);
    let Some((kind, text)) = kind
        .and_then(|typed| typed.iter().next())
        .and_then(|(kind, value)| Some((kind.clone(), value.as_str()?)))
        .filter(|(kind, _)| matches!(kind.as_str(), "S" | "N"))
    else {
        return;
    };
    let mark = colour::identifier(text, seed, &label);
    item.insert(own.clone(), typed(&kind, &mark));
    let mut colours = Map::new();
    for attribute in attributes {
        let model = item[attribute]["S"].as_str().unwrap_or_default();
        let value = colour::like(model, seed, &format!("{table} {number} {attribute}"));
        colours.insert(attribute.clone(), typed("S", &value));
        planting.colours.push(Dyed {
            table: table.to_owned(),
            attribute: attribute.clone(),
            value: Secret::new(value.as_bytes()),
            item: String::new(),
        });
    }
    item.extend(colours.clone());
    let key: Map<String, Value> = shape
        .keys
        .iter()
        .filter_map(|name| Some((name.clone(), item.get(name)?.clone())))
        .collect();
    let shown = reader.masked(&key);
    let made = planting.colours.len() - attributes.len();
    for dyed in &mut planting.colours[made..] {
        dyed.item.clone_from(&shown);
    }
    planting.marks.push(mark);
    let planted = Planted {
        table: table.to_owned(),
        key,
        colours,
    };
    planting.items.push((planted, item));
}

fn typed(kind: &str, value: &str) -> Value {
    let mut map = Map::new();
    map.insert(kind.to_owned(), value.into());
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_copy_has_its_owner_and_nothing_of_its_key() {
        let key = format!("kt_{}_{}", "live", "1f8a".repeat(10));
        let model = json!({
            "owner_id": {"S": "team-a"}, "service": {"S": "stripe"}, "api_key": {"S": key}, "n": {"N": "1"},
        });
        let models = [model.as_object().unwrap().clone()];
        let shape = Shape {
            keys: vec!["owner_id".to_owned(), "service".to_owned()],
            stream: None,
        };
        let planting = of("keys", &shape, &models, &[], b"seed", &Detector::new());
        let (planted, item) = &planting.items[0];
        assert_eq!(item["owner_id"], models[0]["owner_id"]);
        assert_eq!(item["n"], models[0]["n"]);
        assert_ne!(item["service"], models[0]["service"]);
        assert_ne!(item["api_key"], models[0]["api_key"]);
        assert_eq!(planted.colours["api_key"], item["api_key"]);
        assert_eq!(planted.key.len(), 2);
        assert_eq!(planting.colours[0].attribute, "api_key");
        let none = of(
            "keys",
            &shape,
            &models,
            &["other".to_owned()],
            b"seed",
            &Detector::new(),
        );
        assert!(none.items.is_empty());
    }
}
