//! Calls: the tree's own helpers are followed, what lies outside is known by its full path.

use std::sync::Arc;

use super::eval::{Evaluator, Flow, Names};
use super::expr::map_read;
use super::readers::reader_of;
use super::value::{Located, Val};
use crate::program::{ClassRef, FunctionRef};
use crate::resolve::Base;
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId, ParameterKind};

/// Helpers that call helpers.
const MOST_CALLS: usize = 5;

/// Evaluated arguments of a call.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Located>,
    pub(super) named: Vec<(Arc<str>, Located)>,
}

impl Arguments {
    pub(super) fn keyword(&self, name: &str) -> Option<&Located> {
        self.named
            .iter()
            .find(|(own, _)| &**own == name)
            .map(|(_, value)| value)
    }

    /// The argument at a place or of a name.
    pub(super) fn pick(&self, index: usize, name: &str) -> Option<&Located> {
        self.positional.get(index).or_else(|| self.keyword(name))
    }

    pub(super) fn first_text(&self) -> Option<Arc<str>> {
        let first = self
            .positional
            .first()
            .or_else(|| self.keyword("var"))
            .or_else(|| self.keyword("key"));
        first.and_then(|value| value.val.as_text()).cloned()
    }

    fn all(&self) -> impl Iterator<Item = &Located> {
        self.positional
            .iter()
            .chain(self.named.iter().map(|(_, value)| value))
    }
}

