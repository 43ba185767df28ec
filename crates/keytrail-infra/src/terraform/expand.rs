//! Blocks into instances (`count`, `for_each`), bodies into values (`dynamic`), calls into modules.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use keytrail_model::FileSpan;

use super::ast::{Block, Body};
use super::eval::{Evaluator, Instance, pairs};
use super::scope::{Expansion, Module, Named, Scope, Shape};
use super::source::local_source;
use crate::error::Error;
use crate::text::Id;
use crate::value::{Map, Node, Value, number_text};

/// More instances of one block are cut; the rest are like them.
const MOST_INSTANCES: usize = 256;
/// Modules within modules.
const MOST_MODULES_DEEP: usize = 12;
/// Instances of all modules of a root together.
const MOST_INSTANCES_OF_ROOT: usize = 20_000;

/// One repetition of a block.
struct Round<'p> {
    key: String,
    suffix: String,
    scope: Scope<'p>,
}

impl<'p> Evaluator<'p> {
    /// The instances of a resource or data block; `None` where there is no such block.
    pub(crate) fn blocks(
        &self,
        module: &Rc<Module<'p>>,
        named: Named,
        kind: &str,
        name: &str,
    ) -> Option<Rc<Expansion>> {
        let source = module.source;
        let key = (kind.to_owned(), name.to_owned());
        let (block, word) = match named {
            Named::Data => (source.data.get(&key)?, "data."),
            _ => (source.resources.get(&key)?, ""),
        };
        let address = format!("{}{word}{kind}.{name}", module.prefix);
        Some(
            self.expansion(module, named, &address, block, |scope| match named {
                Named::Data => Instance::Data(block, scope),
                _ => Instance::Resource(block, scope),
            }),
        )
    }

    /// The instances of a module call; `None` where the module lies outside the tree.
    pub(crate) fn modules(&self, module: &Rc<Module<'p>>, name: &str) -> Option<Rc<Expansion>> {
        let block = module.source.modules.get(name)?;
        let dir = local_source(&module.source.dir, block)?;
        let source = self.project.modules.get(&dir)?;
        let chain = module.chain();
        if chain.len() > MOST_MODULES_DEEP || chain.contains(&dir.as_str()) {
            self.problem(&Error::ModuleCycle, &block.header);
            return None;
        }
        let address = format!("{}module.{name}", module.prefix);
        self.reached.borrow_mut().insert(dir);
        Some(
            self.expansion(module, Named::Module, &address, block, |scope| {
                Instance::Module(Rc::new(Module {
                    source,
                    prefix: String::new(),
                    caller: Some((scope, block)),
                    set: None,
                    memo: RefCell::default(),
                    expansions: RefCell::default(),
                }))
            }),
        )
    }

    fn expansion(
        &self,
        module: &Rc<Module<'p>>,
        named: Named,
        address: &str,
        block: &'p Block,
        instance: impl Fn(Scope<'p>) -> Instance<'p>,
    ) -> Rc<Expansion> {
        let key = (named, address.to_owned());
        if let Some(expansion) = module.expansions.borrow().get(&key) {
            return Rc::clone(expansion);
        }
        // While `count` is worked out, the block may be named: it is then single.
        let root = module.root_id();
        let id = |suffix: &str| -> Id { Arc::from(format!("{root}|{address}{suffix}")) };
        let early = Expansion {
            shape: Shape::Single,
            instances: vec![(String::new(), id(""))],
        };
        module
            .expansions
            .borrow_mut()
            .insert(key.clone(), Rc::new(early));
        let (shape, rounds) = self.rounds(block, &Scope::of(Rc::clone(module)));
        let mut instances = Vec::new();
        for round in rounds {
            let id = id(&round.suffix);
            if self.instances.borrow().len() >= MOST_INSTANCES_OF_ROOT {
                self.problem(&Error::TooMuchWork, &block.header);
                break;
            }
            let made = match instance(round.scope) {
                Instance::Module(inner) => with_prefix(inner, address, &round.suffix),
                other => other,
            };
            self.instances.borrow_mut().insert(Arc::clone(&id), made);
            instances.push((round.key, id));
        }
        let expansion = Rc::new(Expansion { shape, instances });
        module
            .expansions
            .borrow_mut()
            .insert(key, Rc::clone(&expansion));
        expansion
    }

    fn rounds(&self, block: &'p Block, scope: &Scope<'p>) -> (Shape, Vec<Round<'p>>) {
        let single = |suffix: &str, scope: Scope<'p>| Round {
            key: String::new(),
            suffix: suffix.to_owned(),
            scope,
        };
        if let Some(count) = block.body.attribute("count") {
            let count = self.eval(&count.value, scope);
            if let Some(number) = count.as_number() {
                return (Shape::Count, self.counted(number, block, scope));
            }
            let mut inner = scope.clone();
            inner.count = Some(Node::unknown(&count.span));
            return (Shape::Single, vec![single("[0]", inner)]);
        }
        let Some(for_each) = block.body.attribute("for_each") else {
            return (Shape::Single, vec![single("", scope.clone())]);
        };
        let collection = self.eval(&for_each.value, scope);
        let named: Option<Vec<(String, Node, Node)>> = pairs(&collection).and_then(|pairs| {
            let set = matches!(collection.value, Value::List(_));
            pairs
                .into_iter()
                .map(|(key, value)| {
                    let key = if set { value.clone() } else { key };
                    let name = key.as_text().and_then(|text| self.plain(&text))?;
                    Some((name, key, value))
                })
                .collect()
        });
        let open = collection.as_map().is_some_and(|map| map.open);
        match named {
            Some(rounds) if !open => (Shape::ForEach, rounds_of(rounds, scope)),
            _ => {
                let unknown = Node::unknown(&for_each.span);
                let mut inner = scope.clone();
                inner.each = Some(Rc::new((unknown.clone(), unknown)));
                let mut round = single("[\"*\"]", inner);
                "*".clone_into(&mut round.key);
                (Shape::Unknown, vec![round])
            }
        }
    }

