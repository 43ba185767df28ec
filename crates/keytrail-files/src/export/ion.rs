//! Items of an export in Amazon Ion text, as DynamoDB writes them, turned into its JSON:
//! `$ion_1_0 {Item:{id:"…",n:12.,tags:$dynamodb_SS::["…"],raw:{{aGk=}}}}`.
//!
//! Written by hand: of Ion only what exports hold is needed, and the crate for all of it brings a library of
//! dates that `deny.toml` bans.

use serde_json::{Map, Value, json};

/// Levels of structs and lists; DynamoDB itself allows 32.
const DEEPEST: usize = 48;

/// The records of a line; `None` where it is no Ion text of this kind.
pub(super) fn record(line: &[u8]) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(line).ok()?.trim();
    let text = text.strip_prefix("$ion_1_0").unwrap_or(text);
    let mut reader = Reader { text, at: 0 };
    let record = reader.structure(0, |reader, depth| {
        // `Item`, `Keys`, `NewImage`: attributes; `Metadata` may hold plain values.
        if reader.next()? == '{' {
            let map = reader.structure(depth, Reader::value)?;
            Some(Value::Object(map))
        } else {
            reader.value(depth)
        }
    })?;
    reader.blank();
    (reader.at == text.len()).then_some(record)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn next(&mut self) -> Option<char> {
        self.blank();
        self.rest().chars().next()
    }

    fn take(&mut self, expected: &str) -> bool {
        self.blank();
        let there = self.rest().starts_with(expected);
        self.at += if there { expected.len() } else { 0 };
        there
    }

    fn word(&mut self, holds: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !holds(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// `{name:value,…}`; values by `each`.
    fn structure(
        &mut self,
        depth: usize,
        each: impl Fn(&mut Self, usize) -> Option<Value>,
    ) -> Option<Map<String, Value>> {
        if depth >= DEEPEST || !self.take("{") {
            return None;
        }
        let mut map = Map::new();
        while !self.take("}") {
            let name = self.name()?;
            if !self.take(":") {
                return None;
            }
            map.insert(name, each(self, depth + 1)?);
            if !self.take(",") && self.next()? != '}' {
                return None;
            }
        }
        Some(map)
    }

    fn name(&mut self) -> Option<String> {
        if let quote @ ('"' | '\'') = self.next()? {
            return self.quoted(quote);
        }
        let name = self.word(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        self.at += quote.len_utf8();
        let mut text = String::new();
        loop {
            let c = self.rest().chars().next()?;
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Some(text),
                '\\' => self.escape(&mut text)?,
                c => text.push(c),
            }
        }
    }

    /// Adds what an escape stands for: nothing for an escaped end of a line.
    fn escape(&mut self, text: &mut String) -> Option<()> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        let plain = match c {
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            'v' => '\u{b}',
            '0' => '\0',
            '\n' => return Some(()),
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            other => other,
        };
        text.push(plain);
        Some(())
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let code = u32::from_str_radix(self.rest().get(..digits)?, 16).ok()?;
        self.at += digits;
        // Halves of characters beyond the first plane come in pairs; one alone stands for nothing.
        Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// A value with its type, as in DynamoDB's JSON.
    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth >= DEEPEST {
            return None;
        }
        match self.next()? {
            '"' => Some(json!({"S": self.quoted('"')?})),
            '{' if self.rest().starts_with("{{") => Some(json!({"B": self.blob()?})),
            '{' => {
                let map = self.structure(depth, Self::value)?;
                Some(json!({"M": map}))
            }
            '[' => {
                let list = self.list(|reader| reader.value(depth + 1))?;
                Some(json!({"L": list}))
            }
            '$' => self.set(),
            c if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            _ => self.symbol(),
        }
    }

    fn list(&mut self, each: impl Fn(&mut Self) -> Option<Value>) -> Option<Vec<Value>> {
        if !self.take("[") {
            return None;
        }
        let mut list = Vec::new();
        while !self.take("]") {
            list.push(each(self)?);
            if !self.take(",") && self.next()? != ']' {
                return None;
            }
        }
        Some(list)
    }

    /// `$dynamodb_SS::["…"]`.
    fn set(&mut self) -> Option<Value> {
        let name = self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'));
        let kind = name.strip_prefix("$dynamodb_")?;
        if !self.take("::") {
            return None;
        }
        let values = match kind {
            "SS" => self.list(|reader| {
                (reader.next()? == '"').then(|| reader.quoted('"').map(Value::String))?
            })?,
            "NS" => self.list(|reader| {
                reader.blank();
                Some(Value::String(reader.digits().to_owned()))
            })?,
            "BS" => self.list(|reader| reader.blob().map(Value::String))?,
            _ => return None,
        };
        Some(json!({kind: values}))
    }

    /// `{{aGk=}}`.
    fn blob(&mut self) -> Option<String> {
        if !self.take("{{") {
            return None;
        }
        let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        self.blank();
        let encoded = self.word(base64).to_owned();
        self.take("}}").then_some(encoded)
    }

    fn digits(&mut self) -> &'t str {
        self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'))
    }

    fn number(&mut self) -> Option<Value> {
        let digits = self.digits();
        (!digits.is_empty()).then(|| json!({"N": digits}))
    }

    /// `true`, `false`, `null`; whatever else stands bare.
    fn symbol(&mut self) -> Option<Value> {
        let word = self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        match word {
            "true" => Some(json!({"BOOL": true})),
            "false" => Some(json!({"BOOL": false})),
            word if word == "null" || word.starts_with("null.") => Some(json!({"NULL": true})),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_an_export_has() {
        let line = br#"$ion_1_0 {Item:{id:"a\"b\u00e9\x41",n:103.,price:2d3,ok:true,no:null,'odd name':"x",set:$dynamodb_SS::["a","b"],ns:$dynamodb_NS::[1.,-2d1],bs:$dynamodb_BS::[{{aGk=}}],raw:{{ aGk= }},map:{inner:["x",{deep:"y"}]},none:[],empty:{}}}"#;
        let expected = json!({"Item": {
            "id": {"S": "a\"b\u{e9}A"}, "n": {"N": "103."}, "price": {"N": "2d3"}, "ok": {"BOOL": true},
            "no": {"NULL": true}, "odd name": {"S": "x"}, "set": {"SS": ["a", "b"]},
            "ns": {"NS": ["1.", "-2d1"]}, "bs": {"BS": ["aGk="]}, "raw": {"B": "aGk="},
            "map": {"M": {"inner": {"L": [{"S": "x"}, {"M": {"deep": {"S": "y"}}}]}}},
            "none": {"L": []}, "empty": {"M": {}},
        }});
        assert_eq!(Value::Object(record(line).unwrap()), expected);
        let change =
            record(br#"{Metadata:{WriteTimestampMicros:1680109764000000.},Keys:{id:"a"}}"#);
        assert_eq!(change.unwrap()["Keys"], json!({"id": {"S": "a"}}));
    }

    #[test]
    fn what_is_none_is_refused() {
        let deep = format!("{{Item:{}", "{a:".repeat(100_000));
        for line in [
            "",
            "{",
            "{Item:{a:\"",
            "{Item:{a:b}}",
            "{Item:{}} x",
            "{Item:{a:$x::[]}}",
            "{Item:{a:{{!}}}}",
            "{Item:{a:\"\\uD8\"}}",
            "\u{0}",
            &deep,
        ] {
            assert_eq!(record(line.as_bytes()), None);
        }
        assert_eq!(record(b"\xff"), None);
    }
}
