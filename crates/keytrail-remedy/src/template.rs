//! CloudFormation and SAM, as YAML and as JSON: where keys stand, and text edits of exact ranges.

use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, Span};

use crate::text::Text;
use crate::{Piece, Why};

/// Deeper nesting is no template.
const DEEPEST: usize = 100;

/// Whether the text can be read.
pub(crate) fn parses(text: &str) -> bool {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str::<serde_json::Value>(text).is_ok();
    }
    Parser::new_from_str(text).all(|event| event.is_ok())
}

/// The properties of one resource of a template.
pub(crate) struct Template {
    text: Text,
    properties: Map,
    /// Keys are quoted.
    json: bool,
}

enum Node {
    Scalar(Range<usize>),
    Map(Map),
    List(List),
    Alias,
}

#[derive(Default)]
struct Map {
    /// Of the brace, or of the first key.
    start: usize,
    flow: bool,
    entries: Vec<Entry>,
}

struct Entry {
    key: String,
    at: usize,
    value: Node,
}

struct List {
    start: usize,
    flow: bool,
    /// Where each item begins.
    items: Vec<usize>,
}

impl Map {
    fn get(&self, key: &str) -> Option<&Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    fn map(&self, key: &str) -> Option<&Self> {
        match self.get(key) {
            Some(Node::Map(map)) => Some(map),
            _ => None,
        }
    }

    fn take(&mut self, key: &str) -> Option<Self> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        match self.entries.swap_remove(at).value {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }
}

impl Template {
    /// The resource with this logical id, if it is of this kind.
    pub(crate) fn parse(text: Text, address: &str, kind: &str) -> Result<Self, Why> {
        let json = text.as_str().trim_start().starts_with('{');
        let mut reader = Reader {
            text: &text,
            events: Parser::new_from_str(text.as_str()),
        };
        let Some(Node::Map(mut root)) = reader.document()? else {
            return Err(Why::Broken);
        };
        let shape = Why::Shape("the table is not declared by a resource of its own here");
        let mut resource = root
            .take("Resources")
            .and_then(|mut all| all.take(address))
            .ok_or(shape.clone())?;
        match resource.get("Type") {
            Some(Node::Scalar(range))
                if text.slice(range.clone()).trim_matches(['"', '\'']) == kind => {}
            _ => return Err(shape),
        }
        let properties = resource
            .take("Properties")
            .filter(|map| !map.entries.is_empty())
            .ok_or(shape)?;
        Ok(Self {
            text,
            properties,
            json,
        })
    }

    /// `true` at this path, one or two keys deep.
    pub(crate) fn switch_on(&self, path: &[&str]) -> Result<Piece, Why> {
        match path {
            [name] => self.set(&self.properties, name),
            [outer, name] => match self.properties.map(outer) {
                Some(inner) => self.set(inner, name),
                None if self.properties.get(outer).is_some() => {
                    Err(Why::Shape("it is set to something that is computed"))
                }
                None => self.block(outer, &[(name, "true")]),
            },
            _ => Err(Why::Broken),
        }
    }

    fn set(&self, map: &Map, name: &str) -> Result<Piece, Why> {
        match map.get(name) {
            Some(Node::Scalar(range)) => {
                let literal = matches!(
                    self.text.slice(range.clone()),
                    "false" | "\"false\"" | "'false'"
                );
                let computed = Why::Shape("it is set to something that is computed");
                literal
                    .then(|| Piece::new(range.clone(), "true"))
                    .ok_or(computed)
            }
            Some(_) => Err(Why::Shape("it is set to something that is computed")),
            None => self.first(map, &[self.entry(name, "true")]),
        }
    }

    /// A new property with these keys and values.
    pub(crate) fn block(&self, name: &str, inner: &[(&str, &str)]) -> Result<Piece, Why> {
        if self.properties.get(name).is_some() {
            return Err(Why::Shape("it is set to something else"));
        }
        if self.properties.flow {
            let inner: Vec<String> = inner
                .iter()
                .map(|(key, value)| self.entry(key, value))
                .collect();
            return self.first(
                &self.properties,
                &[self.entry(name, &format!("{{{}}}", inner.join(", ")))],
            );
        }
        let mut lines = vec![format!("{name}:")];
        lines.extend(inner.iter().map(|(key, value)| format!("  {key}: {value}")));
        self.first(&self.properties, &lines)
    }

