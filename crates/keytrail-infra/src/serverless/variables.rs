//! `${self:…}`, `${opt:…}`, `${env:…}`, `${param:…}`, `${file(…):…}` with their defaults. A
//! variable that needs itself, or that only the machine of the deployment knows, is unknown.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use keytrail_model::FileSpan;

use crate::cloudformation::{Template, yaml_value};
use crate::error::Error;
use crate::json;
use crate::terraform::Files;
use crate::terraform::source::{parent, resolve};
use crate::text::Text;
use crate::value::{Map, Node, Value, product};

/// Nodes and variables that one service may need.
const FUEL: u32 = 200_000;
const DEPTH: u32 = 60;

/// Words before the colon that make `${…}` a variable of the framework and not of `Fn::Sub`.
const SOURCES: &[&str] = &[
    "self",
    "opt",
    "env",
    "sls",
    "param",
    "aws",
    "cf",
    "ssm",
    "s3",
    "git",
    "terraform",
    "vault",
];

/// What could not be worked out: the error, and where.
pub(crate) type Told = Vec<(Error, FileSpan)>;

/// Files that a service takes in.
pub(crate) type Parts = BTreeSet<Arc<str>>;

pub(super) struct Variables<'s> {
    pub(super) root: &'s Node,
    path: &'s Arc<str>,
    files: &'s dyn Files,
    fuel: Cell<u32>,
    depth: Cell<u32>,
    busy: RefCell<BTreeSet<String>>,
    told: RefCell<Told>,
    parts: RefCell<Parts>,
}

impl<'s> Variables<'s> {
    pub(super) fn new(service: &'s Template, files: &'s dyn Files) -> Self {
        Self {
            root: &service.root,
            path: &service.path,
            files,
            fuel: Cell::new(FUEL),
            depth: Cell::new(0),
            busy: RefCell::default(),
            told: RefCell::default(),
            parts: RefCell::default(),
        }
    }

    pub(super) fn told(&self) -> Told {
        self.told.take()
    }

    pub(super) fn parts(&self) -> Parts {
        self.parts.take()
    }

    fn tell(&self, error: Error, span: &FileSpan) {
        let mut told = self.told.borrow_mut();
        if !told.iter().any(|(other, _)| *other == error) {
            told.push((error, span.clone()));
        }
    }

    /// A value with its variables put in.
    pub(super) fn resolve(&self, node: &Node) -> Node {
        let (fuel, depth) = (self.fuel.get(), self.depth.get());
        if fuel == 0 || depth >= DEPTH {
            let error = if fuel == 0 {
                Error::TooMuchWork
            } else {
                Error::TooDeep
            };
            self.tell(error, &node.span);
            return Node::unknown(&node.span);
        }
        self.fuel.set(fuel - 1);
        self.depth.set(depth + 1);
        let resolved = match &node.value {
            Value::List(items) => Node::list(
                items.iter().map(|item| self.resolve(item)).collect(),
                &node.span,
            ),
            Value::Map(map) => {
                let mut out = Map {
                    open: map.open,
                    ..Map::default()
                };
                for (name, field) in &map.fields {
                    out.insert(name.clone(), field.key.clone(), self.resolve(&field.node));
                }
                Node::map(out, &node.span)
            }
            Value::Text(text) => match text.known() {
                Some(known) if known.contains("${") => self.text(known, &node.span),
                _ => node.clone(),
            },
            Value::OneOf(items) => {
                let all = items.iter().map(|item| self.resolve(item));
                Node::one_of(all.collect(), &node.span)
            }
            _ => node.clone(),
        };
        self.depth.set(depth);
        resolved
    }

    /// The field at a path of the service, resolved.
    pub(super) fn at(&self, path: &str) -> Option<Node> {
        let mut node = self.resolve_shallow(self.root.clone());
        for name in path.split('.').filter(|name| !name.is_empty()) {
            node = self.resolve_shallow(step(&node, name)?);
        }
        Some(self.resolve(&node))
    }

    /// Only the text itself: what it holds is resolved once it is reached.
    fn resolve_shallow(&self, node: Node) -> Node {
        match &node.value {
            Value::Text(_) => self.resolve(&node),
            _ => node,
        }
    }

