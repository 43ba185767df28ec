//! Expressions into values. Whatever can't be worked out is unknown; nothing is guessed.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use keytrail_model::{FileSpan, Problem};

use super::ast::{Block, Expr, ExprKind, For, Part, Step, Template};
use super::operators::binary;
use super::scope::{Module, Scope};
use super::source::Project;
use crate::error::Error;
use crate::text::{Id, Origin, Piece, Text};
use crate::value::{MAX_ITEMS, Map, Node, Value, product};

/// Expressions that one root may evaluate; real roots stay below a hundredth of it.
const FUEL: u32 = 2_000_000;
/// Expressions within expressions, through names and calls.
const DEPTH: u32 = 300;

/// Files that templates may name.
pub(crate) trait Files {
    /// The text of a file of the tree, where it is one and small.
    fn text(&self, path: &str) -> Option<(Arc<str>, String)>;

    /// The files below a directory, relative to it, sorted; so many as a template may list.
    fn below(&self, dir: &str) -> Vec<String>;
}

/// What an identity stands for.
#[derive(Clone)]
pub(crate) enum Instance<'p> {
    Resource(&'p Block, Scope<'p>),
    Data(&'p Block, Scope<'p>),
    Module(Rc<Module<'p>>),
}

/// Evaluates one root with one set of variables.
pub(crate) struct Evaluator<'p> {
    pub(crate) project: &'p Project,
    pub(crate) files: &'p dyn Files,
    pub(crate) instances: RefCell<BTreeMap<Id, Instance<'p>>>,
    pub(crate) problems: RefCell<BTreeSet<Problem>>,
    /// Directories that were evaluated.
    pub(crate) reached: RefCell<BTreeSet<String>>,
    /// Template files that are being filled, the outermost first.
    pub(crate) including: RefCell<Vec<Arc<str>>>,
    fuel: Cell<u32>,
    depth: Cell<u32>,
}

impl<'p> Evaluator<'p> {
    pub(crate) fn new(project: &'p Project, files: &'p dyn Files) -> Self {
        Self {
            project,
            files,
            instances: RefCell::default(),
            problems: RefCell::default(),
            reached: RefCell::default(),
            including: RefCell::default(),
            fuel: Cell::new(FUEL),
            depth: Cell::new(0),
        }
    }

    /// An evaluator for something that lives shorter, with what is left of this one's share.
    pub(crate) fn within<'q>(&'q self, project: &'q Project) -> Evaluator<'q> {
        let inner = Evaluator::new(project, self.files);
        inner.fuel.set(self.fuel.get());
        inner.depth.set(self.depth.get());
        inner.including.replace(self.including.borrow().clone());
        inner
    }

    /// Takes over what an evaluator made by [`Evaluator::within`] used and told.
    pub(crate) fn after(&self, inner: &Evaluator<'_>) {
        self.fuel.set(inner.fuel.get());
        self.problems
            .borrow_mut()
            .append(&mut inner.problems.borrow_mut());
    }

    pub(crate) fn problem(&self, error: &Error, span: &FileSpan) {
        let problem = error.problem(&span.path, Some(span.line));
        self.problems.borrow_mut().insert(problem);
    }

    /// False where the root has used up its share; told once.
    pub(crate) fn burn(&self, amount: usize, span: &FileSpan) -> bool {
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        let left = self.fuel.get();
        if left == 0 {
            return false;
        }
        self.fuel.set(left.saturating_sub(amount));
        if left <= amount {
            self.problem(&Error::TooMuchWork, span);
        }
        left > amount
    }

    /// Runs `f` one level deeper, or not at all where that is too deep.
    pub(crate) fn deeper(&self, span: &FileSpan, f: impl FnOnce() -> Node) -> Node {
        let depth = self.depth.get();
        if depth >= DEPTH {
            self.problem(&Error::TooDeep, span);
            return Node::unknown(span);
        }
        self.depth.set(depth + 1);
        let node = f();
        self.depth.set(depth);
        node
    }

