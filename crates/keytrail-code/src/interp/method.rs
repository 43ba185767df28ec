//! Methods of values of which only the contents are known: dictionaries, lists, strings.

use keytrail_model::Transform;

use super::Machine;
use super::arguments::Arguments;
use super::practice::monitor_of;
use super::record::SinkKind;
use super::shape::{Path, Shape};
use super::taint::{Label, What};
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
            self.update(object, &mut |old| old.overlay(&added));
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
        let mapping = self.text(name) == "format_map";
        if (mapping || self.text(name) == "format")
            && let Some(text) = self.formatted(receiver, arguments, mapping, site)
        {
            return text;
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
        if name == words.items {
            return Value::pairs(Value::default(), receiver.some_entry());
        }
        if name == words.values {
            return receiver.flat();
        }
        if name == words.keys {
            return Value::default();
        }
        self.content_method(receiver, name, arguments)
    }

    /// Methods that give back what the receiver holds, or a part of it.
    fn content_method(&self, receiver: &Value, name: Sym, arguments: &Arguments) -> Value {
        match self.text(name) {
            "split" | "rsplit" | "partition" | "rpartition"
                if let Some(parts) = self.credential_parts(receiver, name, arguments) =>
            {
                parts
            }
            "dict" | "model_dump" | "json" | "model_dump_json" => self.dumped(receiver, arguments),
            "_replace" | "model_copy" => {
                let mut value = receiver.clone();
                value.overlay(&arguments.fields());
                value
            }
            "copy" | "deepcopy" | "_asdict" | "asdict" | "to_dict" | "items_list" | "as_dict"
            | "result" => receiver.clone(),
            "get_signed_cookie" => Value::of(Shape::Object(Path::from_iter([name]))),
            "getlist" => match arguments.first().constant() {
                Some(field) => receiver.field(field),
                None => receiver.field(Sym::ANY),
            },
            "hexdigest" | "digest" => receiver.transformed(Transform::Hashed),
            "startswith" | "endswith" | "isdigit" | "isalnum" | "isalpha" | "count" | "index"
            | "find" | "exists" | "is_valid" | "has_perm" | "has_perms" | "check_password" => {
                Value::default()
            }
            "format" | "format_map" | "join" | "replace" => {
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
            "format" | "format_map" | "join" => arguments.all().text(),
            _ => Value::default(),
        }
    }

    /// `model.model_dump(include={"label"})`, `model.dict(exclude={"api_key"})`.
    fn dumped(&self, receiver: &Value, arguments: &Arguments) -> Value {
        let option = |name: &str| -> Vec<Sym> {
            let value = self.shared.program.symbols.find(name);
            let Some(value) = value.and_then(|name| arguments.named(name)) else {
                return Vec::new();
            };
            let keys = value.fields.iter().flat_map(|fields| fields.iter());
            let keys: Vec<Sym> = keys.map(|(name, _)| *name).collect();
            if keys.is_empty() { value.names() } else { keys }
        };
        let included = option("include");
        if !included.is_empty() {
            let parts = included.iter().map(|&name| (name, receiver.field(name)));
            return Value::with_fields(parts.collect());
        }
        let mut value = receiver.clone();
        value.shapes.clear();
        for name in option("exclude") {
            value.set_field(name, Value::default());
        }
        value
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
            self.shown(&SinkKind::Print, site, arguments);
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
        self.shown(&SinkKind::Log(level), site, arguments);
        let traced = self.text(level) == "exception"
            || arguments
                .named(self.shared.words.exc_info)
                .is_some_and(|shown| !shown.is_bool(false) && !shown.shapes.contains(&Shape::None));
        if traced && let Some(&handler) = self.handling.last() {
            let trace = Value::tainted(Label::Exception(handler), None);
            self.sink(&SinkKind::Log(level), site, &trace);
        }
        if traced {
            let text = self.handled_text(site);
            self.sink(&SinkKind::Log(level), site, &text);
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
        if let Some(who) = monitor_of(&dotted, method) {
            self.sink(&SinkKind::ThirdParty(who), site, &arguments.all());
            return Some(Value::default());
        }
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
            (_, "decrypt" | "decrypt_at_time")
                if dotted.contains("cryptography")
                    || dotted.contains("Crypto")
                    || dotted.starts_with("nacl.") =>
            {
                Some(arguments.all().flat().hopped(site, What::Decrypted))
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
            ("string.Template", "substitute" | "safe_substitute") => Some(arguments.all().text()),
            (
                "django.core.signing.Signer" | "django.core.signing.TimestampSigner",
                "unsign" | "unsign_object",
            )
            | (
                "itsdangerous.URLSafeSerializer"
                | "itsdangerous.URLSafeTimedSerializer"
                | "itsdangerous.TimestampSigner"
                | "itsdangerous.Signer",
                "loads" | "unsign",
            ) => Some(Value::of(Shape::Object(path.clone()))),
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
