//! YAML into JSON values. Nothing recurses; nesting is bounded, and an alias weighs what it stands for, so
//! that a bomb of aliases ends at the bound.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use crate::limits;

const MOST_DEEP: usize = 100;

/// The first document of a text; `None` for what is no YAML, or too much of it.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        builder.event(event)?;
        if builder.root.is_some() {
            break;
        }
    }
    builder.root
}

#[derive(Default)]
struct Builder {
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, (Value, usize)>,
    weight: usize,
    root: Option<Value>,
}

struct Frame {
    anchor: usize,
    before: usize,
    items: Vec<Value>,
    map: Option<(Map<String, Value>, Option<String>)>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = scalar(&text, style);
                self.weigh(1)?;
                self.keep(anchor, &value, 1);
                self.finish(value);
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, false)?,
            Event::MappingStart(anchor, _) => self.open(anchor, true)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => {
                let (value, weight) = self.anchors.get(&id).cloned().unwrap_or((Value::Null, 1));
                self.weigh(weight)?;
                self.finish(value);
            }
            _ => {}
        }
        Some(())
    }

    fn weigh(&mut self, weight: usize) -> Option<()> {
        self.weight = self.weight.saturating_add(weight);
        (self.weight <= limits::NODES).then_some(())
    }

    fn open(&mut self, anchor: usize, map: bool) -> Option<()> {
        if self.frames.len() >= MOST_DEEP {
            return None;
        }
        let before = self.weight;
        self.weigh(1)?;
        self.frames.push(Frame {
            anchor,
            before,
            items: Vec::new(),
            map: map.then(|| (Map::new(), None)),
        });
        Some(())
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let value = match frame.map {
            Some((map, _)) => Value::Object(map),
            None => Value::Array(frame.items),
        };
        self.keep(frame.anchor, &value, self.weight - frame.before);
        self.finish(value);
    }

    fn keep(&mut self, anchor: usize, value: &Value, weight: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), weight));
        }
    }

    fn finish(&mut self, value: Value) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(value);
            return;
        };
        match &mut frame.map {
            None => frame.items.push(value),
            Some((map, waiting)) => match waiting.take() {
                Some(name) => {
                    map.insert(name, value);
                }
                None => *waiting = Some(crate::json::scalar(&value)),
            },
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => {
            let number = text.parse::<i64>().map(Value::from);
            number
                .or_else(|_| text.parse::<f64>().map(Value::from))
                .unwrap_or_else(|_| text.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_documents() {
        let text = "a: &x\n  - 1\n  - 'two'\n  - true\nb: *x\n200: ok\nc: 3.1.0\n";
        assert_eq!(
            parse(text),
            Some(json!({"a": [1, "two", true], "b": [1, "two", true], "200": "ok", "c": "3.1.0"}))
        );
        assert_eq!(parse("a: [1"), None);
    }

    #[test]
    fn a_bomb_of_aliases_ends_at_the_bound() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for at in 1..12 {
            let before = vec![format!("*a{}", at - 1); 10].join(",");
            text = format!("{text}a{at}: &a{at} [{before}]\n");
        }
        assert_eq!(parse(&text), None);
    }

    #[test]
    fn nesting_is_bounded() {
        assert_eq!(parse(&"[".repeat(5000)), None);
    }
}