    pub(crate) fn eval(&self, expr: &'p Expr, scope: &Scope<'p>) -> Node {
        if !self.burn(1, &expr.span) {
            return Node::unknown(&expr.span);
        }
        self.deeper(&expr.span, || self.expr(expr, scope))
    }

    fn expr(&self, expr: &'p Expr, scope: &Scope<'p>) -> Node {
        let span = &expr.span;
        let value = match &expr.kind {
            ExprKind::Null => Value::Null,
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Number(value) => Value::Number(*value),
            ExprKind::Text(text) => Value::Text(Text::literal(text.clone())),
            ExprKind::Template(template) => return self.template(template, span, scope),
            ExprKind::List(items) => Value::List(Arc::new(
                items.iter().map(|item| self.eval(item, scope)).collect(),
            )),
            ExprKind::Object(entries) => return self.object(entries, span, scope),
            ExprKind::Variable(name) => return self.name(name, &[], span, scope),
            ExprKind::Conditional(parts) => return self.conditional(parts, scope),
            ExprKind::Call {
                name,
                arguments,
                expand,
            } => return self.call(name, arguments, *expand, span, scope),
            ExprKind::Traversal(base, steps) => {
                if let ExprKind::Variable(name) = &base.kind {
                    return self.name(name, steps, span, scope);
                }
                let base = self.eval(base, scope);
                return self.walk(base, steps, span, scope);
            }
            ExprKind::Not(inner) => self
                .eval(inner, scope)
                .as_bool()
                .map_or(Value::Unknown(None), |value| Value::Bool(!value)),
            ExprKind::Minus(inner) => self
                .eval(inner, scope)
                .as_number()
                .map_or(Value::Unknown(None), |value| Value::Number(-value)),
            ExprKind::Binary(operator, sides) => {
                let [left, right] = &**sides;
                binary(*operator, &self.eval(left, scope), &self.eval(right, scope))
            }
            ExprKind::For(each) => return self.for_each(each, span, scope),
        };
        Node::new(value, span)
    }

    fn conditional(&self, parts: &'p [Expr; 3], scope: &Scope<'p>) -> Node {
        let [condition, then, otherwise] = parts;
        match self.eval(condition, scope).as_bool() {
            Some(true) => self.eval(then, scope),
            Some(false) => self.eval(otherwise, scope),
            None => Node::one_of(
                vec![self.eval(then, scope), self.eval(otherwise, scope)],
                &then.span,
            ),
        }
    }

    fn object(&self, entries: &'p [(Expr, Expr)], span: &FileSpan, scope: &Scope<'p>) -> Node {
        let mut map = Map::default();
        for (key, value) in entries {
            let name = self.eval(key, scope);
            match name.as_text().and_then(|text| self.plain(&text)) {
                Some(name) => map.insert(name, key.span.clone(), self.eval(value, scope)),
                None => map.open = true,
            }
        }
        Node::map(map, span)
    }

    // --- templates

