//! Expressions of settings modules.

use std::sync::Arc;

use super::branches::Decision;
use super::eval::Evaluator;
use super::value::{Located, Val, join, put};
use crate::program::Target;
use crate::syntax::ir::{Comparator, Comprehension, Expr, ExprId, FormatPart, Operator};

const MOST_ROUNDS: usize = 64;

impl Evaluator<'_> {
    pub(super) fn eval(&mut self, id: ExprId) -> Located {
        let at = self.at(id);
        if !self.enter() {
            return Located {
                val: Val::Unknown,
                at,
            };
        }
        let located = self.evaluated(id);
        self.leave();
        located
    }

    fn evaluated(&mut self, id: ExprId) -> Located {
        let at = self.at(id);
        let ir = &self.program.module(at.0).ir;
        let val = match ir.expr(id) {
            Expr::Name(name) => self.name(*name),
            Expr::Attribute(value, name) => {
                let value = self.eval(*value);
                self.attribute(&value, *name)
            }
            Expr::Str(text) => Val::text(ir.text(*text)),
            Expr::Int(value) => Val::Int(*value),
            Expr::Bool(value) => Val::Bool(*value),
            Expr::None => Val::None,
            Expr::Call(function, arguments) => self.call(id, *function, arguments),
            Expr::Subscript(value, key) => self.subscript(*value, *key),
            Expr::Dict(entries) => self.dict(entries),
            Expr::Sequence(items) => self.sequence(items),
            Expr::Binary(operator, left, right) => {
                let left = self.eval(*left);
                let right = self.eval(*right);
                self.binary(*operator, &left, &right)
            }
            Expr::Not(inner) => {
                let inner = self.eval(*inner);
                map_read(&inner, true, &|val| {
                    val.truth().map(|truth| Val::Bool(!truth))
                })
            }
            Expr::Negative(inner) => match self.eval(*inner).val {
                Val::Int(value) => value.checked_neg().map_or(Val::Unknown, Val::Int),
                _ => Val::Unknown,
            },
            Expr::Logic(all, parts) => return self.logic(*all, parts, id),
            Expr::Compare(left, rest) => self.compare(*left, rest),
            Expr::Conditional { test, then, other } => {
                return self.conditional(*test, *then, *other);
            }
            Expr::Lambda(function) => Val::Function(crate::program::FunctionRef(at.0, *function)),
            Expr::Format(parts) => self.format(parts),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Walrus(name, value) => {
                let value = self.eval(*value);
                let name = self.sym(*name);
                self.set(name, Some(value.clone()));
                return value;
            }
            Expr::Starred(inner) => self.eval(*inner).val,
            Expr::Bytes | Expr::Float | Expr::Slice(..) | Expr::Yield(_) | Expr::Other => {
                Val::Unknown
            }
        };
        Located { val, at }
    }

    fn name(&mut self, name: u32) -> Val {
        let sym = self.sym(name);
        if let Some(value) = self.own_name(sym) {
            return value.val.clone();
        }
        if let Some(shape) = self
            .resolver
            .global(self.module_id(), sym)
            .into_iter()
            .next()
        {
            return self.of_shape(shape);
        }
        // a helper's own module: its variables are not there before it runs
        let module = self.module_id();
        if !self.scopes.contains_key(&module) {
            self.run_module(module);
            if let Some(value) = self.own_name(sym) {
                return value.val.clone();
            }
        }
        let text = self.program.text(sym);
        self.missing |= super::is_setting(text);
        // a builtin, or a name that nobody sets
        Val::External(text.into())
    }

    pub(super) fn attribute(&mut self, value: &Located, name: u32) -> Val {
        let sym = self.sym(name);
        match &value.val {
            Val::Module(id) => self
                .member(&Target::Module(*id), sym)
                .map_or(Val::Unknown, |value| value.val),
            Val::Namespace(directory) => {
                let target = Target::Namespace(Arc::clone(directory));
                self.member(&target, sym)
                    .map_or(Val::Unknown, |value| value.val)
            }
            Val::External(path) if path.contains('.') || is_library(path) => {
                Val::External(format!("{path}.{}", self.program.text(sym)).into())
            }
            Val::Object(path) if path.len() < 200 => {
                Val::Object(format!("{path}.{}", self.program.text(sym)).into())
            }
            Val::Class(class) => self
                .class_attribute(*class, sym)
                .map_or(Val::Unknown, |value| value.val),
            Val::Instance(class) => self.instance_attribute(*class, sym),
            Val::Env(read) => Val::env(Arc::clone(&read.variable), None, true),
            Val::Vault => Val::Vault,
            _ => Val::Unknown,
        }
    }

    fn sequence(&mut self, items: &[ExprId]) -> Val {
        let mut list = Vec::with_capacity(items.len());
        for &item in items {
            if let Expr::Starred(inner) = self.module().ir.expr(item) {
                let inner = self.eval(*inner);
                spread(&mut list, &inner);
            } else {
                list.push(self.eval(item));
            }
        }
        self.spend(list.len());
        Val::list(list)
    }

    fn dict(&mut self, pairs: &[(Option<ExprId>, ExprId)]) -> Val {
        let mut entries = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let Some(key) = key else {
                let other = self.eval(*value);
                if let Val::Dict(dict) = other.val.unset() {
                    self.spend(dict.entries.len());
                    dict.entries
                        .iter()
                        .cloned()
                        .for_each(|(key, value)| put(&mut entries, key, value));
                }
                continue;
            };
            let key = self.eval(*key).val;
            let value = self.eval(*value);
            match key {
                Val::Text(key) => put(&mut entries, key, value),
                Val::Int(key) => put(&mut entries, key.to_string().into(), value),
                _ => {}
            }
        }
        Val::dict(entries)
    }

    fn subscript(&mut self, value: ExprId, key: ExprId) -> Val {
        let value = self.eval(value);
        let key = self.eval(key).val;
        match (&value.val, &key) {
            (Val::External(path), Val::Text(variable)) if &**path == "os.environ" => {
                self.read(variable, None, false)
            }
            (Val::External(path), _) if &**path == "sys.argv" => Val::External("sys.argv".into()),
            (Val::Dict(dict), Val::Text(key)) => dict
                .find(key)
                .map_or(Val::Unknown, |value| value.val.clone()),
            (Val::Dict(dict), Val::Env(read)) => {
                let found = key
                    .unset()
                    .as_text()
                    .and_then(|key| dict.find(key))
                    .cloned();
                Val::env(Arc::clone(&read.variable), found, true)
            }
            (Val::List(list), Val::Int(index)) => usize::try_from(*index)
                .ok()
                .and_then(|index| list.items.get(index))
                .map_or(Val::Unknown, |item| item.val.clone()),
            (Val::Globals, Val::Text(name)) => {
                let sym = self.program.symbols.find(name);
                sym.and_then(|sym| self.own_name(sym))
                    .map_or(Val::Unknown, |value| value.val.clone())
            }
            (Val::Env(read), _) => {
                let default = match (val_or_none(value.val.unset()), &key) {
                    (Some(Val::Dict(dict)), Val::Text(key)) => dict.find(key).cloned(),
                    (Some(Val::List(list)), Val::Int(index)) => usize::try_from(*index)
                        .ok()
                        .and_then(|index| list.items.get(index))
                        .cloned(),
                    _ => None,
                };
                Val::env(Arc::clone(&read.variable), default, read.parsed)
            }
            (Val::Vault, _) => Val::Vault,
            _ => Val::Unknown,
        }
    }

    /// A read of an environment variable.
    pub(super) fn read(
        &mut self,
        variable: &Arc<str>,
        default: Option<Located>,
        parsed: bool,
    ) -> Val {
        let val = Val::env(Arc::clone(variable), default, parsed);
        self.last_read = Some(val.clone());
        val
    }

    pub(super) fn binary(&mut self, operator: Operator, left: &Located, right: &Located) -> Val {
        match (operator, &left.val, &right.val) {
            (Operator::Add, Val::List(_), _) | (Operator::Add, _, Val::List(_)) => {
                let mut items = Vec::new();
                spread(&mut items, left);
                spread(&mut items, right);
                self.spend(items.len());
                Val::list(items)
            }
            (Operator::Add, Val::Text(left), Val::Text(right)) => {
                Val::text(format!("{left}{right}"))
            }
            (Operator::Add, Val::Int(left), Val::Int(right)) => {
                left.checked_add(*right).map_or(Val::Unknown, Val::Int)
            }
            // 60 * 60 * 24 * 365
            (Operator::Multiply, Val::Int(left), Val::Int(right)) => {
                left.checked_mul(*right).map_or(Val::Unknown, Val::Int)
            }
            (Operator::Or, Val::Dict(own), Val::Dict(theirs)) => {
                let mut entries = own.entries.clone();
                theirs
                    .entries
                    .iter()
                    .cloned()
                    .for_each(|(key, value)| put(&mut entries, key, value));
                Val::dict(entries)
            }
            _ => Val::Unknown,
        }
    }

    fn logic(&mut self, all: bool, parts: &[ExprId], id: ExprId) -> Located {
        let at = self.at(id);
        let mut unknown = false;
        for (index, &part) in parts.iter().enumerate() {
            let value = self.eval(part);
            let last = index + 1 == parts.len();
            match (&value.val, value.val.truth()) {
                (_, Some(truth)) if truth != all => return value,
                _ if last && !unknown => return value,
                (Val::Env(_), None) => {
                    return self.logic_of_read(all, &value, &parts[index + 1..], at);
                }
                (_, None) => unknown = true,
                _ => {}
            }
        }
        Located {
            val: Val::Unknown,
            at,
        }
    }

    /// `os.environ.get("X") or rest`: the rest is the default.
    fn logic_of_read(
        &mut self,
        all: bool,
        value: &Located,
        rest: &[ExprId],
        at: super::value::At,
    ) -> Located {
        let Val::Env(read) = &value.val else {
            return value.clone();
        };
        let mut default = value.clone();
        for &part in rest {
            if default.val.unset().truth() == Some(!all) {
                break;
            }
            default = self.eval(part);
        }
        let same = default.val.same(&value.val);
        let unset = if same {
            read.default.clone()
        } else {
            Some(default)
        };
        // `and`/`or` of two tests is one; of a text and a default it is a text
        let parsed = read.parsed || all;
        Located {
            val: Val::env(Arc::clone(&read.variable), unset, parsed),
            at,
        }
    }

    fn conditional(&mut self, test: ExprId, then: ExprId, other: ExprId) -> Located {
        match self.decide(test) {
            Decision::Known(true) => self.eval(then),
            Decision::Known(false) => self.eval(other),
            Decision::Open(truth, choice) => {
                let then = self.eval(then);
                let other = self.eval(other);
                let (taken, other) = if truth {
                    (&then, &other)
                } else {
                    (&other, &then)
                };
                join("", Some(taken), Some(other), &choice).unwrap_or(then)
            }
        }
    }

    fn compare(&mut self, left: ExprId, rest: &[(Comparator, ExprId)]) -> Val {
        let left = self.eval(left);
        let [(comparator, right)] = rest else {
            return Val::Unknown;
        };
        let right = self.eval(*right);
        if let Some(val) = self.compare_with_process(*comparator, &left.val, &right.val) {
            return val;
        }
        let found = compared(*comparator, left.val.unset(), right.val.unset()).map(Val::Bool);
        let ((Val::Env(read), _) | (_, Val::Env(read))) = (&left.val, &right.val) else {
            return found.unwrap_or(Val::Unknown);
        };
        let default = found.map(|val| Located { val, at: left.at });
        Val::env(Arc::clone(&read.variable), default, true)
    }

    /// `"X" in os.environ`, `"test" in sys.argv`, `__name__ == "__main__"`.
    fn compare_with_process(
        &mut self,
        comparator: Comparator,
        left: &Val,
        right: &Val,
    ) -> Option<Val> {
        let positive = matches!(
            comparator,
            Comparator::In | Comparator::Equal | Comparator::Is
        );
        match (left, right) {
            (Val::Text(variable), Val::External(path)) if &**path == "os.environ" => {
                let default = Located {
                    val: Val::Bool(!positive),
                    at: (self.module_id(), (0, 0)),
                };
                Some(self.read(variable, Some(default), true))
            }
            (_, Val::External(path)) | (Val::External(path), _)
                if matches!(&**path, "sys.argv" | "sys.modules" | "__name__")
                    && comparator != Comparator::Order =>
            {
                let test = self.environment == keytrail_model::Environment::Test;
                (!test).then_some(Val::Bool(!positive))
            }
            _ => None,
        }
    }

    fn format(&mut self, parts: &[FormatPart]) -> Val {
        let mut text = String::new();
        let mut known = true;
        for part in parts {
            match part {
                FormatPart::Text(part) => text.push_str(self.module().ir.text(*part)),
                FormatPart::Value(value) => match self.eval(*value).val {
                    Val::Text(part) => text.push_str(&part),
                    Val::Int(part) => text.push_str(&part.to_string()),
                    _ => known = false,
                },
            }
        }
        if known { Val::text(text) } else { Val::Unknown }
    }

    /// Of one generator over a known list, or over what the environment says.
    fn comprehension(&mut self, comprehension: &Comprehension) -> Val {
        let [generator] = &*comprehension.generators else {
            return Val::Unknown;
        };
        if comprehension.key.is_some() {
            return Val::Unknown;
        }
        let iterated = self.eval(generator.iter);
        let list = match iterated.val.unset() {
            Val::List(list) if list.items.len() <= MOST_ROUNDS => Some(Arc::clone(list)),
            _ => None,
        };
        let items = list.map(|list| {
            let mut items = Vec::new();
            for item in &list.items {
                self.assign(generator.target, item);
                let kept = generator
                    .conditions
                    .iter()
                    .all(|condition| self.eval(*condition).val.truth() != Some(false));
                if kept {
                    items.push(self.eval(comprehension.element));
                }
            }
            Val::list(items)
        });
        match (&iterated.val, items) {
            (Val::Env(read), items) => {
                let default = items.map(|val| Located {
                    val,
                    at: iterated.at,
                });
                Val::env(Arc::clone(&read.variable), default, true)
            }
            (Val::Vault, _) => Val::Vault,
            (_, Some(items)) => items,
            _ => Val::Unknown,
        }
    }
}

