//! Methods of values of which only the contents are known: dictionaries, lists, strings.

use keytrail_model::Transform;

use super::Machine;
use super::arguments::Arguments;
use super::record::SinkKind;
use super::shape::{Path, Shape};
use super::taint::Label;
use super::value::Value;
use crate::program::Site;
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, ExprId};

const LOG_METHODS: [&str; 9] = [
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "fatal",
    "log",
];

/// Methods of strings, bytes, lists, dictionaries, forms and files that give back what they hold.
const CONTENT_METHODS: [&str; 53] = [
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "title",
    "capitalize",
    "casefold",
    "swapcase",
    "encode",
    "decode",
    "split",
    "rsplit",
    "splitlines",
    "partition",
    "rpartition",
    "zfill",
    "ljust",
    "rjust",
    "center",
    "expandtabs",
    "translate",
    "removeprefix",
    "removesuffix",
    "hex",
    "fromhex",
    "tobytes",
    "popitem",
    "union",
    "intersection",
    "difference",
    "symmetric_difference",
    "sort",
    "reverse",
    "popleft",
    "most_common",
    "elements",
    "get_json",
    "lists",
    "urlencode",
    "read",
    "readline",
    "readlines",
    "getvalue",
    "chunks",
    "first",
    "last",
    "__str__",
    "__repr__",
    "isoformat",
    "to_json",
    "json_dumps",
    "get_secret_value",
];

