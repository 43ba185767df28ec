//! Values as text: what `str`, `print` and formats show of them.

use keytrail_model::Transform;

use super::Machine;
use super::arguments::Arguments;
use super::record::SinkKind;
use super::shape::Shape;
use super::taint::{Label, Taint};
use super::value::Value;
use crate::program::{ClassRef, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{ArgumentKind, Expr, ExprId};

impl Machine<'_> {
    /// Everything that a call is given is shown, part by part.
    pub(super) fn shown(&mut self, kind: &SinkKind, site: Site, arguments: &Arguments) {
        let positional = arguments.positional.iter().map(|(value, _)| value);
        let keyword = arguments.keyword.iter().map(|(_, value, _)| value);
        let rest = arguments.star.iter().chain(&arguments.double);
        for value in positional.chain(keyword).chain(rest) {
            let value = self.as_text(value, site);
            self.sink(kind, site, &value);
        }
    }

    /// What is seen of a value when it is written: all of its contents, of an instance what its class shows.
    pub(super) fn as_text(&mut self, value: &Value, site: Site) -> Value {
        let mut text = Value {
            shapes: super::list::List::new(),
            ..value.clone()
        };
        let instance = |shape: &Shape| matches!(shape, Shape::Instance(_));
        let opaque = value.shapes.iter().any(instance)
            && value
                .shapes
                .iter()
                .all(|shape| instance(shape) || matches!(shape, Shape::None | Shape::Param(..)));
        if opaque {
            text.fields = None;
            text.taints.clear();
        }
        // a request shows its method and path, not what was put on it; an event of Lambda is a dictionary
        let request = |taint: &Taint| taint.label == Label::Request && taint.path.is_empty();
        if value.taints.iter().any(request) && !self.shared.around.handlers.contains(&self.function)
        {
            text.fields = None;
        }
        for shape in &value.shapes {
            if let Shape::Instance(class) = shape {
                text.join(&self.instance_text(value, *class, site));
            }
        }
        text
    }

    /// What `str()` of an own class's instance gives.
    fn instance_text(&mut self, value: &Value, class: ClassRef, site: Site) -> Value {
        let words = self.shared.words;
        let method = [words.str_, words.repr_]
            .into_iter()
            .find_map(|name| self.shared.resolver.method(class, name));
        if let Some(method) = method {
            let shown = self.invoke(site, method, Some(value), &Arguments::default());
            return shown.text();
        }
        if self.is_own_exception(class) {
            return value.field(words.args).text();
        }
        if !self.shows_its_fields(class) {
            return Value::default();
        }
        let mut all = Value {
            shapes: super::list::List::new(),
            ..value.clone()
        };
        for name in self.kept_out_of_text(class) {
            all.set_field(name, Value::default());
        }
        all
    }

    /// Data classes, named tuples, models: their text is made of their fields. Others of the project's own
    /// show no more than their name, and classes of libraries are taken to show what they hold.
    fn shows_its_fields(&self, class: ClassRef) -> bool {
        let module = self.shared.program.module(class.0);
        let facts = self.shared.resolver.class(class);
        !module.ir.class(class.1).decorators.is_empty()
            || self.shared.resolver.descends_from(class, &|path| {
                path.last().map(|&last| self.text(last)) != Some("object")
            })
            || facts.lineage.iter().any(|base| match base {
                crate::resolve::Base::Class(base) => {
                    let module = self.shared.program.module(base.0);
                    !module.ir.class(base.1).decorators.is_empty()
                }
                crate::resolve::Base::External(_) => false,
            })
    }

    /// `api_key: str = field(repr=False)`.
    fn kept_out_of_text(&self, class: ClassRef) -> Vec<Sym> {
        let module = self.shared.program.module(class.0);
        let hidden = |value: ExprId| {
            match module.ir.expr(value) {
            Expr::Call(_, arguments) => arguments.iter().any(|argument| {
                matches!(argument.kind, ArgumentKind::Keyword(name) if module.ir.text(name) == "repr")
                    && matches!(module.ir.expr(argument.value), Expr::Bool(false))
            }),
            _ => false,
        }
        };
        let fields = self.shared.resolver.class(class).fields.iter();
        fields
            .filter(|(_, value)| value.is_some_and(hidden))
            .map(|(name, _)| *name)
            .collect()
    }

    /// `"{0[label]} {k}".format(…)`: only what the text names. `None` when the text is not known.
    pub(super) fn formatted(
        &mut self,
        receiver: &Value,
        arguments: &Arguments,
        mapping: bool,
        site: Site,
    ) -> Option<Value> {
        let text = self.known_text(receiver)?.to_owned();
        let mut shown = receiver.text();
        let mut next = 0;
        for field in fields_of_format(&text).take(32) {
            let (head, path) = split_path(field);
            let mut value = if mapping {
                match self.shared.program.symbols.find(head) {
                    Some(name) => arguments.first().field(name),
                    None => arguments.first().field(Sym::ANY),
                }
            } else if head.is_empty() {
                next += 1;
                arguments.at(next - 1)
            } else if let Ok(index) = head.parse::<usize>() {
                arguments.at(index)
            } else {
                let name = self.shared.program.symbols.find(head);
                name.and_then(|name| arguments.named(name))
                    .or_else(|| arguments.double.clone())
                    .unwrap_or_default()
            };
            for part in path {
                value = match self.shared.program.symbols.find(part) {
                    Some(name) => value.field(name),
                    None => value.field(Sym::ANY),
                };
            }
            shown.join(&self.as_text(&value, site).text());
        }
        Some(shown)
    }

    /// `"%(key)s" % row`: only what the text names; `None` when it names nothing.
    pub(super) fn percent(&mut self, text: &Value, row: &Value) -> Option<Value> {
        let text = self.known_text(text)?;
        let mut names = text.split("%(").skip(1).map(|rest| rest.split(')').next());
        row.fields.as_ref().filter(|_| !row.has_places())?;
        let mut shown = Value::default();
        let mut any = false;
        for name in names.by_ref().flatten().take(32) {
            any = true;
            let name = self.shared.program.symbols.find(name).unwrap_or(Sym::ANY);
            shown.join(&row.field(name).text());
        }
        any.then_some(shown)
    }

    /// `itemgetter("a")(x)`, `attrgetter("a.b")(x)`.
    pub(super) fn picked(
        &mut self,
        names: &[Sym],
        attribute: bool,
        from: &Value,
        site: Site,
    ) -> Value {
        let parts = names.iter().map(|&name| {
            let mut value = from.clone();
            for part in self.text(name).split('.') {
                let part = self.shared.program.symbols.find(part).unwrap_or(Sym::ANY);
                value = if attribute {
                    self.attribute(&value, part, site.1)
                } else {
                    value.field(part)
                };
            }
            value
        });
        let mut parts: Vec<Value> = parts.collect();
        match parts.len() {
            1 => parts.remove(0),
            _ => Value::sequence(parts),
        }
    }

    /// `["a", "b"]` or `"a b"`, as names.
    pub(super) fn listed(&self, value: &Value) -> Vec<Sym> {
        if let Some(text) = value.constant() {
            let words = self.text(text).split([' ', ',']);
            return words
                .filter_map(|word| self.shared.program.symbols.find(word))
                .collect();
        }
        value.names()
    }

    /// `import_module("a.b")`.
    pub(super) fn imported(&mut self, name: &Value) -> Value {
        let module = name
            .constant()
            .and_then(|name| self.shared.program.module_named(self.text(name)));
        match module {
            Some(module) => Value::of(Shape::Module(module)),
            None => Value::default(),
        }
    }

    /// `import_string("a.b.C")`.
    pub(super) fn imported_object(&mut self, name: &Value) -> Value {
        let parts = name
            .constant()
            .and_then(|name| self.text(name).rsplit_once('.'));
        let Some((module, name)) = parts else {
            return Value::default();
        };
        let module = self.shared.program.module_named(module);
        match (module, self.shared.program.symbols.find(name)) {
            (Some(module), Some(name)) => {
                self.module_attribute(&crate::program::Target::Module(module), name)
            }
            _ => Value::default(),
        }
    }
}

