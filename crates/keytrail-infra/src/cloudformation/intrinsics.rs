//! Intrinsic functions into values.
//!
//! A parameter is its default, or any of its allowed values; a condition may go either way,
//! so both branches stand. What only AWS knows has a name but no value.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::FileSpan;

use super::conditions::Answers;
use super::nested::Nested;
use crate::error::Error;
use crate::stack::SET;
use crate::text::{Id, Piece, RefKind, Text};
use crate::value::{Map, Node, Value, product};

const FUEL: u32 = 500_000;
const DEPTH: u32 = 150;
/// More allowed values than this make a parameter free text.
const MOST_ALLOWED: usize = 6;

/// One template while it is resolved.
pub(crate) struct Resolver<'t> {
    /// The template's path: the root of its identities.
    pub(crate) path: &'t str,
    pub(crate) root: &'t Node,
    /// Values that other templates export, by name.
    pub(crate) exports: &'t BTreeMap<String, Node>,
    /// Stacks within stacks.
    nested: &'t Nested,
    /// A parameter that names the deployment, and the value that this stack has.
    pub(super) chosen: Option<(&'t str, &'t str)>,
    pub(super) answers: Answers,
    /// True while a condition is worked out: then only the chosen parameter has a value.
    pub(super) deciding: Cell<bool>,
    told: RefCell<Vec<(Error, FileSpan)>>,
    fuel: Cell<u32>,
    depth: Cell<u32>,
    busy: RefCell<BTreeSet<String>>,
}

impl<'t> Resolver<'t> {
    pub(super) fn new(
        path: &'t str,
        root: &'t Node,
        exports: &'t BTreeMap<String, Node>,
        nested: &'t Nested,
    ) -> Self {
        Self {
            path,
            root,
            exports,
            nested,
            chosen: None,
            answers: Answers::default(),
            deciding: Cell::new(false),
            told: RefCell::default(),
            fuel: Cell::new(FUEL),
            depth: Cell::new(0),
            busy: RefCell::default(),
        }
    }

    pub(super) fn tell(&self, error: Error, span: &FileSpan) {
        let mut told = self.told.borrow_mut();
        if !told.iter().any(|(other, _)| *other == error) {
            told.push((error, span.clone()));
        }
    }

    /// What could not be worked out, and where.
    pub(super) fn told(&self) -> Vec<(Error, FileSpan)> {
        self.told.take()
    }

    /// True once the template needed more than its share; what was left is unknown.
    pub(crate) fn exhausted(&self) -> bool {
        self.fuel.get() == 0
    }

    pub(crate) fn id(&self, logical: &str) -> Id {
        match self.chosen {
            Some((_, value)) => Arc::from(format!("{}{SET}{value}|{logical}", self.path)),
            None => Arc::from(format!("{}|{logical}", self.path)),
        }
    }

    pub(crate) fn resolve(&self, node: &Node) -> Node {
        let (fuel, depth) = (self.fuel.get(), self.depth.get());
        if fuel == 0 || depth >= DEPTH {
            return Node::unknown(&node.span);
        }
        self.fuel.set(fuel - 1);
        self.depth.set(depth + 1);
        let resolved = self.inner(node);
        self.depth.set(depth);
        resolved
    }

    fn inner(&self, node: &Node) -> Node {
        match &node.value {
            Value::List(items) => Node::list(
                items.iter().map(|item| self.resolve(item)).collect(),
                &node.span,
            ),
            Value::Map(map) => {
                if let Some((name, field)) = only(map)
                    && let Some(value) = self.function(name, &field.node, &node.span)
                {
                    return value;
                }
                let mut out = Map {
                    open: map.open,
                    ..Map::default()
                };
                for (name, field) in &map.fields {
                    out.insert(name.clone(), field.key.clone(), self.resolve(&field.node));
                }
                Node::map(out, &node.span)
            }
            _ => node.clone(),
        }
    }

