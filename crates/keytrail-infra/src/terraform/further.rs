//! Terraform's functions on numbers, sets, patterns and encodings. Hashes, dates and random
//! things stay unknown: what they make is no name that anything else could repeat.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keytrail_model::FileSpan;
use regex::{Regex, RegexBuilder};

use super::eval::Evaluator;
use super::operators::equal;
use super::scope::Scope;
use super::source::resolve;
use crate::lines::number;
use crate::text::{MAX_TEXT, Text};
use crate::value::{MAX_ITEMS, Map, Node, Value};

/// Larger programs of a pattern are not worth their time.
const MOST_PATTERN: usize = 1 << 20;

impl<'p> Evaluator<'p> {
    pub(crate) fn further(
        &self,
        name: &str,
        values: &[Node],
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Option<Node> {
        numbers(name, values, span)
            .or_else(|| sets(self, name, values, span))
            .or_else(|| self.patterns(name, values, span))
            .or_else(|| self.encodings(name, values, span))
            .or_else(|| self.listing(name, values, span, scope))
    }

    fn known(&self, values: &[Node], at: usize) -> Option<String> {
        self.plain(&values.get(at)?.as_text()?)
    }

    fn patterns(&self, name: &str, values: &[Node], span: &FileSpan) -> Option<Node> {
        match name {
            "regex" => {
                let (pattern, text) = (self.known(values, 0)?, self.known(values, 1)?);
                let pattern = compiled(&pattern)?;
                let found = pattern.captures(&text)?;
                Some(groups(&pattern, &found, span))
            }
            "regexall" => {
                let (pattern, text) = (self.known(values, 0)?, self.known(values, 1)?);
                let pattern = compiled(&pattern)?;
                let all = pattern.captures_iter(&text).take(MAX_ITEMS);
                let all = all.map(|found| groups(&pattern, &found, span));
                Some(Node::list(all.collect(), span))
            }
            "replace" => {
                let (whole, search) = (self.known(values, 0)?, self.known(values, 1)?);
                let by = self.known(values, 2)?;
                let inner = search.strip_prefix('/')?.strip_suffix('/')?;
                let replaced = compiled(inner)?
                    .replace_all(&whole, by.as_str())
                    .into_owned();
                (replaced.len() <= MAX_TEXT).then(|| Node::text(replaced, span))
            }
            _ => None,
        }
    }

    fn encodings(&self, name: &str, values: &[Node], span: &FileSpan) -> Option<Node> {
        let text = |text: String| Some(Node::text(text, span));
        match name {
            "base64encode" | "textencodebase64" => text(STANDARD.encode(self.known(values, 0)?)),
            "base64decode" | "textdecodebase64" => {
                let bytes = STANDARD.decode(self.known(values, 0)?).ok()?;
                text(String::from_utf8(bytes).ok()?)
            }
            "urlencode" => text(percent(&self.known(values, 0)?)),
            "strrev" => text(self.known(values, 0)?.chars().rev().collect()),
            "indent" => {
                let width: usize = self
                    .known(values, 0)?
                    .parse()
                    .ok()
                    .filter(|it| *it <= 256)?;
                let gap = format!("\n{}", " ".repeat(width));
                let out = self.known(values, 1)?.replace('\n', &gap);
                (out.len() <= MAX_TEXT).then(|| Node::text(out, span))
            }
            "yamldecode" => {
                let source = self.known(values, 0)?;
                crate::cloudformation::yaml_value(&span.path, &source)
            }
            // A policy in YAML is read as what it holds.
            "yamlencode" => Some(Node::new(
                Value::Encoded(Arc::new(values.first()?.clone())),
                span,
            )),
            "templatestring" => self.template_string(values, span),
            _ => None,
        }
    }

    /// What lies in a directory of the tree.
    fn listing(
        &self,
        name: &str,
        values: &[Node],
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Option<Node> {
        let at = |path: &str| match path.strip_prefix('/') {
            Some(path) => resolve("", path),
            None => resolve(scope.module.root_dir(), path),
        };
        match name {
            "fileexists" => {
                let path = at(&self.known(values, 0)?)?;
                let there = self.files.text(&path).is_some();
                Some(Node::new(Value::Bool(there), span))
            }
            "fileset" => {
                let dir = at(&self.known(values, 0)?)?;
                let pattern = compiled(&star_pattern(&self.known(values, 1)?))?;
                let names = self.files.below(&dir);
                let found = names.iter().filter(|name| pattern.is_match(name));
                let found = found
                    .take(MAX_ITEMS)
                    .map(|name| Node::text(name.clone(), span));
                Some(Node::list(found.collect(), span))
            }
            _ => None,
        }
    }
}

/// `**/*.json` as a regular expression.
fn star_pattern(pattern: &str) -> String {
    let mut out = String::from("^");
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**/") {
            out.push_str("(?:.*/)?");
            rest = after;
            continue;
        }
        match c {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => out.push_str("(?:"),
            '}' => out.push(')'),
            ',' => out.push('|'),
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
        rest = &rest[c.len_utf8()..];
    }
    out.push('$');
    out
}

fn compiled(pattern: &str) -> Option<Regex> {
    let builder = RegexBuilder::new(pattern).size_limit(MOST_PATTERN).build();
    builder.ok()
}

/// A match as `regex` gives it: text, list of groups, or map of named groups.
fn groups(pattern: &Regex, found: &regex::Captures<'_>, span: &FileSpan) -> Node {
    let text = |at: Option<regex::Match<'_>>| match at {
        Some(at) => Node::text(at.as_str(), span),
        None => Node::new(Value::Null, span),
    };
    let named: Vec<&str> = pattern.capture_names().flatten().collect();
    if !named.is_empty() {
        let mut map = Map::default();
        for name in named {
            map.insert(name, span.clone(), text(found.name(name)));
        }
        return Node::map(map, span);
    }
    if pattern.captures_len() == 1 {
        return text(found.get(0));
    }
    let all = (1..pattern.captures_len()).map(|at| text(found.get(at)));
    Node::list(all.collect(), span)
}

fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            other => drop(write!(out, "%{other:02X}")),
        }
    }
    out
}

/// The numbers of the arguments, or of the list that is the only one.
fn all_numbers(values: &[Node]) -> Option<Vec<f64>> {
    let listed = match values {
        [only] => only.as_list(),
        _ => None,
    };
    listed
        .unwrap_or(values)
        .iter()
        .map(Node::as_number)
        .collect()
}

fn numbers(name: &str, values: &[Node], span: &FileSpan) -> Option<Node> {
    let first = || values.first()?.as_number();
    let value = match name {
        "max" => all_numbers(values)?.into_iter().reduce(f64::max)?,
        "min" => all_numbers(values)?.into_iter().reduce(f64::min)?,
        "sum" => all_numbers(values)?.into_iter().sum(),
        "abs" => first()?.abs(),
        "ceil" => first()?.ceil(),
        "floor" => first()?.floor(),
        "signum" => first().map(|it| if it == 0.0 { 0.0 } else { it.signum() })?,
        "pow" => first()?.powf(values.get(1)?.as_number()?),
        "log" => first()?.log(values.get(1)?.as_number()?),
        "parseint" => {
            let text = values.first()?.as_text()?;
            let base = values
                .get(1)?
                .as_number()
                .filter(|it| (2.0..=36.0).contains(it))?;
            let base: u32 = crate::value::number_text(base).parse().ok()?;
            f64::from(i32::from_str_radix(text.known()?, base).ok()?)
        }
        "alltrue" | "anytrue" => return truths(name == "alltrue", values, span),
        _ => return None,
    };
    value
        .is_finite()
        .then(|| Node::new(Value::Number(value), span))
}

fn truths(all: bool, values: &[Node], span: &FileSpan) -> Option<Node> {
    let answers: Vec<Option<bool>> = values
        .first()?
        .as_list()?
        .iter()
        .map(Node::as_bool)
        .collect();
    let settles = Some(!all);
    if answers.contains(&settles) {
        return Some(Node::new(Value::Bool(!all), span));
    }
    let known = answers.iter().all(Option::is_some);
    known.then(|| Node::new(Value::Bool(all), span))
}

fn list_of(node: Option<&Node>) -> Option<Vec<Node>> {
    node?.as_list().map(<[Node]>::to_vec)
}

fn within(items: &[Node], wanted: &Node) -> Option<bool> {
    let answers: Vec<Option<bool>> = items.iter().map(|item| equal(item, wanted)).collect();
    if answers.contains(&Some(true)) {
        Some(true)
    } else if answers.contains(&None) {
        None
    } else {
        Some(false)
    }
}

