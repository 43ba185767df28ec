//! Where in the code the value of an attribute stands.

use std::collections::BTreeMap;

use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, TraversalSignal, walk_body, walk_expr,
};
use ruff_python_ast::{AnyNodeRef, ArgOrKeyword, Expr, ExprCall, ExprDict, Stmt};
use ruff_text_size::Ranged;

use crate::python::{Module, keyword};

/// Values are followed through this many names and displays.
const DEEPEST: usize = 6;

/// What names are bound to in one function.
pub(crate) struct Scope<'m> {
    bound: BTreeMap<&'m str, Vec<&'m Expr>>,
    entries: BTreeMap<&'m str, Vec<(&'m str, &'m Expr)>>,
}

impl<'m> Scope<'m> {
    /// Of the function round a node.
    pub(crate) fn round(module: &'m Module, at: usize) -> Self {
        let mut scope = Self {
            bound: BTreeMap::new(),
            entries: BTreeMap::new(),
        };
        let function = module.covering_range(at..at).and_then(|node| {
            node.ancestors().find_map(|node| match node {
                AnyNodeRef::StmtFunctionDef(it) => Some(&*it.body),
                _ => None,
            })
        });
        walk_body(&mut scope, function.unwrap_or(module.body()));
        scope
    }

    /// What a name is bound to.
    pub(crate) fn values(&self, name: &str) -> &[&'m Expr] {
        self.bound.get(name).map_or(&[], Vec::as_slice)
    }
}

impl<'m> SourceOrderVisitor<'m> for Scope<'m> {
    fn enter_node(&mut self, node: AnyNodeRef<'m>) -> TraversalSignal {
        // A function inside has names of its own.
        if node.is_stmt_class_def() || node.is_expr_lambda() {
            return TraversalSignal::Skip;
        }
        TraversalSignal::Traverse
    }

    fn visit_stmt(&mut self, statement: &'m Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::Assign(it) => {
                for target in &it.targets {
                    match target {
                        Expr::Name(name) => {
                            self.bound
                                .entry(name.id.as_str())
                                .or_default()
                                .push(&it.value);
                        }
                        Expr::Subscript(part) => {
                            if let (Expr::Name(name), Expr::StringLiteral(field)) =
                                (&*part.value, &*part.slice)
                            {
                                let entries = self.entries.entry(name.id.as_str()).or_default();
                                entries.push((field.value.to_str(), &it.value));
                            }
                        }
                        _ => {}
                    }
                }
            }
            Stmt::AnnAssign(it) => {
                if let (Expr::Name(name), Some(value)) = (&*it.target, &it.value) {
                    self.bound.entry(name.id.as_str()).or_default().push(value);
                }
            }
            _ => {}
        }
        ruff_python_ast::visitor::source_order::walk_stmt(self, statement);
    }
}

/// The values that stand for an attribute in what a call is given: entries of dictionaries, named
/// arguments, placeholders of expressions, conditions of boto3.
pub(super) fn values_in<'m>(call: &'m ExprCall, scope: &Scope<'m>, name: &str) -> Vec<&'m Expr> {
    let mut found = Values {
        scope,
        name,
        found: Vec::new(),
    };
    found.call(call, 0);
    found.found
}

struct Values<'s, 'm> {
    scope: &'s Scope<'m>,
    name: &'s str,
    found: Vec<&'m Expr>,
}

impl<'m> Values<'_, 'm> {
    fn call(&mut self, call: &'m ExprCall, depth: usize) {
        self.placeholders(call);
        for argument in call.arguments.iter_source_order() {
            match argument {
                ArgOrKeyword::Arg(it) => self.expr(it, depth),
                ArgOrKeyword::Keyword(it) => {
                    if it.arg.as_ref().is_some_and(|arg| arg.as_str() == self.name) {
                        self.add(&it.value);
                    } else {
                        self.expr(&it.value, depth);
                    }
                }
            }
        }
    }

    fn add(&mut self, value: &'m Expr) {
        let value = typed(value);
        if !self
            .found
            .iter()
            .any(|known| known.range() == value.range())
        {
            self.found.push(value);
        }
    }

    fn expr(&mut self, expr: &'m Expr, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let deeper = depth + 1;
        match expr {
            Expr::Dict(it) => self.dict(it, deeper),
            Expr::List(it) => it.elts.iter().for_each(|part| self.expr(part, deeper)),
            Expr::Tuple(it) => it.elts.iter().for_each(|part| self.expr(part, deeper)),
            Expr::BoolOp(it) => it.values.iter().for_each(|part| self.expr(part, deeper)),
            Expr::BinOp(it) => {
                self.expr(&it.left, deeper);
                self.expr(&it.right, deeper);
            }
            Expr::If(it) => {
                self.expr(&it.body, deeper);
                self.expr(&it.orelse, deeper);
            }
            Expr::Call(it) => self.condition(it, deeper),
            Expr::Name(it) => {
                let name = it.id.as_str();
                for (field, value) in self.scope.entries.get(name).into_iter().flatten() {
                    if *field == self.name {
                        self.add(value);
                    }
                }
                for value in self.scope.values(name) {
                    self.expr(value, deeper);
                }
            }
            _ => {}
        }
    }

    fn dict(&mut self, dict: &'m ExprDict, depth: usize) {
        for item in &dict.items {
            match &item.key {
                Some(Expr::StringLiteral(key)) if key.value.to_str() == self.name => {
                    self.add(&item.value);
                }
                _ => self.expr(&item.value, depth),
            }
        }
    }

    /// `Key("token").eq(value)`.
    fn condition(&mut self, call: &'m ExprCall, depth: usize) {
        if let Expr::Attribute(it) = &*call.func
            && it.attr.as_str() == "eq"
            && let Expr::Call(made) = &*it.value
            && let [Expr::StringLiteral(name)] = &*made.arguments.args
        {
            if name.value.to_str() == self.name
                && let Some(value) = call.arguments.args.first()
            {
                self.add(value);
            }
            return;
        }
        self.call(call, depth);
    }

    /// `SET token = :token` and `#token = :token`, with the values beside them.
    fn placeholders(&mut self, call: &'m ExprCall) {
        let texts = [
            "UpdateExpression",
            "KeyConditionExpression",
            "FilterExpression",
        ];
        let texts = texts
            .iter()
            .filter_map(|name| match &keyword(call, name)?.value {
                Expr::StringLiteral(it) => Some(it.value.to_str()),
                _ => None,
            });
        let dict = |name: &str| match keyword(call, name).map(|it| &it.value) {
            Some(Expr::Dict(it)) => Some(it),
            _ => None,
        };
        let names = dict("ExpressionAttributeNames");
        let Some(values) = dict("ExpressionAttributeValues") else {
            return;
        };
        for text in texts {
            for placeholder in set_to(text, names, self.name) {
                let value = values.items.iter().find(|item| {
                    matches!(&item.key, Some(Expr::StringLiteral(key)) if key.value.to_str() == placeholder)
                });
                if let Some(item) = value {
                    self.add(&item.value);
                }
            }
        }
    }
}

