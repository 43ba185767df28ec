//! Libraries that read the environment: django-environ, environs, python-decouple, URL readers.

use std::sync::Arc;

use super::call::{Arguments, to_bool};
use super::eval::Evaluator;
use super::value::{Declared, Library, Located, Reader, Val};
use crate::program::ModuleId;

/// The reader that a call of `path` makes.
pub(super) fn reader_of(path: &str, arguments: &Arguments) -> Option<Val> {
    let library = match path {
        "environ.Env" | "environ.FileAwareEnv" => Library::Environ,
        "environs.Env" | "environs.FileAwareEnv" | "envparse.Env" => Library::Environs,
        "decouple.AutoConfig"
        | "decouple.Config"
        | "starlette.config.Config"
        | "prettyconf.Configuration" => Library::Decouple,
        _ => return None,
    };
    let mut schema = Vec::new();
    for (variable, cast_and_default) in &arguments.named {
        let (cast, default) = match &cast_and_default.val {
            Val::List(pair) => (pair.items.first(), pair.items.get(1)),
            _ => (Some(cast_and_default), None),
        };
        let cast = cast.and_then(|cast| match &cast.val {
            Val::External(name) => Some(Arc::clone(name)),
            _ => None,
        });
        let default = default
            .filter(|default| default.val.is_scalar() || matches!(default.val, Val::List(_)));
        schema.push(Declared {
            variable: Arc::clone(variable),
            cast,
            default: default.cloned(),
        });
    }
    Some(Val::Reader(Arc::new(Reader { library, schema })))
}