    fn counted(&self, number: f64, block: &Block, scope: &Scope<'p>) -> Vec<Round<'p>> {
        let mut rounds = Vec::new();
        let mut index = 0.0;
        while index < number {
            if rounds.len() == MOST_INSTANCES {
                self.problem(&Error::TooManyInstances, &block.header);
                break;
            }
            let mut inner = scope.clone();
            inner.count = Some(Node::new(Value::Number(index), &block.header));
            rounds.push(Round {
                key: number_text(index),
                suffix: format!("[{index}]"),
                scope: inner,
            });
            index += 1.0;
        }
        rounds
    }

    // --- bodies

    /// Attributes and nested blocks by name; blocks are lists.
    pub(crate) fn body(&self, body: &'p Body, scope: &Scope<'p>, span: &FileSpan) -> Node {
        self.deeper(span, || {
            let mut map = Map::default();
            for attribute in &body.attributes {
                let node = self.eval(&attribute.value, scope);
                map.insert(attribute.name.clone(), attribute.span.clone(), node);
            }
            for block in &body.blocks {
                let (name, items) = match (block.kind.as_str(), block.labels.first()) {
                    ("dynamic", Some(name)) => (name.clone(), self.dynamic(name, block, scope)),
                    (name, _) => {
                        let item = self.body(&block.body, scope, &block.span);
                        (name.to_owned(), vec![item])
                    }
                };
                add(&mut map, name, &block.header, items);
            }
            Node::map(map, span)
        })
    }

    fn dynamic(&self, name: &str, block: &'p Block, scope: &Scope<'p>) -> Vec<Node> {
        let Some(content) = block.body.blocks("content").next() else {
            return Vec::new();
        };
        let Some(for_each) = block.body.attribute("for_each") else {
            return Vec::new();
        };
        let iterator = block
            .body
            .attribute("iterator")
            .and_then(|attribute| match &attribute.value.kind {
                super::ast::ExprKind::Variable(name) => Some(name.as_str()),
                _ => None,
            })
            .unwrap_or(name);
        let collection = self.eval(&for_each.value, scope);
        let set = matches!(collection.value, Value::List(_));
        let rounds = pairs(&collection).unwrap_or_else(|| {
            let unknown = Node::unknown(&for_each.span);
            vec![(unknown.clone(), unknown)]
        });
        rounds
            .into_iter()
            .take(MOST_INSTANCES)
            .map(|(key, value)| {
                let mut each = Map::default();
                let key = if set { value.clone() } else { key };
                each.insert("key", block.header.clone(), key);
                each.insert("value", block.header.clone(), value);
                let inner = scope.with(iterator, Node::map(each, &block.header));
                self.body(&content.body, &inner, &block.span)
            })
            .collect()
    }
}

fn rounds_of<'p>(rounds: Vec<(String, Node, Node)>, scope: &Scope<'p>) -> Vec<Round<'p>> {
    rounds
        .into_iter()
        .take(MOST_INSTANCES)
        .map(|(name, key, value)| {
            let mut inner = scope.clone();
            inner.each = Some(Rc::new((key, value)));
            Round {
                suffix: format!("[\"{name}\"]"),
                key: name,
                scope: inner,
            }
        })
        .collect()
}

fn with_prefix<'p>(module: Rc<Module<'p>>, address: &str, suffix: &str) -> Instance<'p> {
    let mut module = module;
    // Just made, so nobody else holds it.
    if let Some(inner) = Rc::get_mut(&mut module) {
        inner.prefix = format!("{address}{suffix}.");
    }
    Instance::Module(module)
}

fn add(map: &mut Map, name: String, key: &FileSpan, items: Vec<Node>) {
    let mut all = match map.fields.get(&name).map(|field| &field.node.value) {
        Some(Value::List(before)) => before.to_vec(),
        _ => Vec::new(),
    };
    all.extend(items);
    map.insert(name, key.clone(), Node::list(all, key));
}