impl Machine<'_> {
    /// A credential taken apart: a header with `Basic …` or `Bearer …` at the space, a user's name and
    /// password at the colon, a key with a public prefix at the underscore or dot. What stands first
    /// is no secret by itself.
    pub(super) fn credential_parts(
        &self,
        receiver: &Value,
        method: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let rest = receiver.text();
        let separator = arguments.first().constant();
        let first = match separator.map(|separator| self.text(separator)) {
            Some("_" | ".") if rest.is_tainted() => rest.transformed(Transform::Masked),
            Some(":" | " ") => self.before_secret(&rest)?,
            None if arguments.positional.is_empty() => self.before_secret(&rest)?,
            _ => return None,
        };
        if self.text(method).ends_with("partition") {
            return Some(Value::sequence(vec![first, Value::default(), rest]));
        }
        // how many parts there are is not known: any but the first may hold the secret
        let mut parts = Value::sequence(vec![first, rest.clone()]);
        for taint in rest.taints {
            parts.add_taint(taint);
        }
        Some(parts)
    }

    /// The scheme or name in a credential header; `None` for other values.
    fn before_secret(&self, header: &Value) -> Option<Value> {
        let mut first = header.clone();
        let mut found = false;
        for taint in &mut first.taints {
            if let Some(steps) = self.header_steps(taint) {
                let header = taint.path.iter().take(steps).copied();
                taint.path = header.chain([self.shared.words.username]).collect();
                found = true;
            }
        }
        found.then_some(first)
    }

    /// How many steps lead to the header in `request.headers["Authorization"]`,
    /// `request.META["HTTP_AUTHORIZATION"]`, or in headers that a caller passes.
    fn header_steps(&self, taint: &Taint) -> Option<usize> {
        let is_name = |part: &Sym| {
            ["Authorization", "HTTP_AUTHORIZATION"]
                .iter()
                .any(|header| self.text(*part).eq_ignore_ascii_case(header))
        };
        let at = taint.path.iter().position(is_name)?;
        let part = at.checked_sub(1).and_then(|before| taint.path.get(before));
        let of_headers = part.is_some_and(|part| matches!(self.text(*part), "headers" | "META"));
        let passed = matches!(taint.label, Label::Param(_));
        (passed || (taint.label == Label::Request && of_headers)).then_some(at + 1)
    }
}

/// What stands between single braces.
fn fields_of_format(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let open = rest.find('{')?;
            rest = &rest[open + 1..];
            if let Some(after) = rest.strip_prefix('{') {
                rest = after;
                continue;
            }
            let close = rest.find('}')?;
            let field = &rest[..close];
            rest = &rest[close + 1..];
            return Some(field.split(['!', ':']).next().unwrap_or(field));
        }
    })
}

/// `0[label].x` → `0` and its path.
fn split_path(field: &str) -> (&str, impl Iterator<Item = &str>) {
    let end = field.find(['.', '[']).unwrap_or(field.len());
    let path = field[end..]
        .split(['.', '['])
        .map(|part| part.trim_end_matches(']'))
        .filter(|part| !part.is_empty());
    (&field[..end], path)
}
