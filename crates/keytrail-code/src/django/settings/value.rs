//! What an expression of a settings module gives, as far as the code tells.

use std::fmt;
use std::sync::Arc;

use crate::program::{ClassRef, FunctionRef, ModuleId};
use crate::syntax::ir::Range;

/// Containers nest no deeper; what is built in a hostile loop becomes unknown instead.
const DEEPEST: u8 = 24;
/// Longer lists and texts are data, not settings.
const MOST_ITEMS: usize = 2048;
const LONGEST_TEXT: usize = 4096;
const MOST_DEFAULTS: u8 = 4;

/// Where an expression stands.
pub(super) type At = (ModuleId, Range);

/// A value, and the expression that gave it.
#[derive(Clone)]
pub(super) struct Located {
    pub(super) val: Val,
    pub(super) at: At,
}

#[derive(Clone)]
pub(super) enum Val {
    None,
    Bool(bool),
    Int(i64),
    Text(Arc<str>),
    List(Arc<List>),
    Dict(Arc<Dict>),
    Env(Arc<EnvRead>),
    /// From Secrets Manager, Parameter Store, a file.
    Vault,
    /// `env`, `config`: what reads the environment when it is called.
    Reader(Arc<Reader>),
    Module(ModuleId),
    /// A directory of modules.
    Namespace(Arc<str>),
    Function(FunctionRef),
    /// A function bound to an instance of a class.
    Method(FunctionRef, ClassRef),
    Class(ClassRef),
    Instance(ClassRef),
    /// Something outside the tree, by its dotted path; builtins have no dot.
    External(Arc<str>),
    /// What a call of something from outside gives.
    Object(Arc<str>),
    /// `globals()`, `locals()`, `vars()`.
    Globals,
    Unknown,
}

pub(super) struct List {
    pub(super) items: Vec<Located>,
    depth: u8,
}

pub(super) struct Dict {
    /// Constant keys, in source order.
    pub(super) entries: Vec<(Arc<str>, Located)>,
    depth: u8,
}

/// A value that depends on the environment.
pub(super) struct EnvRead {
    pub(super) variable: Arc<str>,
    /// The value when the variable is unset; none when the read then fails or the code does not tell.
    pub(super) default: Option<Located>,
    /// The text was read as what it says: a boolean, a number, a list.
    pub(super) parsed: bool,
    nested: u8,
}

/// A library's reader of the environment.
pub(super) struct Reader {
    pub(super) library: Library,
    pub(super) schema: Vec<Declared>,
}

/// A variable of django-environ's `Env(DEBUG=(bool, False))`.
pub(super) struct Declared {
    pub(super) variable: Arc<str>,
    pub(super) cast: Option<Arc<str>>,
    pub(super) default: Option<Located>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Library {
    /// django-environ: the second argument is the cast.
    Environ,
    /// environs and the like: the second argument is the default.
    Environs,
    /// python-decouple and starlette: `config("X", default=…, cast=…)`.
    Decouple,
}

impl fmt::Debug for Val {
    /// Never the text: it may be a key (law 1).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::List(_) => "List",
            Self::Dict(_) => "Dict",
            Self::Env(_) => "Env",
            Self::Vault => "Vault",
            Self::Unknown => "Unknown",
            _ => "Val",
        })
    }
}