fn sets(evaluator: &Evaluator<'_>, name: &str, values: &[Node], span: &FileSpan) -> Option<Node> {
    let list = |items: Vec<Node>| Some(Node::list(items, span));
    match name {
        "setproduct" => product(evaluator, values, span),
        "setintersection" | "setsubtract" => {
            let mut out = list_of(values.first())?;
            for other in &values[1..] {
                let other = list_of(Some(other))?;
                evaluator
                    .burn(out.len().saturating_mul(other.len().max(1)), span)
                    .then_some(())?;
                let keep: Option<Vec<bool>> = out
                    .iter()
                    .map(|item| Some(within(&other, item)? == (name == "setintersection")))
                    .collect();
                let mut keep = keep?.into_iter();
                out.retain(|_| keep.next().unwrap_or(false));
            }
            list(out)
        }
        "chunklist" => {
            let items = list_of(values.first())?;
            let size: usize = values.get(1)?.as_text()?.known()?.parse().ok()?;
            let chunks = items
                .chunks(size.max(1))
                .map(|chunk| Node::list(chunk.to_vec(), span));
            list(chunks.collect())
        }
        "index" => {
            let items = list_of(values.first())?;
            let wanted = values.get(1)?;
            for (at, item) in items.iter().enumerate() {
                if equal(item, wanted)? {
                    return Some(Node::new(Value::Number(f64::from(number(at))), span));
                }
            }
            None
        }
        "matchkeys" => {
            let (items, keys) = (list_of(values.first())?, list_of(values.get(1))?);
            let wanted = list_of(values.get(2))?;
            let mut out = Vec::new();
            for (item, key) in items.iter().zip(&keys) {
                if within(&wanted, key)? {
                    out.push(item.clone());
                }
            }
            list(out)
        }
        "transpose" => transpose(values.first()?, span),
        "defaults" => values.first().cloned(),
        "issensitive" => Some(Node::new(Value::Bool(false), span)),
        _ => None,
    }
}

/// Every combination of one item of each list.
fn product(evaluator: &Evaluator<'_>, values: &[Node], span: &FileSpan) -> Option<Node> {
    let mut rounds: Vec<Vec<Node>> = vec![Vec::new()];
    for value in values {
        let items = list_of(Some(value))?;
        let count = rounds.len().checked_mul(items.len())?;
        if count > MAX_ITEMS || !evaluator.burn(count, span) {
            return None;
        }
        let mut next = Vec::with_capacity(count);
        for round in &rounds {
            for item in &items {
                let mut longer = round.clone();
                longer.push(item.clone());
                next.push(longer);
            }
        }
        rounds = next;
    }
    let rounds = rounds.into_iter().map(|round| Node::list(round, span));
    Some(Node::list(rounds.collect(), span))
}

/// A map of lists, the other way round.
fn transpose(node: &Node, span: &FileSpan) -> Option<Node> {
    let map = node.as_map().filter(|map| !map.open)?;
    let mut out: std::collections::BTreeMap<String, Vec<Node>> = std::collections::BTreeMap::new();
    for (key, field) in &map.fields {
        for item in field.node.as_list()? {
            let name = item.as_str()?.to_owned();
            out.entry(name)
                .or_default()
                .push(Node::text(key.clone(), span));
        }
    }
    let mut turned = Map::default();
    for (key, items) in out {
        turned.insert(key, span.clone(), Node::list(items, span));
    }
    Some(Node::map(turned, span))
}

/// Text of a number with the digits that `format` asks for.
pub(super) fn formatted(verb: &str, node: &Node) -> Option<Text> {
    let kind = verb.chars().last()?;
    let flags = &verb[..verb.len() - 1];
    let value = node.as_number();
    let text = match (kind, value) {
        ('q', _) => format!("{:?}", node.as_text()?.known()?),
        ('x', Some(value)) if value >= 0.0 => format!("{:x}", whole(value)?),
        ('X', Some(value)) if value >= 0.0 => format!("{:X}", whole(value)?),
        ('o', Some(value)) if value >= 0.0 => format!("{:o}", whole(value)?),
        ('b', Some(value)) if value >= 0.0 => format!("{:b}", whole(value)?),
        ('f', Some(value)) => {
            let digits: usize = flags
                .rsplit_once('.')
                .map_or(Some(6), |(_, it)| it.parse().ok())?;
            format!("{value:.digits$}", digits = digits.min(30))
        }
        ('s' | 'v' | 'd', _) => node.as_text()?.known()?.to_owned(),
        _ => return None,
    };
    let width = flags.split('.').next().unwrap_or_default();
    let left = width.starts_with('-');
    let zero = width.starts_with('0');
    let size: usize = match width.trim_start_matches(['-', '+', ' ', '0']) {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    let size = size.min(256);
    Some(Text::literal(match (left, zero) {
        (true, _) => format!("{text:<size$}"),
        (false, true) => format!("{text:0>size$}"),
        (false, false) => format!("{text:>size$}"),
    }))
}

fn whole(value: f64) -> Option<u64> {
    crate::value::number_text(value).parse().ok()
}