fn val_or_none(val: &Val) -> Option<&Val> {
    (!matches!(val, Val::Unknown)).then_some(val)
}

/// Roots of dotted paths; other bare names outside the tree are builtins.
fn is_library(name: &str) -> bool {
    !matches!(
        name,
        "bool"
            | "int"
            | "str"
            | "list"
            | "tuple"
            | "set"
            | "open"
            | "len"
            | "float"
            | "self"
            | "cls"
    )
}

/// Adds a list's items, or the value itself as one item of which more is not known.
fn spread(items: &mut Vec<Located>, value: &Located) {
    match &value.val {
        Val::List(list) => items.extend(list.items.iter().cloned()),
        _ => items.push(value.clone()),
    }
}

/// Does `f` to a value, or to what a read gives when its variable is unset.
pub(super) fn map_read(value: &Located, parsed: bool, f: &dyn Fn(&Val) -> Option<Val>) -> Val {
    match &value.val {
        Val::Env(read) => {
            let default = f(value.val.unset()).map(|val| Located { val, at: value.at });
            Val::env(Arc::clone(&read.variable), default, parsed || read.parsed)
        }
        Val::Vault => Val::Vault,
        val => f(val).unwrap_or(Val::Unknown),
    }
}

fn compared(comparator: Comparator, left: &Val, right: &Val) -> Option<bool> {
    let comparable = |val: &Val| val.is_scalar() || matches!(val, Val::List(_) | Val::Dict(_));
    match comparator {
        Comparator::Equal | Comparator::Is => {
            (comparable(left) && comparable(right)).then(|| left.same(right))
        }
        Comparator::NotEqual | Comparator::IsNot => {
            (comparable(left) && comparable(right)).then(|| !left.same(right))
        }
        Comparator::In => contains(right, left),
        Comparator::NotIn => contains(right, left).map(|found| !found),
        Comparator::Order => None,
    }
}

fn contains(whole: &Val, part: &Val) -> Option<bool> {
    match (whole, part) {
        (_, Val::Unknown) => None,
        (Val::List(list), part) => {
            let known = list.items.iter().all(|item| item.val.is_scalar());
            if list.holds(part) {
                Some(true)
            } else {
                (known && part.is_scalar()).then_some(false)
            }
        }
        (Val::Dict(dict), Val::Text(key)) => Some(dict.find(key).is_some()),
        (Val::Text(whole), Val::Text(part)) => Some(whole.contains(&**part)),
        _ => None,
    }
}