impl Val {
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        if text.len() > LONGEST_TEXT {
            Self::Unknown
        } else {
            Self::Text(text)
        }
    }

    pub(super) fn list(mut items: Vec<Located>) -> Self {
        items.truncate(MOST_ITEMS);
        let depth = 1 + items.iter().map(|item| item.val.depth()).max().unwrap_or(0);
        if depth > DEEPEST {
            return Self::Unknown;
        }
        Self::List(Arc::new(List { items, depth }))
    }

    pub(super) fn dict(mut entries: Vec<(Arc<str>, Located)>) -> Self {
        entries.truncate(MOST_ITEMS);
        let depth = 1 + entries
            .iter()
            .map(|(_, value)| value.val.depth())
            .max()
            .unwrap_or(0);
        if depth > DEEPEST {
            return Self::Unknown;
        }
        Self::Dict(Arc::new(Dict { entries, depth }))
    }

    /// A read of `variable`; a default that is itself such a read stays one.
    pub(super) fn env(
        variable: impl Into<Arc<str>>,
        default: Option<Located>,
        parsed: bool,
    ) -> Self {
        let default = default.filter(|default| !matches!(default.val, Val::Unknown));
        let nested = match default.as_ref().map(|default| &default.val) {
            Some(Self::Env(inner)) => inner.nested + 1,
            _ => 0,
        };
        let default = default.filter(|_| nested < MOST_DEFAULTS);
        let nested = if default.is_some() { nested } else { 0 };
        Self::Env(Arc::new(EnvRead {
            variable: variable.into(),
            default,
            parsed,
            nested,
        }))
    }

    fn depth(&self) -> u8 {
        match self {
            Self::List(list) => list.depth,
            Self::Dict(dict) => dict.depth,
            Self::Env(read) => {
                1 + read
                    .default
                    .as_ref()
                    .map_or(0, |default| default.val.depth())
            }
            Self::Reader(reader) => {
                let defaults = reader
                    .schema
                    .iter()
                    .filter_map(|declared| declared.default.as_ref());
                1 + defaults
                    .map(|default| default.val.depth())
                    .max()
                    .unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// What it is while no variable is set.
    pub(super) fn unset(&self) -> &Val {
        let mut value = self;
        while let Self::Env(read) = value {
            value = read
                .default
                .as_ref()
                .map_or(&Val::Unknown, |default| &default.val);
        }
        value
    }

    /// Python's truth of it, where it depends on nothing unknown.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::None => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Int(value) => Some(*value != 0),
            Self::Text(text) => Some(!text.is_empty()),
            Self::List(list) => Some(!list.items.is_empty()),
            Self::Dict(dict) => Some(!dict.entries.is_empty()),
            Self::Module(_) | Self::Function(_) | Self::Class(_) => Some(true),
            _ => None,
        }
    }

    /// The same value, wherever it was written.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) | (Self::Vault, Self::Vault) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Text(left), Self::Text(right))
            | (Self::External(left), Self::External(right)) => left == right,
            (Self::List(left), Self::List(right)) => {
                Arc::ptr_eq(left, right)
                    || left.items.len() == right.items.len()
                        && left
                            .items
                            .iter()
                            .zip(&right.items)
                            .all(|(left, right)| left.val.same(&right.val))
            }
            (Self::Dict(left), Self::Dict(right)) => {
                Arc::ptr_eq(left, right)
                    || left.entries.len() == right.entries.len()
                        && left.entries.iter().zip(&right.entries).all(
                            |((key, left), (other, right))| {
                                key == other && left.val.same(&right.val)
                            },
                        )
            }
            (Self::Env(left), Self::Env(right)) => {
                Arc::ptr_eq(left, right)
                    || left.variable == right.variable
                        && left.parsed == right.parsed
                        && match (&left.default, &right.default) {
                            (None, None) => true,
                            (Some(left), Some(right)) => left.val.same(&right.val),
                            _ => false,
                        }
            }
            (Self::Module(left), Self::Module(right)) => left == right,
            (Self::Function(left), Self::Function(right)) => left == right,
            (Self::Class(left), Self::Class(right)) => left == right,
            _ => false,
        }
    }

    pub(super) fn is_scalar(&self) -> bool {
        matches!(
            self,
            Self::None | Self::Bool(_) | Self::Int(_) | Self::Text(_)
        )
    }

    pub(super) fn as_text(&self) -> Option<&Arc<str>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl List {
    pub(super) fn holds(&self, wanted: &Val) -> bool {
        self.items.iter().any(|item| item.val.same(wanted))
    }

    fn covers(&self, other: &Self) -> bool {
        other.items.iter().all(|item| self.holds(&item.val))
    }
}

impl Dict {
    pub(super) fn find(&self, key: &str) -> Option<&Located> {
        self.entries
            .iter()
            .find(|(own, _)| &**own == key)
            .map(|(_, value)| value)
    }
}

/// Sets `key`, at its old place where it has one.
pub(super) fn put(entries: &mut Vec<(Arc<str>, Located)>, key: Arc<str>, value: Located) {
    match entries.iter_mut().find(|(own, _)| *own == key) {
        Some((_, old)) => *old = value,
        None => entries.push((key, value)),
    }
}

/// How two ways through the code were chosen between.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    /// The environment chooses. `named`: the test says for which deployment the taken way is;
    /// else it is the way while the variable is unset. `unset`: the taken way is that one too.
    Environment {
        variable: Arc<str>,
        named: bool,
        unset: Option<bool>,
    },
    /// The second way is what happens when the first one fails.
    Fallback,
    /// Nobody knows.
    Unknown,
}

/// A setting's value after two ways met again: the one `taken` and the `other`.
pub(super) fn join(
    name: &str,
    taken: Option<&Located>,
    other: Option<&Located>,
    choice: &Choice,
) -> Option<Located> {
    match (taken, other) {
        (None, None) => None,
        (Some(taken), Some(other)) => Some(join_both(name, taken, other, choice)),
        (Some(taken), None) => Some(match choice {
            Choice::Unknown if taken.val.is_scalar() && taken.val.as_text().is_none() => {
                unknown(taken.at)
            }
            _ => taken.clone(),
        }),
        (None, Some(other)) => match choice {
            Choice::Environment {
                variable,
                named: true,
                unset: Some(false),
            } if name == "DEBUG" => Some(by_variable(variable, other)),
            Choice::Environment { named: true, .. } => None,
            Choice::Environment { variable, .. } => Some(only_when_set(name, other, variable)),
            Choice::Unknown if other.val.is_scalar() && other.val.as_text().is_none() => {
                Some(unknown(other.at))
            }
            Choice::Unknown | Choice::Fallback => Some(other.clone()),
        },
    }
}

