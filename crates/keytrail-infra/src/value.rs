//! Values of template expressions, as far as they are known, each with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::{FileSpan, Tri};

use crate::text::{Id, Piece, RefKind, Text};

/// Lists, unions and walks longer than this are cut: no template has them on purpose.
pub(crate) const MAX_ITEMS: usize = 4096;

/// A value and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: FileSpan,
}

/// What an expression comes to.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(Text),
    List(Arc<Vec<Node>>),
    Map(Arc<Map>),
    /// One of these, by a condition that is not known.
    OneOf(Arc<Vec<Node>>),
    /// JSON text of the value inside (`jsonencode`, a policy document).
    Encoded(Arc<Node>),
    /// A resource or data source as a whole.
    Resource(Id),
    /// Not known; the expression's name where it has one.
    Unknown(Option<Arc<str>>),
}

/// Fields by name. `open`: there may be others that are not known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map {
    pub(crate) fields: BTreeMap<String, Field>,
    pub(crate) open: bool,
}

/// One field: where its name stands, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) key: FileSpan,
    pub(crate) node: Node,
}

impl Map {
    pub(crate) fn insert(&mut self, name: impl Into<String>, key: FileSpan, node: Node) {
        if self.fields.len() < MAX_ITEMS {
            self.fields.insert(name.into(), Field { key, node });
        } else {
            self.open = true;
        }
    }
}

impl Node {
    pub(crate) fn new(value: Value, span: &FileSpan) -> Self {
        Self {
            value,
            span: span.clone(),
        }
    }

    pub(crate) fn unknown(span: &FileSpan) -> Self {
        Self::new(Value::Unknown(None), span)
    }

    pub(crate) fn text(text: impl Into<String>, span: &FileSpan) -> Self {
        Self::new(Value::Text(Text::literal(text)), span)
    }

    pub(crate) fn list(items: Vec<Self>, span: &FileSpan) -> Self {
        Self::new(Value::List(Arc::new(items)), span)
    }

    pub(crate) fn map(map: Map, span: &FileSpan) -> Self {
        Self::new(Value::Map(Arc::new(map)), span)
    }

    /// One of several; nested alternatives are laid flat, a single one is itself.
    pub(crate) fn one_of(items: Vec<Self>, span: &FileSpan) -> Self {
        let mut flat = Vec::new();
        for item in items {
            match item.value {
                Value::OneOf(inner) => flat.extend(inner.iter().cloned()),
                _ => flat.push(item),
            }
        }
        if flat.len() > 16 {
            return Self::unknown(span);
        }
        match flat.len() {
            0 => Self::unknown(span),
            1 => flat.remove(0),
            _ => Self::new(Value::OneOf(Arc::new(flat)), span),
        }
    }