/// `{"S": value}` is the value.
fn typed(value: &Expr) -> &Expr {
    match value {
        Expr::Dict(dict) => match dict.items.as_slice() {
            [item] if matches!(&item.key, Some(Expr::StringLiteral(key)) if key.value.to_str() == "S") => {
                &item.value
            }
            _ => value,
        },
        _ => value,
    }
}

/// The placeholders that an expression ties to the attribute with `=`.
fn set_to<'t>(text: &'t str, names: Option<&ExprDict>, name: &str) -> Vec<&'t str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('=') {
        let left = text[..at].trim_end();
        if left.ends_with(['<', '>']) {
            continue;
        }
        let start = left.rfind([' ', ',', '(']).map_or(0, |at| at + 1);
        let last = left[start..].rsplit('.').next().unwrap_or_default();
        let is_it = last == name
            || names.is_some_and(|names| {
                names.items.iter().any(|item| {
                    matches!((&item.key, &item.value), (Some(Expr::StringLiteral(key)), Expr::StringLiteral(value))
                        if key.value.to_str() == last && value.value.to_str() == name)
                })
            });
        let right = text[at + 1..].trim_start();
        let right = right
            .strip_prefix("if_not_exists(")
            .and_then(|rest| rest.split_once(','))
            .map_or(right, |(_, rest)| rest.trim_start());
        let end = right
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(right.len());
        if is_it && right.starts_with(':') {
            found.push(&right[..end]);
        }
    }
    found
}

/// Where a call is given the attribute of an item: `record["api_key"]`, `record.api_key`, or a name
/// that is bound to one.
pub(super) fn mentions_in<'m>(call: &'m ExprCall, scope: &Scope<'m>, name: &str) -> Vec<&'m Expr> {
    let mut found = Mentions {
        scope,
        name,
        depth: 0,
        found: Vec::new(),
    };
    for argument in call.arguments.iter_source_order() {
        found.visit_expr(match argument {
            ArgOrKeyword::Arg(it) => it,
            ArgOrKeyword::Keyword(it) => &it.value,
        });
    }
    found.found
}

struct Mentions<'s, 'm> {
    scope: &'s Scope<'m>,
    name: &'s str,
    depth: usize,
    found: Vec<&'m Expr>,
}

impl<'m> SourceOrderVisitor<'m> for Mentions<'_, 'm> {
    fn visit_expr(&mut self, expr: &'m Expr) {
        if is_mention(expr, self.scope, self.name) {
            if !self.found.iter().any(|known| known.range() == expr.range()) {
                self.found.push(expr);
            }
            return;
        }
        if let Expr::Name(it) = expr {
            if self.depth < DEEPEST {
                self.depth += 1;
                for value in self.scope.values(it.id.as_str()) {
                    // What another call answers is no longer the key.
                    if !value.is_call_expr() {
                        self.visit_expr(value);
                    }
                }
                self.depth -= 1;
            }
            return;
        }
        walk_expr(self, expr);
    }
}

/// The attribute of an item itself, or a name that is bound to nothing else.
pub(super) fn is_mention(expr: &Expr, scope: &Scope<'_>, name: &str) -> bool {
    match expr {
        Expr::Name(it) => {
            let values = scope.values(it.id.as_str());
            !values.is_empty() && values.iter().all(|value| is_pick(value, name))
        }
        other => is_pick(other, name),
    }
}

fn is_pick(expr: &Expr, name: &str) -> bool {
    let is_it =
        |field: &Expr| matches!(field, Expr::StringLiteral(it) if it.value.to_str() == name);
    match expr {
        Expr::Subscript(it) => match &*it.slice {
            Expr::StringLiteral(kind) if kind.value.to_str() == "S" => is_pick(&it.value, name),
            field => is_it(field),
        },
        Expr::Attribute(it) => it.attr.as_str() == name,
        Expr::Call(it) => {
            matches!(&*it.func, Expr::Attribute(get) if get.attr.as_str() == "get")
                && it.arguments.args.first().is_some_and(is_it)
        }
        _ => false,
    }
}
