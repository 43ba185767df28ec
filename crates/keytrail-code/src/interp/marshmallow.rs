//! Schemas of marshmallow and its kin: which fields of an object they give out and take in.

use super::Machine;
use super::arguments::Arguments;
use super::shape::Shape;
use super::value::Value;
use crate::program::{ClassRef, Site};
use crate::resolve::Base;
use crate::symbols::Sym;
use crate::syntax::ir::{ArgumentKind, Expr, ExprId};

/// A declared field.
struct Field {
    name: Sym,
    /// Under which name it is given out.
    shown_as: Sym,
    /// What it reads of the object.
    reads: Sym,
    /// `load_only=True`: never given out.
    hidden: bool,
    /// The schema of a nested object.
    inner: Option<ClassRef>,
}

/// Nested schemas are followed this deep.
const DEEPEST: usize = 4;

impl Machine<'_> {
    fn is_schema(&self, class: ClassRef) -> bool {
        self.shared.resolver.descends_from(class, &|path| {
            let (Some(&first), Some(&last)) = (path.first(), path.last()) else {
                return false;
            };
            self.text(first).contains("marshmallow") && self.text(last).contains("Schema")
        })
    }

    /// `schema.dump(record)`, `schema.dumps(record)`, `schema.load(data)`.
    pub(super) fn schema_method(
        &mut self,
        site: Site,
        receiver: &Value,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        if !self.is_schema(class) {
            return None;
        }
        match self.text(name) {
            "dump" | "dumps" => {
                let object = self.shared.program.symbols.find("obj");
                let object = object.and_then(|name| arguments.named(name));
                let object = object.unwrap_or_else(|| arguments.first());
                let many = self.is_many(receiver, arguments);
                let object = if many { object.element() } else { object };
                Some(self.dumped_by(site, receiver, class, &object, DEEPEST))
            }
            "load" | "loads" => {
                let mut data = arguments.first();
                data.shapes.clear();
                Some(data)
            }
            "validate" => Some(Value::default()),
            _ => None,
        }
    }

    fn option(&self, receiver: &Value, name: &str) -> Option<Value> {
        let name = self.shared.program.symbols.find(name)?;
        receiver.own_field(name).cloned()
    }

    fn is_many(&self, receiver: &Value, arguments: &Arguments) -> bool {
        let name = self.shared.program.symbols.find("many");
        let given = name.and_then(|name| arguments.named(name));
        let own = self.option(receiver, "many");
        given.or(own).is_some_and(|many| many.is_bool(true))
    }

    /// The declared fields of an object, under their names.
    fn dumped_by(
        &mut self,
        site: Site,
        receiver: &Value,
        class: ClassRef,
        object: &Value,
        deep: usize,
    ) -> Value {
        let fields = self.schema_fields(class);
        if fields.is_empty() || deep == 0 {
            // made from a model, or while the program runs: whatever the object holds
            return object.flat();
        }
        let only = self.option(receiver, "only").map(|only| only.names());
        let left_out = self.option(receiver, "exclude").map(|names| names.names());
        let mut shown = Value::with_fields(Vec::new());
        for field in fields.iter().filter(|field| !field.hidden) {
            let named = |names: &Option<Vec<Sym>>| {
                let names = names.as_ref();
                names.map(|names| names.contains(&field.name))
            };
            if named(&only) == Some(false) || named(&left_out) == Some(true) {
                continue;
            }
            let mut part = self.part_of(site, object, field.reads);
            if let Some(inner) = field.inner {
                let one = part.element();
                let each = if one.is_nothing() { &part } else { &one };
                part = self.dumped_by(site, &Value::default(), inner, each, deep - 1);
            }
            part.shapes.clear();
            shown.set_field(field.shown_as, part);
        }
        shown
    }

    /// An attribute of an object, or an entry of a dictionary.
    fn part_of(&mut self, site: Site, object: &Value, name: Sym) -> Value {
        let instance = |shape: &Shape| matches!(shape, Shape::Instance(_));
        if object.shapes.iter().any(instance) {
            self.attribute(object, name, site.1)
        } else {
            object.field(name)
        }
    }

    fn schema_fields(&self, class: ClassRef) -> Vec<Field> {
        let resolver = self.shared.resolver;
        let mut fields: Vec<Field> = Vec::new();
        for base in &resolver.class(class).lineage {
            let Base::Class(base) = *base else { continue };
            for &(name, value) in &resolver.class(base).fields {
                let known = fields.iter().any(|field| field.name == name);
                let field = value.and_then(|value| self.schema_field(base, name, value));
                if let (false, Some(field)) = (known, field) {
                    fields.push(field);
                }
            }
        }
        fields
    }

    /// `fields.Str(attribute="api_key", data_key="key", load_only=True)`.
    fn schema_field(&self, class: ClassRef, name: Sym, value: ExprId) -> Option<Field> {
        let module = self.shared.program.module(class.0);
        let Expr::Call(function, arguments) = module.ir.expr(value) else {
            return None;
        };
        let callee = match module.ir.expr(*function) {
            Expr::Attribute(object, called) if matches!(module.ir.expr(*object), Expr::Name(own) if module.ir.text(*own).contains("fields") || module.ir.text(*own) == "ma") => {
                module.ir.text(*called)
            }
            Expr::Name(called) => module.ir.text(*called),
            _ => return None,
        };
        if !callee.starts_with(char::is_uppercase) {
            return None;
        }
        let mut field = Field {
            name,
            shown_as: name,
            reads: name,
            hidden: false,
            inner: None,
        };
        for argument in arguments {
            match (argument.kind, module.ir.expr(argument.value)) {
                (ArgumentKind::Keyword(keyword), Expr::Bool(true)) => {
                    field.hidden |= module.ir.text(keyword) == "load_only";
                }
                (ArgumentKind::Keyword(keyword), Expr::Str(text)) => {
                    match module.ir.text(keyword) {
                        "attribute" => field.reads = module.sym(*text),
                        "data_key" | "dump_to" => field.shown_as = module.sym(*text),
                        _ => {}
                    }
                }
                (ArgumentKind::Positional, _) => {
                    let inner = self.shared.resolver.expression(class.0, argument.value);
                    if let Some(Shape::Class(inner)) = inner
                        && self.is_schema(inner)
                    {
                        field.inner = Some(inner);
                    }
                }
                _ => {}
            }
        }
        Some(field)
    }
}
