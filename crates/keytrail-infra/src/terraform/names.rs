//! What the names in expressions stand for: variables, locals, modules, data, resources.

use std::rc::Rc;
use std::sync::Arc;

use keytrail_model::FileSpan;

use super::ast::{ExprKind, Step};
use super::eval::{Evaluator, Instance, named_unknown};
use super::scope::{Expansion, Memo, Module, Named, Scope, Shape};
use crate::error::Error;
use crate::text::{Id, RefKind, Text};
use crate::value::{Map, Node, Value};

impl<'p> Evaluator<'p> {
    /// `name` followed by `steps`.
    pub(crate) fn name(
        &self,
        name: &str,
        steps: &'p [Step],
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Node {
        if let Some(node) = scope.lookup(name) {
            return self.walk(node, steps, span, scope);
        }
        let first = match steps.first() {
            Some(Step::Attribute(first)) => first.as_str(),
            _ => return Node::unknown(span),
        };
        let (node, taken) = match name {
            "var" => (here(self.variable(first, span, &scope.module), span), 1),
            "local" => (self.local(first, span, &scope.module), 1),
            "each" => (each(first, span, scope), 1),
            "count" => (
                scope.count.clone().unwrap_or_else(|| Node::unknown(span)),
                1,
            ),
            "path" => (path(first, span, scope), 1),
            "terraform" => (self.of_terraform(first, span), 1),
            "module" => (self.module(first, span, scope), 1),
            "data" => match steps.get(1) {
                Some(Step::Attribute(second)) => {
                    (self.declared(Named::Data, first, second, span, scope), 2)
                }
                _ => return Node::unknown(span),
            },
            kind => (self.declared(Named::Resource, kind, first, span, scope), 1),
        };
        self.walk(node, &steps[taken..], span, scope)
    }

    /// `terraform.workspace`: as it was said, else a name that equals itself.
    fn of_terraform(&self, field: &str, span: &FileSpan) -> Node {
        match &self.project.workspace {
            Some(workspace) if field == "workspace" => Node::text(workspace.clone(), span),
            _ => named_unknown(&format!("terraform.{field}"), span),
        }
    }

    /// Works `f` out once for each module and name; a name that needs itself is unknown.
    fn once(
        &self,
        module: &Rc<Module<'p>>,
        key: (Named, &str),
        span: &FileSpan,
        f: impl FnOnce() -> Node,
    ) -> Node {
        let key = (key.0, key.1.to_owned());
        match module.memo.borrow().get(&key) {
            Some(Memo::Done(node)) => return node.clone(),
            Some(Memo::Busy) => {
                self.problem(&Error::Cycle(key.1), span);
                return Node::unknown(span);
            }
            None => {}
        }
        module.memo.borrow_mut().insert(key.clone(), Memo::Busy);
        let node = f();
        module
            .memo
            .borrow_mut()
            .insert(key, Memo::Done(node.clone()));
        node
    }

    fn variable(&self, name: &str, span: &FileSpan, module: &Rc<Module<'p>>) -> Node {
        self.once(module, (Named::Variable, name), span, || {
            let unknown = || named_unknown(&format!("{}var.{name}", module.prefix), span);
            if let Some((caller, block)) = &module.caller {
                if let Some(given) = block.body.attribute(name) {
                    let node = self.eval(&given.value, caller);
                    if !matches!(node.value, Value::Null) {
                        return node;
                    }
                }
            } else {
                let set = module.set.and_then(|set| set.values.get(name));
                if let Some(given) = set.or_else(|| module.source.automatic.get(name)) {
                    return self.eval(&given.value, &Scope::of(Rc::clone(module)));
                }
            }
            let declared = module.source.variables.get(name);
            match declared.and_then(|block| block.body.attribute("default")) {
                Some(default) => self.eval(&default.value, &Scope::of(Rc::clone(module))),
                None => unknown(),
            }
        })
    }

    fn local(&self, name: &str, span: &FileSpan, module: &Rc<Module<'p>>) -> Node {
        let Some(local) = module.source.locals.get(name) else {
            return Node::unknown(span);
        };
        self.once(module, (Named::Local, name), &local.span, || {
            self.eval(&local.value, &Scope::of(Rc::clone(module)))
        })
    }

    pub(crate) fn output(&self, name: &str, span: &FileSpan, module: &Rc<Module<'p>>) -> Node {
        let block = module.source.outputs.get(name);
        let Some(value) = block.and_then(|block| block.body.attribute("value")) else {
            return Node::unknown(span);
        };
        self.once(module, (Named::Output, name), &value.span, || {
            self.eval(&value.value, &Scope::of(Rc::clone(module)))
        })
    }

    fn module(&self, name: &str, span: &FileSpan, scope: &Scope<'p>) -> Node {
        match self.modules(&scope.module, name) {
            Some(expansion) => collection(&expansion, span),
            None => Node::unknown(span),
        }
    }

    fn declared(
        &self,
        named: Named,
        kind: &str,
        name: &str,
        span: &FileSpan,
        scope: &Scope<'p>,
    ) -> Node {
        match self.blocks(&scope.module, named, kind, name) {
            Some(expansion) => collection(&expansion, span),
            None => named_unknown(&format!("{}{kind}.{name}", scope.module.prefix), span),
        }
    }

    /// An attribute of a resource, data source or module.
    pub(crate) fn instance_attribute(&self, id: &Id, name: &str, span: &FileSpan) -> Node {
        let instance = self.instances.borrow().get(id).cloned();
        match instance {
            Some(Instance::Module(module)) => self.output(name, span, &module),
            Some(Instance::Data(block, scope)) => {
                self.data_attribute(block, &scope, id, name, span)
            }
            Some(Instance::Resource(block, scope)) => {
                let kind = block.labels.first().map_or("", String::as_str);
                if let Some(reference) = reference(kind, name) {
                    return Node::new(Value::Text(Text::reference(id, reference)), span);
                }
                if let Some(given) = block.body.attribute(name) {
                    return self.eval(&given.value, &scope);
                }
                if block.body.blocks(name).next().is_some() {
                    let body = self.body(&block.body, &scope, &block.span);
                    return body
                        .get(name)
                        .cloned()
                        .unwrap_or_else(|| Node::unknown(span));
                }
                let other = RefKind::Other(Arc::from(name));
                Node::new(Value::Text(Text::reference(id, other)), span)
            }
            None => Node::unknown(span),
        }
    }

    pub(crate) fn is_module(&self, id: &Id) -> bool {
        matches!(self.instances.borrow().get(id), Some(Instance::Module(_)))
    }

    /// The name that a resource is given, where it is known.
    pub(crate) fn name_behind(&self, id: &Id, kind: &RefKind) -> Option<String> {
        if *kind != RefKind::Name {
            return None;
        }
        let instance = self.instances.borrow().get(id).cloned();
        let Some(Instance::Resource(block, scope)) = instance else {
            return None;
        };
        let argument = name_argument(block.labels.first().map_or("", String::as_str));
        let given = block.body.attribute(argument)?;
        let mut plain = None;
        // `deeper` also stops a name that is made of itself.
        self.deeper(&given.span, || {
            let node = self.eval(&given.value, &scope);
            plain = node.as_text().and_then(|text| self.plain(&text));
            node
        });
        plain
    }
}

/// The argument that names a resource of this type.
pub(crate) fn name_argument(kind: &str) -> &'static str {
    match kind {
        "aws_lambda_function" => "function_name",
        "aws_ecs_task_definition" => "family",
        _ => "name",
    }
}

