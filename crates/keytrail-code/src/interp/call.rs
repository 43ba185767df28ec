//! Calls: of functions of the tree by their summaries, of classes, of methods.

use keytrail_model::Transform;

use super::arguments::Arguments;
use super::memo::Deed;
use super::shape::{Aws, Path, Shape};
use super::value::Value;
use super::{Limit, Machine};
use crate::program::{ClassRef, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{Argument, Expr, ExprId};

impl Machine<'_> {
    pub(super) fn call(&mut self, id: ExprId, function: ExprId, list: &[Argument]) -> Value {
        let module = self.module;
        let site = self.site(id);
        if let Expr::Attribute(object, name) = module.ir.expr(function) {
            let name = self.sym(*name);
            let receiver = self.expr(*object);
            let arguments = self.arguments(list);
            if self.text(name) == "setLevel" {
                self.sdk_level(site, *object, &arguments);
            }
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
        let mut result = self.call_value(site, &callee, hint, &arguments);
        if hint.is_some_and(|hint| self.text(hint) == "get_response") {
            result.join(&self.response());
        }
        for shape in &callee.shapes {
            if let Shape::Function(callee) = shape {
                self.apply_changes(site, *callee, list, false, &arguments);
            }
        }
        result
    }

    /// `setattr(x, "name", value)`: an assignment.
    pub(super) fn set_attribute(
        &mut self,
        callee: &Value,
        list: &[Argument],
        arguments: &Arguments,
    ) {
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
        } else if is_setattr && super::limit::holds_data(&arguments.at(2)) && list.len() == 3 {
            let site = arguments.positional.get(1).map(|(_, site)| *site);
            if arguments.at(1).names().is_empty()
                && let Some(site) = site
            {
                self.note_limit(site, Limit::ComputedAssignment);
            }
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
                Shape::Param(..) => self.note_callback(site, shape, arguments),
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
    pub(super) fn call_object(&mut self, site: Site, path: &Path, arguments: &Arguments) -> Value {
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
        let Some(hint) = hint else {
            return Value::default();
        };
        let done = |transform| arguments.all().transformed(transform);
        match self.shared.memo.deed(self.shared.program, hint) {
            Deed::Hides => done(Transform::Masked),
            Deed::Hashes => done(Transform::Hashed),
            Deed::Encrypts => done(Transform::Encrypted),
            Deed::Converts => {
                let mut value = arguments.first();
                value.shapes.clear();
                value
            }
            Deed::Nothing => Value::default(),
        }
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
        if let Some(value) = self.call_around(site, object, receiver, name, arguments) {
            return value;
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
                Shape::Super(class) => Some(self.call_on_super(site, *class, name, arguments)),
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
                    if !matches!(self.text(name), "apply" | "s" | "si") {
                        self.queued(site, arguments);
                    }
                    Some(self.call_later(site, &callee, arguments))
                }
                Shape::Aws(aws) if matches!(**aws, Aws::Pages) => {
                    self.call_on_pages(receiver, name, arguments)
                }
                Shape::Aws(aws) => {
                    let aws = aws.clone();
                    self.call_on_aws(site, &aws, name, arguments)
                }
                Shape::Mapped(mapped) => self.call_on_mapped(site, *mapped, name, arguments),
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
        if known && self.is_record(receiver) {
            return result;
        }
        let general = self.general_method(site, object, receiver, name, arguments, known);
        // an object of a library is not what it was made with: a client holds its key and does
        // not give it back with each answer
        let foreign = receiver
            .shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Object(_) | Shape::External(_) | Shape::Aws(_)));
        let resolved = self.text(name) == "result";
        if !(known && foreign) || resolved {
            result.join(&general);
        }
        result
    }

    pub(super) fn call_later(
        &mut self,
        site: Site,
        callee: &Value,
        arguments: &Arguments,
    ) -> Value {
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

    pub(super) fn call_on_instance(
        &mut self,
        site: Site,
        receiver: &Value,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        if self.is_permission_check(name) {
            self.check_object_permissions(site, class, arguments);
        }
        if let Some(function) = self.shared.resolver.method(class, name) {
            let mut result = self.invoke(site, function, Some(receiver), arguments);
            if self.is_abstract(function) {
                result.join(&self.call_on_subclasses(site, class, name, arguments)?);
            }
            return Some(result);
        }
        if let Some(value) = self.call_on_record(site, receiver, class, name, arguments) {
            return Some(value);
        }
        if let Some(value) = self.serializer_method(site, receiver, class, name, arguments) {
            return Some(value);
        }
        if let Some(value) = self.schema_method(site, receiver, class, name, arguments) {
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
        self.call_on_subclasses(site, class, name, arguments)
    }

    /// A body that only raises, or does nothing: subclasses say what it does.
    fn is_abstract(&self, function: crate::program::FunctionRef) -> bool {
        let module = self.shared.program.module(function.0);
        let body = &module.ir.function(function.1).body;
        matches!(**body, [] | [crate::syntax::ir::Stmt::Raise(_)])
    }

    /// A template method that subclasses define.
    fn call_on_subclasses(
        &mut self,
        site: Site,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
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

    pub(super) fn call_on_class(
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
        let Some(function) = self.shared.resolver.method(class, name) else {
            return self
                .call_on_model(site, class, name, arguments)
                .or_else(|| self.constructed_by(site, class, name, arguments));
        };
        let receiver = self
            .decorated(function, words.class_method)
            .then(|| Value::of(Shape::Class(class)));
        Some(self.invoke(site, function, receiver.as_ref(), arguments))
    }

    /// Constructors that libraries give to classes: `Model.model_validate(item)`.
    fn constructed_by(
        &mut self,
        site: Site,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        match self.text(name) {
            "model_validate" | "parse_obj" | "from_orm" | "from_dict" | "validate" => {
                let given = Arguments {
                    double: Some(arguments.first()),
                    ..Arguments::default()
                };
                Some(self.construct(site, class, &given))
            }
            "model_construct" | "construct" => Some(self.construct(site, class, arguments)),
            _ => None,
        }
    }

    pub(super) fn call_on_super(
        &mut self,
        site: Site,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Value {
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
            return result;
        }
        if let Some(value) = self.super_of_model(site, class, name, arguments) {
            return value;
        }
        // what an exception says of itself
        if name == words.init && self.is_own_exception(class) {
            let mut own = Value::of(Shape::Instance(class));
            own.add_shape(Shape::Param(0, super::Fields::new()));
            self.assign_attribute(&own, words.args, &arguments.all());
        }
        // what the framework's own method gives back
        if name == words.to_representation {
            let serialized = arguments.first();
            return self.pick(class, &serialized);
        }
        Value::default()
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
    pub(super) fn call_on_parameter(
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
