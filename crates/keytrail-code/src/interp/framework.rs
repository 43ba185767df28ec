//! What Django and REST framework do between the methods that a class view fills in.

use super::Machine;
use super::arguments::Arguments;
use super::record::SinkKind;
use super::shape::Shape;
use super::taint::{Label, What, hop};
use super::value::Value;
use crate::program::{ClassRef, Site};
use crate::resolve::Base;
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, FunctionKind};

/// The kinds of views that the framework completes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Generic {
    /// Shows through a template.
    Django,
    /// Shows through a serializer.
    Rest,
}

impl Machine<'_> {
    /// The serializer or form classes of a view.
    fn view_classes(&mut self, class: ClassRef, names: [Sym; 2]) -> Vec<ClassRef> {
        let words = self.shared.words;
        let mut value = self.class_attribute(class, names[0]);
        value.join(&self.class_attribute(class, names[1]));
        if let Some(method) = self
            .shared
            .resolver
            .method(class, words.get_serializer_class)
            && names.contains(&words.serializer_class)
        {
            let own = Value::of(Shape::Instance(class));
            let site = Site::head(method);
            value.join(&self.invoke(site, method, Some(&own), &Arguments::default()));
        }
        let classes = value.shapes.iter().filter_map(|shape| match shape {
            Shape::Class(class) => Some(*class),
            _ => None,
        });
        classes.collect()
    }

    /// `self.get_serializer(data=request.data)`.
    pub(super) fn made_serializer(
        &mut self,
        site: Site,
        receiver: &Value,
        class: ClassRef,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        debug_assert!(receiver.shapes.contains(&Shape::Instance(class)));
        let classes = self.view_classes(class, [words.serializer_class, words.serializer]);
        let mut made: Option<Value> = None;
        for class in classes {
            let one = self.construct(site, class, arguments);
            made.get_or_insert_with(Value::default).join(&one);
        }
        made
    }

    /// `form_valid(self, form)`, `perform_create(self, serializer)`: what the framework passes.
    pub(super) fn passed_by_framework(&mut self, name: Sym) -> Option<Value> {
        let words = self.shared.words;
        let class = ClassRef(
            self.function.0,
            self.module.ir.function(self.function.1).class?,
        );
        if !self.is_view(class) || (name != words.form && name != words.serializer) {
            return None;
        }
        let head = Site::head(self.function);
        let request = Value::tainted(Label::Request, hop(head, What::Source, &None));
        let (body, classes) = if name == words.form {
            let classes = self.view_classes(class, [words.form_class, words.form]);
            (request.field(words.post), classes)
        } else {
            let classes = self.view_classes(class, [words.serializer_class, words.serializer]);
            (request.field(words.data), classes)
        };
        let mut passed = Value::default();
        for class in &classes {
            let mut instance = Value::of(Shape::Instance(*class));
            instance.set_field(words.hidden_data, body.clone());
            passed.join(&instance);
        }
        if classes.is_empty() {
            for name in [words.cleaned_data, words.validated_data, words.data] {
                passed.set_field(name, body.clone());
            }
        }
        Some(passed)
    }

    fn generic(&self, class: ClassRef) -> Option<Generic> {
        let program = self.shared.program;
        let lineage = &self.shared.resolver.class(class).lineage;
        lineage.iter().find_map(|base| {
            let Base::External(path) = base else {
                return None;
            };
            let first = program.text(*path.first()?);
            let last = program.text(*path.last()?);
            match first {
                "rest_framework" if !matches!(last, "APIView" | "ViewSet" | "GenericAPIView") => {
                    Some(Generic::Rest)
                }
                "django" if last.ends_with("View") && last != "View" => Some(Generic::Django),
                _ => None,
            }
        })
    }

    /// At the end of `get_queryset` and its kin: the framework shows what they return.
    pub(super) fn shown_by_framework(&mut self) {
        let words = self.shared.words;
        let function = self.module.ir.function(self.function.1);
        let Some(class) = function.class else { return };
        let class = ClassRef(self.function.0, class);
        let name = self.sym(function.name);
        let hooks = [words.get_queryset, words.get_object];
        if function.kind != FunctionKind::Plain || !hooks.contains(&name) {
            return;
        }
        let mut classes = vec![class];
        classes.extend(self.shared.resolver.class(class).subclasses.iter().take(4));
        let Some((class, kind)) = classes
            .into_iter()
            .find_map(|class| Some((class, self.generic(class)?)))
        else {
            return;
        };
        let returned = super::assign::without_params(&self.out.summary.returned);
        let site = Site::head(self.function);
        match kind {
            Generic::Rest => {
                let classes = self.view_classes(class, [words.serializer_class, words.serializer]);
                for class in classes {
                    let shown = self.pick(class, &returned);
                    self.sink(&SinkKind::Response, site, &shown);
                }
            }
            Generic::Django => {
                let template = self.class_attribute(class, words.template_name);
                let context = self.context_of(class, name, &returned);
                self.render(site, &template, &context);
            }
        }
    }

    /// `object_list` or `object`, and the name that the view gives it.
    fn context_of(&mut self, class: ClassRef, hook: Sym, returned: &Value) -> Value {
        let words = self.shared.words;
        let named = self.class_attribute(class, words.context_object_name);
        let name = named.constant().unwrap_or(if hook == words.get_queryset {
            words.object_list
        } else {
            words.object
        });
        Value::with_fields(vec![(name, returned.clone())])
    }

    /// A class body: views without methods of their own, which the framework runs alone.
    pub(super) fn run_by_framework(&mut self, class: ClassRef) {
        let words = self.shared.words;
        let resolver = self.shared.resolver;
        let Some(Generic::Rest) = self.generic(class) else {
            return;
        };
        let own = |name: &str| {
            let name = self.shared.program.symbols.find(name);
            name.is_some_and(|name| resolver.method(class, name).is_some())
        };
        let writes = resolver.class(class).lineage.iter().any(|base| {
            let Base::External(path) = base else {
                return false;
            };
            let last = path.last().map_or("", |&last| self.text(last));
            ["Create", "Update", "ModelViewSet"]
                .iter()
                .any(|word| last.contains(word))
        });
        if !writes || own("perform_create") || own("create") || own("post") {
            return;
        }
        let site = Site::head(self.function);
        let request = Value::tainted(Label::Request, hop(site, What::Source, &None));
        let arguments = Arguments {
            keyword: vec![(words.data, request.field(words.data), site)],
            ..Arguments::default()
        };
        for serializer in self.view_classes(class, [words.serializer_class, words.serializer]) {
            let made = self.construct(site, serializer, &arguments);
            self.serializer_method(site, &made, serializer, words.save, &Arguments::default());
        }
    }

    /// A function behind `@api.get("/keys")` of a framework that sends what it returns.
    pub(super) fn sent_by_decorator(&mut self) {
        const METHODS: [&str; 7] = [
            "get",
            "post",
            "put",
            "patch",
            "delete",
            "route",
            "api_operation",
        ];
        let function = self.module.ir.function(self.function.1);
        let sent = function.decorators.iter().find(|&&decorator| {
            let Expr::Call(called, _) = self.module.ir.expr(decorator) else {
                return false;
            };
            let Expr::Attribute(object, method) = self.module.ir.expr(*called) else {
                return false;
            };
            METHODS.contains(&self.module.ir.text(*method)) && self.is_api(*object)
        });
        if let Some(&decorator) = sent {
            let returned = super::assign::without_params(&self.out.summary.returned);
            let returned = self.by_schema(decorator, &returned);
            self.sink(&SinkKind::Response, Site::head(self.function), &returned);
        }
    }

    fn is_api(&mut self, object: crate::syntax::ir::ExprId) -> bool {
        let value = self.expr(object);
        value.shapes.iter().any(|shape| {
            matches!(shape, Shape::Object(path) if path.first().is_some_and(|&first| {
                matches!(self.text(first), "ninja" | "ninja_extra" | "fastapi" | "flask" | "chalice")
            }))
        })
    }
}