impl Evaluator<'_> {
    pub(super) fn effect(&mut self, id: ExprId) {
        self.eval(id);
    }

    pub(super) fn call(&mut self, id: ExprId, function: ExprId, arguments: &[Argument]) -> Val {
        if let Expr::Attribute(receiver, name) = self.module().ir.expr(function) {
            let owner = self.eval(*receiver);
            match &owner.val {
                Val::Module(_) | Val::Namespace(_) | Val::External(_) => {}
                _ => {
                    let arguments = self.arguments(arguments);
                    return self.method(*receiver, &owner, *name, &arguments);
                }
            }
        }
        let function = self.eval(function);
        let arguments = self.arguments(arguments);
        let called = Located {
            val: function.val,
            at: self.at(id),
        };
        self.call_value(&called, &arguments)
    }

    fn arguments(&mut self, arguments: &[Argument]) -> Arguments {
        let mut list = Arguments::default();
        for argument in arguments {
            let value = self.eval(argument.value);
            match (argument.kind, &value.val) {
                (ArgumentKind::Positional, _) => list.positional.push(value),
                (ArgumentKind::Keyword(name), _) => {
                    let name = self.module().ir.text(name).into();
                    list.named.push((name, value));
                }
                (ArgumentKind::Star, Val::List(items)) => {
                    list.positional.extend(items.items.iter().cloned());
                }
                (ArgumentKind::DoubleStar, Val::Dict(dict)) => {
                    list.named.extend(dict.entries.iter().cloned());
                }
                (ArgumentKind::Star | ArgumentKind::DoubleStar, _) => {}
            }
        }
        list
    }

    pub(super) fn call_value(&mut self, function: &Located, arguments: &Arguments) -> Val {
        match &function.val {
            Val::Function(function) => self.invoke(*function, None, arguments),
            Val::Method(function, class) => self.invoke(*function, Some(*class), arguments),
            Val::Class(class) => self.instantiate(*class, arguments),
            Val::Reader(reader) => self.read_with(&Arc::clone(reader), "", arguments),
            Val::External(path) => self.external(&Arc::clone(path), arguments, function),
            Val::Object(path) if path.ends_with("Csv") => {
                self.cast(&function.val, arguments.positional.first())
            }
            Val::Object(path) => self.opaque_call(path, arguments),
            Val::Vault => Val::Vault,
            _ => of_arguments(arguments).unwrap_or(Val::Unknown),
        }
    }

    fn instantiate(&mut self, class: ClassRef, arguments: &Arguments) -> Val {
        let resolver = self.resolver;
        for base in &resolver.class(class).lineage {
            if let Base::External(path) = base
                && let Some(reader) = reader_of(&resolver.dotted(path), arguments)
            {
                return reader;
            }
        }
        Val::Instance(class)
    }

    /// Runs a function of the tree. One whose way is lost gives what it last read.
    pub(super) fn invoke(
        &mut self,
        function: FunctionRef,
        class: Option<ClassRef>,
        arguments: &Arguments,
    ) -> Val {
        let calls = self
            .frames
            .iter()
            .filter(|frame| frame.locals.is_some())
            .count();
        if calls > MOST_CALLS || !self.enter() {
            return Val::Unknown;
        }
        let before = self.last_read.take();
        let locals = self.bind(function, class, arguments);
        let (flow, frame) = self.in_frame(function.0, Some(locals), |this| {
            let program = this.program;
            this.block(&program.module(function.0).ir.function(function.1).body)
        });
        let raised = matches!(flow, Flow::Raise);
        let last = match flow {
            Flow::Return(value) => Some(value),
            _ => None,
        };
        let result = Self::returned(frame, last).map(|value| value.val);
        let result = match (result, self.last_read.as_ref()) {
            (Some(Val::Unknown | Val::Object(_) | Val::External(_)) | None, Some(read)) => {
                self.by_name(function, read)
            }
            (Some(val), _) => val,
            (None, None) if raised => Val::Unknown,
            (None, None) => Val::None,
        };
        if self.last_read.is_none() {
            self.last_read = before;
        }
        self.leave();
        result
    }

    /// What a helper that can't be followed makes of what it reads, by its name.
    fn by_name(&self, function: FunctionRef, read: &Val) -> Val {
        let ir = &self.program.module(function.0).ir;
        match read {
            Val::Env(read) => {
                let parsed = read.parsed || names_a_cast(ir.text(ir.function(function.1).name));
                Val::env(Arc::clone(&read.variable), read.default.clone(), parsed)
            }
            _ => Val::Vault,
        }
    }

    fn bind(
        &mut self,
        function: FunctionRef,
        class: Option<ClassRef>,
        arguments: &Arguments,
    ) -> Names {
        let module = self.program.module(function.0);
        let definition = module.ir.function(function.1);
        let mut locals = Names::default();
        let mut parameters = definition.parameters.iter();
        if let Some(class) = class
            && let Some(own) = parameters.next()
        {
            let at = (function.0, definition.range);
            locals.insert(
                module.sym(own.name),
                Located {
                    val: Val::Instance(class),
                    at,
                },
            );
        }
        let mut positional = arguments.positional.iter();
        for parameter in parameters {
            let name = module.ir.text(parameter.name);
            let given = match parameter.kind {
                ParameterKind::Plain => positional.next().or_else(|| arguments.keyword(name)),
                ParameterKind::KeywordOnly => arguments.keyword(name),
                ParameterKind::Star | ParameterKind::DoubleStar => None,
            };
            let value = match (given, parameter.default) {
                (Some(given), _) => given.clone(),
                (None, Some(default)) => {
                    self.in_frame(function.0, None, |this| this.eval(default)).0
                }
                (None, None) => Located {
                    val: Val::Unknown,
                    at: (function.0, definition.range),
                },
            };
            locals.insert(module.sym(parameter.name), value);
        }
        locals
    }

    fn external(&mut self, path: &Arc<str>, arguments: &Arguments, call: &Located) -> Val {
        let first = arguments.positional.first();
        if let Some(reader) = reader_of(path, arguments) {
            return reader;
        }
        match &**path {
            "os.getenv"
            | "os.environ.get"
            | "os.environ.pop"
            | "os.environ.setdefault"
            | "os.environb.get" => {
                let fails = path.ends_with("pop") && arguments.pick(1, "default").is_none();
                let none = Located {
                    val: Val::None,
                    at: call.at,
                };
                let default = arguments
                    .pick(1, "default")
                    .cloned()
                    .or((!fails).then_some(none));
                match arguments.first_text() {
                    Some(variable) => self.read(&variable, default, false),
                    None => Val::Unknown,
                }
            }
            "os.environ.__getitem__" => match arguments.first_text() {
                Some(variable) => self.read(&variable, None, false),
                None => Val::Unknown,
            },
            "decouple.config" | "decouple.AutoConfig.__call__" | "prettyconf.config" => {
                self.read_decouple(arguments)
            }
            "bool" => first.map_or(Val::Bool(false), |value| match &value.val {
                // a text stays what it is: "False" is true
                Val::Env(read) if !read.parsed => value.val.clone(),
                _ => map_read(value, true, &|val| val.truth().map(Val::Bool)),
            }),
            "int" | "float" => first.map_or(Val::Int(0), |value| map_read(value, true, &to_number)),
            "str" => first.map_or(Val::Unknown, |value| match &value.val {
                Val::Text(_) | Val::Env(_) | Val::Vault => value.val.clone(),
                Val::Int(number) => Val::text(number.to_string()),
                _ => Val::Unknown,
            }),
            "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "dict.fromkeys" => {
                match first {
                    Some(Located {
                        val: Val::List(list),
                        ..
                    }) if path.ends_with("reversed") => {
                        Val::list(list.items.iter().rev().cloned().collect())
                    }
                    Some(value) if matches!(value.val, Val::List(_) | Val::Env(_) | Val::Vault) => {
                        value.val.clone()
                    }
                    None => Val::list(Vec::new()),
                    _ => Val::Unknown,
                }
            }
            "dict" | "collections.OrderedDict" => {
                let mut entries = match first.map(|value| &value.val) {
                    Some(Val::Dict(dict)) => dict.entries.clone(),
                    Some(_) => return Val::Unknown,
                    None => Vec::new(),
                };
                for (name, value) in &arguments.named {
                    super::value::put(&mut entries, Arc::clone(name), value.clone());
                }
                Val::dict(entries)
            }
            "json.loads" | "ast.literal_eval" | "eval" | "yaml.safe_load" | "orjson.loads"
            | "json.load" => first.map_or(Val::Unknown, |value| match &value.val {
                Val::Object(_) => Val::Vault,
                _ => map_read(value, true, &literal),
            }),
            "dj_database_url.config" => self.read_url(arguments, "DATABASE_URL"),
            "django_cache_url.config" | "dj_cache_url.config" => {
                self.read_url(arguments, "CACHE_URL")
            }
            "dj_email_url.config" => self.read_url(arguments, "EMAIL_URL"),
            "dj_search_url.config" => self.read_url(arguments, "SEARCH_URL"),
            "getattr" => self.get_attribute(arguments),
            "globals" | "locals" | "vars" if arguments.positional.is_empty() => Val::Globals,
            configurations if configurations.starts_with("configurations.values.") => {
                let kind = configurations
                    .trim_start_matches("configurations.values.")
                    .to_owned();
                self.configuration_value(&kind, arguments)
            }
            "split_settings.tools.include" => self.include(arguments),
            "django_heroku.settings" | "django_on_heroku.settings" => self.heroku(call),
            _ => self.by_last_part(path, arguments),
        }
    }

    fn by_last_part(&mut self, path: &Arc<str>, arguments: &Arguments) -> Val {
        let last = path.rsplit('.').next().unwrap_or(path);
        let first = arguments.positional.first();
        match last {
            "gettext" | "gettext_lazy" | "ugettext" | "ugettext_lazy" | "mark_safe"
            | "SecretStr" | "optional" | "expandvars" | "dedent" | "unquote" | "deepcopy"
            | "copy" => {
                return first.map_or(Val::Unknown, |value| value.val.clone());
            }
            "strtobool" | "str2bool" | "str_to_bool" | "to_bool" | "parse_bool" | "asbool"
            | "string_to_bool" => {
                return first.map_or(Val::Unknown, |value| map_read(value, true, &to_bool));
            }
            "parse" if path.starts_with("dj_") || path.starts_with("django_cache_url") => {
                return first.map_or(Val::Unknown, |value| value.val.clone());
            }
            _ => {}
        }
        self.opaque_call(path, arguments)
    }

    /// Something outside whose code is not here.
    pub(super) fn opaque_call(&mut self, path: &Arc<str>, arguments: &Arguments) -> Val {
        let last = path.rsplit('.').next().unwrap_or(path);
        if arguments
            .all()
            .any(|value| matches!(value.val, Val::Globals))
        {
            self.make_opaque();
        }
        if reads_a_vault(last) {
            self.last_read = Some(Val::Vault);
            return Val::Vault;
        }
        // a client is none of what its region is read from
        if [
            "boto3.",
            "botocore.",
            "aiobotocore.",
            "hvac.",
            "google.",
            "azure.",
        ]
        .iter()
        .any(|root| path.starts_with(root))
        {
            return Val::Object(Arc::clone(path));
        }
        let lower = last.to_ascii_lowercase();
        if (lower.contains("env") || lower.contains("config"))
            && let Some(variable) = arguments.first_text()
            && is_variable(&variable)
        {
            let parsed = names_a_cast(last);
            let default = arguments.pick(1, "default").cloned();
            return self.read(&variable, default, parsed);
        }
        of_arguments(arguments).unwrap_or_else(|| Val::Object(Arc::clone(path)))
    }

    fn get_attribute(&mut self, arguments: &Arguments) -> Val {
        let (Some(owner), Some(name)) = (arguments.positional.first(), arguments.positional.get(1))
        else {
            return Val::Unknown;
        };
        let module = self.module();
        let name = name
            .val
            .as_text()
            .and_then(|name| module.ir.names.iter().position(|own| **own == **name));
        let name = name.and_then(|name| u32::try_from(name).ok());
        match (&owner.val, name) {
            (Val::Module(_) | Val::Class(_) | Val::Instance(_), Some(name)) => {
                match (self.attribute(owner, name), arguments.positional.get(2)) {
                    (Val::Unknown, Some(default)) if matches!(owner.val, Val::Module(_)) => {
                        default.val.clone()
                    }
                    (val, _) => val,
                }
            }
            _ => Val::Unknown,
        }
    }
}