    pub(crate) fn template(
        &self,
        template: &'p Template,
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Node {
        // `"${x}"` is the value of x, whatever it is.
        if let ([Part::Interpolation(only)], None) = (template.parts.as_slice(), template.block) {
            let mut node = self.eval(only, scope);
            node.span = span.clone();
            return node;
        }
        let origin = template.block.map(|(line, indent)| {
            Arc::new(Origin {
                path: Arc::clone(&span.path),
                line,
                indent,
            })
        });
        with_origin(self.render(&template.parts, span, scope), origin.as_ref())
    }

    pub(crate) fn render(&self, parts: &'p [Part], span: &FileSpan, scope: &Scope<'p>) -> Node {
        let nodes: Vec<Node> = parts
            .iter()
            .map(|part| self.part(part, span, scope))
            .collect();
        product(&nodes, span)
    }

    fn part(&self, part: &'p Part, span: &FileSpan, scope: &Scope<'p>) -> Node {
        match part {
            Part::Text(text) => Node::text(text.clone(), span),
            Part::Interpolation(expr) => self.eval(expr, scope),
            Part::If(condition, then, otherwise) => match self.eval(condition, scope).as_bool() {
                Some(true) => self.render(then, span, scope),
                Some(false) => self.render(otherwise, span, scope),
                None => Node::one_of(
                    vec![
                        self.render(then, span, scope),
                        self.render(otherwise, span, scope),
                    ],
                    span,
                ),
            },
            Part::For(each, inner) => {
                let collection = self.eval(&each.collection, scope);
                let Some(pairs) = pairs(&collection) else {
                    return Node::unknown(span);
                };
                let rounds: Vec<Node> = pairs
                    .into_iter()
                    .take_while(|_| self.burn(1, span))
                    .map(|(key, value)| self.render(inner, span, &bind(each, scope, key, value)))
                    .collect();
                product(&rounds, span)
            }
        }
    }

    // --- for expressions

    fn for_each(&self, each: &'p For, span: &FileSpan, scope: &Scope<'p>) -> Node {
        let collection = self.eval(&each.collection, scope);
        let Some(pairs) = pairs(&collection) else {
            return Node::unknown(span);
        };
        let mut list = Vec::new();
        let mut map = Map::default();
        for (key, value) in pairs {
            if !self.burn(1, span) {
                break;
            }
            let inner = bind(each, scope, key, value);
            let wanted = each
                .condition
                .as_ref()
                .map(|condition| self.eval(condition, &inner).as_bool());
            if wanted == Some(Some(false)) {
                continue;
            }
            let value = self.eval(&each.value, &inner);
            let Some(key) = &each.key else {
                list.push(value);
                continue;
            };
            match self
                .eval(key, &inner)
                .as_text()
                .and_then(|text| self.plain(&text))
            {
                Some(name) if each.grouping => group(&mut map, name, value),
                Some(name) => map.insert(name, key.span.clone(), value),
                None => map.open = true,
            }
        }
        if each.key.is_some() {
            Node::map(map, span)
        } else {
            Node::list(list, span)
        }
    }

    // --- steps into values

    pub(crate) fn walk(
        &self,
        mut node: Node,
        steps: &'p [Step],
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Node {
        for (number, step) in steps.iter().enumerate() {
            node = match step {
                Step::Attribute(name) => self.attribute(&node, name, span),
                Step::Index(index) => {
                    let index = self.eval(index, scope);
                    self.index(&node, &index, span)
                }
                Step::Splat => {
                    let rest = &steps[number + 1..];
                    return self.splat(&node, rest, span, scope);
                }
            };
        }
        node
    }

    fn splat(&self, node: &Node, rest: &'p [Step], span: &FileSpan, scope: &Scope<'p>) -> Node {
        match &node.value {
            Value::Unknown(_) => Node::unknown(span),
            Value::Null => Node::list(Vec::new(), span),
            Value::OneOf(items) => Node::one_of(
                items
                    .iter()
                    .map(|item| self.splat(item, rest, span, scope))
                    .collect(),
                span,
            ),
            Value::List(items) => Node::list(
                items
                    .iter()
                    .take_while(|_| self.burn(1, span))
                    .map(|item| self.walk(item.clone(), rest, span, scope))
                    .collect(),
                span,
            ),
            _ => Node::list(vec![self.walk(node.clone(), rest, span, scope)], span),
        }
    }

    pub(crate) fn attribute(&self, node: &Node, name: &str, span: &FileSpan) -> Node {
        match &node.value {
            Value::Map(map) => match map.fields.get(name).or_else(|| map.fields.get("*")) {
                Some(field) => field.node.clone(),
                None => Node::unknown(span),
            },
            Value::Resource(id) => self.deeper(span, || self.instance_attribute(id, name, span)),
            Value::OneOf(items) => Node::one_of(
                items
                    .iter()
                    .map(|item| self.attribute(item, name, span))
                    .collect(),
                span,
            ),
            Value::List(items) => match name.parse::<usize>() {
                Ok(number) => items
                    .get(number)
                    .cloned()
                    .unwrap_or_else(|| Node::unknown(span)),
                Err(_) => Node::unknown(span),
            },
            Value::Unknown(Some(base)) => named_unknown(&format!("{base}.{name}"), span),
            _ => Node::unknown(span),
        }
    }

    pub(crate) fn index(&self, node: &Node, index: &Node, span: &FileSpan) -> Node {
        let known = index.as_text().and_then(|text| self.plain(&text));
        match (&node.value, known) {
            // A resource whose number of instances is not known stands for each of them.
            (Value::Resource(id), Some(_)) if !self.is_module(id) => node.clone(),
            (Value::OneOf(items), _) => Node::one_of(
                items
                    .iter()
                    .map(|item| self.index(item, index, span))
                    .collect(),
                span,
            ),
            (_, Some(name)) => self.attribute(node, &name, span),
            (Value::List(items), None) => Node::one_of(items.to_vec(), span),
            (Value::Map(map), None) => Node::one_of(
                map.fields
                    .values()
                    .map(|field| field.node.clone())
                    .collect(),
                span,
            ),
            (Value::Resource(_), None) => node.clone(),
            _ => Node::unknown(span),
        }
    }

    /// Known text, with names of resources put in where those are known.
    pub(crate) fn plain(&self, text: &Text) -> Option<String> {
        let mut out = String::new();
        for piece in text.pieces() {
            match piece {
                Piece::Lit(text) => out.push_str(text),
                Piece::Ref(id, kind) => out.push_str(&self.name_behind(id, kind)?),
                Piece::Hole(_) => return None,
            }
        }
        Some(out)
    }
}

pub(crate) fn named_unknown(name: &str, span: &FileSpan) -> Node {
    Node::new(Value::Unknown(Some(Arc::from(name))), span)
}

pub(crate) fn with_origin(mut node: Node, origin: Option<&Arc<Origin>>) -> Node {
    match &mut node.value {
        Value::Text(text) => text.origin = origin.cloned(),
        Value::OneOf(items) => {
            let items = items
                .iter()
                .map(|item| with_origin(item.clone(), origin))
                .collect();
            node.value = Value::OneOf(Arc::new(items));
        }
        _ => {}
    }
    node
}

fn bind<'p>(each: &For, scope: &Scope<'p>, key: Node, value: Node) -> Scope<'p> {
    let scope = match &each.key_name {
        Some(name) => scope.with(name, key),
        None => scope.clone(),
    };
    scope.with(&each.value_name, value)
}

fn group(map: &mut Map, name: String, value: Node) {
    let span = value.span.clone();
    let mut items = match map.fields.get(&name).map(|field| &field.node.value) {
        Some(Value::List(items)) => items.to_vec(),
        _ => Vec::new(),
    };
    items.push(value);
    map.insert(name, span.clone(), Node::list(items, &span));
}

/// Keys and values of what can be gone through.
pub(crate) fn pairs(node: &Node) -> Option<Vec<(Node, Node)>> {
    match &node.value {
        Value::List(items) => Some(
            items
                .iter()
                .take(MAX_ITEMS)
                .enumerate()
                .map(|(number, item)| {
                    let key = Value::Number(f64::from(crate::lines::number(number)));
                    (Node::new(key, &item.span), item.clone())
                })
                .collect(),
        ),
        Value::Map(map) => Some(
            map.fields
                .iter()
                .map(|(name, field)| (Node::text(name.clone(), &field.key), field.node.clone()))
                .collect(),
        ),
        // Either collection may be meant: go through both.
        Value::OneOf(items) => {
            let all: Option<Vec<_>> = items.iter().map(pairs).collect();
            all.map(|all| all.into_iter().flatten().take(MAX_ITEMS).collect())
        }
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}
