//! Calls: of functions of the tree by their summaries, of classes, of methods.

use super::arguments::Arguments;
use super::summary::substitute;
use super::value::{Aws, Label, Path, Shape, Value, What};
use super::{Callback, Machine, Summary};
use crate::program::{ClassRef, FunctionRef, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId};

impl Machine<'_> {
    pub(super) fn call(&mut self, id: ExprId, function: ExprId, list: &[Argument]) -> Value {
        let module = self.module;
        let site = self.site(id);
        if let Expr::Attribute(object, name) = module.ir.expr(function) {
            let name = self.sym(*name);
            let receiver = self.expr(*object);
            let arguments = self.arguments(list);
            let result = self.call_method(site, *object, &receiver, name, &arguments);
            for shape in &receiver.shapes {
                if let Shape::Instance(class) = shape
                    && let Some(callee) = self.shared.resolver.method(*class, name)
                {
                    self.apply_changes(site, callee, list, true, &arguments);
                }
            }
            return result;
        }
        let callee = self.expr(function);
        let arguments = self.arguments(list);
        self.set_attribute(&callee, list, &arguments);
        let hint = match module.ir.expr(function) {
            Expr::Name(name) => Some(self.sym(*name)),
            _ => None,
        };
        let result = self.call_value(site, &callee, hint, &arguments);
        for shape in &callee.shapes {
            if let Shape::Function(callee) = shape {
                self.apply_changes(site, *callee, list, false, &arguments);
            }
        }
        result
    }

    /// `setattr(x, "name", value)`: an assignment.
    fn set_attribute(&mut self, callee: &Value, list: &[Argument], arguments: &Arguments) {
        let is_setattr = callee.shapes.iter().any(|shape| {
            matches!(shape, Shape::External(path)
                if self.shared.known.find(path) == Some(crate::known::Known::SetAttr))
        });
        if is_setattr
            && let [object, _, _] = list
            && let Some(name) = arguments.at(1).constant()
        {
            let value = arguments.at(2);
            let receiver = arguments.first();
            self.assign_attribute(&receiver, name, &value);
            self.update(object.value, &mut |old| old.set_field(name, value.clone()));
        }
    }

    pub(super) fn call_value(
        &mut self,
        site: Site,
        callee: &Value,
        hint: Option<Sym>,
        arguments: &Arguments,
    ) -> Value {
        let mut result = Value::default();
        let mut known = false;
        for shape in &callee.shapes {
            let value = match shape {
                Shape::Function(function) => self.invoke(site, *function, None, arguments),
                Shape::Closure(function, captured) => {
                    let captured = captured.clone();
                    self.invoke_with(site, *function, None, arguments, &captured)
                }
                Shape::Method(function, class) => self.invoke(
                    site,
                    *function,
                    Some(&Value::of(Shape::Instance(*class))),
                    arguments,
                ),
                Shape::Class(class) => self.construct(site, *class, arguments),
                Shape::External(path) => self.call_external(site, path, arguments),
                Shape::Param(..) => {
                    self.note_callback(shape, arguments);
                    continue;
                }
                Shape::Object(path) => self.call_object(site, path, arguments),
                Shape::Instance(class) => {
                    let call = self.shared.words.call_;
                    match self.shared.resolver.method(*class, call) {
                        Some(method) => self.invoke(site, method, Some(callee), arguments),
                        None => continue,
                    }
                }
                Shape::Partial(partial) => {
                    let partial = partial.clone();
                    let given = arguments.after(&partial, site);
                    self.call_value(site, &partial.callee, hint, &given)
                }
                _ => continue,
            };
            known = true;
            result.join(&value);
        }
        if !known {
            result = self.call_unknown(hint, arguments);
        }
        result
    }

    /// A callable from outside, called: `env("NAME")` of django-environ among them.
    fn call_object(&mut self, site: Site, path: &Path, arguments: &Arguments) -> Value {
        if path
            .first()
            .is_some_and(|&first| self.text(first) == "environ")
        {
            return self.environment_read(site, arguments);
        }
        Value::default()
    }

    /// Nothing is known of the callee. Converters keep what they are given; others are not
    /// guessed to.
    pub(super) fn call_unknown(&mut self, hint: Option<Sym>, arguments: &Arguments) -> Value {
        const CONVERTS: [&str; 13] = [
            "json", "dump", "load", "serial", "marshal", "convert", "clean", "format", "parse",
            "encode", "decode", "to_", "from_",
        ];
        const HIDES: [&str; 5] = ["mask", "redact", "obfuscat", "anonymi", "sanitize_secret"];
        const HASHES: [&str; 3] = ["hash", "digest", "fingerprint"];
        const ENCRYPTS: [&str; 3] = ["encrypt", "wrap_key", "seal"];
        let Some(hint) = hint else {
            return Value::default();
        };
        let name = self.text(hint).to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if has(&HIDES) {
            arguments
                .all()
                .transformed(keytrail_model::Transform::Masked)
        } else if has(&HASHES) {
            arguments
                .all()
                .transformed(keytrail_model::Transform::Hashed)
        } else if has(&ENCRYPTS) && !name.contains("decrypt") {
            arguments
                .all()
                .transformed(keytrail_model::Transform::Encrypted)
        } else if has(&CONVERTS) {
            let mut value = arguments.first();
            value.shapes.clear();
            value
        } else {
            Value::default()
        }
    }

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
    fn invoke_with(
        &mut self,
        site: Site,
        callee: FunctionRef,
        receiver: Option<&Value>,
        arguments: &Arguments,
        captured: &[(Sym, Value)],
    ) -> Value {
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
    fn with_class_fields(&mut self, receiver: &Value, callee: FunctionRef) -> Value {
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

    /// A parameter is called: the caller knows what it is.
    fn note_callback(&mut self, shape: &Shape, arguments: &Arguments) {
        let values = |list: &[(Value, Site)]| list.iter().map(|(value, _)| value.clone()).collect();
        let callback = Callback {
            callee: Value::of(shape.clone()),
            positional: values(&arguments.positional),
            keyword: arguments
                .keyword
                .iter()
                .map(|(name, value, _)| (*name, value.clone()))
                .collect(),
            star: arguments.star.clone(),
            double: arguments.double.clone(),
        };
        let callbacks = &mut self.out.summary.callbacks;
        if callbacks.len() < 16 && !callbacks.contains(&callback) {
            callbacks.push(callback);
        }
    }

    /// Calls what the callee would call of what it was given.
    fn apply_callbacks(
        &mut self,
        site: Site,
        callee: FunctionRef,
        summary: &Summary,
        bindings: &[Value],
    ) {
        for callback in &summary.callbacks {
            let at = |value: &Value| substitute(value, bindings, site, callee);
            let function = at(&callback.callee);
            let known =
                |shape: &Shape| !matches!(shape, Shape::None | Shape::Str(_) | Shape::Bool(_));
            if !function.shapes.iter().any(known) {
                continue;
            }
            let arguments = Arguments {
                positional: callback
                    .positional
                    .iter()
                    .map(|value| (at(value), site))
                    .collect(),
                keyword: callback
                    .keyword
                    .iter()
                    .map(|(name, value)| (*name, at(value), site))
                    .collect(),
                star: callback.star.as_ref().map(at),
                double: callback.double.as_ref().map(at),
            };
            self.call_value(site, &function, None, &arguments);
        }
    }

    /// Reads a summary under `bindings`.
    fn apply(
        &mut self,
        site: Site,
        callee: FunctionRef,
        summary: &Summary,
        bindings: &[Value],
    ) -> Value {
        self.inherit_sinks(&summary.sinks, bindings, site, callee);
        self.inherit_operations(&summary.operations, bindings, site, callee);
        if self.depth <= super::DEEPEST {
            self.depth += 1;
            self.apply_callbacks(site, callee, summary, bindings);
            self.depth -= 1;
        }
        for (cell, value) in &summary.cells {
            let value = substitute(value, bindings, site, callee);
            self.write_cell(*cell, &value);
        }
        for (item, identity, _) in &summary.ties {
            let items = substitute(
                &Value {
                    taints: [item.clone()].into_iter().collect(),
                    ..Value::default()
                },
                bindings,
                site,
                callee,
            );
            let identities = substitute(
                &Value {
                    taints: [identity.clone()].into_iter().collect(),
                    ..Value::default()
                },
                bindings,
                site,
                callee,
            );
            let mut pairs = Vec::new();
            for item in &items.flat().taints {
                for identity in &identities.flat().taints {
                    let open = matches!(item.label, Label::Item(_) | Label::Param(_))
                        && (matches!(identity.label, Label::Param(_))
                            || self.is_identity(identity));
                    if open {
                        pairs.push((item.clone(), identity.clone(), site));
                    }
                }
            }
            pairs.truncate(8);
            self.assume(&pairs);
        }
        let returned = substitute(&summary.returned, bindings, site, callee);
        returned.hopped(site, What::Returned(callee))
    }

    /// What a callee set in the entries of what it was given: `fill(item, key)`.
    fn apply_changes(
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
                let value = substitute(value, &bindings, site, callee);
                let receiver = self.expr(argument.value);
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
            let own_fields: Vec<(Sym, Value)> = summary
                .own_fields
                .iter()
                .map(|(name, value)| (*name, substitute(value, &bindings, site, init)))
                .collect();
            for (name, value) in own_fields {
                instance.set_field(name, value);
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
        for taint in &given.taints {
            instance.add_taint(taint.clone());
        }
        for (name, value) in given.fields.iter().flat_map(|fields| fields.iter()) {
            instance.set_field(*name, value.clone());
            self.write_cell(super::Cell::Attribute(class, *name), value);
        }
        instance
    }

    pub(super) fn call_method(
        &mut self,
        site: Site,
        object: ExprId,
        receiver: &Value,
        name: Sym,
        arguments: &Arguments,
    ) -> Value {
        let is_aws = |shape: &Shape| matches!(shape, Shape::Aws(_));
        if name == self.shared.words.get_secret_value && !receiver.shapes.iter().any(is_aws) {
            return receiver.unmasked();
        }
        let mut result = Value::default();
        let mut known = false;
        for shape in &receiver.shapes {
            let value = match shape {
                Shape::External(_) | Shape::Object(_)
                    if let Some(value) =
                        self.call_on_unknown_table(site, receiver, name, arguments) =>
                {
                    Some(value)
                }
                Shape::Instance(class) => {
                    self.call_on_instance(site, receiver, *class, name, arguments)
                }
                Shape::Class(class) => self.call_on_class(site, *class, name, arguments),
                Shape::Super(class) => self.call_on_super(site, receiver, *class, name, arguments),
                Shape::Module(_) | Shape::Namespace(_) => {
                    let callee = self.attribute(&Value::of(shape.clone()), name, site.1);
                    Some(self.call_value(site, &callee, Some(name), arguments))
                }
                Shape::External(path) => {
                    let mut path = path.clone();
                    path.push(name);
                    Some(self.call_external(site, &path, arguments))
                }
                Shape::Object(path) => self.call_on_object(site, path, name, arguments),
                // `task.delay(x)`, `task.apply_async(args=(x,))` of Celery, RQ and their kin
                Shape::Function(_) | Shape::Closure(..)
                    if matches!(
                        self.text(name),
                        "delay"
                            | "apply_async"
                            | "apply"
                            | "send"
                            | "s"
                            | "si"
                            | "enqueue"
                            | "defer"
                    ) =>
                {
                    let callee = Value::of(shape.clone());
                    Some(self.call_later(site, &callee, arguments))
                }
                Shape::Aws(aws) => {
                    let aws = aws.clone();
                    self.call_on_aws(site, &aws, name, arguments)
                }
                Shape::ConditionName(attribute, key) => {
                    Some(self.condition(*attribute, *key, name, arguments))
                }
                Shape::Param(..) => self.call_on_parameter(site, receiver, name, arguments),
                _ => None,
            };
            if let Some(value) = value {
                known = true;
                result.join(&value);
            }
        }
        if !known {
            if let Some(value) = self.call_on_unknown_table(site, receiver, name, arguments) {
                return value;
            }
            if let Some(value) = self.log_by_name(site, object, name, arguments) {
                return value;
            }
        }
        let general = self.general_method(site, object, receiver, name, arguments, known);
        // an object of a library is not what it was made with: a client holds its key and does
        // not give it back with each answer
        let foreign = receiver
            .shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Object(_) | Shape::External(_) | Shape::Aws(_)));
        if !(known && foreign) {
            result.join(&general);
        }
        result
    }

    fn call_later(&mut self, site: Site, callee: &Value, arguments: &Arguments) -> Value {
        let words = self.shared.words;
        let (args, kwargs) = (arguments.named(words.args), arguments.named(words.kwargs));
        if args.is_none() && kwargs.is_none() {
            return self.call_value(site, callee, None, arguments);
        }
        let given = Arguments {
            star: args.map(|args| args.element()),
            double: kwargs,
            ..Arguments::default()
        };
        self.call_value(site, callee, None, &given)
    }

    fn call_on_instance(
        &mut self,
        site: Site,
        receiver: &Value,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        if let Some(function) = self.shared.resolver.method(class, name) {
            return Some(self.invoke(site, function, Some(receiver), arguments));
        }
        if let Some(value) = self.serializer_method(site, receiver, class, name, arguments) {
            return Some(value);
        }
        if let Some(own) = receiver.own_field(name).cloned() {
            return Some(self.call_value(site, &own, Some(name), arguments));
        }
        if name == words.get_serializer && self.is_view(class) {
            return self.made_serializer(site, receiver, class, arguments);
        }
        let callee = self.class_attribute(class, name);
        if !callee.shapes.is_empty() {
            return Some(self.call_value(site, &callee, Some(name), arguments));
        }
        // a template method that subclasses define
        let subclasses = self.shared.resolver.class(class).subclasses.clone();
        let mut result = None;
        for subclass in subclasses.into_iter().take(4) {
            if let Some(&function) = self.shared.resolver.class(subclass).methods.get(&name) {
                let value = self.invoke(
                    site,
                    function,
                    Some(&Value::of(Shape::Instance(subclass))),
                    arguments,
                );
                result.get_or_insert_with(Value::default).join(&value);
            }
        }
        result
    }

    fn call_on_class(
        &mut self,
        site: Site,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        if let Some(&inner) = self.shared.resolver.class(class).classes.get(&name) {
            return Some(self.construct(site, inner, arguments));
        }
        let function = self.shared.resolver.method(class, name)?;
        let receiver = self
            .decorated(function, words.class_method)
            .then(|| Value::of(Shape::Class(class)));
        Some(self.invoke(site, function, receiver.as_ref(), arguments))
    }

    fn call_on_super(
        &mut self,
        site: Site,
        receiver: &Value,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        let above = self.shared.resolver.methods_above(class, name);
        if !above.is_empty() {
            // the instance is the caller's own, with all that it holds
            let mut own = Value::of(Shape::Instance(class));
            own.add_shape(Shape::Param(0, super::Fields::new()));
            let mut result = Value::default();
            for function in above {
                result.join(&self.invoke(site, function, Some(&own), arguments));
            }
            return Some(result);
        }
        // what the framework's own method gives back
        if name == words.to_representation {
            let serialized = arguments.first();
            return Some(self.pick(class, &serialized));
        }
        let _ = receiver;
        Some(Value::default())
    }

    /// `super()`: the class around.
    pub(super) fn super_value(&self) -> Value {
        let module = self.module;
        let mut function = module.ir.function(self.function.1);
        loop {
            if let Some(class) = function.class {
                return Value::of(Shape::Super(ClassRef(self.function.0, class)));
            }
            if function.parent == 0 {
                return Value::default();
            }
            function = module.ir.function(function.parent);
        }
    }

    /// A method of a parameter: of a table or client, if the caller passes one.
    fn call_on_parameter(
        &mut self,
        site: Site,
        receiver: &Value,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        if name == words.table {
            let table = Aws::Table(arguments.first());
            return Some(Value::of(Shape::Aws(std::sync::Arc::new(table))));
        }
        self.call_on_unknown_table(site, receiver, name, arguments)
    }
}
