//! YAML into nodes with places. Short tags become the long forms (`!Sub x` is `{Fn::Sub: x}`).
//!
//! Nothing here recurses: nesting is a stack of frames with a limit, and an alias shares the
//! node it names, so that a bomb of aliases costs no more than its text.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::FileSpan;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use crate::error::Error;
use crate::lines::{join, number};
use crate::text::Text;
use crate::value::{Map, Node, Value};

const MOST_DEEP: usize = 100;
/// Nodes of one file, each alias counted with all that it stands for.
const MOST_NODES: usize = 400_000;

/// Why and on which line.
#[derive(Debug)]
pub(crate) struct BadYaml {
    pub(crate) line: u32,
    pub(crate) error: Error,
}

/// The first document of a file.
pub(crate) fn file(path: &Arc<str>, text: &str) -> Result<Node, BadYaml> {
    let mut builder = Builder {
        path,
        frames: Vec::new(),
        anchors: BTreeMap::new(),
        weight: 0,
        root: None,
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| BadYaml {
            line: number(error.marker().line()),
            error: Error::Yaml("unexpected here".to_owned()),
        })?;
        builder.event(event, &span).map_err(|error| BadYaml {
            line: number(span.start.line()),
            error,
        })?;
        if builder.root.is_some() {
            break;
        }
    }
    builder.root.ok_or(BadYaml {
        line: 1,
        error: Error::Yaml("an empty document".to_owned()),
    })
}

/// A collection that is being read.
struct Frame {
    span: FileSpan,
    anchor: usize,
    tag: Option<String>,
    /// Weight before it began.
    before: usize,
    items: Vec<Node>,
    /// `Some` for a mapping: its fields, and the key that waits for its value.
    map: Option<(Map, Option<Node>)>,
}

struct Builder<'a> {
    path: &'a Arc<str>,
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, (Node, usize)>,
    weight: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), Error> {
        let place = self.span(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = tagged(scalar(&text, style, &place), name(tag.as_deref()));
                self.add(1)?;
                self.keep(anchor, &node, 1);
                self.finish(node);
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(place, anchor, name(tag.as_deref()), false)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.open(place, anchor, name(tag.as_deref()), true)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&place),
            Event::Alias(id) => {
                let found = self.anchors.get(&id).cloned();
                let (node, weight) = found.unwrap_or((Node::unknown(&place), 1));
                self.add(weight)?;
                self.finish(node);
            }
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, weight: usize) -> Result<(), Error> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > MOST_NODES {
            return Err(Error::TooComplex);
        }
        Ok(())
    }

    fn open(
        &mut self,
        span: FileSpan,
        anchor: usize,
        tag: Option<String>,
        map: bool,
    ) -> Result<(), Error> {
        if self.frames.len() >= MOST_DEEP {
            return Err(Error::TooComplex);
        }
        let before = self.weight;
        self.add(1)?;
        self.frames.push(Frame {
            span,
            anchor,
            tag,
            before,
            items: Vec::new(),
            map: map.then(|| (Map::default(), None)),
        });
        Ok(())
    }

    fn close(&mut self, end: &FileSpan) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        // A block collection ends where the next thing begins; its last child says where it ends itself.
        let last = match &frame.map {
            Some((map, _)) => map
                .fields
                .values()
                .map(|field| &field.node.span)
                .max_by_key(end_of),
            None => frame.items.iter().map(|item| &item.span).max_by_key(end_of),
        };
        let flow = end.end_line == end.line && end.end_column > end.column;
        let span = match last {
            Some(last) if !flow => join(&frame.span, last),
            _ => join(&frame.span, end),
        };
        let node = match frame.map {
            Some((map, _)) => Node::map(map, &span),
            None => Node::list(frame.items, &span),
        };
        let node = tagged(node, frame.tag);
        self.keep(frame.anchor, &node, self.weight - frame.before);
        self.finish(node);
    }

    fn keep(&mut self, anchor: usize, node: &Node, weight: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), weight));
        }
    }

    /// Hands a node to the collection around it.
    fn finish(&mut self, node: Node) {
        let Some(frame) = self.frames.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        let Some((map, key)) = &mut frame.map else {
            frame.items.push(node);
            return;
        };
        match key.take() {
            None => *key = Some(node),
            Some(key) => match key.as_str() {
                Some("<<") => merge(map, &node),
                Some(name) => map.insert(name, key.span.clone(), node),
                None => map.open = true,
            },
        }
    }

    fn span(&self, span: &Span) -> FileSpan {
        FileSpan {
            path: Arc::clone(self.path),
            line: number(span.start.line()),
            column: number(span.start.col() + 1),
            end_line: number(span.end.line()),
            end_column: number(span.end.col() + 1),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape that max_by_key wants"
)]
fn end_of(span: &&FileSpan) -> (u32, u32) {
    (span.end_line, span.end_column)
}

/// `<<`: fields that are not there yet.
fn merge(map: &mut Map, other: &Node) {
    for source in other.items() {
        for (name, field) in source.as_map().into_iter().flat_map(|map| &map.fields) {
            if !map.fields.contains_key(name) {
                map.insert(name.clone(), field.key.clone(), field.node.clone());
            }
        }
    }
}

/// Plain scalars keep their text: an account number must not lose its zeros.
fn scalar(text: &str, style: ScalarStyle, span: &FileSpan) -> Node {
    let null = matches!(style, ScalarStyle::Plain) && matches!(text, "" | "~" | "null" | "Null");
    if null {
        Node::new(Value::Null, span)
    } else {
        let mut value = Text::literal(text);
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            // JSON inside a block scalar: its lines follow the indicator.
            value.origin = Some(Arc::new(crate::text::Origin {
                path: Arc::clone(&span.path),
                line: span.line + 1,
                indent: 0,
            }));
        }
        Node::new(Value::Text(value), span)
    }
}

/// `Ref`, `Condition` or `Fn::…` of a short tag.
fn name(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!")?;
    Some(match tag.suffix.as_str() {
        "Ref" | "Condition" => tag.suffix.clone(),
        other => format!("Fn::{other}"),
    })
}

fn tagged(node: Node, tag: Option<String>) -> Node {
    let Some(tag) = tag else { return node };
    let span = node.span.clone();
    let mut map = Map::default();
    map.insert(tag, span.clone(), node);
    Node::map(map, &span)
}
