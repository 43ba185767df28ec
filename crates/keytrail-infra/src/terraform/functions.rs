//! Terraform's functions: how they are called, and those on collections. What is not here is unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::FileSpan;

use super::ast::Expr;
use super::eval::Evaluator;
use super::operators::equal;
use super::scope::Scope;
use crate::error::Error;
use crate::lines::number;
use crate::value::{Field, MAX_ITEMS, Map, Node, Value};

impl<'p> Evaluator<'p> {
    pub(crate) fn call(
        &self,
        name: &str,
        arguments: &'p [Expr],
        expand: bool,
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Node {
        let mut values: Vec<Node> = arguments
            .iter()
            .map(|argument| self.eval(argument, scope))
            .collect();
        if expand {
            match values.pop().map(|last| last.value) {
                Some(Value::List(items)) => values.extend(items.iter().cloned()),
                _ => return Node::unknown(span),
            }
        }
        if !self.burn(values.len(), span) {
            return Node::unknown(span);
        }
        self.apply(name, &values, span, scope)
    }

    /// A function of one of several values is one of several results.
    fn apply(&self, name: &str, values: &[Node], span: &FileSpan, scope: &Scope<'p>) -> Node {
        let whole = matches!(
            name,
            "jsonencode"
                | "yamlencode"
                | "coalesce"
                | "coalescelist"
                | "try"
                | "can"
                | "merge"
                | "concat"
                | "flatten"
                | "compact"
                | "distinct"
                | "setunion"
                | "tolist"
                | "toset"
                | "tomap"
                | "one"
                | "sensitive"
                | "nonsensitive"
        );
        let split = values
            .iter()
            .position(|value| matches!(value.value, Value::OneOf(_)));
        if let (false, Some(number)) = (whole, split) {
            let results = values[number]
                .alternatives()
                .iter()
                .take_while(|_| self.burn(1, span))
                .map(|alternative| {
                    let mut values = values.to_vec();
                    values[number] = alternative.clone();
                    self.deeper(span, || self.apply(name, &values, span, scope))
                })
                .collect();
            return Node::one_of(results, span);
        }
        collections(self, name, values, span)
            .or_else(|| self.text_function(name, values, span, scope))
            .or_else(|| self.further(name, values, span, scope))
            .unwrap_or_else(|| Node::unknown(span))
    }
}

fn list_of(node: &Node) -> Option<Vec<Node>> {
    match &node.value {
        Value::List(items) => Some(items.to_vec()),
        Value::Map(map) => Some(
            map.fields
                .values()
                .map(|field| field.node.clone())
                .collect(),
        ),
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

fn collections(
    evaluator: &Evaluator<'_>,
    name: &str,
    values: &[Node],
    span: &FileSpan,
) -> Option<Node> {
    let first = values.first();
    let list = |items: Vec<Node>| Some(Node::list(items, span));
    match name {
        "tolist" | "tomap" | "sensitive" | "nonsensitive" | "tonumber" | "tobool" => first.cloned(),
        "toset" | "distinct" => list(unique(&list_of(first?)?)),
        "setunion" | "concat" => list(concat(values)?),
        "compact" => list(
            list_of(first?)?
                .into_iter()
                .filter(|item| !matches!(item.value, Value::Null) && item.as_str() != Some(""))
                .collect(),
        ),
        "flatten" => {
            let mut out = Vec::new();
            flatten(evaluator, first?, span, &mut out, 0)?;
            list(out)
        }
        "reverse" => list(list_of(first?)?.into_iter().rev().collect()),
        "sort" => {
            let mut items = list_of(first?)?;
            items.sort_by_key(|item| item.as_str().map(str::to_owned));
            list(items)
        }
        "slice" => {
            let items = list_of(first?)?;
            let from = whole(values.get(1)?)?;
            let to = whole(values.get(2)?)?.min(items.len());
            list(items.get(from..to)?.to_vec())
        }
        "element" => {
            let items = list_of(first?)?;
            let index = whole(values.get(1)?)?;
            items.get(index.checked_rem(items.len())?).cloned()
        }
        "one" => match list_of(first?)?.as_slice() {
            [] => Some(Node::new(Value::Null, span)),
            [only] => Some(only.clone()),
            _ => None,
        },
        "length" => length(first?, span),
        "range" => range(evaluator, values, span),
        "keys" => match &first?.value {
            Value::Map(map) if !map.open => list(
                map.fields
                    .iter()
                    .map(|(name, field)| Node::text(name.clone(), &field.key))
                    .collect(),
            ),
            _ => None,
        },
        "values" => match &first?.value {
            Value::Map(map) => list(
                map.fields
                    .values()
                    .map(|field| field.node.clone())
                    .collect(),
            ),
            _ => None,
        },
        "merge" => Some(merge(values, span)),
        "zipmap" => zipmap(first?, values.get(1)?, span),
        "lookup" => lookup(evaluator, values, span),
        "contains" => {
            let items = list_of(first?)?;
            let wanted = values.get(1)?;
            let answers: Vec<Option<bool>> = items.iter().map(|item| equal(item, wanted)).collect();
            if answers.contains(&Some(true)) {
                Some(Node::new(Value::Bool(true), span))
            } else if answers.contains(&None) {
                None
            } else {
                Some(Node::new(Value::Bool(false), span))
            }
        }
        "coalesce" => coalesce(values, span),
        "coalescelist" => values
            .iter()
            .find(|value| !value.items().is_empty())
            .cloned(),
        // The first that is known; what can't be known may be an error there.
        "try" => values
            .iter()
            .find(|value| !value.is_unknown())
            .or_else(|| values.first())
            .cloned(),
        "can" => (!first?.is_unknown()).then(|| Node::new(Value::Bool(true), span)),
        _ => None,
    }
}

fn whole(node: &Node) -> Option<usize> {
    // Texts of digits and numbers alike.
    node.as_text()?.known()?.parse().ok()
}

fn unique(items: &[Node]) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    for item in items.iter().take(MAX_ITEMS) {
        if out.len() > 512 || !out.iter().any(|other| equal(other, item) == Some(true)) {
            out.push(item.clone());
        }
    }
    out
}

fn concat(values: &[Node]) -> Option<Vec<Node>> {
    let mut out = Vec::new();
    for value in values {
        for alternative in value.alternatives() {
            out.extend(list_of(alternative)?);
        }
        out.truncate(MAX_ITEMS);
    }
    Some(out)
}

fn flatten(
    evaluator: &Evaluator<'_>,
    node: &Node,
    span: &FileSpan,
    out: &mut Vec<Node>,
    depth: u8,
) -> Option<()> {
    if out.len() >= MAX_ITEMS || depth > 32 || !evaluator.burn(1, span) {
        return None;
    }
    match &node.value {
        Value::List(items) | Value::OneOf(items) => items
            .iter()
            .try_for_each(|item| flatten(evaluator, item, span, out, depth + 1)),
        Value::Unknown(_) if depth == 0 => None,
        _ => {
            out.push(node.clone());
            Some(())
        }
    }
}

fn length(node: &Node, span: &FileSpan) -> Option<Node> {
    let length = match &node.value {
        Value::List(items) => items.len(),
        Value::Map(map) if !map.open => map.fields.len(),
        Value::Text(text) => text.known()?.chars().count(),
        _ => return None,
    };
    Some(Node::new(Value::Number(f64::from(number(length))), span))
}

fn range(evaluator: &Evaluator<'_>, values: &[Node], span: &FileSpan) -> Option<Node> {
    let numbers: Option<Vec<usize>> = values.iter().map(whole).collect();
    let (from, to, step) = match numbers?.as_slice() {
        [to] => (0, *to, 1),
        [from, to] => (*from, *to, 1),
        [from, to, step] if *step > 0 => (*from, *to, *step),
        _ => return None,
    };
    let count = to.saturating_sub(from) / step;
    if count > MAX_ITEMS {
        evaluator.problem(&Error::TooManyInstances, span);
    }
    (count <= MAX_ITEMS).then(|| {
        let items = (from..to)
            .step_by(step)
            .map(|value| Node::new(Value::Number(f64::from(number(value))), span))
            .collect();
        Node::list(items, span)
    })
}

fn merge(values: &[Node], span: &FileSpan) -> Node {
    let mut out = Map::default();
    for value in values {
        match &value.value {
            Value::Map(map) => {
                out.open |= map.open;
                for (name, field) in &map.fields {
                    out.insert(name.clone(), field.key.clone(), field.node.clone());
                }
            }
            Value::Null => {}
            Value::OneOf(items) => merge_either(&mut out, items),
            _ => out.open = true,
        }
    }
    Node::map(out, span)
}

/// Fields of one of several maps: each may be there or not.
fn merge_either(out: &mut Map, items: &[Node]) {
    out.open = true;
    for map in items.iter().filter_map(Node::as_map) {
        for (name, field) in &map.fields {
            let before = out.fields.get(name).map(|field| field.node.clone());
            let span = field.key.clone();
            let both = before.into_iter().chain([field.node.clone()]).collect();
            out.insert(name.clone(), span.clone(), Node::one_of(both, &span));
        }
    }
}

fn zipmap(keys: &Node, values: &Node, span: &FileSpan) -> Option<Node> {
    let (keys, values) = (list_of(keys)?, list_of(values)?);
    let mut fields = BTreeMap::new();
    for (key, node) in keys.iter().zip(values) {
        let field = Field {
            key: key.span.clone(),
            node,
        };
        fields.insert(key.as_str()?.to_owned(), field);
    }
    let map = Map {
        fields,
        open: false,
    };
    Some(Node::new(Value::Map(Arc::new(map)), span))
}

fn lookup(evaluator: &Evaluator<'_>, values: &[Node], span: &FileSpan) -> Option<Node> {
    let (map, key) = (values.first()?, values.get(1)?);
    if let (Value::Map(fields), Some(key)) = (&map.value, key.as_str()) {
        if let Some(field) = fields.fields.get(key) {
            return Some(field.node.clone());
        }
        if !fields.open {
            return values.get(2).cloned();
        }
    }
    Some(evaluator.index(map, key, span))
}

fn coalesce(values: &[Node], span: &FileSpan) -> Option<Node> {
    let mut maybe = Vec::new();
    for value in values {
        match &value.value {
            Value::Null => {}
            Value::Text(text) if text.known() == Some("") => {}
            // It may be null or empty: then the next one counts.
            Value::Unknown(_) => maybe.push(value.clone()),
            _ => {
                maybe.push(value.clone());
                break;
            }
        }
    }
    if maybe.iter().all(Node::is_unknown) {
        maybe.first().cloned()
    } else {
        Some(Node::one_of(maybe, span))
    }
}
