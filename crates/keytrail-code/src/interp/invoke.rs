//! Functions and classes of the tree, called: their summaries applied to what is passed.

use super::arguments::Arguments;
use super::passing::Passing;
use super::shape::Shape;
use super::taint::{Label, What};
use super::value::Value;
use super::{Machine, Summary};
use crate::program::{ClassRef, FunctionRef, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{Argument, ArgumentKind};

impl Machine<'_> {
    /// A function of the tree.
    pub(super) fn invoke(
        &mut self,
        site: Site,
        callee: FunctionRef,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Value {
        self.invoke_with(site, callee, receiver, arguments, &[])
    }

    /// The same, with what a closure holds.
    pub(super) fn invoke_with(
        &mut self,
        site: Site,
        callee: FunctionRef,
        receiver: Option<&Value>,
        arguments: &Arguments,
        captured: &[(Sym, Value)],
    ) -> Value {
        if let Some(value) = self.invoke_decorated(site, callee, receiver, arguments) {
            return value;
        }
        self.out.calls.push((callee, site));
        self.out.read_functions.insert(callee);
        let state = self.state;
        let summary = &state.summaries[state.index(callee)];
        let module = self.shared.program.module(callee.0);
        let function = module.ir.function(callee.1);
        let words = self.shared.words;
        let receiver = receiver
            .filter(|_| !self.decorated(callee, words.static_method))
            .map(|receiver| self.with_class_fields(receiver, callee));
        let mut bindings = arguments.bind(
            function,
            &|name| module.sym(name),
            receiver.as_ref(),
            &summary.defaults,
        );
        let own = usize::from(receiver.is_some()).min(bindings.len());
        self.with_properties(site, &mut bindings[own..]);
        let inside = callee.0 == self.function.0 && function.parent == self.function.1;
        for name in &summary.free {
            let held = captured.iter().find(|(own, _)| own == name);
            let mut value = held.map(|(_, value)| value.clone()).unwrap_or_default();
            // called where it was made: by now the variable may hold more
            if inside && let Some(now) = self.env.vars.get(name) {
                value.join(&now.without_closures());
            }
            bindings.push(value);
        }
        self.apply(site, callee, summary, &bindings)
    }

    /// What a subclass sets in its body (`table_name = "keys"`), for a method that it inherits.
    pub(super) fn with_class_fields(&mut self, receiver: &Value, callee: FunctionRef) -> Value {
        let mut receiver = receiver.clone();
        let declaring = self
            .shared
            .program
            .module(callee.0)
            .ir
            .function(callee.1)
            .class;
        for shape in receiver.shapes.clone() {
            let (Shape::Instance(class) | Shape::Class(class)) = shape else {
                continue;
            };
            if let Some(model) = self.model(class) {
                receiver = Self::under_stored_names(&receiver, model);
                // a method that calls another of its record hands on what its caller gave it
                receiver.hold_parameters();
                let table = self.model_table(class, None);
                receiver.set_field(self.shared.words.hidden_table, table);
                continue;
            }
            if declaring == Some(class.1) && class.0 == callee.0 {
                continue;
            }
            let names: Vec<Sym> = self
                .shared
                .resolver
                .class(class)
                .fields
                .iter()
                .map(|(name, _)| *name)
                .collect();
            for name in names {
                if receiver.own_field(name).is_none() {
                    let value = self.class_attribute(class, name);
                    if !value.is_nothing() {
                        receiver.set_field(name, value);
                    }
                }
            }
        }
        receiver
    }

    /// Reads a summary under `bindings`.
    pub(super) fn apply(
        &mut self,
        site: Site,
        callee: FunctionRef,
        summary: &Summary,
        bindings: &[Value],
    ) -> Value {
        let mut bindings = std::borrow::Cow::Borrowed(bindings);
        self.fuel = self.fuel.saturating_sub(1);
        let rings = self.calling_back.contains(&callee);
        let deep = rings || self.calling_back.len() >= super::DEEPEST_CALLBACK;
        if deep
            && !rings
            && !summary.callbacks.is_empty()
            && bindings.iter().any(super::limit::holds_data)
        {
            self.note_limit(site, super::Limit::DeepCallbacks);
        }
        if !summary.callbacks.is_empty() && self.fuel > 0 && !deep {
            self.calling_back.push(callee);
            self.apply_callbacks(site, callee, summary, bindings.to_mut());
            self.calling_back.pop();
        }
        let passing = Passing::new(&bindings, site, callee);
        self.inherit_sinks(&summary.sinks, &passing);
        self.inherit_operations(&summary.operations, &passing, site);
        for raised in &summary.raised {
            self.note_raised(passing.of(raised));
        }
        for (cell, value) in &summary.cells {
            self.write_cell(*cell, &passing.of(value));
        }
        for (item, identity, _) in &summary.ties {
            let items = passing.taint(item);
            let identities = passing.taint(identity);
            let mut pairs = Vec::new();
            for item in &items.flat().taints {
                for identity in &identities.flat().taints {
                    let open = matches!(item.label, Label::Item(_) | Label::Param(_))
                        && (matches!(identity.label, Label::Param(_)) || identity.is_identity());
                    if open {
                        pairs.push((item.clone(), identity.clone(), site));
                    }
                }
            }
            pairs.truncate(8);
            let before = self.env.ties.len();
            self.assume(&pairs);
            let held = self.env.ties.iter().skip(before).copied();
            self.out.held.extend(held);
        }
        let returned = passing.of(&summary.returned);
        returned.hopped(site, What::Returned(callee))
    }

    /// What a callee set in the entries of what it was given: `fill(item, key)`.
    pub(super) fn apply_changes(
        &mut self,
        site: Site,
        callee: FunctionRef,
        list: &[Argument],
        has_receiver: bool,
        arguments: &Arguments,
    ) {
        let state = self.state;
        let summary = &state.summaries[state.index(callee)];
        if summary.changes.is_empty() {
            return;
        }
        let module = self.shared.program.module(callee.0);
        let function = module.ir.function(callee.1);
        let receiver = has_receiver.then(Value::default);
        let bindings = arguments.bind(
            function,
            &|name| module.sym(name),
            receiver.as_ref(),
            &summary.defaults,
        );
        let passing = Passing::new(&bindings, site, callee);
        for (index, field, value) in &summary.changes {
            let parameter = function
                .parameters
                .get(usize::from(*index))
                .map(|parameter| module.sym(parameter.name));
            let position = usize::from(*index).checked_sub(usize::from(has_receiver));
            let passed = list
                .iter()
                .enumerate()
                .find(|(number, argument)| match argument.kind {
                    ArgumentKind::Positional => position == Some(*number),
                    ArgumentKind::Keyword(name) => Some(self.sym(name)) == parameter,
                    _ => false,
                });
            if let Some((_, argument)) = passed {
                let value = passing.of(value);
                let receiver = arguments.of(argument.value, self.function.0);
                self.change_parameter(&receiver, *field, &value);
                let whole = *field == self.shared.words.hidden_whole;
                self.update(argument.value, &mut |old| {
                    if whole {
                        old.join(&value);
                    } else {
                        old.set_field(*field, value.clone());
                    }
                });
            }
        }
    }

    /// A class of the project's own that can be raised.
    pub(super) fn is_own_exception(&self, class: ClassRef) -> bool {
        self.shared.resolver.descends_from(class, &|path| {
            path.last().is_some_and(|&last| {
                let name = self.text(last);
                name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Warning")
            })
        })
    }

    pub(super) fn construct(
        &mut self,
        site: Site,
        class: ClassRef,
        arguments: &Arguments,
    ) -> Value {
        let words = self.shared.words;
        let resolver = self.shared.resolver;
        let mut instance = Value::of(Shape::Instance(class));
        if self.is_serializer(class) {
            let (data, object) = if self.is_form(class) {
                let instance = arguments.named(words.instance).unwrap_or_default();
                (arguments.either(0, words.data), instance)
            } else {
                let data = arguments.named(words.data).unwrap_or_default();
                (data, arguments.either(0, words.instance))
            };
            // methods of the class itself, `clean_api_key`, read it there
            self.write_cell(super::Cell::Attribute(class, words.hidden_data), &data);
            instance.set_field(words.hidden_data, data);
            instance.set_field(words.hidden_instance, object);
            return instance;
        }
        let model = self.model(class);
        if let Some(model) = model
            && resolver.method(class, words.init).is_none()
        {
            return self.made_model(site, class, model, arguments);
        }
        if let Some(init) = resolver.method(class, words.init) {
            let state = self.state;
            self.invoke(site, init, Some(&instance), arguments);
            let summary = &state.summaries[state.index(init)];
            let module = self.shared.program.module(init.0);
            let function = module.ir.function(init.1);
            let bindings = arguments.bind(
                function,
                &|name| module.sym(name),
                Some(&instance),
                &summary.defaults,
            );
            let passing = Passing::new(&bindings, site, init);
            let own_fields: Vec<(Sym, Value)> = summary
                .own_fields
                .iter()
                .map(|(name, value)| (*name, passing.of(value)))
                .collect();
            if let Some(model) = model {
                instance = self.made_model(site, class, model, &arguments.without_positional());
            }
            for (name, value) in own_fields {
                instance.set_field(name, value);
            }
            if self.is_own_exception(class) && instance.own_field(words.args).is_none() {
                instance.set_field(words.args, arguments.all());
            }
            return instance;
        }
        // data classes, attrs, pydantic, named tuples: keywords are fields, positions follow
        // the declaration
        let names: Vec<Sym> = resolver
            .class(class)
            .fields
            .iter()
            .map(|(name, _)| *name)
            .collect();
        let mut given = arguments.fields();
        for ((value, _), name) in arguments.positional.iter().zip(&names) {
            given.set_field(*name, value.clone());
        }
        for name in &resolver.class(class).sealed {
            let sealed = given
                .field(*name)
                .transformed(keytrail_model::Transform::Masked);
            given.set_field(*name, sealed);
        }
        if self.is_own_exception(class) {
            given.set_field(words.args, arguments.all());
        }
        for taint in &given.taints {
            instance.add_taint(taint.clone());
        }
        for (name, value) in given.fields.iter().flat_map(|fields| fields.iter()) {
            instance.set_field(*name, value.clone());
            self.write_cell(super::Cell::Attribute(class, *name), value);
        }
        instance
    }
}
