//! Calls of what lies outside the tree.

use keytrail_model::Transform;
use std::sync::Arc;

use super::arguments::Arguments;
use super::practice::random_of;
use super::record::SinkKind;
use super::shape::{Aws, NameSourceRef, Path, Shape};
use super::taint::{Label, What, hop};
use super::value::Value;
use super::{Limit, Machine};
use crate::known::Known;
use crate::program::Site;
use crate::symbols::Sym;

impl Machine<'_> {
    pub(super) fn call_external(
        &mut self,
        site: Site,
        path: &Path,
        arguments: &Arguments,
    ) -> Value {
        match self.shared.known.find(path) {
            Some(known) => self.call_known(site, known, path, arguments),
            None => self.call_foreign(site, path, arguments),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each behaviour")]
    pub(super) fn call_known(
        &mut self,
        site: Site,
        known: Known,
        path: &Path,
        arguments: &Arguments,
    ) -> Value {
        let words = self.shared.words;
        match known {
            Known::Client => self.aws_client(site, arguments, false),
            Known::Resource => self.aws_client(site, arguments, true),
            Known::Session => {
                self.note_client(site, None, arguments);
                Value::of(Shape::Aws(Arc::new(Aws::Session)))
            }
            Known::ConditionKey | Known::ConditionAttr => match arguments.first().constant() {
                Some(name) => Value::of(Shape::ConditionName(name, known == Known::ConditionKey)),
                None => Value::default(),
            },
            Known::EnvironmentRead => self.environment_read(site, arguments),
            Known::Pass => {
                let mut text = Value::default();
                for (value, _) in &arguments.positional {
                    text.join(&self.as_text(value, site).text());
                }
                let rest = arguments.keyword.iter().map(|(_, value, _)| value);
                for value in rest.chain(&arguments.star).chain(&arguments.double) {
                    text.join(&value.text());
                }
                text
            }
            Known::PassFirst => keep(arguments.first()),
            Known::Copy => {
                let mut value = keep_constants(&arguments.first());
                if value.has_places() && path.last().is_some_and(|&last| self.text(last) == "dict")
                {
                    value = from_pairs(&value);
                }
                for (name, part) in arguments
                    .fields()
                    .fields
                    .iter()
                    .flat_map(|fields| fields.iter())
                {
                    value.set_field(*name, part.clone());
                }
                if let Some(double) = &arguments.double {
                    value.join(double);
                }
                value
            }
            Known::Fields => {
                let first = arguments.first();
                self.fields_of(&first)
            }
            Known::Encode => {
                // decoding is as harmless as encoding: neither hides anything
                arguments.all().transformed(Transform::Encoded)
            }
            Known::Hash => arguments.all().transformed(Transform::Hashed),
            Known::Hmac => arguments.all().transformed(Transform::Hmac),
            Known::CompareDigest => {
                self.sink(&SinkKind::CompareDigest, site, &arguments.all());
                Value::default()
            }
            Known::Random => Value::tainted(Label::Generated(site), hop(site, What::Source, &None)),
            Known::Signed => self.signed(path, arguments),
            Known::RandomOf(least) => random_of(site, least, arguments),
            Known::Guessable => {
                let mut value = Self::guessable(site);
                value.add_shape(Shape::Object(path.clone()));
                value
            }
            Known::SdkLog => {
                self.sdk_log(
                    site,
                    "boto3.set_stream_logger",
                    &arguments.either(1, words.level),
                );
                Value::default()
            }
            Known::Monitoring => self.monitoring(arguments),
            Known::Fresh => Value::of(Shape::Object(path.clone())),
            Known::Traceback => {
                // in a hook that is handed the exception (`process_exception`, `handler500`) no handler is around
                let handler = self.handling.last().copied().unwrap_or(site);
                let mut text =
                    Value::tainted(Label::Exception(handler), hop(site, What::Source, &None));
                text.join(&self.handled_text(site));
                text
            }
            Known::Response => {
                self.respond(site, arguments);
                Value::of(Shape::Object(Path::from_iter([words.response])))
            }
            Known::Render => {
                let template = arguments.either(1, words.template_name);
                let context = arguments.either(2, words.context);
                self.render(site, &template, &context);
                Value::default()
            }
            Known::RenderText => {
                let template = arguments.either(0, words.template_name);
                let context = arguments.either(1, words.context);
                self.render(site, &template, &context);
                Value::default()
            }
            Known::Print => {
                self.shown(&SinkKind::Print, site, arguments);
                Value::default()
            }
            Known::Logger => Value::of(Shape::Object(Path::from_iter([
                words.logging,
                words.logger,
            ]))),
            Known::Log => {
                let level = path.last().copied().unwrap_or(words.logging);
                self.log(site, level, arguments);
                Value::default()
            }
            Known::Http => self.http_call(site, arguments),
            Known::ThirdParty(who) => {
                self.sink(&SinkKind::ThirdParty(who), site, &arguments.all());
                Value::default()
            }
            Known::Super => self.super_value(),
            Known::GetAttr => {
                let object = arguments.first();
                if let Some(name) = arguments.at(1).constant() {
                    let mut value = self.attribute(&object, name, site.1);
                    value.join(&arguments.at(2));
                    return value;
                }
                if arguments.at(1).names().is_empty() && super::limit::holds_data(&object) {
                    self.note_limit(site, Limit::ComputedAttribute);
                }
                object.field(Sym::ANY)
            }
            Known::Map => {
                let element = arguments.at(1).element();
                let elements = Arguments {
                    positional: vec![(element, site)],
                    ..Arguments::default()
                };
                self.call_value(site, &arguments.first(), None, &elements)
            }
            Known::Reduce => {
                let mut element = arguments.at(1).element();
                element.join(&arguments.at(2));
                let pair = Arguments {
                    positional: vec![(element.clone(), site), (element, site)],
                    ..Arguments::default()
                };
                self.call_value(site, &arguments.first(), None, &pair)
            }
            Known::Same => arguments.first(),
            Known::Second => arguments.at(1),
            // of `setattr` the call's own expression says which variable changes
            Known::Clean | Known::SetAttr => Value::default(),
            Known::Dynamic => {
                if arguments.first().names().is_empty() {
                    self.note_limit(site, Limit::RunText);
                }
                Value::default()
            }
            Known::Lookup => self.looked_up(path, arguments),
            Known::Message => {
                let text = arguments.at(1);
                self.sink(&SinkKind::Response, site, &text);
                Value::default()
            }
            Known::Filter => {
                let list = keep(arguments.at(1));
                self.filtered(&arguments.first(), list)
            }
            Known::Partial => arguments.partial(),
            Known::Getter(_) => {
                let mut path = path.clone();
                path.push(words.call_);
                arguments.bound_to(Value::of(Shape::External(path)))
            }
            Known::Pick(attribute) => {
                let Some(((from, _), names)) = arguments.positional.split_last() else {
                    return Value::default();
                };
                let names: Vec<Sym> = names.iter().filter_map(|(it, _)| it.constant()).collect();
                self.picked(&names, attribute, from, site)
            }
            Known::Replace => {
                let mut value = arguments.first();
                value.overlay(&arguments.fields());
                value
            }
            Known::NamedTuple => {
                let mut path = path.clone();
                path.push(words.call_);
                let names = self.listed(&arguments.at(1));
                let names = names
                    .into_iter()
                    .map(|name| (Value::of(Shape::Str(name)), site));
                let count = Value::of(Shape::Int(i64::try_from(names.len()).unwrap_or(0)));
                let given = Arguments {
                    positional: std::iter::once((count, site)).chain(names).collect(),
                    ..Arguments::default()
                };
                given.bound_to(Value::of(Shape::External(path)))
            }
            Known::NamedTupleMade => named_tuple(arguments),
            Known::ImportModule | Known::ImportString => {
                let name = arguments.first();
                if name.names().is_empty() && !name.has_params() {
                    self.note_limit(site, Limit::ComputedImport);
                }
                if known == Known::ImportModule {
                    self.imported(&name)
                } else {
                    self.imported_object(&name)
                }
            }
            Known::ChainMap => {
                let mut value = Value::default();
                for (map, _) in arguments.positional.iter().rev() {
                    value.overlay(map);
                }
                value
            }
            Known::Sealed => {
                let mut sealed = arguments.first().transformed(Transform::Masked);
                sealed.add_shape(Shape::Object(path.clone()));
                sealed
            }
            Known::Enumerate => Value::pairs(Value::default(), keep(arguments.first().element())),
            Known::Zip => zipped(arguments),
            Known::Chain => {
                let mut value = Value::default();
                for (argument, _) in &arguments.positional {
                    value.join(&argument.element());
                }
                keep(value)
            }
            Known::Gather => gathered(arguments),
        }
    }

    /// `signing.loads(token)`; of a token whose signature is not looked at, what the caller says.
    fn signed(&self, path: &Path, arguments: &Arguments) -> Value {
        let named = |name: &str| {
            let name = self.shared.program.symbols.find(name)?;
            arguments.named(name)
        };
        let off = |value: Option<Value>| value.is_some_and(|value| value.is_bool(false));
        let unverified = named("options").is_some_and(|options| {
            let name = self.shared.program.symbols.find("verify_signature");
            off(name.and_then(|name| options.own_field(name).cloned()))
        });
        if unverified || off(named("verify")) {
            keep(arguments.first())
        } else {
            Value::of(Shape::Object(path.clone()))
        }
    }

    /// What is not known may call what it is given: `executor.submit(f, x)`,
    /// `Thread(target=f, args=(x,))`, `on_commit(lambda: …)`.
    pub(super) fn call_callables(&mut self, site: Site, arguments: &Arguments) -> Value {
        let words = self.shared.words;
        let mut result = Value::default();
        let is_callable = |value: &Value| {
            value.shapes.iter().any(|shape| {
                matches!(
                    shape,
                    Shape::Function(_) | Shape::Method(..) | Shape::Partial(_) | Shape::Closure(..)
                )
            })
        };
        let star = arguments.named(words.args).map(|args| args.element());
        let double = arguments.named(words.kwargs);
        for (index, (value, _)) in arguments.positional.iter().enumerate() {
            // a function alone may be a view, a handler, a key: only what it is given tells
            let rest = &arguments.positional[index + 1..];
            let given = !rest.is_empty() || star.is_some() || double.is_some();
            let made_here = value
                .shapes
                .iter()
                .any(|shape| matches!(shape, Shape::Closure(..) | Shape::Partial(_)));
            if is_callable(value) && (given || made_here) {
                let given = Arguments {
                    positional: rest.to_vec(),
                    keyword: arguments.keyword.clone(),
                    star: star.clone().or_else(|| arguments.star.clone()),
                    double: double.clone().or_else(|| arguments.double.clone()),
                };
                result.join(&self.call_value(site, value, None, &given));
            }
        }
        for (_, value, _) in &arguments.keyword {
            if is_callable(value) && (star.is_some() || double.is_some()) {
                let given = Arguments {
                    star: star.clone(),
                    double: double.clone(),
                    ..Arguments::default()
                };
                result.join(&self.call_value(site, value, None, &given));
            }
        }
        result
    }

    /// Something unknown from outside: its last word may tell; a class keeps what it is given.
    pub(super) fn call_foreign(&mut self, site: Site, path: &Path, arguments: &Arguments) -> Value {
        let Some(&last) = path.last() else {
            return Value::default();
        };
        let name = self.text(last);
        let is_response = name.contains("Response")
            && path.first().is_some_and(|&first| {
                matches!(
                    self.text(first),
                    "django" | "rest_framework" | "ninja" | "flask" | "fastapi" | "starlette"
                )
            });
        if is_response {
            self.respond(site, arguments);
            return Value::of(Shape::Object(Path::from_iter([self.shared.words.response])));
        }
        // what wraps a response writes to it: `csv.writer(response)`
        if arguments
            .positional
            .iter()
            .any(|(value, _)| self.is_response(value))
        {
            return Value::of(Shape::Object(Path::from_iter([self.shared.words.response])));
        }
        let is_url = matches!(name, "path" | "re_path" | "url" | "include");
        let mut value = if name.starts_with(char::is_uppercase) {
            let mut fields = arguments.fields();
            for (argument, _) in &arguments.positional {
                fields.join(&keep(argument.clone()));
            }
            keep(fields)
        } else {
            self.call_unknown(Some(last), arguments)
        };
        value.add_shape(Shape::Object(path.clone()));
        if !is_url {
            value.join(&self.call_callables(site, arguments));
        }
        value
    }

    /// `os.environ.get("NAME", default)`, `env("NAME", default=…)`, `config("NAME")`.
    pub(super) fn environment_read(&mut self, site: Site, arguments: &Arguments) -> Value {
        let words = self.shared.words;
        let asked = arguments.first();
        let Some(name) = asked.constant() else {
            return Self::environment_of_caller(&asked, &arguments.either(1, words.default));
        };
        let mut value = Value::tainted(Label::Environment(name), hop(site, What::Source, &None));
        value.add_shape(Shape::NameSource(NameSourceRef::Environment(name)));
        let default = arguments.either(1, words.default);
        for shape in default.shapes {
            value.add_shape(shape);
        }
        for taint in default.taints {
            value.add_taint(taint);
        }
        value
    }
}

impl Machine<'_> {
    /// `def env(name, default=None): return os.environ.get(name, default)`.
    pub(super) fn environment_of_caller(asked: &Value, default: &Value) -> Value {
        let mut value = Value::default();
        for shape in &asked.shapes {
            if let Shape::Param(index, path) = shape
                && path.is_empty()
            {
                value.add_shape(Shape::NameSource(NameSourceRef::Named(*index)));
                value.join(&keep_constants(default));
            }
        }
        value
    }
}

