//! DRF serializers and Django forms: which fields they let in and out.

use super::Machine;
use super::arguments::Arguments;
use super::shape::Shape;
use super::value::Value;
use crate::program::{ClassRef, FunctionRef, Site};
use crate::resolve::Base;
use crate::symbols::Sym;
use crate::syntax::ir::{ArgumentKind, Expr};

/// A declared field.
struct Field {
    name: Sym,
    /// What it reads, when not its own name.
    source: Option<Sym>,
    shown: bool,
    taken: bool,
    /// The serializer that shows it.
    inner: Option<ClassRef>,
}

impl Machine<'_> {
    pub(super) fn is_serializer(&self, class: ClassRef) -> bool {
        let is = |path: &[Sym]| {
            path.last()
                .is_some_and(|&last| self.text(last).contains("Serializer"))
                || (path.first() == Some(&self.shared.words.django)
                    && path.iter().any(|&part| self.text(part) == "forms"))
        };
        let ask = || self.shared.resolver.descends_from(class, &is);
        self.shared.memo.is_serializer(class, ask)
    }

    /// A form takes its data first, a serializer the object that it shows.
    pub(super) fn is_form(&self, class: ClassRef) -> bool {
        let is = |path: &[Sym]| path.iter().any(|&part| self.text(part) == "forms");
        self.shared.resolver.descends_from(class, &is)
    }

    /// The declared fields over the lineage; `None` when the class leaves them open.
    fn declared(&mut self, class: ClassRef) -> Option<Vec<Field>> {
        let resolver = self.shared.resolver;
        let mut fields: Vec<Field> = Vec::new();
        for base in resolver.class(class).lineage.clone() {
            let Base::Class(base) = base else { continue };
            for &(name, value) in &resolver.class(base).fields {
                if fields.iter().all(|field| field.name != name)
                    && let Some(field) =
                        value.and_then(|value| self.declared_field(base, name, value))
                {
                    fields.push(field);
                }
            }
        }
        let meta = self.meta_fields(class);
        for name in self.write_only(class) {
            match fields.iter_mut().find(|field| field.name == name) {
                Some(field) => field.shown = false,
                None => fields.push(Field {
                    name,
                    source: None,
                    shown: false,
                    taken: true,
                    inner: None,
                }),
            }
        }
        match meta {
            Meta::All => None,
            Meta::Named(names) => {
                for name in names {
                    if fields.iter().all(|field| field.name != name) {
                        fields.push(Field {
                            name,
                            source: None,
                            shown: true,
                            taken: true,
                            inner: None,
                        });
                    }
                }
                Some(fields)
            }
            Meta::Absent if fields.is_empty() => None,
            Meta::Absent => Some(fields),
        }
    }

    fn declared_field(&self, class: ClassRef, name: Sym, value: u32) -> Option<Field> {
        let module = self.shared.program.module(class.0);
        let Expr::Call(function, arguments) = module.ir.expr(value) else {
            return None;
        };
        let (Expr::Name(called) | Expr::Attribute(_, called)) = module.ir.expr(*function) else {
            return None;
        };
        let called = module.ir.text(*called);
        let inner = match self.shared.resolver.expression(class.0, *function) {
            Some(Shape::Class(inner)) if inner != class && self.is_serializer(inner) => Some(inner),
            _ => None,
        };
        if inner.is_none() && !(called.ends_with("Field") || called.ends_with("Serializer")) {
            return None;
        }
        let words = self.shared.words;
        let mut field = Field {
            name,
            source: None,
            shown: true,
            taken: true,
            inner,
        };
        for argument in arguments {
            let ArgumentKind::Keyword(keyword) = argument.kind else {
                continue;
            };
            let keyword = module.sym(keyword);
            match module.ir.expr(argument.value) {
                Expr::Bool(true) if keyword == words.write_only => field.shown = false,
                Expr::Bool(true) if keyword == words.read_only => field.taken = false,
                Expr::Str(text) if keyword == words.source => {
                    field.source = Some(module.sym(*text));
                }
                _ => {}
            }
        }
        Some(field)
    }

    fn meta(&self, class: ClassRef) -> Option<ClassRef> {
        let resolver = self.shared.resolver;
        let meta = self.shared.words.meta;
        let mut lineage = resolver.class(class).lineage.iter();
        lineage.find_map(|base| match base {
            Base::Class(base) => resolver.class(*base).classes.get(&meta).copied(),
            Base::External(_) => None,
        })
    }

    /// Fields that `Meta.extra_kwargs` makes write-only, and that `Meta.exclude` leaves out.
    fn write_only(&mut self, class: ClassRef) -> Vec<Sym> {
        let words = self.shared.words;
        let Some(meta) = self.meta(class) else {
            return Vec::new();
        };
        let mut names = self.class_attribute(meta, words.exclude).names();
        let extra = self.class_attribute(meta, words.extra_kwargs);
        for (name, options) in extra.fields.iter().flat_map(|fields| fields.iter()) {
            if options.field(words.write_only).is_bool(true) {
                names.push(*name);
            }
        }
        names
    }

    fn meta_fields(&mut self, class: ClassRef) -> Meta {
        let words = self.shared.words;
        let Some(meta) = self.meta(class) else {
            return Meta::Absent;
        };
        let value = self.class_attribute(meta, words.fields);
        let names: Vec<Sym> = value
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Str(text) => Some(*text),
                _ => None,
            })
            .collect();
        let open = names.is_empty() && !self.class_attribute(meta, words.exclude).is_nothing();
        if open || names.contains(&words.all) {
            Meta::All
        } else if names.is_empty() {
            Meta::Absent
        } else {
            Meta::Named(names)
        }
    }

    /// What a serializer shows of `value`.
    pub(super) fn pick(&mut self, class: ClassRef, value: &Value) -> Value {
        let Some(fields) = self.declared(class) else {
            let mut shown = Value {
                shapes: super::list::List::new(),
                ..value.clone()
            };
            for name in self.write_only(class) {
                shown.set_field(name, Value::default());
            }
            return shown;
        };
        let mut shown = Value::with_fields(Vec::new());
        for field in fields.iter().filter(|field| field.shown) {
            let mut part = match self.field_method(class, field.name) {
                Some(method) => {
                    let site = Site::head(method);
                    let arguments = Arguments {
                        positional: vec![(value.clone(), site)],
                        ..Arguments::default()
                    };
                    let own = Value::of(Shape::Instance(class));
                    self.invoke(site, method, Some(&own), &arguments)
                }
                None => self.sourced(value, field),
            };
            if let Some(inner) = field.inner {
                part = self.pick(inner, &part);
            }
            part.shapes.clear();
            shown.set_field(field.name, part);
        }
        shown
    }

    /// `get_<name>` of a `SerializerMethodField`.
    fn field_method(&self, class: ClassRef, name: Sym) -> Option<FunctionRef> {
        let method = format!("get_{}", self.text(name));
        let method = self.shared.program.symbols.find(&method)?;
        self.shared.resolver.method(class, method)
    }

    /// The part that a field reads: its own name's, or `source="meta.token"`.
    fn sourced(&self, value: &Value, field: &Field) -> Value {
        let Some(source) = field.source else {
            return value.field(field.name);
        };
        let mut part = value.clone();
        for step in self.text(source).split('.') {
            match self.shared.program.symbols.find(step) {
                Some(step) => part = part.field(step),
                // a name that the tree has nowhere else: what lies there is not told apart
                None if step != "*" => part = part.flat(),
                None => {}
            }
        }
        part
    }

    /// What it takes from a request.
    fn taken(&mut self, class: ClassRef, data: &Value) -> Value {
        match self.declared(class) {
            None => data.clone(),
            Some(fields) => Value::with_fields(
                fields
                    .iter()
                    .filter(|field| field.taken)
                    .map(|field| (field.source.unwrap_or(field.name), data.field(field.name)))
                    .collect(),
            ),
        }
    }

    pub(super) fn serializer_attribute(
        &mut self,
        receiver: &Value,
        class: ClassRef,
        name: Sym,
        site: Site,
    ) -> Option<Value> {
        let words = self.shared.words;
        if !self.is_serializer(class) {
            return None;
        }
        let data = receiver
            .own_field(words.hidden_data)
            .cloned()
            .unwrap_or_else(|| self.class_attribute(class, words.hidden_data));
        let object = receiver
            .own_field(words.hidden_instance)
            .cloned()
            .unwrap_or_default();
        if name == words.validated_data || name == words.cleaned_data {
            return Some(self.taken(class, &data));
        }
        if name == words.initial_data {
            return Some(data);
        }
        if name == words.errors {
            return Some(Value::default());
        }
        if name == words.instance {
            return Some(object);
        }
        if name == words.data {
            let shown = if object.is_tainted() || object.fields.is_some() {
                object
            } else {
                data
            };
            if let Some(method) = self.shared.resolver.method(class, words.to_representation) {
                let mut arguments = Arguments::default();
                arguments.positional.push((shown, site));
                return Some(self.invoke(site, method, Some(receiver), &arguments));
            }
            return Some(self.pick(class, &shown));
        }
        None
    }

    pub(super) fn serializer_method(
        &mut self,
        site: Site,
        receiver: &Value,
        class: ClassRef,
        name: Sym,
        _arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        if !self.is_serializer(class) {
            return None;
        }
        if name == words.is_valid {
            return Some(Value::default());
        }
        if name == words.save {
            let data = receiver
                .own_field(words.hidden_data)
                .cloned()
                .unwrap_or_default();
            let taken = self.taken(class, &data);
            let mut arguments = Arguments::default();
            let mut result = Value::default();
            let object = receiver
                .own_field(words.hidden_instance)
                .cloned()
                .unwrap_or_default();
            // with an object at hand the framework updates it, else it creates one
            let updates = !object.is_nothing();
            if !updates && let Some(create) = self.shared.resolver.method(class, words.create) {
                arguments.positional.push((taken.clone(), site));
                result.join(&self.invoke(site, create, Some(receiver), &arguments));
            }
            if updates && let Some(update) = self.shared.resolver.method(class, words.update) {
                let arguments = Arguments {
                    positional: vec![(object, site), (taken, site)],
                    ..Arguments::default()
                };
                result.join(&self.invoke(site, update, Some(receiver), &arguments));
            }
            return Some(result);
        }
        None
    }
}

enum Meta {
    All,
    Named(Vec<Sym>),
    Absent,
}
