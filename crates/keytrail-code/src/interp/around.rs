//! What Django does around views: signals, tasks, consumers, sessions, events of Lambda.

use super::arguments::Arguments;
use super::record::SinkKind;
use super::shape::Shape;
use super::taint::{Label, What, hop};
use super::value::Value;
use super::{Cell, Machine};
use crate::django::around::{Signal, signal_of};
use crate::program::{ClassRef, FunctionRef, Site};
use crate::resolve::Base;
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, ExprId};

impl Machine<'_> {
    fn word(&self, text: &str) -> Option<Sym> {
        self.shared.program.symbols.find(text)
    }

    /// What the framework passes for a parameter: an exception, the instance of a signal, the
    /// event of a Lambda function, a message of a socket.
    pub(super) fn passed_around(&mut self, index: usize, name: Sym) -> Option<Value> {
        let around = self.shared.around;
        let site = Site::head(self.function);
        if around.exceptions.get(&self.function) == Some(&index) {
            let trace = hop(site, What::Source, &None);
            return Some(Value::tainted(Label::Exception(site), trace));
        }
        if index == 0 && around.handlers.contains(&self.function) {
            return Some(self.event(site));
        }
        // `def process_response(self, request, response)`
        if self.text(name) == "response" && around.everywhere.contains(&self.function) {
            return Some(self.response());
        }
        if self.text(name) == "instance"
            && let Some(class) = around.sender_of(self.function)
        {
            return Some(Value::of(Shape::Instance(class)));
        }
        let class = self.module.ir.function(self.function.1).class?;
        let is_message = matches!(self.text(name), "text_data" | "bytes_data" | "content");
        (is_message && self.is_consumer(ClassRef(self.function.0, class)))
            .then(|| sent_by_caller(site).field(self.shared.words.data))
    }

    /// An event of API Gateway; who the caller is stands in its context.
    fn event(&self, site: Site) -> Value {
        let mut event = sent_by_caller(site);
        let (Some(context), Some(user)) = (self.word("requestContext"), self.word("user")) else {
            return event;
        };
        let mut inner = event.field(context);
        for name in ["authorizer", "identity"] {
            if let Some(name) = self.word(name) {
                inner.set_field(name, event.field(user));
            }
        }
        event.set_field(context, inner);
        event
    }

    pub(super) fn is_consumer(&self, class: ClassRef) -> bool {
        self.shared
            .resolver
            .class(class)
            .lineage
            .iter()
            .any(|base| {
                let Base::External(path) = base else {
                    return false;
                };
                path.last()
                    .is_some_and(|&last| self.text(last).ends_with("Consumer"))
            })
    }

    /// `self.scope` of a consumer: the request that opened the socket.
    pub(super) fn scope_of_consumer(
        &self,
        class: ClassRef,
        name: Sym,
        id: ExprId,
    ) -> Option<Value> {
        (self.text(name) == "scope" && self.is_consumer(class))
            .then(|| sent_by_caller(self.site(id)))
    }

    /// At the end: what a function returns is shown, or is part of every page.
    pub(super) fn shown_around(&mut self) {
        let around = self.shared.around;
        let site = Site::head(self.function);
        if around.shown.contains(&self.function) {
            let returned = super::assign::without_params(&self.out.summary.returned);
            self.sink(&SinkKind::Response, site, &returned);
        }
        if around.contexts.contains(&self.function) {
            let returned = super::assign::without_params(&self.out.summary.returned);
            for (variable, value) in returned.fields.iter().flat_map(|fields| fields.iter()) {
                // Every route has it, whichever page it shows: one page is evidence enough for a path.
                let mut told: Vec<&[String]> = Vec::new();
                for (template, path) in self.shared.templates.showing(self.text(*variable)) {
                    if told.contains(&path) {
                        continue;
                    }
                    told.push(path);
                    let Some(name) = self.word(template) else {
                        continue;
                    };
                    let mut part = value.clone();
                    for step in &path[1..] {
                        part = self
                            .word(step)
                            .map_or_else(|| part.flat(), |step| part.field(step));
                    }
                    self.sink(&SinkKind::Template(name, Some(*variable)), site, &part);
                }
            }
        }
    }

    /// Methods that mean something whatever the receiver is; `None` for all others, and for those
    /// that the receiver's own class goes on to answer.
    pub(super) fn call_around(
        &mut self,
        site: Site,
        object: ExprId,
        receiver: &Value,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        match self.text(name) {
            "save" | "asave" => self.saved(site, receiver, &["pre_save", "post_save"]),
            "delete" | "adelete" => self.saved(site, receiver, &["pre_delete", "post_delete"]),
            "create" | "acreate" | "get_or_create" | "aget_or_create" | "update_or_create"
            | "aupdate_or_create" => return self.created(site, object, arguments),
            "send" | "send_robust" | "asend" | "asend_robust" => {
                return self.told(site, object, receiver, arguments);
            }
            "send_json" => return self.told(site, object, receiver, arguments),
            "group_send" => {
                let message = arguments.at(1).flat();
                self.sink(&SinkKind::ThirdParty("a channel group"), site, &message);
                return Some(Value::default());
            }
            "email_user" => {
                self.sink(&SinkKind::ThirdParty("e-mail"), site, &arguments.all());
                return Some(Value::default());
            }
            "set" | "add" | "aset" | "aadd" | "set_many" | "get_or_set"
                if self.is_named_cache(object) =>
            {
                self.sink(&SinkKind::ThirdParty("the cache"), site, &arguments.all());
                return Some(Value::default());
            }
            "enqueue" | "enqueue_in" | "enqueue_at" | "enqueue_call" | "async_task" => {
                self.queued(site, arguments);
            }
            "SUCCESS" | "ERROR" | "WARNING" | "NOTICE" | "MIGRATE_HEADING" | "HTTP_INFO"
                if self.is_attribute(object, "style") =>
            {
                return Some(arguments.all().text());
            }
            // the next middleware, or the view
            "get_response" => return Some(self.response()),
            "as_manager" => {
                let class = receiver.shapes.iter().find_map(|shape| match shape {
                    Shape::Class(class) => Some(*class),
                    _ => None,
                })?;
                return Some(Value::of(Shape::Instance(class)));
            }
            "as_view" => self.view_keywords(receiver, arguments),
            _ => {}
        }
        None
    }

    pub(super) fn response(&self) -> Value {
        let path = super::Path::from_iter([self.shared.words.response]);
        Value::of(Shape::Object(path))
    }

    fn is_attribute(&self, object: ExprId, wanted: &str) -> bool {
        matches!(self.module.ir.expr(object), Expr::Attribute(_, name)
            if self.module.ir.text(*name) == wanted)
    }

    /// `caches["fast"]`.
    fn is_named_cache(&self, object: ExprId) -> bool {
        let ir = &self.module.ir;
        let Expr::Subscript(caches, _) = ir.expr(object) else {
            return false;
        };
        matches!(ir.expr(*caches), Expr::Name(name) | Expr::Attribute(_, name)
            if ir.text(*name) == "caches")
    }

    /// What is put into a queue rests in its broker until somebody works on it.
    pub(super) fn queued(&mut self, site: Site, arguments: &Arguments) {
        let all = arguments.all().text();
        self.sink(&SinkKind::ThirdParty("a task queue"), site, &all);
    }

    /// `KeyView.as_view(field="api_key")` sets attributes of the view.
    fn view_keywords(&mut self, receiver: &Value, arguments: &Arguments) {
        for shape in &receiver.shapes {
            if let Shape::Class(class) = shape {
                for (name, value, _) in &arguments.keyword {
                    self.write_cell(Cell::Attribute(*class, *name), value);
                }
            }
        }
    }

    /// `models.CharField(…)` and its kin.
    pub(super) fn is_field(&self, shape: &Shape) -> bool {
        matches!(shape, Shape::Object(path)
            if path.first() == Some(&self.shared.words.django)
                && path.last().is_some_and(|&last| self.text(last).ends_with("Field")))
    }

    pub(super) fn is_django_model(&self, class: ClassRef) -> bool {
        self.shared.resolver.descends_from(class, &|path| {
            path.first() == Some(&self.shared.words.django)
                && path.iter().any(|&part| self.text(part) == "models")
        })
    }

    /// Receivers of what Django sends when an instance is written.
    fn saved(&mut self, site: Site, receiver: &Value, signals: &[&str]) {
        for shape in receiver.shapes.clone() {
            let Shape::Instance(class) = shape else {
                continue;
            };
            if self.is_django_model(class) {
                self.signalled(site, class, receiver, signals);
            }
        }
    }

    fn signalled(&mut self, site: Site, class: ClassRef, instance: &Value, signals: &[&str]) {
        let sender = self.word("sender");
        let own = self.word("instance");
        for signal in signals {
            let Some(signal) = self.word(signal) else {
                continue;
            };
            let keywords = [
                (sender, Shape::Class(class).into()),
                (own, instance.clone()),
            ];
            let keyword = keywords
                .into_iter()
                .filter_map(|(name, value)| Some((name?, value, site)))
                .collect();
            let arguments = Arguments {
                keyword,
                ..Arguments::default()
            };
            let around = self.shared.around;
            for function in around.receivers(&Signal::Known(signal), Some(class)) {
                self.invoke(site, function, None, &arguments);
            }
        }
    }

    /// `Key.objects.create(api_key=…)`: an instance is made, and saved.
    fn created(&mut self, site: Site, object: ExprId, arguments: &Arguments) -> Option<Value> {
        let ir = &self.module.ir;
        let Expr::Attribute(model, manager) = ir.expr(object) else {
            return None;
        };
        if !ir.text(*manager).ends_with("objects") && ir.text(*manager) != "_default_manager" {
            return None;
        }
        let class = self
            .expr(*model)
            .shapes
            .iter()
            .find_map(|shape| match shape {
                Shape::Class(class) => Some(*class),
                _ => None,
            })?;
        if !self.is_django_model(class) {
            return None;
        }
        let mut given = arguments.fields();
        let defaults = self.word("defaults");
        if let Some(more) = defaults.and_then(|name| given.own_field(name).cloned()) {
            for (name, value) in more.fields.iter().flat_map(|fields| fields.iter()) {
                given.set_field(*name, value.clone());
            }
        }
        let given = Arguments {
            double: Some(given),
            ..Arguments::default()
        };
        let instance = self.construct(site, class, &given);
        if let Some(save) = self.shared.resolver.method(class, self.shared.words.save) {
            self.invoke(site, save, Some(&instance), &Arguments::default());
        }
        self.signalled(site, class, &instance, &["pre_save", "post_save"]);
        Some(instance)
    }

    /// `key_read.send(sender=…, key=…)` of a signal; `self.send(…)` of a consumer.
    fn told(
        &mut self,
        site: Site,
        object: ExprId,
        receiver: &Value,
        arguments: &Arguments,
    ) -> Option<Value> {
        let is_signal = |shape: &Shape| {
            matches!(shape, Shape::Object(path)
                if path.last().is_some_and(|&last| self.text(last) == "Signal"))
        };
        let consumer = receiver.shapes.iter().any(|shape| match shape {
            Shape::Instance(class) => self.is_consumer(*class),
            _ => false,
        });
        if consumer {
            self.sink(&SinkKind::Response, site, &arguments.all());
            return Some(Value::default());
        }
        if !receiver.shapes.iter().any(is_signal) {
            return None;
        }
        let shared = self.shared;
        let signal = signal_of(shared.program, shared.resolver, self.function.0, object)?;
        for function in shared.around.receivers(&signal, None) {
            self.invoke(site, function, None, arguments);
        }
        Some(Value::default())
    }

    /// `request.session["key"] = …` rests in the session's store.
    pub(super) fn kept_in_session(&mut self, receiver: &Value, value: &Value, site: Site) {
        let is_session = receiver.taints.iter().any(|taint| {
            taint.label == Label::Request
                && taint.path.len() == 1
                && self.text(taint.path[0]) == "session"
        });
        if is_session {
            self.sink(&SinkKind::ThirdParty("the session"), site, &value.flat());
        }
    }

    /// Renderers of a view see all that it answers.
    pub(super) fn rendered(&mut self, site: Site, body: &Value) {
        let (Some(class), Some(list), Some(render)) = (
            self.module.ir.function(self.function.1).class,
            self.word("renderer_classes"),
            self.word("render"),
        ) else {
            return;
        };
        let class = ClassRef(self.function.0, class);
        for shape in self.class_attribute(class, list).shapes {
            let Shape::Class(renderer) = shape else {
                continue;
            };
            let Some(method) = self.shared.resolver.method(renderer, render) else {
                continue;
            };
            let own = Value::of(Shape::Instance(renderer));
            let arguments = Arguments {
                positional: vec![(body.clone(), site)],
                ..Arguments::default()
            };
            self.invoke(site, method, Some(&own), &arguments);
        }
    }

    /// The schema that `response=KeyOut` or `response_model=KeyOut` of a route names: what of
    /// `returned` it lets out.
    pub(super) fn by_schema(&mut self, decorator: ExprId, returned: &Value) -> Value {
        let Expr::Call(_, arguments) = self.module.ir.expr(decorator) else {
            return returned.clone();
        };
        let schema = arguments.iter().find_map(|argument| match argument.kind {
            crate::syntax::ir::ArgumentKind::Keyword(name)
                if matches!(self.module.ir.text(name), "response" | "response_model") =>
            {
                Some(argument.value)
            }
            _ => None,
        });
        let Some(class) = schema.and_then(|schema| self.schema(schema, 0)) else {
            return returned.clone();
        };
        let mut names: Vec<Sym> = Vec::new();
        for base in &self.shared.resolver.class(class).lineage {
            let Base::Class(base) = base else { continue };
            let fields = &self.shared.resolver.class(*base).fields;
            names.extend(fields.iter().map(|(name, _)| *name));
        }
        if names.is_empty() {
            return returned.clone();
        }
        let fields = names.into_iter().map(|name| (name, returned.field(name)));
        Value::with_fields(fields.collect())
    }

    /// `KeyOut`, `list[KeyOut]`, `{200: KeyOut}`.
    fn schema(&self, expr: ExprId, depth: u32) -> Option<ClassRef> {
        if depth > 4 {
            return None;
        }
        match self.module.ir.expr(expr) {
            Expr::Subscript(_, inner) => self.schema(*inner, depth + 1),
            Expr::Dict(entries) => entries
                .first()
                .and_then(|(_, value)| self.schema(*value, depth + 1)),
            _ => match self.shared.resolver.expression(self.function.0, expr)? {
                Shape::Class(class) => Some(class),
                _ => None,
            },
        }
    }

    /// A body that a route's parameter describes: `body: KeyIn`.
    pub(super) fn described_body(
        &self,
        function: FunctionRef,
        annotation: ExprId,
    ) -> Option<Value> {
        if !self.shared.views.contains(&function) {
            return None;
        }
        let Some(Shape::Class(class)) = self.shared.resolver.expression(function.0, annotation)
        else {
            return None;
        };
        let is_schema = self.shared.resolver.descends_from(class, &|path| {
            path.last().is_some_and(|&last| {
                matches!(self.text(last), "Schema" | "ModelSchema" | "BaseModel")
            })
        });
        is_schema.then(|| sent_by_caller(Site::head(function)).field(self.shared.words.data))
    }
}

/// Something of the current request.
fn sent_by_caller(site: Site) -> Value {
    Value::tainted(Label::Request, hop(site, What::Source, &None))
}

impl From<Shape> for Value {
    fn from(shape: Shape) -> Self {
        Self::of(shape)
    }
}