/// `if os.environ.get("X"): NAME = …` and nothing else.
fn only_when_set(name: &str, set: &Located, variable: &Arc<str>) -> Located {
    let absent = || super::defaults::of(name).map(|val| Located { val, at: set.at });
    let val = match &set.val {
        Val::Env(read)
            if matches!(
                read.default.as_ref().map(|default| &default.val),
                None | Some(Val::None)
            ) =>
        {
            Val::env(Arc::clone(&read.variable), absent(), read.parsed)
        }
        scalar if scalar.is_scalar() => Val::env(Arc::clone(variable), absent(), true),
        other => other.clone(),
    };
    Located { val, at: set.at }
}

fn join_both(name: &str, taken: &Located, other: &Located, choice: &Choice) -> Located {
    if taken.val.same(&other.val) {
        return taken.clone();
    }
    if let Some(joined) = read_and_literal(taken, other).or_else(|| read_and_literal(other, taken))
    {
        return joined;
    }
    match (&taken.val, &other.val) {
        (Val::Env(read), Val::Bool(_)) if !read.parsed => {
            let val = Val::env(Arc::clone(&read.variable), read.default.clone(), true);
            Located { val, at: taken.at }
        }
        (Val::Env(_) | Val::Vault, _) => taken.clone(),
        (Val::Dict(own), Val::Dict(theirs)) => Located {
            val: join_dicts(own, theirs, choice),
            at: taken.at,
        },
        (Val::List(own), Val::List(theirs)) => match choice {
            Choice::Environment { .. } | Choice::Fallback
                if own.covers(theirs) || theirs.covers(own) =>
            {
                taken.clone()
            }
            Choice::Unknown if own.covers(theirs) => taken.clone(),
            Choice::Unknown if theirs.covers(own) => other.clone(),
            _ => chosen(name, taken, other, choice),
        },
        _ => chosen(name, taken, other, choice),
    }
}

/// `os.environ["X"]` on one way, a literal on the other: a read with a default.
fn read_and_literal(read: &Located, literal: &Located) -> Option<Located> {
    match (&read.val, &literal.val) {
        (Val::Env(inner), val)
            if inner.default.is_none()
                && (val.is_scalar() || matches!(val, Val::List(_) | Val::Dict(_))) =>
        {
            let parsed = inner.parsed || matches!(val, Val::Bool(_));
            let val = Val::env(Arc::clone(&inner.variable), Some(literal.clone()), parsed);
            Some(Located {
                val,
                at: literal.at,
            })
        }
        _ => None,
    }
}

fn join_dicts(taken: &Dict, other: &Dict, choice: &Choice) -> Val {
    let uncertain = matches!(choice, Choice::Unknown);
    let mut entries = Vec::with_capacity(taken.entries.len());
    for (key, value) in &taken.entries {
        let joined = match other.find(key) {
            Some(theirs) => join_both(key, value, theirs, choice),
            None if uncertain => unknown(value.at),
            None => value.clone(),
        };
        entries.push((Arc::clone(key), joined));
    }
    if uncertain {
        for (key, value) in &other.entries {
            if taken.find(key).is_none() {
                entries.push((Arc::clone(key), unknown(value.at)));
            }
        }
    }
    Val::dict(entries)
}

/// Neither value says more than the other.
fn chosen(name: &str, taken: &Located, other: &Located, choice: &Choice) -> Located {
    match choice {
        Choice::Unknown => unknown(taken.at),
        // what a deployment that forgets the variable gets counts for DEBUG
        Choice::Environment {
            variable,
            named: true,
            unset,
        } if name == "DEBUG" => match unset {
            Some(true) => by_variable(variable, taken),
            Some(false) => by_variable(variable, other),
            None => Located {
                val: Val::env(Arc::clone(variable), None, true),
                at: taken.at,
            },
        },
        Choice::Fallback | Choice::Environment { named: true, .. } => taken.clone(),
        Choice::Environment { variable, .. } => match &taken.val {
            Val::Unknown => unknown(taken.at),
            _ => by_variable(variable, taken),
        },
    }
}

fn by_variable(variable: &Arc<str>, unset: &Located) -> Located {
    Located {
        val: Val::env(Arc::clone(variable), Some(unset.clone()), true),
        at: unset.at,
    }
}

fn unknown(at: At) -> Located {
    Located {
        val: Val::Unknown,
        at,
    }
}
