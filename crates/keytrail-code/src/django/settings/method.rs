//! Methods of values, and assignments into them.

use std::sync::Arc;

use super::call::{Arguments, is_file, reads_a_vault};
use super::eval::Evaluator;
use super::expr::map_read;
use super::readers::split;
use super::value::{Located, Val, put};
use crate::syntax::ir::{Expr, ExprId};

impl Evaluator<'_> {
    /// `owner.name(…)`; `receiver` is the expression of the owner, for calls that change it.
    pub(super) fn method(
        &mut self,
        receiver: ExprId,
        owner: &Located,
        name: u32,
        arguments: &Arguments,
    ) -> Val {
        let module = self.module();
        let text = module.ir.text(name);
        let known = match owner.val {
            Val::Instance(_) | Val::Class(_) | Val::Dict(_) | Val::Text(_) => true,
            // pydantic's `SecretStr.get_secret_value()`
            Val::Env(_) => arguments.positional.is_empty() && arguments.named.is_empty(),
            _ => false,
        };
        if reads_a_vault(text) && !known {
            self.last_read = Some(Val::Vault);
            return Val::Vault;
        }
        match &owner.val {
            Val::Reader(reader) => self.read_with(&Arc::clone(reader), text, arguments),
            Val::List(_) => self.list_method(receiver, owner, text, arguments),
            Val::Dict(_) => self.dict_method(receiver, owner, text, arguments),
            Val::Globals => self.update_globals(text, arguments),
            Val::Text(_) => text_method(owner, text, arguments),
            Val::Env(read) => {
                let keeps = matches!(
                    text,
                    "lower"
                        | "upper"
                        | "strip"
                        | "rstrip"
                        | "lstrip"
                        | "casefold"
                        | "title"
                        | "capitalize"
                        | "replace"
                        | "removesuffix"
                        | "removeprefix"
                        | "decode"
                        | "encode"
                        | "get_secret_value"
                );
                let unset = Located {
                    val: owner.val.unset().clone(),
                    at: owner.at,
                };
                let default = match text_method(&unset, text, arguments) {
                    Val::Unknown => None,
                    val => Some(Located { val, at: owner.at }),
                };
                Val::env(Arc::clone(&read.variable), default, read.parsed || !keeps)
            }
            Val::Vault => Val::Vault,
            Val::Instance(class) | Val::Class(class) => {
                let sym = self.sym(name);
                match self.resolver.method(*class, sym) {
                    Some(function) => self.invoke(function, Some(*class), arguments),
                    None => Val::Unknown,
                }
            }
            Val::Object(path) => self.object_method(path, text, arguments),
            _ if matches!(
                text,
                "read" | "read_text" | "read_bytes" | "readline" | "readlines"
            ) =>
            {
                self.last_read = Some(Val::Vault);
                Val::Vault
            }
            _ => Val::Unknown,
        }
    }

    fn object_method(&mut self, path: &str, name: &str, arguments: &Arguments) -> Val {
        let reads = matches!(
            name,
            "read" | "read_text" | "read_bytes" | "readline" | "readlines"
        );
        if reads && (is_file(path) || path.starts_with("pathlib.")) {
            self.last_read = Some(Val::Vault);
            return Val::Vault;
        }
        if path.len() > 200 {
            return Val::Unknown;
        }
        self.opaque_call(&Arc::from(format!("{path}.{name}")), arguments)
    }

    fn list_method(
        &mut self,
        receiver: ExprId,
        owner: &Located,
        name: &str,
        arguments: &Arguments,
    ) -> Val {
        let Val::List(list) = &owner.val else {
            return Val::Unknown;
        };
        let mut items = list.items.clone();
        self.spend(items.len());
        let first = arguments.positional.first();
        match (name, first) {
            ("append" | "add", Some(item)) => items.push(item.clone()),
            ("extend" | "update", Some(more)) => match &more.val {
                Val::List(more) => items.extend(more.items.iter().cloned()),
                _ => items.push(more.clone()),
            },
            ("insert", Some(index)) => {
                let Some(item) = arguments.positional.get(1) else {
                    return Val::Unknown;
                };
                let at = match &index.val {
                    Val::Int(index) => usize::try_from(*index)
                        .unwrap_or(items.len())
                        .min(items.len()),
                    _ => items.len(),
                };
                items.insert(at, item.clone());
            }
            ("remove" | "discard", Some(item)) => items.retain(|own| !own.val.same(&item.val)),
            ("clear", _) => items.clear(),
            ("index", Some(item)) => {
                let found = items.iter().position(|own| own.val.same(&item.val));
                return found
                    .and_then(|index| i64::try_from(index).ok())
                    .map_or(Val::Unknown, Val::Int);
            }
            ("copy", _) => return owner.val.clone(),
            _ => return Val::Unknown,
        }
        self.assign(
            receiver,
            &Located {
                val: Val::list(items),
                at: owner.at,
            },
        );
        Val::None
    }

    fn dict_method(
        &mut self,
        receiver: ExprId,
        owner: &Located,
        name: &str,
        arguments: &Arguments,
    ) -> Val {
        let Val::Dict(dict) = &owner.val else {
            return Val::Unknown;
        };
        let key = arguments.positional.first();
        match name {
            "copy" => owner.val.clone(),
            "get" | "pop" => {
                let Some(key) = key else { return Val::Unknown };
                let found = map_read(key, true, &|key| {
                    let key = key.as_text()?;
                    let value = dict.find(key).or_else(|| arguments.positional.get(1));
                    Some(value.map_or(Val::None, |value| value.val.clone()))
                });
                if let (Some(text), "pop") = (key.val.as_text(), name) {
                    let entries = dict
                        .entries
                        .iter()
                        .filter(|(own, _)| own != text)
                        .cloned()
                        .collect();
                    self.assign(
                        receiver,
                        &Located {
                            val: Val::dict(entries),
                            at: owner.at,
                        },
                    );
                }
                found
            }
            "setdefault" => {
                let (Some(key), Some(value)) = (
                    key.and_then(|key| key.val.as_text()),
                    arguments.positional.get(1),
                ) else {
                    return Val::Unknown;
                };
                if let Some(own) = dict.find(key) {
                    return own.val.clone();
                }
                let mut entries = dict.entries.clone();
                put(&mut entries, Arc::clone(key), value.clone());
                self.assign(
                    receiver,
                    &Located {
                        val: Val::dict(entries),
                        at: owner.at,
                    },
                );
                value.val.clone()
            }
            "update" => {
                let val = updated(owner, arguments);
                self.assign(receiver, &Located { val, at: owner.at });
                Val::None
            }
            _ => Val::Unknown,
        }
    }

    fn update_globals(&mut self, name: &str, arguments: &Arguments) -> Val {
        if !matches!(name, "update" | "setdefault") {
            return Val::Unknown;
        }
        let known = arguments
            .positional
            .iter()
            .all(|value| matches!(value.val, Val::Dict(_)));
        if name == "setdefault" || !known {
            self.make_opaque();
            self.forget();
            return Val::None;
        }
        let given = arguments
            .positional
            .iter()
            .flat_map(|value| match &value.val {
                Val::Dict(dict) => dict.entries.clone(),
                _ => Vec::new(),
            });
        for (name, value) in given.chain(arguments.named.iter().cloned()) {
            match self.program.symbols.find(&name) {
                Some(sym) => self.set(sym, Some(value)),
                None => self.make_opaque(),
            }
        }
        Val::None
    }

    /// After `globals().update(…)` with something unknown every setting may be another one.
    fn forget(&mut self) {
        let module = self.module_id();
        let Some(scope) = self.scopes.get(&module) else {
            return;
        };
        let mut names: Vec<_> = scope
            .names
            .iter()
            .filter(|(name, _)| super::is_setting(self.program.text(**name)))
            .map(|(name, value)| (*name, value.at))
            .collect();
        names.sort_by_key(|(name, _)| self.program.text(*name));
        for (name, at) in names {
            self.set(
                name,
                Some(Located {
                    val: Val::Unknown,
                    at,
                }),
            );
        }
    }

    pub(super) fn assign(&mut self, target: ExprId, value: &Located) {
        if !self.enter() {
            return;
        }
        match self.module().ir.expr(target) {
            Expr::Name(name) => {
                let name = self.sym(*name);
                self.set(name, Some(value.clone()));
            }
            Expr::Subscript(container, key) => self.assign_item(*container, *key, value),
            Expr::Sequence(targets) => match &value.val {
                Val::List(list) if list.items.len() == targets.len() => {
                    for (target, item) in targets.iter().zip(&list.items) {
                        self.assign(*target, item);
                    }
                }
                _ => {
                    let val = if matches!(value.val, Val::Vault) {
                        Val::Vault
                    } else {
                        Val::Unknown
                    };
                    for target in targets {
                        self.assign(
                            *target,
                            &Located {
                                val: val.clone(),
                                at: value.at,
                            },
                        );
                    }
                }
            },
            Expr::Starred(inner) => self.assign(
                *inner,
                &Located {
                    val: Val::Unknown,
                    at: value.at,
                },
            ),
            _ => {}
        }
        self.leave();
    }

    /// `REST_FRAMEWORK["X"] = …`, at any depth.
    fn assign_item(&mut self, container: ExprId, key: ExprId, value: &Located) {
        let owner = self.eval(container);
        let key = self.eval(key).val;
        match (&owner.val, &key) {
            (Val::Dict(dict), Val::Text(key)) => {
                let mut entries = dict.entries.clone();
                self.spend(entries.len());
                put(&mut entries, Arc::clone(key), value.clone());
                self.assign(
                    container,
                    &Located {
                        val: Val::dict(entries),
                        at: owner.at,
                    },
                );
            }
            (Val::List(list), Val::Int(index)) => {
                let mut items = list.items.clone();
                self.spend(items.len());
                if let Some(item) = usize::try_from(*index)
                    .ok()
                    .and_then(|index| items.get_mut(index))
                {
                    *item = value.clone();
                    self.assign(
                        container,
                        &Located {
                            val: Val::list(items),
                            at: owner.at,
                        },
                    );
                }
            }
            (Val::Globals, key) => match key
                .as_text()
                .and_then(|name| self.program.symbols.find(name))
            {
                Some(sym) => self.set(sym, Some(value.clone())),
                None => self.make_opaque(),
            },
            _ => {}
        }
    }
}

