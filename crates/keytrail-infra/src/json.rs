//! JSON into nodes with places: whole files, and text inside templates.

use std::sync::Arc;

use jsonc_parser::ast::{ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use keytrail_model::FileSpan;

use crate::lines::Lines;
use crate::text::{Origin, Piece, Text};
use crate::value::{Map, Node, Value};

/// Why some JSON could not be read, and on which line.
#[derive(Debug)]
pub(crate) struct BadJson {
    pub(crate) line: u32,
}

/// Pieces that are no literal stand as characters of a private use area while JSON is parsed.
const FIRST_MARK: u32 = 0xF_0000;
const MOST_MARKS: usize = 4096;

/// A file of JSON.
pub(crate) fn file(path: &Arc<str>, text: &str) -> Result<Node, BadJson> {
    let lines = Lines::new(path, text);
    parse(
        text,
        &Reader {
            lines: &lines,
            origin: None,
            holes: &[],
        },
    )
}

/// JSON inside a template's text, perhaps with holes; `None` where it is no JSON.
pub(crate) fn text(text: &Text, outer: &FileSpan) -> Option<Node> {
    let mut source = String::new();
    let mut holes = Vec::new();
    for piece in text.pieces() {
        match piece {
            Piece::Lit(text) => source.push_str(text),
            other => {
                source.push(mark(holes.len())?);
                holes.push(other.clone());
            }
        }
    }
    let lines = Lines::new(&outer.path, &source);
    // Text without an origin of its own lies on one line of the template: its place is the template's.
    let place = text
        .origin
        .as_deref()
        .map_or_else(|| Place::Fixed(outer), Place::Block);
    parse(
        &source,
        &Reader {
            lines: &lines,
            origin: Some(place),
            holes: &holes,
        },
    )
    .ok()
}

/// A value as JSON text; what is not known stays a hole in it.
pub(crate) fn written(node: &Node) -> Text {
    let mut out = Text::default();
    write(node, &mut out, 0);
    out
}

fn write(node: &Node, out: &mut Text, depth: u8) {
    let plain = |text: &str| Piece::Lit(text.to_owned());
    if depth > 32 || out.len() >= crate::text::MAX_TEXT {
        return out.push(Piece::Hole(None));
    }
    match &node.value {
        Value::Null => out.push(plain("null")),
        Value::Bool(_) | Value::Number(_) => {
            out.append(&node.as_text().unwrap_or_else(|| Text::hole(None)));
        }
        Value::List(items) => {
            out.push(plain("["));
            for (number, item) in items.iter().enumerate() {
                out.push(plain(if number > 0 { "," } else { "" }));
                write(item, out, depth + 1);
            }
            out.push(plain("]"));
        }
        Value::Map(map) if !map.open => {
            out.push(plain("{"));
            for (number, (name, field)) in map.fields.iter().enumerate() {
                let comma = if number > 0 { "," } else { "" };
                out.push(Piece::Lit(format!("{comma}\"{}\":", escaped(name))));
                write(&field.node, out, depth + 1);
            }
            out.push(plain("}"));
        }
        Value::Text(text) => {
            out.push(plain("\""));
            for piece in text.pieces() {
                out.push(match piece {
                    Piece::Lit(text) => Piece::Lit(escaped(text)),
                    other => other.clone(),
                });
            }
            out.push(plain("\""));
        }
        _ => out.push(Piece::Hole(None)),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn mark(number: usize) -> Option<char> {
    (number < MOST_MARKS).then(|| char::from_u32(FIRST_MARK + u32::try_from(number).ok()?))?
}

enum Place<'a> {
    Fixed(&'a FileSpan),
    Block(&'a Origin),
}

struct Reader<'a> {
    lines: &'a Lines<'a>,
    origin: Option<Place<'a>>,
    holes: &'a [Piece],
}

fn parse(source: &str, reader: &Reader<'_>) -> Result<Node, BadJson> {
    let options = ParseOptions::default();
    match parse_to_ast(source, &CollectOptions::default(), &options) {
        Ok(result) => result
            .value
            .map(|value| reader.node(&value))
            .ok_or(BadJson { line: 1 }),
        Err(error) => Err(BadJson {
            line: reader.lines.position(error.range().start).0,
        }),
    }
}

impl Reader<'_> {
    fn node(&self, value: &Ast<'_>) -> Node {
        let range = value.range();
        let span = self.span(range.start..range.end);
        let value = match value {
            Ast::StringLit(text) => Value::Text(self.text(&text.value)),
            Ast::NumberLit(number) => number
                .value
                .parse()
                .map_or(Value::Unknown(None), Value::Number),
            Ast::BooleanLit(value) => Value::Bool(value.value),
            Ast::NullKeyword(_) => Value::Null,
            Ast::Array(array) => Value::List(Arc::new(
                array
                    .elements
                    .iter()
                    .map(|element| self.node(element))
                    .collect(),
            )),
            Ast::Object(object) => {
                let mut map = Map::default();
                for property in &object.properties {
                    let (name, range) = match &property.name {
                        ObjectPropName::String(name) => (name.value.as_ref(), name.range),
                        ObjectPropName::Word(name) => (name.value, name.range),
                    };
                    let key = self.span(range.start..range.end);
                    // A name that is not known can't be looked up.
                    match self.text(name).known() {
                        Some(name) => map.insert(name, key, self.node(&property.value)),
                        None => map.open = true,
                    }
                }
                Value::Map(Arc::new(map))
            }
        };
        Node { value, span }
    }

    fn text(&self, text: &str) -> Text {
        if self.holes.is_empty() {
            return Text::literal(text);
        }
        let mut out = Text::default();
        for c in text.chars() {
            let number = u32::from(c)
                .checked_sub(FIRST_MARK)
                .and_then(|number| usize::try_from(number).ok());
            match number.and_then(|number| self.holes.get(number)) {
                Some(piece) => out.push(piece.clone()),
                None => out.push(Piece::Lit(c.to_string())),
            }
        }
        out
    }

    fn span(&self, range: std::ops::Range<usize>) -> FileSpan {
        let inner = self.lines.span(range);
        match &self.origin {
            None => inner,
            Some(Place::Fixed(outer)) => (*outer).clone(),
            Some(Place::Block(origin)) => FileSpan {
                path: Arc::clone(&origin.path),
                line: origin.line + inner.line - 1,
                column: inner.column + origin.indent,
                end_line: origin.line + inner.end_line - 1,
                end_column: inner.end_column + origin.indent,
            },
        }
    }
}
