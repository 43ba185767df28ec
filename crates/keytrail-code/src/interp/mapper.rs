//! Models of mappers: their attributes, what they are made of, what they turn into.

use super::arguments::Arguments;
use super::list::List;
use super::shape::{Mapped, Shape};
use super::taint::{Label, Taint, What, hop};
use super::value::Value;
use super::{Cell, Machine};
use crate::mappers::{Library, Model, Role, table_of};
use crate::program::{ClassRef, Site};
use crate::symbols::Sym;
use keytrail_model::Transform;

impl<'a> Machine<'a> {
    pub(super) fn model(&self, class: ClassRef) -> Option<&'a Model> {
        self.shared.models.of(class)
    }

    /// True for records and parts of models, whose methods are all their own.
    pub(super) fn is_record(&self, value: &Value) -> bool {
        value.shapes.iter().any(|shape| match shape {
            Shape::Instance(class) | Shape::Class(class) => self.model(*class).is_some(),
            Shape::Mapped(_) => true,
            _ => false,
        })
    }

    /// `record.api_key`, `Record.api_key`, `Record.by_owner`, `record.attribute_values`.
    pub(super) fn model_attribute(&mut self, receiver: &Value, name: Sym) -> Option<Value> {
        receiver.shapes.iter().find_map(|shape| match shape {
            Shape::Instance(class) => {
                let model = self.model(*class)?;
                if self.text(name) == "attribute_values" {
                    return Some(self.document(receiver, model, None));
                }
                let Some(attribute) = model.attribute(name) else {
                    return self.attribute_of_subclass(receiver, *class, name);
                };
                let own = receiver.own_field(name).cloned();
                let mut part = own.unwrap_or_else(|| receiver.field(attribute.stored));
                for shape in &receiver.shapes {
                    // `self` of a method: the instance is the caller's
                    if let Shape::Param(index, path) = shape {
                        let mut taint = bare(Label::Param(*index));
                        taint.path.clone_from(path);
                        if receiver.own_field(name).is_none() {
                            part.add_taint(taint.step(attribute.stored));
                        }
                    }
                }
                Some(part)
            }
            Shape::Class(class) => {
                let model = self.model(*class)?;
                if let Some(attribute) = model.attribute(name) {
                    let key = attribute.role.is_some();
                    return Some(Value::of(Shape::ConditionName(attribute.stored, key)));
                }
                model.index(name)?;
                Some(Value::of(Shape::Mapped(Mapped::Index(*class, name))))
            }
            _ => None,
        })
    }

    /// `self.api_key` in a base class: an attribute that only a subclass declares.
    fn attribute_of_subclass(&self, receiver: &Value, class: ClassRef, name: Sym) -> Option<Value> {
        let facts = self.shared.resolver.class(class);
        let declared = self.shared.resolver.method(class, name).is_some()
            || facts.fields.iter().any(|(own, _)| *own == name)
            || receiver.own_field(name).is_some();
        let subclass = facts.subclasses.iter().find_map(|subclass| {
            let model = self.model(*subclass)?;
            model.attribute(name)
        });
        let stored = subclass.filter(|_| !declared)?.stored;
        let mut part = receiver.field(stored);
        for shape in &receiver.shapes {
            if let Shape::Param(index, path) = shape {
                let mut taint = bare(Label::Param(*index));
                taint.path.clone_from(path);
                part.add_taint(taint.step(stored));
            }
        }
        Some(part)
    }

    /// The table of a model; of a base class without one, whatever its subclass says.
    pub(super) fn model_table(&mut self, class: ClassRef, receiver: Option<&Value>) -> Value {
        let Some(model) = self.model(class) else {
            return Value::default();
        };
        let (program, resolver) = (self.shared.program, self.shared.resolver);
        let library = model.library;
        let mut read = |cell: Cell| self.read_cell(cell);
        let mut table = table_of(program, resolver, class, library, &mut read);
        if library == Library::Dyntastic {
            let callable = table.clone();
            let is_function = |shape: &Shape| {
                matches!(
                    shape,
                    Shape::Function(_) | Shape::Closure(..) | Shape::Partial(_)
                )
            };
            if callable.shapes.iter().any(is_function) {
                let site = Site::head(self.function);
                table = self.call_value(site, &callable, None, &Arguments::default());
            }
        }
        for shape in receiver.iter().flat_map(|receiver| &receiver.shapes) {
            if let Shape::Param(index, path) = shape
                && path.is_empty()
            {
                let hidden = super::Fields::from_iter([self.shared.words.hidden_table]);
                table.add_shape(Shape::Param(*index, hidden));
            }
        }
        table
    }

    /// `Record("owner", api_key=…)`; what is not given has its default.
    pub(super) fn made_model(
        &mut self,
        site: Site,
        class: ClassRef,
        model: &Model,
        arguments: &Arguments,
    ) -> Value {
        let given = arguments.fields();
        let mut instance = Value {
            shapes: List::one(Shape::Instance(class)),
            taints: given.taints.clone(),
            fields: given.fields.clone(),
        };
        instance.fields.get_or_insert_with(Default::default);
        for ((value, _), role) in arguments
            .positional
            .iter()
            .zip([Role::Partition, Role::Sort])
        {
            // DynamORM and Dyntastic take keywords only
            if let Some(key) = model.key(role) {
                instance.set_field(key.name, value.clone());
            }
        }
        for attribute in &model.attributes {
            if instance.own_field(attribute.name).is_some() || given.is_tainted_whole() {
                continue;
            }
            let value = self.default_of(site, class, attribute.name);
            if !value.is_nothing() {
                instance.set_field(attribute.name, value);
            }
        }
        instance
    }

    /// `UnicodeAttribute(default=make_key)`.
    fn default_of(&mut self, site: Site, class: ClassRef, name: Sym) -> Value {
        let words = self.shared.words;
        let declared = self.declared_attribute(class, name);
        for keyword in [words.default, words.default_for_new, words.default_factory] {
            let Some(default) = declared.own_field(keyword).cloned() else {
                continue;
            };
            let callable = default.shapes.iter().any(|shape| {
                matches!(
                    shape,
                    Shape::Function(_)
                        | Shape::Closure(..)
                        | Shape::Partial(_)
                        | Shape::External(_)
                        | Shape::Class(_)
                )
            });
            return if callable {
                self.call_value(site, &default, None, &Arguments::default())
            } else {
                default
            };
        }
        Value::default()
    }

    /// What the class says of an attribute.
    fn declared_attribute(&mut self, class: ClassRef, name: Sym) -> Value {
        let lineage = self.shared.resolver.class(class).lineage.clone();
        for base in lineage {
            if let crate::resolve::Base::Class(base) = base {
                let value = self.read_cell(Cell::Attribute(base, name));
                if !value.is_nothing() {
                    return value;
                }
            }
        }
        Value::default()
    }

    /// The record as a dictionary under the names of the item; as it is stored where `stored` has
    /// the call that stores it.
    pub(super) fn document(
        &mut self,
        instance: &Value,
        model: &Model,
        stored: Option<Site>,
    ) -> Value {
        let mut document = Value {
            shapes: List::new(),
            taints: instance.taints.clone(),
            fields: None,
        };
        for shape in &instance.shapes {
            if let Shape::Param(index, path) = shape {
                let mut taint = bare(Label::Param(*index));
                taint.path.clone_from(path);
                document.add_taint(taint);
            }
        }
        if stored.is_some() {
            // what was read and is written back is the same record
            document
                .taints
                .retain(|taint| !matches!(taint.label, Label::Item(_)));
        }
        for (name, part) in instance.fields.iter().flat_map(|fields| fields.iter()) {
            let Some(attribute) = model.attribute(*name) else {
                continue;
            };
            let value = match stored {
                None => part.clone(),
                Some(site) => self.serialized(site, attribute, part),
            };
            document.set_field(attribute.stored, value);
        }
        document
    }

    /// The record with its parts called as in the item: what a method, which reads its own
    /// record by those names, is given.
    pub(super) fn under_stored_names(record: &Value, model: &Model) -> Value {
        let renamed = |name: &Sym| model.attribute(*name).map_or(*name, |it| it.stored);
        let mut value = record.clone();
        if let Some(fields) = &record.fields {
            let fields = fields
                .iter()
                .map(|(name, part)| (renamed(name), part.clone()));
            value.fields = Some(fields.collect());
        }
        value
    }

    /// What an attribute's own `serialize` makes of a value.
    fn serialized(
        &mut self,
        site: Site,
        attribute: &crate::mappers::ModelAttribute,
        value: &Value,
    ) -> Value {
        let words = self.shared.words;
        if let Some(own) = attribute.own
            && let Some(method) = self.shared.resolver.method(own, words.serialize)
        {
            let given = Arguments {
                positional: vec![(value.clone(), site)],
                ..Arguments::default()
            };
            let receiver = Value::of(Shape::Instance(own));
            let mut value = self.invoke(site, method, Some(&receiver), &given);
            value.shapes.clear();
            return value;
        }
        let encrypts = attribute
            .kind
            .is_some_and(|kind| self.text(kind).contains("Encrypt"));
        if encrypts {
            value.transformed(Transform::Encrypted)
        } else {
            value.clone()
        }
    }

    /// A record that the call at `site` reads.
    pub(super) fn read_record(site: Site, class: ClassRef, in_batch: bool) -> Value {
        let mut record = Value::tainted(Label::Item(site), hop(site, What::Source, &None));
        if in_batch {
            // answers of batches have a step for the table
            record = record.field(Sym::ANY);
        }
        record.add_shape(Shape::Instance(class));
        record
    }
}

fn bare(label: Label) -> Taint {
    Taint {
        label,
        path: super::Fields::new(),
        transform: Transform::None,
        tie: None,
        trace: None,
    }
}

impl Value {
    /// What a caller passes as this value may hold anything.
    pub(super) fn hold_parameters(&mut self) {
        for shape in self.shapes.clone() {
            if let Shape::Param(index, path) = shape {
                let mut taint = bare(Label::Param(index));
                taint.path = path;
                self.add_taint(taint);
            }
        }
    }

    /// True when something may be in parts that are not known by name.
    fn is_tainted_whole(&self) -> bool {
        !self.taints.is_empty()
    }
}