fn updated(owner: &Located, arguments: &Arguments) -> Val {
    let Val::Dict(dict) = &owner.val else {
        return Val::Unknown;
    };
    let mut entries = dict.entries.clone();
    for value in &arguments.positional {
        match &value.val {
            Val::Dict(more) => more
                .entries
                .iter()
                .cloned()
                .for_each(|(key, value)| put(&mut entries, key, value)),
            // `DATABASES["default"].update(dj_database_url.config())`
            Val::Env(read) => {
                return Val::env(Arc::clone(&read.variable), Some(owner.clone()), true);
            }
            _ => {
                for (_, value) in &mut entries {
                    value.val = Val::Unknown;
                }
            }
        }
    }
    for (key, value) in &arguments.named {
        put(&mut entries, Arc::clone(key), value.clone());
    }
    Val::dict(entries)
}

/// Methods of a text that a setting's value is built with.
fn text_method(owner: &Located, name: &str, arguments: &Arguments) -> Val {
    let Val::Text(text) = &owner.val else {
        return Val::Unknown;
    };
    let argument = arguments.positional.first().map(|value| &value.val);
    let affix = argument.and_then(|value| value.as_text());
    match (name, affix) {
        ("lower" | "casefold", _) => Val::text(text.to_lowercase()),
        ("upper", _) => Val::text(text.to_uppercase()),
        ("title" | "capitalize", _) => {
            let mut characters = text.chars();
            let first = characters
                .next()
                .map(|first| first.to_uppercase().to_string())
                .unwrap_or_default();
            Val::text(first + &characters.as_str().to_lowercase())
        }
        ("strip", None) => Val::text(text.trim()),
        ("rstrip", None) => Val::text(text.trim_end()),
        ("lstrip", None) => Val::text(text.trim_start()),
        ("decode" | "encode", _) => owner.val.clone(),
        ("removesuffix", Some(affix)) => Val::text(text.strip_suffix(&**affix).unwrap_or(text)),
        ("removeprefix", Some(affix)) => Val::text(text.strip_prefix(&**affix).unwrap_or(text)),
        ("startswith", Some(affix)) => Val::Bool(text.starts_with(&**affix)),
        ("endswith", Some(affix)) => Val::Bool(text.ends_with(&**affix)),
        ("split", Some(separator)) => split(text, separator, owner, false),
        ("split", None) if argument.is_none() => {
            let parts = text
                .split_whitespace()
                .map(|part| Located {
                    val: Val::text(part),
                    at: owner.at,
                })
                .collect();
            Val::list(parts)
        }
        ("replace", Some(from)) => {
            match arguments.positional.get(1).and_then(|to| to.val.as_text()) {
                Some(to) if !from.is_empty() => Val::text(text.replace(&**from, to)),
                _ => Val::Unknown,
            }
        }
        _ => Val::Unknown,
    }
}
