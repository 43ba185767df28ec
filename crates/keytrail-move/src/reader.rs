//! The Python module with which an application reads keys while they are being moved, and afterwards.

use serde_json::{Value, json};

use crate::path::Path;
use crate::setting::Setting;

const TEMPLATE: &str = include_str!("reader.py.txt");

/// The module; `dual` where raw keys are still accepted.
pub fn reader(setting: &Setting, dual: bool) -> String {
    // JSON's texts, lists and numbers are Python's too.
    let text = |text: &str| Value::from(text).to_string();
    let keys: Vec<String> = setting.keys.iter().map(|key| text(key)).collect();
    let pepper = if setting.needs_pepper() {
        text(&Setting::pepper_name(&setting.table))
    } else {
        "None".to_owned()
    };
    [
        ("{TABLE}", setting.table.clone()),
        ("{LEAF}", setting.path.leaf().to_owned()),
        ("{TABLE_LITERAL}", text(&setting.table)),
        ("{PATH_LITERAL}", steps(&setting.path)),
        ("{PATH_TEXT_LITERAL}", text(&setting.path.to_string())),
        ("{REFERENCE_LITERAL}", text(&setting.reference)),
        ("{KEYS_LITERAL}", format!("({},)", keys.join(", "))),
        ("{PEPPER_LITERAL}", pepper),
        ("{DUAL}", if dual { "True" } else { "False" }.to_owned()),
    ]
    .into_iter()
    .fold(TEMPLATE.to_owned(), |module, (place, value)| {
        module.replace(place, &value)
    })
}

fn steps(path: &Path) -> String {
    let mut list = Vec::new();
    for part in path.to_string().split('.') {
        let mut pieces = part.split('[');
        list.push(json!(pieces.next().unwrap_or_default()));
        for piece in pieces {
            let index: u32 = piece.trim_end_matches(']').parse().unwrap_or(0);
            list.push(json!(index));
        }
    }
    Value::Array(list).to_string()
}
