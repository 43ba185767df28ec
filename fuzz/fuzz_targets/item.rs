//! Any bytes as an item: what the quick count takes, the reader finds no key in and counts alike.
#![no_main]

use keytrail_detect::{Detector, ItemCounter, ItemReader};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|data: &[u8]| {
    let detector = Detector::new();
    let mut counter = ItemCounter::new(&detector);
    if !counter.count(data) {
        assert!(counter.take().is_empty());
        return;
    }
    // A name that comes twice counts twice here and once there; other JSON than this is none for either.
    let Ok(item) = serde_json::from_slice::<Map<String, Value>>(data) else {
        return;
    };
    let read = ItemReader::new(&detector).read(&item);
    if item_text(&item).len() == data.len() {
        assert!(read.hits.is_empty());
        assert_eq!(counter.take(), read.values);
    }
});

fn item_text(item: &Map<String, Value>) -> String {
    serde_json::to_string(item).unwrap_or_default()
}
