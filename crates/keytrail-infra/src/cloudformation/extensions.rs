//! `Fn::ForEach` of the language extensions: repeated parts written out before anything is resolved.

use std::cell::Cell;

use keytrail_model::FileSpan;

use crate::error::Error;
use crate::text::{Piece, Text};
use crate::value::{Field, Map, Node, Value};

const WORD: &str = "Fn::ForEach::";
/// Nodes that may be written out in all.
const MOST_NODES: usize = 200_000;
/// Loops within loops, as deep as the service allows.
const MOST_DEEP: u8 = 8;

/// A template without loops, and what could not be written out.
pub(super) fn written_out(root: &Node) -> (Node, Vec<(Error, FileSpan)>) {
    let writer = Writer {
        root,
        left: Cell::new(MOST_NODES),
        told: std::cell::RefCell::default(),
    };
    let node = writer.node(root, 0);
    (node, writer.told.into_inner())
}

/// True where there is anything to do.
pub(super) fn has_loops(root: &Node) -> bool {
    fn inner(node: &Node, depth: u8) -> bool {
        if depth > 60 {
            return false;
        }
        match &node.value {
            Value::Map(map) => map
                .fields
                .iter()
                .any(|(name, field)| name.starts_with(WORD) || inner(&field.node, depth + 1)),
            Value::List(items) => items.iter().any(|item| inner(item, depth + 1)),
            _ => false,
        }
    }
    ["Resources", "Outputs", "Conditions"]
        .iter()
        .filter_map(|section| root.get(section))
        .any(|section| inner(section, 0))
}

struct Writer<'t> {
    root: &'t Node,
    left: Cell<usize>,
    told: std::cell::RefCell<Vec<(Error, FileSpan)>>,
}

impl Writer<'_> {
    fn tell(&self, error: Error, span: &FileSpan) {
        let mut told = self.told.borrow_mut();
        if !told.iter().any(|(other, _)| *other == error) {
            told.push((error, span.clone()));
        }
    }

    fn spend(&self, span: &FileSpan) -> bool {
        let left = self.left.get();
        if left == 0 {
            self.tell(Error::TooManyInstances, span);
            return false;
        }
        self.left.set(left - 1);
        true
    }

    fn node(&self, node: &Node, loops: u8) -> Node {
        if !self.spend(&node.span) {
            return Node::unknown(&node.span);
        }
        match &node.value {
            Value::List(items) => Node::list(
                items.iter().map(|item| self.node(item, loops)).collect(),
                &node.span,
            ),
            Value::Map(map) => {
                let mut out = Map {
                    open: map.open,
                    ..Map::default()
                };
                for (name, field) in &map.fields {
                    if name.starts_with(WORD) {
                        self.each(field, loops, &mut out);
                    } else {
                        out.insert(
                            name.clone(),
                            field.key.clone(),
                            self.node(&field.node, loops),
                        );
                    }
                }
                Node::map(out, &node.span)
            }
            _ => node.clone(),
        }
    }

    fn each(&self, field: &Field, loops: u8, out: &mut Map) {
        let span = &field.key;
        if loops >= MOST_DEEP {
            self.tell(Error::TooDeep, span);
            out.open = true;
            return;
        }
        let parts = field.node.as_list();
        let Some([name, collection, body]) = parts else {
            out.open = true;
            return;
        };
        let (Some(name), Some(items)) = (name.as_str(), self.collection(collection)) else {
            out.open = true;
            return;
        };
        for item in items {
            let filled = self.filled(body, name, &item);
            let filled = self.node(&filled, loops + 1);
            for (key, inner) in filled.as_map().into_iter().flat_map(|map| &map.fields) {
                out.insert(key.clone(), inner.key.clone(), inner.node.clone());
            }
        }
    }

    /// The words that a loop goes through: written, or the default of a parameter.
    fn collection(&self, node: &Node) -> Option<Vec<String>> {
        if let Some(items) = node.as_list() {
            let words = items.iter().map(|item| item.as_str().map(str::to_owned));
            return words.collect();
        }
        let name = node.get("Ref")?.as_str()?;
        let parameter = self.root.get("Parameters")?.get(name)?;
        let default = parameter.get("Default")?.as_str()?;
        Some(
            default
                .split(',')
                .map(|word| word.trim().to_owned())
                .collect(),
        )
    }

    /// The body with `${Name}`, `&{Name}` and `Ref: Name` put in.
    fn filled(&self, node: &Node, name: &str, word: &str) -> Node {
        if !self.spend(&node.span) {
            return Node::unknown(&node.span);
        }
        match &node.value {
            Value::Text(text) => {
                let pieces = text.pieces().iter().map(|piece| match piece {
                    Piece::Lit(text) => Piece::Lit(replaced(text, name, word)),
                    other => other.clone(),
                });
                let mut filled = Text::from_pieces(pieces.collect());
                filled.origin.clone_from(&text.origin);
                Node::new(Value::Text(filled), &node.span)
            }
            Value::List(items) => Node::list(
                items
                    .iter()
                    .map(|item| self.filled(item, name, word))
                    .collect(),
                &node.span,
            ),
            Value::Map(map) => {
                let only = map.fields.len() == 1;
                if only && node.get("Ref").and_then(Node::as_str) == Some(name) {
                    return Node::text(word, &node.span);
                }
                let mut out = Map {
                    open: map.open,
                    ..Map::default()
                };
                for (key, field) in &map.fields {
                    let inner = self.filled(&field.node, name, word);
                    out.insert(replaced(key, name, word), field.key.clone(), inner);
                }
                Node::map(out, &node.span)
            }
            _ => node.clone(),
        }
    }
}

fn replaced(text: &str, name: &str, word: &str) -> String {
    let plain: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    text.replace(&format!("${{{name}}}"), word)
        .replace(&format!("&{{{name}}}"), &plain)
}