/// What is made of a read depends on it, whatever is done.
fn of_arguments(arguments: &Arguments) -> Option<Val> {
    arguments.all().find_map(|value| match &value.val {
        Val::Env(read) => Some(Val::env(Arc::clone(&read.variable), None, true)),
        Val::Vault => Some(Val::Vault),
        Val::Object(path) if is_file(path) => Some(Val::Vault),
        _ => None,
    })
}

/// `int("30")`.
fn to_number(val: &Val) -> Option<Val> {
    match val {
        Val::Int(number) => Some(Val::Int(*number)),
        Val::Bool(value) => Some(Val::Int(i64::from(*value))),
        Val::Text(text) => text.trim().parse().ok().map(Val::Int),
        _ => None,
    }
}

/// As distutils reads it.
pub(super) fn to_bool(val: &Val) -> Option<Val> {
    match val {
        Val::Bool(value) => Some(Val::Bool(*value)),
        Val::Int(number) => Some(Val::Bool(*number != 0)),
        Val::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" | "t" | "true" | "on" | "1" | "ok" => Some(Val::Bool(true)),
            "n" | "no" | "f" | "false" | "off" | "0" | "" => Some(Val::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}

/// A literal in a text: `"False"`, `"[]"`.
fn literal(val: &Val) -> Option<Val> {
    let text = val.as_text()?.trim();
    match text {
        "True" | "true" => Some(Val::Bool(true)),
        "False" | "false" => Some(Val::Bool(false)),
        "None" | "null" => Some(Val::None),
        "[]" => Some(Val::list(Vec::new())),
        "{}" => Some(Val::dict(Vec::new())),
        _ => text.parse().ok().map(Val::Int),
    }
}

/// `env_bool`, `get_int`: the helper's name says that it parses.
pub(super) fn names_a_cast(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "bool",
        "flag",
        "int",
        "float",
        "list",
        "json",
        "strtobool",
        "csv",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Operations that fetch a secret at start-up, of whatever vendor.
pub(super) fn reads_a_vault(name: &str) -> bool {
    matches!(
        name,
        "get_secret_value"
            | "batch_get_secret_value"
            | "get_parameter"
            | "get_parameters"
            | "get_parameters_by_path"
            | "access_secret_version"
            | "read_secret_version"
            | "read_secret"
            | "get_secret"
            | "get_secret_string"
            | "get_secret_binary"
            | "get_secret_dict"
            | "get_password"
            | "decrypt"
            | "get_secrets"
    )
}

pub(super) fn is_file(path: &str) -> bool {
    matches!(path, "open" | "io.open" | "codecs.open")
        || path
            .strip_prefix("pathlib.")
            .is_some_and(|path| path.rsplit('.').next() == Some("open"))
}

/// `DATABASE_URL`: how variables of the environment are written.
fn is_variable(text: &str) -> bool {
    text.len() > 1
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