    /// One more tag.
    pub(crate) fn tag(&self, key: &str, value: &str) -> Result<Piece, Why> {
        let text = &self.text;
        match self.properties.get("Tags") {
            None if self.properties.flow => {
                let tag = format!(
                    "[{{{}, {}}}]",
                    self.entry("Key", &format!("\"{key}\"")),
                    self.entry("Value", &format!("\"{value}\""))
                );
                self.first(&self.properties, &[self.entry("Tags", &tag)])
            }
            None => self.first(
                &self.properties,
                &[
                    "Tags:".to_owned(),
                    format!("  - Key: {key}"),
                    format!("    Value: {value}"),
                ],
            ),
            Some(Node::List(list)) if list.flow => {
                let at = list.start + 1;
                let comma = if list.items.is_empty() { "" } else { ", " };
                let tag = format!(
                    "{{{}, {}}}{comma}",
                    self.entry("Key", &format!("\"{key}\"")),
                    self.entry("Value", &format!("\"{value}\""))
                );
                Ok(Piece::new(at..at, tag))
            }
            Some(Node::List(list)) => {
                let first = list.items.first().ok_or(Why::Broken)?;
                let at = text.line_start(*first);
                let indent = text.indent(*first);
                if !text.slice(at..*first).trim_start().starts_with('-') {
                    return Err(Why::Shape("the tags are written in a way of their own"));
                }
                Ok(Piece::new(
                    at..at,
                    format!("{indent}- Key: {key}\n{indent}  Value: {value}\n"),
                ))
            }
            Some(_) => Err(Why::Shape("the tags are computed")),
        }
    }

    fn entry(&self, key: &str, value: &str) -> String {
        if self.json {
            format!("\"{key}\": {value}")
        } else {
            format!("{key}: {value}")
        }
    }

    /// Lines before the first key of a map.
    fn first(&self, map: &Map, lines: &[String]) -> Result<Piece, Why> {
        let text = &self.text;
        let first = map
            .entries
            .first()
            .ok_or(Why::Shape("the properties are empty"))?
            .at;
        if map.flow {
            let open = map.start;
            let line = lines.concat();
            let text = if text.line(open) == text.line(first) {
                format!("{line}, ")
            } else {
                format!("{line},\n{}", text.indent(first))
            };
            return Ok(Piece::new(first..first, text));
        }
        if !text.begins_line(first) {
            return Err(Why::Shape(
                "the properties are written in a way of their own",
            ));
        }
        let indent = text.indent(first);
        let lines: Vec<String> = lines
            .iter()
            .map(|line| format!("{indent}{line}\n"))
            .collect();
        let at = text.line_start(first);
        Ok(Piece::new(at..at, lines.concat()))
    }
}

struct Reader<'t, I: Iterator> {
    text: &'t Text,
    events: I,
}

impl<'t, I> Reader<'t, I>
where
    I: Iterator<Item = Result<(Event<'t>, Span), saphyr_parser::ScanError>>,
{
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Why> {
        self.events.next().transpose().map_err(|_| Why::Broken)
    }

    /// The first document.
    fn document(&mut self) -> Result<Option<Node>, Why> {
        while let Some((event, span)) = self.next()? {
            if !matches!(
                event,
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_)
            ) {
                return self.node(&event, &span, 0).map(Some);
            }
        }
        Ok(None)
    }

    fn node(&mut self, event: &Event<'t>, span: &Span, depth: usize) -> Result<Node, Why> {
        if depth > DEEPEST {
            return Err(Why::TooLarge);
        }
        let start = self.at(&span.start)?;
        match event {
            Event::Scalar(..) => Ok(Node::Scalar(start..self.at(&span.end)?)),
            Event::MappingStart(..) => self.map(start, depth).map(Node::Map),
            Event::SequenceStart(..) => self.list(start, depth).map(Node::List),
            _ => Ok(Node::Alias),
        }
    }

    fn map(&mut self, start: usize, depth: usize) -> Result<Map, Why> {
        let mut map = Map {
            start,
            flow: self.text.slice(start..start + 1) == "{",
            entries: Vec::new(),
        };
        loop {
            let (event, span) = self.next()?.ok_or(Why::Broken)?;
            if matches!(event, Event::MappingEnd) {
                return Ok(map);
            }
            let key = match &event {
                Event::Scalar(text, ..) => text.to_string(),
                _ => String::new(),
            };
            let at = self.at(&span.start)?;
            self.node(&event, &span, depth + 1)?;
            let (event, span) = self.next()?.ok_or(Why::Broken)?;
            let value = self.node(&event, &span, depth + 1)?;
            map.entries.push(Entry { key, at, value });
        }
    }

    fn list(&mut self, start: usize, depth: usize) -> Result<List, Why> {
        let mut list = List {
            start,
            flow: self.text.slice(start..start + 1) == "[",
            items: Vec::new(),
        };
        loop {
            let (event, span) = self.next()?.ok_or(Why::Broken)?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(list);
            }
            list.items.push(self.at(&span.start)?);
            self.node(&event, &span, depth + 1)?;
        }
    }

    fn at(&self, mark: &Marker) -> Result<usize, Why> {
        let number = |number: usize| u32::try_from(number).map_err(|_| Why::TooLarge);
        let at = self
            .text
            .offset(number(mark.line())?, number(mark.col())? + 1);
        // The end of the last line may be told as the beginning of the next.
        Ok(at.unwrap_or(self.text.as_str().len()))
    }
}