/// `dict([("a", x), ("b", y)])`.
fn from_pairs(pairs: &Value) -> Value {
    let mut value = Value::with_fields(Vec::new());
    for (_, pair) in pairs.fields.iter().flat_map(|fields| fields.iter()) {
        let part = |index| Sym::place(index).map(|place| pair.field(place));
        let (name, entry) = (part(0).unwrap_or_default(), part(1).unwrap_or_default());
        match name.constant() {
            Some(name) => value.set_field(name, entry),
            None => value.join(&entry.flat()),
        }
    }
    for taint in &pairs.taints {
        value.add_taint(taint.clone());
    }
    value
}

/// How many names, the names, and what each is given.
fn named_tuple(arguments: &Arguments) -> Value {
    let mut given = arguments.fields();
    let Some(Shape::Int(count)) = arguments.first().shapes.first().cloned() else {
        return given;
    };
    let count = usize::try_from(count).unwrap_or(0);
    let names = arguments.positional.iter().skip(1).take(count);
    let values = arguments.positional.iter().skip(1 + count);
    for ((name, _), (value, _)) in names.zip(values) {
        if let Some(name) = name.constant() {
            given.set_field(name, value.clone());
        }
    }
    given
}

/// `zip(a, b)`: pairs of an element of each.
fn zipped(arguments: &Arguments) -> Value {
    let elements = arguments
        .positional
        .iter()
        .map(|(value, _)| keep(value.element()));
    let mut value = Value::default();
    value.join(&Value::sequence(vec![Value::sequence(elements.collect())]));
    if let Some(star) = &arguments.star {
        value.join(&keep(star.element()));
    }
    value
}

/// `asyncio.gather(a(), b())`: what each gives, in order.
fn gathered(arguments: &Arguments) -> Value {
    let parts = arguments.positional.iter().map(|(value, _)| value.clone());
    let mut value = Value::sequence(parts.collect());
    if let Some(star) = &arguments.star {
        value.join(&star.element());
    }
    value
}

/// The contents without what the value is.
pub(super) fn keep(mut value: Value) -> Value {
    value.shapes.clear();
    value
}

/// The contents and constants.
pub(super) fn keep_constants(value: &Value) -> Value {
    let mut value = value.clone();
    value.shapes.retain(|shape| {
        matches!(
            shape,
            Shape::Str(_)
                | Shape::Int(_)
                | Shape::Bool(_)
                | Shape::Param(..)
                | Shape::NameSource(_)
        )
    });
    value
}