    /// `None` where the map is no function.
    fn function(&self, name: &str, argument: &Node, span: &FileSpan) -> Option<Node> {
        let node = match name {
            "Ref" => self.reference(argument.as_str()?, span),
            "Fn::GetAtt" => self.get_att(argument, span)?,
            "Fn::Sub" => self.sub(argument, span)?,
            "Fn::Join" => self
                .join(argument, span)
                .unwrap_or_else(|| Node::unknown(span)),
            "Fn::If" => {
                let items = argument.as_list()?;
                let name = items.first().and_then(Node::as_str);
                match (name.and_then(|name| self.condition(name)), items) {
                    (Some(true), [_, then, _]) => return Some(self.resolve(then)),
                    (Some(false), [_, _, otherwise]) => return Some(self.resolve(otherwise)),
                    _ => {}
                }
                let branches = items.iter().skip(1).map(|item| self.resolve(item));
                Node::one_of(branches.collect(), span)
            }
            "Fn::FindInMap" => self.find_in_map(argument, span),
            "Fn::Select" => self
                .select(argument, span)
                .unwrap_or_else(|| Node::unknown(span)),
            "Fn::Split" => self
                .split(argument, span)
                .unwrap_or_else(|| Node::unknown(span)),
            "Fn::ImportValue" => {
                let name = self.resolve(argument).as_text()?;
                match name.known().and_then(|name| self.exports.get(name)) {
                    Some(value) => value.clone(),
                    None => unknown(&format!("import {}", name.shown()), span),
                }
            }
            "Fn::Length" => match self.resolve(argument).as_list() {
                Some(items) => {
                    let count = f64::from(crate::lines::number(items.len()));
                    Node::new(Value::Number(count), span)
                }
                None => Node::unknown(span),
            },
            "Fn::Base64" => self.resolve(argument),
            "Fn::ToJsonString" => Node::new(Value::Encoded(Arc::new(self.resolve(argument))), span),
            other if other.starts_with("Fn::") => Node::unknown(span),
            _ => return None,
        };
        Some(node)
    }

    fn reference(&self, name: &str, span: &FileSpan) -> Node {
        match name {
            "AWS::NoValue" => return Node::new(Value::Null, span),
            "AWS::Partition" => return Node::text("aws", span),
            _ if name.starts_with("AWS::") => return unknown(name, span),
            _ => {}
        }
        if let Some(parameter) = self.root.get("Parameters").and_then(|all| all.get(name)) {
            if let Some((_, value)) = self.chosen.filter(|(chosen, _)| *chosen == name) {
                return Node::text(value, span);
            }
            if self.deciding.get() {
                return unknown(&format!("Parameters.{name}"), span);
            }
            let given = self
                .nested
                .given
                .get(self.path)
                .and_then(|all| all.get(name));
            if let Some(given) = given.filter(|node| !matches!(node.value, Value::Unknown(None))) {
                return given.clone();
            }
            return self::parameter(name, parameter, span);
        }
        let kind = match self.kind(name) {
            Some("AWS::IAM::ManagedPolicy") => RefKind::Arn,
            _ => RefKind::Name,
        };
        Node::new(Value::Text(Text::reference(&self.id(name), kind)), span)
    }