impl Evaluator<'_> {
    /// `env(…)` or `env.bool(…)`.
    pub(super) fn read_with(
        &mut self,
        reader: &Reader,
        method: &str,
        arguments: &Arguments,
    ) -> Val {
        match reader.library {
            Library::Environ => self.read_environ(reader, method, arguments),
            Library::Environs => self.read_environs(method, arguments),
            Library::Decouple if matches!(method, "" | "get" | "__call__") => {
                self.read_decouple(arguments)
            }
            Library::Decouple => Val::Unknown,
        }
    }

    fn read_environ(&mut self, reader: &Reader, method: &str, arguments: &Arguments) -> Val {
        if matches!(method, "read_env" | "prefixed" | "seal") {
            return Val::None;
        }
        let by_method = match method {
            "db" | "db_url" => Some("DATABASE_URL"),
            "cache" | "cache_url" => Some("CACHE_URL"),
            "email" | "email_url" => Some("EMAIL_URL"),
            "search" | "search_url" => Some("SEARCH_URL"),
            _ => None,
        };
        let Some(variable) = arguments.first_text().or_else(|| by_method.map(Arc::from)) else {
            return Val::Unknown;
        };
        let known = reader
            .schema
            .iter()
            .find(|known| known.variable == variable);
        let plain = matches!(method, "" | "get_value");
        let cast = if plain {
            match arguments.pick(1, "cast").map(|cast| &cast.val) {
                Some(Val::External(cast)) => Some(cast.to_string()),
                Some(Val::None) | None => {
                    known.and_then(|known| known.cast.as_deref().map(ToOwned::to_owned))
                }
                Some(_) => Some("list".to_owned()),
            }
        } else {
            Some(method.to_owned())
        };
        let default = arguments.pick(if plain { 2 } else { 1 }, "default");
        let default = default
            .or_else(|| known.and_then(|known| known.default.as_ref()))
            .cloned();
        // without a cast, django-environ takes the default's type
        let smart = default.as_ref().is_some_and(|default| {
            matches!(
                default.val,
                Val::Bool(_) | Val::Int(_) | Val::List(_) | Val::Dict(_)
            )
        });
        let parsed = match cast.as_deref() {
            None => smart,
            Some("str" | "bytes" | "path" | "url" | "unicode") => false,
            Some(_) => true,
        };
        self.read(&variable, default, parsed)
    }

    fn read_environs(&mut self, method: &str, arguments: &Arguments) -> Val {
        if matches!(method, "read_env" | "prefixed" | "seal") {
            return Val::None;
        }
        let by_method = match method {
            "dj_db_url" => Some("DATABASE_URL"),
            "dj_cache_url" => Some("CACHE_URL"),
            "dj_email_url" => Some("EMAIL_URL"),
            _ => None,
        };
        let Some(variable) = arguments.first_text().or_else(|| by_method.map(Arc::from)) else {
            return Val::Unknown;
        };
        let default = arguments.pick(1, "default").cloned();
        let parsed = !matches!(method, "" | "str" | "url" | "path");
        self.read(&variable, default, parsed)
    }

    /// `config("X", default=…, cast=…)`.
    pub(super) fn read_decouple(&mut self, arguments: &Arguments) -> Val {
        let Some(variable) = arguments.first_text() else {
            return Val::Unknown;
        };
        let default = arguments.pick(1, "default").cloned();
        let Some(cast) = arguments.pick(2, "cast").cloned() else {
            return self.read(&variable, default, false);
        };
        let at = default.as_ref().map(|default| default.at);
        let default = match (&default, at) {
            (Some(given), Some(at)) => Some(Located {
                val: self.cast(&cast.val, Some(given)),
                at,
            }),
            _ => None,
        };
        let keeps = matches!(&cast.val, Val::External(name) if &**name == "str");
        self.read(&variable, default, !keeps)
    }

    /// What a cast makes of a default.
    pub(super) fn cast(&mut self, cast: &Val, default: Option<&Located>) -> Val {
        let Some(default) = default else {
            return Val::Unknown;
        };
        match cast {
            Val::External(name) if &**name == "bool" => {
                to_bool(&default.val).unwrap_or(Val::Unknown)
            }
            Val::External(name) if matches!(&**name, "int" | "float") => match &default.val {
                Val::Text(text) => text.trim().parse().map_or(Val::Unknown, Val::Int),
                other => other.clone(),
            },
            Val::Object(name) | Val::External(name)
                if name.ends_with("Csv") || name.ends_with("CommaSeparatedStrings") =>
            {
                match &default.val {
                    Val::Text(text) => split(text, ",", default, true),
                    other => other.clone(),
                }
            }
            Val::Function(function) => {
                let arguments = Arguments {
                    positional: vec![default.clone()],
                    named: Vec::new(),
                };
                self.invoke(*function, None, &arguments)
            }
            _ => default.val.clone(),
        }
    }

    pub(super) fn read_url(&mut self, arguments: &Arguments, variable: &str) -> Val {
        let named = arguments
            .keyword("env")
            .and_then(|value| value.val.as_text())
            .cloned();
        let variable = named.unwrap_or_else(|| variable.into());
        let default = arguments.keyword("default").cloned();
        self.read(&variable, default, true)
    }

    /// django-split-settings: the files run as if they stood here.
    pub(super) fn include(&mut self, arguments: &Arguments) -> Val {
        let path = Arc::clone(&self.module().path);
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        for pattern in &arguments.positional {
            match pattern.val.as_text() {
                Some(pattern) => {
                    for module in self.files(directory, pattern) {
                        self.run_here(module);
                    }
                }
                None => self.make_opaque(),
            }
        }
        Val::None
    }

    /// Modules at `directory/pattern`, where `*` stands for any part of a name.
    fn files(&self, directory: &str, pattern: &str) -> Vec<ModuleId> {
        let wanted = if directory.is_empty() {
            pattern.to_owned()
        } else {
            format!("{directory}/{pattern}")
        };
        let (head, tail) = wanted.split_once('*').unwrap_or((&wanted, ""));
        (0u32..)
            .zip(&self.program.modules)
            .filter(|(_, module)| {
                if !wanted.contains('*') {
                    return *module.path == *wanted;
                }
                let middle = module
                    .path
                    .strip_prefix(head)
                    .and_then(|rest| rest.strip_suffix(tail));
                middle.is_some_and(|middle| !middle.contains('/'))
            })
            .map(|(id, _)| id)
            .collect()
    }

    /// Runs a module with the names of the current one, and takes over what it leaves.
    fn run_here(&mut self, id: ModuleId) {
        let own = self.module_id();
        if self.scopes.contains_key(&id) {
            return;
        }
        let names = self
            .scopes
            .get(&own)
            .map(|scope| scope.names.clone())
            .unwrap_or_default();
        self.spend(names.len());
        self.scopes.insert(
            id,
            super::eval::Scope {
                names,
                opaque: false,
            },
        );
        self.in_frame(id, None, |this| {
            let program = this.program;
            this.block(&program.module(id).ir.function(0).body);
        });
        let Some(scope) = self.scopes.get(&id) else {
            return;
        };
        let opaque = scope.opaque;
        let mut names: Vec<_> = scope
            .names
            .iter()
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        names.sort_by(|left, right| self.program.text(left.0).cmp(self.program.text(right.0)));
        for (name, value) in names {
            self.set(name, Some(value));
        }
        if opaque {
            self.make_opaque();
        }
    }

    /// `django_heroku.settings(locals())` opens the hosts and reads database and key.
    pub(super) fn heroku(&mut self, call: &Located) -> Val {
        let at = call.at;
        let all = Val::list(vec![Located {
            val: Val::text("*"),
            at,
        }]);
        let database = Located {
            val: Val::env("DATABASE_URL", None, true),
            at,
        };
        let settings = [
            ("ALLOWED_HOSTS", all),
            ("DATABASES", Val::dict(vec![("default".into(), database)])),
            (
                "SECRET_KEY",
                Val::env("SECRET_KEY", self.global("SECRET_KEY"), false),
            ),
        ];
        for (name, val) in settings {
            if let Some(sym) = self.program.symbols.find(name) {
                self.set(sym, Some(Located { val, at }));
            }
        }
        self.make_opaque();
        Val::None
    }

    fn global(&self, name: &str) -> Option<Located> {
        self.own_name(self.program.symbols.find(name)?).cloned()
    }
}

/// `"a,b".split(",")`.
pub(super) fn split(text: &str, separator: &str, source: &Located, trimmed: bool) -> Val {
    if separator.is_empty() {
        return Val::Unknown;
    }
    let parts = text
        .split(separator)
        .map(|part| if trimmed { part.trim() } else { part })
        .filter(|part| !trimmed || !part.is_empty())
        .map(|part| Located {
            val: Val::text(part),
            at: source.at,
        })
        .collect();
    Val::list(parts)
}