impl Machine<'_> {
    /// By the method's name, on whatever the receiver holds.
    pub(super) fn general_method(
        &mut self,
        site: Site,
        object: ExprId,
        receiver: &Value,
        name: Sym,
        arguments: &Arguments,
        known: bool,
    ) -> Value {
        let words = self.shared.words;
        let holds = receiver.is_tainted() || receiver.fields.is_some();
        if name == words.update {
            let mut added = arguments.fields();
            added.join(&arguments.first());
            for (name, part) in added.fields.iter().flat_map(|fields| fields.iter()) {
                self.header(receiver, &Value::of(Shape::Str(*name)), part, site);
            }
            self.update(object, &mut |old| merge_into(old, &added));
            return Value::default();
        }
        if name == words.append || name == words.extend || name == words.add || name == words.insert
        {
            let added = arguments
                .positional
                .last()
                .map(|(value, _)| self.with_ties(value))
                .unwrap_or_default();
            if !added.is_nothing() && !known {
                let whole = words.hidden_whole;
                self.change_parameter(receiver, whole, &added);
                self.update(object, &mut |old| old.join(&added));
            }
            return Value::default();
        }
        if name == words.setdefault {
            let added = arguments.at(1);
            if let Some(field) = arguments.first().constant() {
                let mut part = receiver.field(field);
                part.join(&added);
                self.update(object, &mut |old| old.set_field(field, part.clone()));
                return part;
            }
        }
        if !holds || (known && receiver.taints.is_empty()) {
            return self.text_method(name, arguments);
        }
        if name == words.get || name == words.pop {
            let mut part = match arguments.first().constant() {
                Some(field) => {
                    let part = receiver.field(field);
                    if name == words.pop {
                        self.take_out(object, field);
                    }
                    part
                }
                None => receiver.field(Sym::ANY),
            };
            part.join(&arguments.at(1));
            return part;
        }
        if name == words.items || name == words.values {
            return receiver.flat();
        }
        if name == words.keys {
            return Value::default();
        }
        match self.text(name) {
            "copy" | "deepcopy" | "dict" | "model_dump" | "_asdict" | "asdict" | "to_dict"
            | "json" | "items_list" | "as_dict" => receiver.clone(),
            "getlist" => match arguments.first().constant() {
                Some(field) => receiver.field(field),
                None => receiver.field(Sym::ANY),
            },
            "hexdigest" | "digest" => receiver.transformed(Transform::Hashed),
            "startswith" | "endswith" | "isdigit" | "isalnum" | "isalpha" | "count" | "index"
            | "find" | "exists" | "is_valid" | "has_perm" | "has_perms" | "check_password" => {
                Value::default()
            }
            "format" | "join" | "replace" => {
                let mut value = receiver.text();
                value.join(&arguments.all().text());
                value
            }
            "get_full_path" | "build_absolute_uri" | "get_host" | "is_secure" | "get_port"
                if receiver
                    .taints
                    .iter()
                    .any(|taint| taint.label == Label::Request && taint.path.is_empty()) =>
            {
                Value::default()
            }
            name if CONTENT_METHODS.contains(&name) => {
                let mut value = receiver.clone();
                value.shapes.clear();
                value
            }
            // any other method is the object's own: what it gives is no more than a part that
            // has its name
            _ => {
                let mut value = receiver.field(name);
                value.shapes.clear();
                value
            }
        }
    }

    /// Methods of constant strings: `"…{}".format(key)`, `", ".join(keys)`.
    fn text_method(&self, name: Sym, arguments: &Arguments) -> Value {
        match self.text(name) {
            "format" | "join" => arguments.all().text(),
            _ => Value::default(),
        }
    }

    /// A logger known only by its name: `logger.info(…)`, `self.log.warning(…)`.
    pub(super) fn log_by_name(
        &mut self,
        site: Site,
        object: ExprId,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let module = self.module;
        let (Expr::Name(own) | Expr::Attribute(_, own)) = module.ir.expr(object) else {
            return None;
        };
        let own = module.ir.text(*own);
        // `self.stdout.write(…)` of a management command
        if self.text(name) == "write" && matches!(own, "stdout" | "stderr") {
            let all = arguments_of_log(arguments);
            self.sink(&SinkKind::Print, site, &all);
            return Some(Value::default());
        }
        if !LOG_METHODS.contains(&self.text(name)) {
            return None;
        }
        if ![
            "logger", "log", "LOG", "LOGGER", "_logger", "logging", "_log",
        ]
        .contains(&own)
        {
            return None;
        }
        self.log(site, name, arguments);
        Some(Value::default())
    }

    pub(super) fn log(&mut self, site: Site, level: Sym, arguments: &Arguments) {
        let all = arguments_of_log(arguments);
        self.sink(&SinkKind::Log(level), site, &all);
        let traced = self.text(level) == "exception"
            || arguments
                .named(self.shared.words.exc_info)
                .is_some_and(|shown| !shown.is_bool(false) && !shown.shapes.contains(&Shape::None));
        if traced && let Some(&handler) = self.handling.last() {
            let trace = Value::tainted(Label::Exception(handler), None);
            self.sink(&SinkKind::Log(level), site, &trace);
        }
    }

    /// Methods of objects of libraries, by the path of what made them.
    pub(super) fn call_on_object(
        &mut self,
        site: Site,
        path: &Path,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        if path.as_slice() == [words.logging, words.logger] {
            return Some(if LOG_METHODS.contains(&self.text(name)) {
                self.log(site, name, arguments);
                Value::default()
            } else {
                // `bind`, `getChild`, `opt`: what is bound is part of each line from here on
                if matches!(self.text(name), "bind" | "new") {
                    self.log(site, name, arguments);
                }
                Value::of(Shape::Object(path.clone()))
            });
        }
        let dotted = self.shared.resolver.dotted(path);
        let method = self.text(name);
        match (dotted.as_str(), method) {
            (
                "cryptography.fernet.Fernet"
                | "cryptography.fernet.MultiFernet"
                | "nacl.secret.SecretBox",
                "encrypt",
            ) => Some(arguments.all().transformed(Transform::Encrypted)),
            ("cryptography.hazmat.primitives.ciphers.aead.AESGCM", "encrypt") => {
                Some(arguments.all().transformed(Transform::Encrypted))
            }
            (_, "encrypt") if dotted.contains("cryptography") || dotted.contains("Crypto") => {
                Some(arguments.all().transformed(Transform::Encrypted))
            }
            ("argon2.PasswordHasher", "hash") => {
                Some(arguments.all().transformed(Transform::Hashed))
            }
            (
                "Response",
                "write" | "writelines" | "set_cookie" | "set_signed_cookie" | "writerow"
                | "writerows",
            ) => {
                self.sink(&SinkKind::Response, site, &arguments.all());
                Some(Value::default())
            }
            (_, "hexdigest" | "digest") => None,
            (
                "requests.Session"
                | "requests.session"
                | "httpx.Client"
                | "httpx.AsyncClient"
                | "aiohttp.ClientSession",
                "get" | "post" | "put" | "patch" | "delete" | "request" | "head",
            ) => Some(self.http_call(site, arguments)),
            (
                "boto3.dynamodb.types.TypeSerializer" | "boto3.dynamodb.types.TypeDeserializer",
                _,
            ) => {
                let mut value = arguments.first();
                value.shapes.clear();
                Some(value)
            }
            (_, "send" | "attach_alternative") if dotted.contains("EmailM") => {
                self.sink(&SinkKind::ThirdParty("e-mail"), site, &arguments.all());
                Some(Value::default())
            }
            ("environ.Env" | "environ.FileAwareEnv", _) => {
                Some(self.environment_read(site, arguments))
            }
            _ => {
                let mut value = self.call_callables(site, arguments);
                let mut path = path.clone();
                path.push(name);
                value.add_shape(Shape::Object(path));
                Some(value)
            }
        }
    }
}

/// What a log call writes: everything but `exc_info` and the like.
fn arguments_of_log(arguments: &Arguments) -> Value {
    let mut all = Value::default();
    for (value, _) in &arguments.positional {
        all.join(&keep_parts(value));
    }
    for (_, value, _) in &arguments.keyword {
        all.join(&keep_parts(value));
    }
    for value in arguments.star.iter().chain(&arguments.double) {
        all.join(&keep_parts(value));
    }
    all
}

fn keep_parts(value: &Value) -> Value {
    Value {
        shapes: smallvec::SmallVec::new(),
        ..value.clone()
    }
}

/// `dict.update`: what the other names is replaced, what its whole holds may be anywhere.
fn merge_into(old: &mut Value, added: &Value) {
    for (name, part) in added.fields.iter().flat_map(|fields| fields.iter()) {
        old.set_field(*name, part.clone());
    }
    for taint in &added.taints {
        old.add_taint(taint.clone());
    }
}