    fn kind(&self, logical: &str) -> Option<&'t str> {
        self.root
            .get("Resources")?
            .get(logical)?
            .get("Type")?
            .as_str()
    }

    fn get_att(&self, argument: &Node, span: &FileSpan) -> Option<Node> {
        let (logical, attribute) = if let Some([logical, attribute]) = argument.as_list() {
            (
                logical.as_str()?.to_owned(),
                self.resolve(attribute).as_str()?.to_owned(),
            )
        } else {
            let (logical, attribute) = argument.as_str()?.split_once('.')?;
            (logical.to_owned(), attribute.to_owned())
        };
        Some(self.attribute(&logical, &attribute, span))
    }

    fn attribute(&self, logical: &str, attribute: &str, span: &FileSpan) -> Node {
        if let Some(output) = attribute.strip_prefix("Outputs.")
            && let Some(node) = self.output(logical, output)
        {
            return node;
        }
        let kind = match attribute {
            "Arn" | "PolicyArn" => RefKind::Arn,
            "StreamArn" => RefKind::StreamArn,
            other => RefKind::Other(Arc::from(other)),
        };
        Node::new(Value::Text(Text::reference(&self.id(logical), kind)), span)
    }

    /// What a stack within this one hands out.
    fn output(&self, logical: &str, name: &str) -> Option<Node> {
        let resource = self.root.get("Resources")?.get(logical)?;
        let child = self.nested.child(self.path, resource)?;
        self.nested.outputs.get(&child)?.get(name).cloned()
    }

    fn sub(&self, argument: &Node, span: &FileSpan) -> Option<Node> {
        let (template, names) = match argument.as_list() {
            Some([template, names]) => (template, Some(names)),
            _ => (argument, None),
        };
        let mut parts = Vec::new();
        let Value::Text(whole) = &template.value else {
            return None;
        };
        for piece in whole.pieces() {
            // What is not literal was put in before, by the framework that made the template.
            let Piece::Lit(text) = piece else {
                let text = Text::from_pieces(vec![piece.clone()]);
                parts.push(Node::new(Value::Text(text), span));
                continue;
            };
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                parts.push(Node::text(before, span));
                let Some((name, after)) = after.split_once('}') else {
                    parts.push(Node::text("${", span));
                    rest = after;
                    continue;
                };
                parts.push(self.substitute(name, names, span));
                rest = after;
            }
            parts.push(Node::text(rest, span));
        }
        let origin = match &template.value {
            Value::Text(text) => text.origin.clone(),
            _ => None,
        };
        let mut node = product(&parts, span);
        if let (Value::Text(text), Some(origin)) = (&mut node.value, origin) {
            text.origin = Some(origin);
        }
        Some(node)
    }

    fn substitute(&self, name: &str, names: Option<&Node>, span: &FileSpan) -> Node {
        if let Some(literal) = name.strip_prefix('!') {
            return Node::text(format!("${{{literal}}}"), span);
        }
        let name = name.trim();
        if let Some(given) = names.and_then(|names| names.get(name)) {
            return self.resolve(given);
        }
        match name.split_once('.') {
            Some((logical, attribute)) if self.kind(logical).is_some() => {
                self.attribute(logical, attribute, span)
            }
            Some(_) => unknown(name, span),
            None => self.reference(name, span),
        }
    }

    fn join(&self, argument: &Node, span: &FileSpan) -> Option<Node> {
        let [separator, list] = argument.as_list()? else {
            return None;
        };
        let separator = separator.as_str()?;
        let list = self.resolve(list);
        let mut parts = Vec::new();
        for item in list.as_list()? {
            if matches!(item.value, Value::Null) {
                continue;
            }
            if !parts.is_empty() {
                parts.push(Node::text(separator, span));
            }
            parts.push(item.clone());
        }
        Some(product(&parts, span))
    }

    fn split(&self, argument: &Node, span: &FileSpan) -> Option<Node> {
        let [separator, text] = argument.as_list()? else {
            return None;
        };
        let separator = separator
            .as_str()
            .filter(|separator| !separator.is_empty())?;
        let text = self.resolve(text).as_text()?;
        let mut parts = vec![Text::default()];
        for piece in text.pieces() {
            let Piece::Lit(text) = piece else {
                parts.last_mut()?.push(piece.clone());
                continue;
            };
            let mut cuts = text.split(separator);
            let first = cuts.next().unwrap_or_default();
            parts.last_mut()?.push(Piece::Lit(first.to_owned()));
            parts.extend(cuts.map(Text::literal));
        }
        let nodes = parts
            .into_iter()
            .map(|text| Node::new(Value::Text(text), span));
        Some(Node::list(nodes.collect(), span))
    }

    fn select(&self, argument: &Node, span: &FileSpan) -> Option<Node> {
        let [number, list] = argument.as_list()? else {
            return None;
        };
        let number = self.resolve(number).as_text()?;
        let number: usize = number.known()?.parse().ok()?;
        let list = self.resolve(list);
        let found = list.as_list()?.get(number).cloned();
        Some(found.unwrap_or_else(|| Node::unknown(span)))
    }

    fn find_in_map(&self, argument: &Node, span: &FileSpan) -> Node {
        let Some([map, first, second, rest @ ..]) = argument.as_list() else {
            return Node::unknown(span);
        };
        let default = rest.first().and_then(|it| it.get("DefaultValue"));
        let map = self.resolve(map);
        let all = map
            .as_str()
            .and_then(|name| self.root.get("Mappings")?.get(name));
        let Some(all) = all else {
            return Node::unknown(span);
        };
        let (first, second) = (self.resolve(first), self.resolve(second));
        let mut found = Vec::new();
        for outer in chosen(all, &first) {
            found.extend(chosen(outer, &second).into_iter().cloned());
        }
        // Only where a name is not in the map.
        let certain = first.as_str().is_some() && second.as_str().is_some() && !found.is_empty();
        found.extend(
            default
                .filter(|_| !certain)
                .map(|default| self.resolve(default)),
        );
        Node::one_of(found, span)
    }

    /// Resolves a name once at a time: a ring of names is unknown.
    pub(crate) fn guarded(&self, name: &str, node: &Node) -> Node {
        if !self.busy.borrow_mut().insert(name.to_owned()) {
            return Node::unknown(&node.span);
        }
        let resolved = self.resolve(node);
        self.busy.borrow_mut().remove(name);
        resolved
    }
}