/// Attributes that keep the resource's identity instead of becoming text.
fn reference(kind: &str, attribute: &str) -> Option<RefKind> {
    let tracked = kind.starts_with("aws_dynamodb_") || kind.starts_with("aws_iam_");
    match (kind, attribute) {
        (_, "arn") | ("aws_iam_policy", "id") => Some(RefKind::Arn),
        (_, "stream_arn") => Some(RefKind::StreamArn),
        ("aws_lambda_function", "function_name" | "id") => Some(RefKind::Name),
        (_, "name" | "id") if tracked => Some(RefKind::Name),
        _ => None,
    }
}

/// What is not known has the place where it is used: it has no other.
fn here(mut node: Node, span: &FileSpan) -> Node {
    if matches!(node.value, Value::Unknown(_)) {
        node.span = span.clone();
    }
    node
}

fn each(field: &str, span: &FileSpan, scope: &Scope<'_>) -> Node {
    match (&scope.each, field) {
        (Some(each), "key") => each.0.clone(),
        (Some(each), "value") => each.1.clone(),
        _ => Node::unknown(span),
    }
}

fn path(field: &str, span: &FileSpan, scope: &Scope<'_>) -> Node {
    let dir = match field {
        "module" => &scope.module.source.dir,
        _ => scope.module.root_dir(),
    };
    // `/` in front tells a path of the tree from one that is relative to the module.
    Node::text(format!("/{dir}"), span)
}

/// What a repeated block's name means as a whole.
fn collection(expansion: &Expansion, span: &FileSpan) -> Node {
    let node = |id: &Id| Node::new(Value::Resource(Arc::clone(id)), span);
    match expansion.shape {
        Shape::Single => expansion
            .instances
            .first()
            .map_or_else(|| Node::unknown(span), |(_, id)| node(id)),
        Shape::Count => Node::list(
            expansion.instances.iter().map(|(_, id)| node(id)).collect(),
            span,
        ),
        Shape::ForEach | Shape::Unknown => {
            let mut map = Map {
                open: expansion.shape == Shape::Unknown,
                ..Map::default()
            };
            for (key, id) in &expansion.instances {
                map.insert(key.clone(), span.clone(), node(id));
            }
            Node::map(map, span)
        }
    }
}

/// The `source` of a module that lies elsewhere (a registry, a repository).
pub(crate) fn remote_source(call: &super::ast::Block) -> Option<&str> {
    match &call.body.attribute("source")?.value.kind {
        ExprKind::Text(text) if !text.starts_with('.') => Some(text),
        _ => None,
    }
}
