//! What names mean at a place: module, `each`, `count`, bound names.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::ast::Block;
use super::source::{ModuleSource, VariableSet};
use crate::stack::SET;
use crate::text::Id;
use crate::value::Node;

/// A module as called: one directory may be called many times.
pub(crate) struct Module<'p> {
    pub(crate) source: &'p ModuleSource,
    /// `module.a["x"].`, or empty for a root.
    pub(crate) prefix: String,
    /// Who calls it, with what.
    pub(crate) caller: Option<(Scope<'p>, &'p Block)>,
    /// Only a root has one.
    pub(crate) set: Option<&'p VariableSet>,
    pub(crate) memo: RefCell<BTreeMap<(Named, String), Memo>>,
    pub(crate) expansions: RefCell<BTreeMap<(Named, String), Rc<Expansion>>>,
}

/// What kind of name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    Variable,
    Local,
    Output,
    Resource,
    Data,
    Module,
}

/// A value that is being worked out, or is known.
pub(crate) enum Memo {
    Busy,
    Done(Node),
}

/// The instances of a block.
#[derive(Debug)]
pub(crate) struct Expansion {
    pub(crate) shape: Shape,
    /// Key (`""` where the shape has none) and identity.
    pub(crate) instances: Vec<(String, Id)>,
}

/// By what a block is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Single,
    Count,
    ForEach,
    /// `for_each` over something that is not known: one instance stands for all.
    Unknown,
}

/// Where an expression stands.
#[derive(Clone)]
pub(crate) struct Scope<'p> {
    pub(crate) module: Rc<Module<'p>>,
    pub(crate) each: Option<Rc<(Node, Node)>>,
    pub(crate) count: Option<Node>,
    bound: Option<Rc<Bound>>,
}

struct Bound {
    name: String,
    node: Node,
    outer: Option<Rc<Bound>>,
}

impl Drop for Bound {
    /// Long chains are taken apart in a loop: dropping one by the other would use the stack.
    fn drop(&mut self) {
        let mut next = self.outer.take();
        while let Some(bound) = next {
            match Rc::try_unwrap(bound) {
                Ok(mut bound) => next = bound.outer.take(),
                Err(_) => break,
            }
        }
    }
}

impl<'p> Scope<'p> {
    pub(crate) fn of(module: Rc<Module<'p>>) -> Self {
        Self {
            module,
            each: None,
            count: None,
            bound: None,
        }
    }

    /// The same place with one more name.
    pub(crate) fn with(&self, name: &str, node: Node) -> Self {
        Self {
            bound: Some(Rc::new(Bound {
                name: name.to_owned(),
                node,
                outer: self.bound.clone(),
            })),
            ..self.clone()
        }
    }

    pub(crate) fn lookup(&self, name: &str) -> Option<Node> {
        let mut at = self.bound.as_ref();
        while let Some(bound) = at {
            if bound.name == name {
                return Some(bound.node.clone());
            }
            at = bound.outer.as_ref();
        }
        None
    }
}

impl Module<'_> {
    /// The directories of this module and of all that called it.
    pub(crate) fn chain(&self) -> Vec<&str> {
        let mut dirs = vec![self.source.dir.as_str()];
        let mut at = self.caller.as_ref();
        while let Some((scope, _)) = at {
            dirs.push(&scope.module.source.dir);
            at = scope.module.caller.as_ref();
        }
        dirs
    }

    /// The root of identities: the directory, with the variable file where there are several.
    pub(crate) fn root_id(&self) -> String {
        let mut root = self
            .caller
            .as_ref()
            .map(|(scope, _)| Rc::clone(&scope.module));
        while let Some(outer) = root.as_ref().and_then(|it| {
            it.caller
                .as_ref()
                .map(|(scope, _)| Rc::clone(&scope.module))
        }) {
            root = Some(outer);
        }
        let dir = self.root_dir();
        let (source, set) = match &root {
            Some(root) => (root.source, root.set),
            None => (self.source, self.set),
        };
        match set.filter(|_| source.sets.len() > 1) {
            Some(set) => format!("{dir}{SET}{}", source.short(set)),
            None => dir.to_owned(),
        }
    }

    /// The root that it belongs to.
    pub(crate) fn root_dir(&self) -> &str {
        self.chain().last().copied().unwrap_or_default()
    }
}