/// The values that a key of a mapping may choose: all of them where it is not known.
fn chosen<'m>(map: &'m Node, key: &Node) -> Vec<&'m Node> {
    let Some(fields) = map.as_map() else {
        return Vec::new();
    };
    let keys: Option<Vec<&str>> = key.alternatives().iter().map(Node::as_str).collect();
    match keys {
        Some(keys) => keys.into_iter().filter_map(|key| map.get(key)).collect(),
        None => fields.fields.values().map(|field| &field.node).collect(),
    }
}

fn only(map: &Map) -> Option<(&String, &crate::value::Field)> {
    if map.fields.len() == 1 {
        map.fields.iter().next()
    } else {
        None
    }
}

fn unknown(name: &str, span: &FileSpan) -> Node {
    Node::new(Value::Unknown(Some(Arc::from(name))), span)
}

/// The default of a parameter and its allowed values.
fn parameter(name: &str, parameter: &Node, span: &FileSpan) -> Node {
    let kind = parameter
        .get("Type")
        .and_then(Node::as_str)
        .unwrap_or("String");
    // The default of such a parameter is where the value lies, not the value.
    if kind.starts_with("AWS::SSM::") {
        return unknown(&format!("Parameters.{name}"), span);
    }
    let default = parameter.get("Default").and_then(Node::as_text);
    if kind == "CommaDelimitedList" {
        let Some(default) = default.as_ref().and_then(Text::known) else {
            return unknown(&format!("Parameters.{name}"), span);
        };
        let items = default.split(',').map(|item| Node::text(item.trim(), span));
        return Node::list(items.collect(), span);
    }
    let mut values: Vec<Text> = default.into_iter().collect();
    let allowed = parameter
        .get("AllowedValues")
        .map_or_else(Vec::new, Node::texts);
    if allowed.len() <= MOST_ALLOWED {
        for value in allowed {
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
    if values.is_empty() {
        return unknown(&format!("Parameters.{name}"), span);
    }
    let nodes = values
        .into_iter()
        .map(|text| Node::new(Value::Text(text), span));
    Node::one_of(nodes.collect(), span)
}

impl Node {
    /// The elements, for a list.
    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }
}
