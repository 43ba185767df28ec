//! Terraform's functions on text and files.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use keytrail_model::FileSpan;

use super::ast::Part;
use super::eval::{Evaluator, with_origin};
use super::hcl;
use super::scope::{Module, Scope};
use super::source::{ModuleSource, Project, resolve};
use crate::error::Error;
use crate::json;
use crate::text::Origin;
use crate::value::{Node, Value, product};

impl<'p> Evaluator<'p> {
    pub(crate) fn text_function(
        &self,
        name: &str,
        values: &[Node],
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Option<Node> {
        let text = |text: String| Some(Node::text(text, span));
        let plain = |number: usize| self.plain(&values.get(number)?.as_text()?);
        match name {
            "format" => self.format(values, span),
            "formatlist" => self.format_list(values, span),
            "join" => self.join(values, span),
            "tostring" => Some(Node::new(Value::Text(values.first()?.as_text()?), span)),
            "lower" => text(plain(0)?.to_lowercase()),
            "upper" => text(plain(0)?.to_uppercase()),
            "title" => text(title(&plain(0)?)),
            "trimspace" => text(plain(0)?.trim().to_owned()),
            "chomp" => text(plain(0)?.trim_end_matches(['\r', '\n']).to_owned()),
            "trimsuffix" => {
                let (whole, end) = (plain(0)?, plain(1)?);
                text(whole.strip_suffix(&end).unwrap_or(&whole).to_owned())
            }
            "trimprefix" => {
                let (whole, start) = (plain(0)?, plain(1)?);
                text(whole.strip_prefix(&start).unwrap_or(&whole).to_owned())
            }
            "trim" => {
                let (whole, set) = (plain(0)?, plain(1)?);
                text(whole.trim_matches(|c| set.contains(c)).to_owned())
            }
            "replace" => replace(&plain(0)?, &plain(1)?, &plain(2)?).and_then(text),
            "substr" => text(substring(&plain(0)?, values.get(1)?, values.get(2)?)?),
            "split" => {
                let (separator, whole) = (plain(0)?, plain(1)?);
                let parts = if separator.is_empty() {
                    vec![whole.as_str()]
                } else {
                    whole.split(&*separator).collect()
                };
                Some(Node::list(
                    parts
                        .into_iter()
                        .map(|part| Node::text(part, span))
                        .collect(),
                    span,
                ))
            }
            "startswith" => Some(Node::new(
                Value::Bool(plain(0)?.starts_with(&plain(1)?)),
                span,
            )),
            "endswith" => Some(Node::new(
                Value::Bool(plain(0)?.ends_with(&plain(1)?)),
                span,
            )),
            "strcontains" => Some(Node::new(Value::Bool(plain(0)?.contains(&plain(1)?)), span)),
            "basename" => text(plain(0)?.rsplit('/').next()?.to_owned()),
            "dirname" => text(super::source::parent(&plain(0)?).to_owned()),
            "abspath" | "pathexpand" => values.first().cloned(),
            "jsonencode" => Some(Node::new(
                Value::Encoded(Arc::new(values.first()?.clone())),
                span,
            )),
            "jsondecode" => decode(values.first()?),
            "file" => self.file(&plain(0)?, span, scope),
            "templatefile" => self.template_file(&plain(0)?, values.get(1)?, span, scope),
            _ => None,
        }
    }

    fn format(&self, values: &[Node], span: &FileSpan) -> Option<Node> {
        let (pattern, arguments) = values.split_first()?;
        let pattern = self.plain(&pattern.as_text()?)?;
        let mut parts = Vec::new();
        let mut rest = pattern.as_str();
        let mut next = arguments.iter();
        while let Some((before, after)) = rest.split_once('%') {
            parts.push(Node::text(before, span));
            let verb = after.find(|c: char| c.is_ascii_alphabetic() || c == '%')?;
            match &after[..=verb] {
                "%" => parts.push(Node::text("%", span)),
                "s" | "v" | "d" => parts.push(next.next()?.clone()),
                padded => parts.push(pad(padded, next.next()?, span)),
            }
            rest = &after[verb + 1..];
        }
        parts.push(Node::text(rest, span));
        Some(product(&parts, span))
    }

    fn format_list(&self, values: &[Node], span: &FileSpan) -> Option<Node> {
        let longest = values
            .iter()
            .skip(1)
            .filter_map(|value| match &value.value {
                Value::List(items) => Some(items.len()),
                _ => None,
            })
            .max()?;
        let rounds: Option<Vec<Node>> = (0..longest)
            .map(|number| {
                let round: Option<Vec<Node>> = values
                    .iter()
                    .map(|value| match &value.value {
                        Value::List(items) => items.get(number).cloned(),
                        _ => Some(value.clone()),
                    })
                    .collect();
                self.format(&round?, span)
            })
            .collect();
        Some(Node::list(rounds?, span))
    }

    fn join(&self, values: &[Node], span: &FileSpan) -> Option<Node> {
        let (separator, lists) = values.split_first()?;
        let separator = self.plain(&separator.as_text()?)?;
        let mut parts = Vec::new();
        for list in lists {
            let Value::List(items) = &list.value else {
                return None;
            };
            if !self.burn(items.len(), span) {
                return None;
            }
            for item in items.iter() {
                if !parts.is_empty() {
                    parts.push(Node::text(separator.clone(), span));
                }
                parts.push(item.clone());
            }
        }
        Some(product(&parts, span))
    }

    fn read(&self, path: &str, scope: &Scope<'p>) -> Option<(Arc<str>, String)> {
        // Paths from `path.module` start with `/`; others are relative to where Terraform runs.
        let path = match path.strip_prefix('/') {
            Some(path) => resolve("", path)?,
            None => resolve(scope.module.root_dir(), path)?,
        };
        self.files.text(&path)
    }

    fn file(&self, path: &str, span: &FileSpan, scope: &Scope<'p>) -> Option<Node> {
        let (path, text) = self.read(path, scope)?;
        let origin = Arc::new(Origin {
            path,
            line: 1,
            indent: 0,
        });
        Some(with_origin(Node::text(text, span), Some(&origin)))
    }

    fn template_file(
        &self,
        path: &str,
        variables: &Node,
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Option<Node> {
        let (path, text) = self.read(path, scope)?;
        if self.including.borrow().contains(&path) {
            self.problem(&Error::Cycle(path.to_string()), span);
            return None;
        }
        if !self.burn(text.len() / 16 + 1, span) {
            return None;
        }
        let parts = hcl::template(&path, &text)?;
        self.including.borrow_mut().push(Arc::clone(&path));
        let rendered = self.fill(&parts, variables, span);
        self.including.borrow_mut().pop();
        let origin = Arc::new(Origin {
            path,
            line: 1,
            indent: 0,
        });
        Some(with_origin(rendered, Some(&origin)))
    }

    /// `templatestring(text, variables)`.
    pub(crate) fn template_string(&self, values: &[Node], span: &FileSpan) -> Option<Node> {
        let text = self.plain(&values.first()?.as_text()?)?;
        let parts = hcl::template_at(span, &text)?;
        Some(self.fill(&parts, values.get(1)?, span))
    }

    /// A template with its own variables: nothing else of the module is known in it. The parts live
    /// only here, so an evaluator of their own goes through them, on what is left of this one's fuel.
    pub(crate) fn fill(&self, parts: &[Part], variables: &Node, span: &FileSpan) -> Node {
        let (nothing, source) = (Project::default(), ModuleSource::default());
        let inner = self.within(&nothing);
        let module = Rc::new(Module {
            source: &source,
            prefix: String::new(),
            caller: None,
            set: None,
            memo: RefCell::default(),
            expansions: RefCell::default(),
        });
        let mut scope = Scope::of(module);
        for (name, field) in variables.as_map().into_iter().flat_map(|map| &map.fields) {
            scope = scope.with(name, field.node.clone());
        }
        let node = inner.render(parts, span, &scope);
        self.after(&inner);
        node
    }
}
fn decode(node: &Node) -> Option<Node> {
    match &node.value {
        Value::Encoded(inner) => Some((**inner).clone()),
        Value::Text(text) => json::text(text, &node.span),
        _ => None,
    }
}

/// `%03d`, `%-8s`, `%.2f`, `%q` and the like: only for known values.
fn pad(verb: &str, node: &Node, span: &FileSpan) -> Node {
    match super::further::formatted(verb, node) {
        Some(text) => Node::new(Value::Text(text), span),
        None => Node::unknown(span),
    }
}

/// `replace` with a plain search text; `/pattern/` is a regular expression and stays unknown
/// unless it is a bare word.
fn replace(whole: &str, search: &str, by: &str) -> Option<String> {
    let pattern = search
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'));
    match pattern {
        None if search.is_empty() => None,
        None => Some(whole.replace(search, by)),
        Some(word)
            if word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') =>
        {
            Some(whole.replace(word, by))
        }
        Some(_) => None,
    }
}

fn substring(whole: &str, from: &Node, length: &Node) -> Option<String> {
    let from: usize = from.as_text()?.known()?.parse().ok()?;
    let length = length.as_text()?;
    let rest = whole.chars().skip(from);
    match length.known()? {
        "-1" => Some(rest.collect()),
        length => Some(rest.take(length.parse().ok()?).collect()),
    }
}

fn title(text: &str) -> String {
    let mut start = true;
    text.chars()
        .map(|c| {
            let upper = start;
            start = c.is_whitespace();
            if upper { c.to_ascii_uppercase() } else { c }
        })
        .collect()
}
