//! What a value may be: constants, definitions, objects of libraries and of AWS.

use std::sync::Arc;

use smallvec::SmallVec;

use super::taint::Fields;
use super::value::Value;
use crate::program::{ClassRef, FunctionRef, ModuleId};
use crate::symbols::Sym;

/// A dotted path outside the tree: `django.http.JsonResponse`.
pub(crate) type Path = SmallVec<[Sym; 4]>;

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Str(Sym),
    /// Some name of a dictionary's that no test speaks of.
    OtherName,
    /// One entry of a dictionary that is walked; its taints are those of the whole.
    SomeEntry,
    Int(i64),
    Bool(bool),
    None,
    Function(FunctionRef),
    /// A function bound to an instance of a class.
    Method(FunctionRef, ClassRef),
    Class(ClassRef),
    Instance(ClassRef),
    /// `super()` inside a class.
    Super(ClassRef),
    Module(ModuleId),
    /// A directory of modules.
    Namespace(Arc<str>),
    /// Something imported from outside the tree.
    External(Path),
    /// What a call of something from outside gives: an instance, as a rule.
    Object(Path),
    /// Whatever the caller passes for a parameter, at a path.
    Param(u16, Fields),
    Aws(Arc<Aws>),
    /// A part of a model that has calls of its own.
    Mapped(Mapped),
    /// A DynamoDB condition built with `Key` and `Attr`.
    Condition(Arc<Vec<Clause>>),
    /// `Key("x")` or `Attr("x")` before a comparison; true for `Key`.
    ConditionName(Sym, bool),
    /// What a table's name is read from.
    NameSource(NameSourceRef),
    /// Text of which only parts are known; `*` for the others.
    Pattern(Arc<str>),
    Partial(Arc<Partial>),
    /// A function with what it uses of the functions around it.
    Closure(FunctionRef, Arc<Vec<(Sym, Value)>>),
}

impl Shape {
    /// True for what a registry holds: functions and classes.
    pub(super) fn is_callable(&self) -> bool {
        matches!(
            self,
            Self::Function(_)
                | Self::Method(..)
                | Self::Class(_)
                | Self::Closure(..)
                | Self::Partial(_)
        )
    }
}

/// A callable with some of its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) callee: Value,
    pub(crate) positional: Vec<Value>,
    pub(crate) keyword: Vec<(Sym, Value)>,
}

impl Partial {
    pub(super) fn has_params(&self) -> bool {
        self.callee.has_params()
            || self.positional.iter().any(Value::has_params)
            || self.keyword.iter().any(|(_, value)| value.has_params())
    }

    /// With `f` done to every value in it.
    pub(crate) fn map(&self, f: &dyn Fn(&Value) -> Value) -> Self {
        Self {
            callee: f(&self.callee),
            positional: self.positional.iter().map(f).collect(),
            keyword: self
                .keyword
                .iter()
                .map(|(name, value)| (*name, f(value)))
                .collect(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameSourceRef {
    Setting(Sym),
    Environment(Sym),
    /// The environment variable whose name a caller passes.
    Named(u16),
}

/// An AWS object of boto3 and its kin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aws {
    Session,
    /// Service name.
    Client(Sym),
    Resource(Sym),
    /// A client or (true) resource of a service that a caller names.
    Open(Value, bool),
    /// A DynamoDB table; its name as a value.
    Table(Value),
    BatchWriter(Value),
    /// A paginator of an operation.
    Paginator(Sym),
    /// What a paginator gives: pages, with ways to join them.
    Pages,
}

/// A part of a mapper's model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mapped {
    /// An index, by its name in the class.
    Index(ClassRef, Sym),
    /// Writes of many records.
    Batch(ClassRef),
}

/// One comparison of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) attribute: Option<Sym>,
    pub(crate) equal: bool,
    /// Built with `Key`, not `Attr`.
    pub(crate) key: bool,
    pub(crate) value: Value,
}