    fn text(&self, text: &str, span: &FileSpan) -> Node {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(length) = closing(&rest[start + 2..]) else {
                break;
            };
            let body = &rest[start + 2..start + 2 + length];
            parts.push(Node::text(&rest[..start], span));
            parts.push(self.variable(body, span));
            rest = &rest[start + 3 + length..];
        }
        parts.push(Node::text(rest, span));
        parts.retain(|part| part.as_str() != Some(""));
        match parts.len() {
            0 => Node::text("", span),
            1 => parts.remove(0),
            _ => product(&parts, span),
        }
    }

    /// What stands between `${` and `}`.
    fn variable(&self, body: &str, span: &FileSpan) -> Node {
        let word = body
            .split([':', '(', ','])
            .next()
            .unwrap_or_default()
            .trim();
        if !SOURCES.contains(&word) && !matches!(word, "file" | "strToBool") {
            // A name of `Fn::Sub`, or of something else that reads the text later.
            return Node::text(format!("${{{body}}}"), span);
        }
        if !self.busy.borrow_mut().insert(body.to_owned()) {
            self.tell(Error::Cycle(word.to_owned()), span);
            return Node::unknown(span);
        }
        let inner = if body.contains("${") {
            let inner = self.text(body, span);
            let texts: Vec<String> = inner
                .alternatives()
                .iter()
                .filter_map(Node::as_text)
                .map(|text| text.pattern())
                .collect();
            texts
        } else {
            vec![body.to_owned()]
        };
        let found = inner
            .iter()
            .map(|body| self.candidates(body, span))
            .collect();
        self.busy.borrow_mut().remove(body);
        Node::one_of(found, span)
    }

    /// The first of several sources that gives something.
    fn candidates(&self, body: &str, span: &FileSpan) -> Node {
        for candidate in split(body) {
            if let Some(node) = self.candidate(candidate.trim(), span) {
                return node;
            }
        }
        let name = format!("${{{}}}", split(body).first().unwrap_or(&body));
        Node::new(Value::Unknown(Some(Arc::from(name))), span)
    }

    fn candidate(&self, text: &str, span: &FileSpan) -> Option<Node> {
        let quoted = |quote: char| {
            text.strip_prefix(quote)
                .and_then(|it| it.strip_suffix(quote))
        };
        if let Some(inner) = quoted('\'').or_else(|| quoted('"')) {
            return Some(Node::text(inner, span));
        }
        if let Some(inner) = text.strip_prefix("strToBool(") {
            return self.candidate(inner.trim_end_matches(')'), span);
        }
        if let Some(rest) = text.strip_prefix("file(") {
            return self.file(rest, span);
        }
        match text.split_once(':') {
            Some(("self", path)) => self
                .at(path)
                .filter(|node| !matches!(node.value, Value::Null)),
            Some(("opt" | "sls", "stage")) => Some(self.stage(span)),
            Some(("opt", "region")) => self.at("provider.region"),
            Some(("param", name)) => self.parameter(name),
            Some((
                "opt" | "env" | "sls" | "aws" | "cf" | "ssm" | "s3" | "git" | "terraform" | "vault",
                _,
            )) => None,
            _ if text.is_empty() => None,
            _ => Some(match text {
                "null" => Node::new(Value::Null, span),
                "true" | "false" => Node::new(Value::Bool(text == "true"), span),
                other => Node::text(other, span),
            }),
        }
    }

    /// The stage: what the service says, else the framework's own default.
    fn stage(&self, span: &FileSpan) -> Node {
        let path = "provider.stage";
        let given = self.root.path(path).cloned();
        match given {
            // `stage: ${opt:stage, 'dev'}` names itself here.
            Some(node) if self.busy.borrow().contains(path) => {
                let _ = node;
                Node::text("dev", span)
            }
            Some(node) => {
                self.busy.borrow_mut().insert(path.to_owned());
                let text = node.as_str().map(str::to_owned);
                let inner = text.as_deref().and_then(|it| it.strip_prefix("${"));
                let found = match inner.and_then(|it| it.strip_suffix('}')) {
                    Some(body) if body.trim_start().starts_with("opt:stage") => {
                        let rest = split(body);
                        let next = rest
                            .iter()
                            .skip(1)
                            .find_map(|it| self.candidate(it.trim(), span));
                        next.unwrap_or_else(|| Node::text("dev", span))
                    }
                    _ => self.resolve(&node),
                };
                self.busy.borrow_mut().remove(path);
                found
            }
            None => Node::text("dev", span),
        }
    }

    /// `params.STAGE.NAME`, `stages.STAGE.params.NAME`, or the same of `default`.
    fn parameter(&self, name: &str) -> Option<Node> {
        let stage = self.stage(&self.root.span);
        let stage = stage.as_str().unwrap_or("default").to_owned();
        [stage.as_str(), "default"].into_iter().find_map(|stage| {
            self.at(&format!("params.{stage}.{name}"))
                .or_else(|| self.at(&format!("stages.{stage}.params.{name}")))
        })
    }

    /// `path):key.of.it`.
    fn file(&self, rest: &str, span: &FileSpan) -> Option<Node> {
        let (path, key) = rest.split_once(')')?;
        let path = resolve(parent(self.path), path.trim())?;
        if path.contains('*') {
            return None;
        }
        let (path, text) = self.files.text(&path)?;
        self.parts.borrow_mut().insert(Arc::clone(&path));
        let cost = u32::try_from(text.len() / 16 + 1).unwrap_or(u32::MAX);
        self.fuel.set(self.fuel.get().saturating_sub(cost));
        if self.fuel.get() == 0 {
            self.tell(Error::TooMuchWork, span);
            return None;
        }
        let mut node = if path.ends_with(".json") {
            json::file(&path, &text).ok()?
        } else if path.ends_with(".yml") || path.ends_with(".yaml") {
            yaml_value(&path, &text)?
        } else {
            return None;
        };
        for name in key
            .trim_start_matches(':')
            .split('.')
            .filter(|name| !name.is_empty())
        {
            node = self.resolve_shallow(step(&node, name)?);
        }
        Some(self.resolve(&node))
    }
}

/// A field or element; `*` stands for any of them.
fn step(node: &Node, name: &str) -> Option<Node> {
    match &node.value {
        Value::Map(map) if name == "*" => {
            let all = map.fields.values().map(|field| field.node.clone());
            Some(Node::one_of(all.collect(), &node.span))
        }
        Value::List(items) => items.get(name.parse::<usize>().ok()?).cloned(),
        Value::OneOf(items) => {
            let all: Vec<Node> = items.iter().filter_map(|item| step(item, name)).collect();
            (!all.is_empty()).then(|| Node::one_of(all, &node.span))
        }
        _ => node.get(name).cloned(),
    }
}

/// Where the `}` stands that belongs to the `${` before this text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The parts between commas that stand in no quotes, brackets or braces.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0_u32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '{') => depth += 1,
            (None, ')' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The text of a node for a name, `*` for what is not known.
pub(super) fn shown(node: Option<&Node>) -> Option<Text> {
    node.and_then(Node::as_text)
}
