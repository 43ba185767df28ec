//! Names and attributes: what they stand for here.

use std::sync::Arc;

use super::arguments::Arguments;
use super::shape::{NameSourceRef, Path, Shape};
use super::taint::{Label, What, hop};
use super::value::Value;
use super::{Cell, Machine};
use crate::program::{FunctionRef, ModuleId, Target};
use crate::symbols::Sym;
use crate::syntax::ir::{ExprId, FunctionKind};

/// Names that one function uses of those around it.
pub(super) const MOST_FREE: usize = 24;

/// Whatever the caller gives for the parameter of this number.
pub(super) fn parameter(number: usize) -> Value {
    let number = u16::try_from(number).unwrap_or(u16::MAX);
    let mut value = Value::tainted(Label::Param(number), None);
    value.add_shape(Shape::Param(number, super::Fields::new()));
    value
}

impl Machine<'_> {
    pub(super) fn variable(&mut self, name: Sym) -> Value {
        if let Some(value) = self.env.vars.get(&name) {
            let mut value = value.clone();
            if self.shared_locals {
                value.join(&self.read_cell(Cell::Nonlocal(self.function, name)));
            }
            return value;
        }
        // what lies outside of the function does not change while it is analysed
        if let Some(value) = self.outside.get(&name) {
            return value.clone();
        }
        let value = self.outer_variable(name);
        self.outside.insert(name, value.clone());
        value
    }

    /// A variable of a function around this one, of the module, or built in.
    fn outer_variable(&mut self, name: Sym) -> Value {
        if let Some(value) = self.captured(name) {
            return value;
        }
        let mut value = Value::default();
        for shape in self.shared.resolver.global(self.function.0, name) {
            value.add_shape(shape);
        }
        value.join(&self.module_variable(self.function.0, name));
        let known = |cell| self.state.cells.contains_key(&cell);
        if value.is_nothing() && !known(Cell::Global(self.function.0, name)) {
            value.add_shape(Shape::External(Path::from_iter([name])));
        }
        value
    }

    /// A local of a function around this one.
    pub(super) fn captured(&mut self, name: Sym) -> Option<Value> {
        let module = self.module;
        let mut outer = module.ir.function(self.function.1).parent;
        while outer != 0 {
            let function = module.ir.function(outer);
            if function.kind != FunctionKind::ClassBody {
                let cell = Cell::Captured(FunctionRef(self.function.0, outer), name);
                let mut value = self.read_cell(cell);
                if !value.is_nothing() {
                    value.join(&self.free(name));
                    return Some(value);
                }
                if self.is_parameter(function, name) {
                    return Some(self.free(name));
                }
            }
            if function.parent == outer {
                break;
            }
            outer = function.parent;
        }
        None
    }

    pub(super) fn is_parameter(&self, function: &crate::syntax::ir::Function, name: Sym) -> bool {
        function
            .parameters
            .iter()
            .any(|parameter| self.sym(parameter.name) == name)
    }

    /// What a function uses of those around it is, to it, a parameter more.
    pub(super) fn free(&mut self, name: Sym) -> Value {
        let own = self.module.ir.function(self.function.1).parameters.len();
        let free = &mut self.out.summary.free;
        let position = free.iter().position(|other| *other == name);
        let index = position.unwrap_or(free.len());
        if position.is_none() {
            if free.len() >= MOST_FREE {
                return Value::default();
            }
            free.push(name);
        }
        parameter(own + index)
    }

    /// A function of this function, with the present values of what it uses of this one.
    pub(super) fn closure(&mut self, function: FunctionRef) -> Value {
        let mut value = Value::of(Shape::Function(function));
        self.out.read_functions.insert(function);
        let state = self.state;
        let free = &state.summaries[state.index(function)].free;
        if free.is_empty() || self.function.1 == 0 {
            return value;
        }
        let captured: Vec<(Sym, Value)> = free
            .iter()
            .map(|&name| (name, self.variable(name).without_closures()))
            .collect();
        value.shapes.clear();
        value.add_shape(Shape::Closure(function, Arc::new(captured)));
        value
    }

    pub(super) fn module_variable(&mut self, module: ModuleId, name: Sym) -> Value {
        let mut value = Value::default();
        for (module, name) in self.shared.resolver.variable(module, name) {
            value.join(&self.read_cell(Cell::Global(module, name)));
        }
        value
    }

    pub(super) fn read_cell(&mut self, cell: Cell) -> Value {
        self.out.read_cells.insert(cell);
        self.state.cells.get(&cell).cloned().unwrap_or_default()
    }

    pub(super) fn attribute(&mut self, receiver: &Value, name: Sym, id: ExprId) -> Value {
        let words = self.shared.words;
        if let Some(value) = self.model_attribute(receiver, name) {
            return value;
        }
        let mut value = Value::default();
        let mut known = false;
        for shape in &receiver.shapes {
            let part = match shape {
                Shape::Module(module) => self.module_attribute(&Target::Module(*module), name),
                Shape::Namespace(directory) => {
                    self.module_attribute(&Target::Namespace(directory.clone()), name)
                }
                Shape::External(path) => self.external_attribute(path, name, id),
                Shape::Instance(class) => self.instance_attribute(receiver, *class, name, id),
                Shape::Class(class) => self.class_attribute(*class, name),
                Shape::Object(path) => {
                    let mut path = path.clone();
                    path.push(name);
                    Value::of(Shape::Object(path))
                }
                _ => continue,
            };
            known = true;
            value.join(&part);
        }
        if name == words.dict_ {
            return self.fields_of(receiver);
        }
        if name == words.args && self.is_exception(receiver) {
            let mut content = receiver.clone();
            content.shapes.clear();
            return content;
        }
        // of an enumeration's member; texts have no attribute of this name
        if name == words.value_lower {
            for shape in &receiver.shapes {
                if matches!(shape, Shape::Str(_)) {
                    value.add_shape(shape.clone());
                }
            }
        }
        // what authentication, the transport and the framework say, not the caller
        let harmless = name == words.method
            && receiver
                .taints
                .iter()
                .any(|t| t.label == Label::Request && t.path.is_empty());
        // of an instance that a caller passes, the caller may know more than its class
        let open = receiver
            .shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Param(..)));
        let made = self.is_made_by_model(receiver, name);
        if !harmless
            && !made
            && (!known || open || !receiver.taints.is_empty() || receiver.fields.is_some())
        {
            let mut part = receiver.field(name);
            if receiver
                .taints
                .iter()
                .any(|taint| taint.label == Label::Request && taint.path.is_empty())
            {
                let site = self.site(id);
                part = part.map_traces(&|trace| hop(site, What::Source, trace), 0);
            }
            value.join(&part);
        }
        value
    }

    pub(super) fn module_attribute(&mut self, target: &Target, name: Sym) -> Value {
        let mut value = Value::default();
        for shape in self.shared.resolver.attribute(target, name) {
            value.add_shape(shape);
        }
        if let Target::Module(module) = target {
            value.join(&self.module_variable(*module, name));
        }
        value
    }

    pub(super) fn external_attribute(&mut self, path: &Path, name: Sym, id: ExprId) -> Value {
        let words = self.shared.words;
        if path.as_slice() == [words.django, words.conf, words.settings] {
            return self.setting(name, id);
        }
        // Dyntastic's `A.owner`
        if path.len() == 2
            && self.text(path[0]) == "dyntastic"
            && matches!(self.text(path[1]), "A" | "Attr")
        {
            return Value::of(Shape::ConditionName(name, false));
        }
        let mut path = path.clone();
        path.push(name);
        if path.as_slice() == [words.os, words.environ] {
            let site = self.site(id);
            let mut value = Value::tainted(Label::WholeEnvironment, hop(site, What::Source, &None));
            value.add_shape(Shape::External(path));
            return value;
        }
        Value::of(Shape::External(path))
    }

    /// `settings.NAME`: what the settings modules of the tree say, and where it came from.
    pub(super) fn setting(&mut self, name: Sym, id: ExprId) -> Value {
        let site = self.site(id);
        let mut value = Value::tainted(Label::Setting(name), hop(site, What::Source, &None));
        value.add_shape(Shape::NameSource(NameSourceRef::Setting(name)));
        for module in self.shared.templates.settings_modules() {
            let set = self.read_cell(Cell::Global(*module, name));
            for shape in set.shapes {
                value.add_shape(shape);
            }
            if let Some(fields) = set.fields {
                value.fields = Some(fields);
            }
        }
        value
    }

    pub(super) fn instance_attribute(
        &mut self,
        receiver: &Value,
        class: crate::program::ClassRef,
        name: Sym,
        id: ExprId,
    ) -> Value {
        let words = self.shared.words;
        if let Some(own) = receiver.own_field(name) {
            return own.clone();
        }
        if let Some(value) = self.serializer_attribute(receiver, class, name, self.site(id)) {
            return value;
        }
        if let Some(scope) = self.scope_of_consumer(class, name, id) {
            return scope;
        }
        if name == words.request && self.is_view(class) {
            return Value::tainted(Label::Request, None);
        }
        if name == words.kwargs && self.is_view(class) {
            let site = self.site(id);
            return Value::tainted(Label::Request, hop(site, What::Source, &None))
                .field(words.kwargs);
        }
        if let Some(method) = self.shared.resolver.method(class, name) {
            if self.decorated(method, words.property)
                || self.decorated(method, words.cached_property)
            {
                return self.invoke(self.site(id), method, Some(receiver), &Arguments::default());
            }
            return Value::of(Shape::Method(method, class));
        }
        if super::limit::holds_data(receiver) {
            let lookup = self.shared.program.symbols.find("__getattr__");
            if lookup.is_some_and(|name| self.shared.resolver.method(class, name).is_some()) {
                self.note_limit(self.site(id), super::Limit::OwnLookup);
            }
        }
        let mut value = self.class_attribute(class, name);
        // of an instance, a model's field is what it holds, not how it is declared
        value.shapes.retain(|shape| !self.is_field(shape));
        value
    }

    /// Class variables and what methods store on `self`, over the class's lineage; of its
    /// subclasses when the lineage says nothing (template methods).
    pub(super) fn class_attribute(&mut self, class: crate::program::ClassRef, name: Sym) -> Value {
        use crate::resolve::Base;
        let resolver = self.shared.resolver;
        let facts = resolver.class(class);
        if let Some(&inner) = facts.classes.get(&name) {
            return Value::of(Shape::Class(inner));
        }
        let mut value = Value::default();
        for base in &facts.lineage {
            if let Base::Class(base) = base {
                value.join(&self.read_cell(Cell::Attribute(*base, name)));
                if let Some(&method) = resolver.class(*base).methods.get(&name) {
                    value.add_shape(Shape::Function(method));
                    break;
                }
            }
        }
        if value.is_nothing() {
            for &subclass in facts.subclasses.iter().take(4) {
                value.join(&self.read_cell(Cell::Attribute(subclass, name)));
            }
        }
        value
    }

    /// An exception of the standard library or a library.
    fn is_exception(&self, value: &Value) -> bool {
        value.shapes.iter().any(|shape| {
            matches!(shape, Shape::Object(path) if path.last().is_some_and(|&last| {
                let name = self.text(last);
                name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Exit")
            }))
        })
    }

    pub(super) fn is_view(&self, class: crate::program::ClassRef) -> bool {
        let words = self.shared.words;
        self.shared.resolver.descends_from(class, &|path| {
            matches!(path.first(), Some(&first) if first == words.django || first == words.rest_framework)
                || path.last().is_some_and(|&last| self.text(last).ends_with("View"))
        })
    }

    /// `vars(x)`, `x.__dict__`, `asdict(x)`.
    pub(super) fn fields_of(&mut self, value: &Value) -> Value {
        let mut all = Value {
            shapes: super::list::List::new(),
            ..value.clone()
        };
        for shape in &value.shapes {
            if let Shape::Instance(class) = shape {
                let names: Vec<Sym> = self
                    .shared
                    .resolver
                    .class(*class)
                    .fields
                    .iter()
                    .map(|(name, _)| *name)
                    .collect();
                for name in names {
                    if all.own_field(name).is_none() {
                        let mut part = self.class_attribute(*class, name);
                        // of an instance made of a whole item (`Token(**item)`), its part
                        part.join(&all.field(name));
                        part.shapes.clear();
                        all.set_field(name, part);
                    }
                }
            }
        }
        all
    }

    pub(super) fn environment(&mut self, name: Sym, id: ExprId) -> Value {
        let site = self.site(id);
        let mut value = Value::tainted(Label::Environment(name), hop(site, What::Source, &None));
        value.add_shape(Shape::NameSource(NameSourceRef::Environment(name)));
        value
    }
}