    pub(crate) fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            Value::Encoded(inner) => inner.as_map(),
            _ => None,
        }
    }

    /// The field of a map; null fields count as left out.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.as_map()
            .and_then(|map| map.fields.get(name))
            .map(|field| &field.node)
            .filter(|node| !matches!(node.value, Value::Null))
    }

    /// A field of a field, through single blocks: `a.b` of `[{b}]` too.
    pub(crate) fn path(&self, path: &str) -> Option<&Self> {
        path.split('.')
            .try_fold(self, |node, name| match &node.value {
                Value::List(items) => items.first().and_then(|first| first.get(name)),
                Value::OneOf(items) => items.iter().find_map(|item| item.get(name)),
                _ => node.get(name),
            })
    }

    /// True where what stands at a path may be there without being known: some part on the way is
    /// not known, or has fields that are not.
    pub(crate) fn hides(&self, path: &str) -> bool {
        let mut at = self;
        for name in path.split('.') {
            let inner = match &at.value {
                Value::List(items) => match items.first() {
                    Some(first) => first,
                    None => return false,
                },
                _ => at,
            };
            match inner.as_map() {
                Some(map) => match inner.get(name) {
                    Some(next) => at = next,
                    None => return map.open,
                },
                None => return !matches!(inner.value, Value::Null),
            }
        }
        false
    }

    /// Yes, no or not known, of a setting at a path that is off when left out.
    pub(crate) fn setting(&self, path: &str) -> Tri {
        match self.path(path) {
            None if self.hides(path) => Tri::Unknown,
            found => tri(found),
        }
    }

    pub(crate) fn is_unknown(&self) -> bool {
        match &self.value {
            Value::Unknown(_) => true,
            Value::Text(text) => text.is_hole(),
            _ => false,
        }
    }

    /// Elements of a list (or of any of its alternatives), the value itself where it is none.
    pub(crate) fn items(&self) -> Vec<&Self> {
        let mut out = Vec::new();
        // Values share their parts, so a small template can hold more of them than time is.
        let mut budget = 16 * MAX_ITEMS;
        self.collect_items(&mut out, 0, &mut budget);
        out
    }

    fn collect_items<'a>(&'a self, out: &mut Vec<&'a Self>, depth: u8, budget: &mut usize) {
        if out.len() >= MAX_ITEMS || depth > 8 || *budget == 0 {
            return;
        }
        *budget -= 1;
        match &self.value {
            Value::Null => {}
            Value::List(items) | Value::OneOf(items) => {
                for item in items.iter() {
                    item.collect_items(out, depth + 1, budget);
                }
            }
            _ => out.push(self),
        }
    }

    /// Those of the elements that stand in one branch of a condition.
    pub(crate) fn optional_items(&self) -> Vec<&Self> {
        match &self.value {
            Value::OneOf(_) => self.items(),
            Value::List(items) => items
                .iter()
                .filter(|item| matches!(item.value, Value::OneOf(_)))
                .take(MAX_ITEMS)
                .flat_map(Self::items)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The alternatives that a value has, itself where it has only one.
    pub(crate) fn alternatives(&self) -> &[Self] {
        match &self.value {
            Value::OneOf(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// As text, where it is a scalar or a name for one.
    pub(crate) fn as_text(&self) -> Option<Text> {
        Some(match &self.value {
            Value::Text(text) => text.clone(),
            Value::Bool(value) => Text::literal(value.to_string()),
            Value::Number(value) => Text::literal(number_text(*value)),
            Value::Unknown(name) => Text::hole(name.clone()),
            Value::Resource(id) => Text::reference(id, RefKind::Other(Arc::from("id"))),
            Value::Encoded(_) => Text::hole(None),
            Value::OneOf(items) => {
                let texts: Option<Vec<Text>> = items.iter().map(Self::as_text).collect();
                let texts = texts?;
                match texts.split_first() {
                    Some((first, rest)) if rest.iter().all(|text| text == first) => first.clone(),
                    _ => Text::hole(None),
                }
            }
            Value::Null | Value::List(_) | Value::Map(_) => return None,
        })
    }

    /// All texts it may be.
    pub(crate) fn texts(&self) -> Vec<Text> {
        self.items().into_iter().filter_map(Self::as_text).collect()
    }

    /// The whole text, where it is known.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => text.known(),
            _ => None,
        }
    }

    /// A boolean, also as the text `"true"` that templates allow.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(value) => Some(*value),
            Value::Text(text) => match text.known()?.to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
            Value::OneOf(items) => {
                let first = items.first()?.as_bool()?;
                items
                    .iter()
                    .all(|item| item.as_bool() == Some(first))
                    .then_some(first)
            }
            _ => None,
        }
    }

    pub(crate) fn as_number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(value) => Some(*value),
            Value::Text(text) => text.known()?.trim().parse().ok(),
            _ => None,
        }
    }
}

/// Yes, no, or not known, of a setting that is off when left out.
pub(crate) fn tri(node: Option<&Node>) -> Tri {
    match node.map(Node::as_bool) {
        None | Some(Some(false)) => Tri::No,
        Some(Some(true)) => Tri::Yes,
        Some(None) => Tri::Unknown,
    }
}

/// Numbers as templates print them: whole ones without a point.
pub(crate) fn number_text(value: f64) -> String {
    // `f64` prints whole numbers without a fraction.
    format!("{value}")
}

fn part_text(node: &Node) -> Text {
    match &node.value {
        Value::Encoded(inner) => crate::json::written(inner),
        _ => node.as_text().unwrap_or_else(|| Text::hole(None)),
    }
}

/// All texts that the parts may be together; too many become a hole.
pub(crate) fn product(parts: &[Node], span: &FileSpan) -> Node {
    const MOST: usize = 8;
    let mut results = vec![Text::default()];
    for part in parts {
        let alternatives = part.alternatives();
        if let [only] = alternatives {
            let text = part_text(only);
            for result in &mut results {
                result.append(&text);
            }
            continue;
        }
        let mut next = Vec::new();
        for alternative in alternatives {
            let text = part_text(alternative);
            for result in &results {
                let mut joined = result.clone();
                joined.append(&text);
                if !next.contains(&joined) {
                    next.push(joined);
                }
            }
        }
        if next.len() > MOST {
            for result in &mut results {
                result.push(Piece::Hole(None));
            }
        } else {
            results = next;
        }
    }
    Node::one_of(
        results
            .into_iter()
            .map(|text| Node::new(Value::Text(text), span))
            .collect(),
        span,
    )
}
