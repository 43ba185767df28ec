//! What the framework runs around views, as far as names and settings tell: middleware, context
//! processors, receivers of signals, columns of the admin, handlers of exceptions and of Lambda.

use keytrail_model::SettingValue;
use rustc_hash::{FxHashMap, FxHashSet};

use super::settings::{SettingsIndex, texts};
use super::urls::admin::is_model_admin;
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId, Program};
use crate::resolve::{Base, Resolver};
use crate::symbols::Sym;
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId, Function, FunctionKind, Stmt};

/// A signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// One of Django's own: `post_save`.
    Known(Sym),
    /// A variable of the tree, under every name that it has.
    Own(Vec<(ModuleId, Sym)>),
}

impl Signal {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(own), Self::Known(other)) => own == other,
            (Self::Own(own), Self::Own(other)) => own.iter().any(|place| other.contains(place)),
            _ => false,
        }
    }
}

#[derive(Debug)]
struct Receiver {
    signal: Signal,
    sender: Option<ClassRef>,
    function: FunctionRef,
}

/// Functions that the framework calls.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// For every route: middleware and context processors.
    pub(crate) everywhere: Vec<FunctionRef>,
    /// What they return is part of every page.
    pub(crate) contexts: FxHashSet<FunctionRef>,
    /// What they return is part of a response.
    pub(crate) shown: FxHashSet<FunctionRef>,
    /// They are handed an exception, as the parameter of this number.
    pub(crate) exceptions: FxHashMap<FunctionRef, usize>,
    /// Lambda functions that answer requests of API Gateway.
    pub(crate) handlers: FxHashSet<FunctionRef>,
    receivers: Vec<Receiver>,
}

/// Names in the events of API Gateway, and in what it is answered.
const OF_GATEWAY: [&str; 9] = [
    "httpMethod",
    "pathParameters",
    "queryStringParameters",
    "requestContext",
    "statusCode",
    "rawPath",
    "routeKey",
    "multiValueHeaders",
    "isBase64Encoded",
];
const MIDDLEWARE: [&str; 7] = [
    "__call__",
    "__acall__",
    "process_request",
    "process_view",
    "process_response",
    "process_template_response",
    "process_exception",
];
/// Attributes of an admin whose entries may be methods that are shown.
const COLUMNS: [&str; 4] = ["list_display", "readonly_fields", "fields", "list_filter"];

struct Builder<'a> {
    program: &'a Program,
    resolver: &'a Resolver<'a>,
    around: Around,
}

impl Around {
    pub(crate) fn new(
        program: &Program,
        resolver: &Resolver<'_>,
        settings: &SettingsIndex,
    ) -> Self {
        let mut builder = Builder {
            program,
            resolver,
            around: Self::default(),
        };
        builder.of_settings(settings);
        builder.of_modules();
        builder.of_admin();
        builder.around
    }

    /// Lambda functions, in order.
    pub(crate) fn gateway(&self) -> Vec<FunctionRef> {
        let mut handlers: Vec<FunctionRef> = self.handlers.iter().copied().collect();
        handlers.sort_unstable();
        handlers
    }

    /// Functions that a signal of a sender calls.
    pub(crate) fn receivers(&self, signal: &Signal, sender: Option<ClassRef>) -> Vec<FunctionRef> {
        self.receivers
            .iter()
            .filter(|receiver| receiver.signal.is(signal))
            .filter(|receiver| receiver.sender.is_none() || receiver.sender == sender)
            .map(|receiver| receiver.function)
            .collect()
    }

    /// The class whose signals a function receives.
    pub(crate) fn sender_of(&self, function: FunctionRef) -> Option<ClassRef> {
        let mut own = self.receivers.iter();
        own.find(|receiver| receiver.function == function)?.sender
    }
}

impl Builder<'_> {
    // ---- settings ----

    fn of_settings(&mut self, settings: &SettingsIndex) {
        for name in settings
            .deployed("MIDDLEWARE")
            .and_then(|setting| texts(&setting.value))
            .unwrap_or_default()
        {
            self.middleware(name);
        }
        let templates = settings.deployed("TEMPLATES").map(|setting| &setting.value);
        for name in templates.map(context_processors).unwrap_or_default() {
            for function in self.named(name) {
                self.around.everywhere.push(function);
                self.around.contexts.insert(function);
            }
        }
        let handler = settings.deployed("REST_FRAMEWORK.EXCEPTION_HANDLER");
        for name in handler
            .and_then(|setting| texts(&setting.value))
            .unwrap_or_default()
        {
            for function in self.named(name) {
                self.around.exceptions.insert(function, 0);
            }
        }
    }

    fn middleware(&mut self, dotted: &str) {
        for shape in self.shapes(dotted) {
            match shape {
                Shape::Class(class) => {
                    for name in MIDDLEWARE {
                        let Some(hook) = self.method(class, name) else {
                            continue;
                        };
                        if name == "process_exception" {
                            self.around.exceptions.insert(hook, 2);
                        } else {
                            self.around.everywhere.push(hook);
                        }
                    }
                }
                Shape::Function(outer) => {
                    let functions = &self.program.module(outer.0).ir.functions;
                    let inner = (0u32..)
                        .zip(functions)
                        .filter(|(_, inner)| inner.parent == outer.1);
                    self.around
                        .everywhere
                        .extend(inner.map(|(id, _)| FunctionRef(outer.0, id)));
                }
                _ => {}
            }
        }
    }

    fn method(&self, class: ClassRef, name: &str) -> Option<FunctionRef> {
        self.resolver
            .method(class, self.program.symbols.find(name)?)
    }

    fn shapes(&self, dotted: &str) -> Vec<Shape> {
        let Some((module, name)) = dotted.rsplit_once('.') else {
            return Vec::new();
        };
        let module = self.program.module_named(module);
        let name = self.program.symbols.find(name);
        match (module, name) {
            (Some(module), Some(name)) => self.resolver.global(module, name),
            _ => Vec::new(),
        }
    }

    fn named(&self, dotted: &str) -> Vec<FunctionRef> {
        let shapes = self.shapes(dotted).into_iter();
        shapes
            .filter_map(|shape| match shape {
                Shape::Function(function) => Some(function),
                _ => None,
            })
            .collect()
    }

    // ---- modules ----

    fn of_modules(&mut self) {
        for (id, module) in (0u32..).zip(&self.program.modules) {
            let has = |wanted: &str| module.ir.names.iter().any(|name| &**name == wanted);
            let gateway = OF_GATEWAY.iter().any(|name| has(name));
            for (number, function) in (0u32..).zip(&module.ir.functions) {
                let own = FunctionRef(id, number);
                for &decorator in &function.decorators {
                    self.decorated(own, decorator);
                }
                if gateway && self.is_lambda(id, function) {
                    self.around.handlers.insert(own);
                    self.around.shown.insert(own);
                }
            }
            if has("connect") {
                self.connections(id);
            }
        }
    }

    /// `def handler(event, context)`.
    fn is_lambda(&self, id: ModuleId, function: &Function) -> bool {
        let ir = &self.program.module(id).ir;
        let [event, context] = &*function.parameters else {
            return false;
        };
        function.kind == FunctionKind::Plain
            && function.parent == 0
            && function.class.is_none()
            && matches!(
                ir.text(event.name),
                "event" | "_event" | "evt" | "aws_event"
            )
            && matches!(
                ir.text(context.name),
                "context" | "_context" | "ctx" | "_" | "aws_context" | "lambda_context"
            )
    }

    fn decorated(&mut self, function: FunctionRef, decorator: ExprId) {
        let ir = &self.program.module(function.0).ir;
        let Expr::Call(called, arguments) = ir.expr(decorator) else {
            return;
        };
        let (Expr::Name(name) | Expr::Attribute(_, name)) = ir.expr(*called) else {
            return;
        };
        match ir.text(*name) {
            "receiver" => {
                let Some(first) = arguments.first() else {
                    return;
                };
                let signals = match ir.expr(first.value) {
                    Expr::Sequence(parts) => parts.to_vec(),
                    _ => vec![first.value],
                };
                for signal in signals {
                    self.receives(function.0, signal, arguments, function);
                }
            }
            // Flask hands over the error alone, Ninja and FastAPI the request before it
            "errorhandler" | "app_errorhandler" => {
                self.around.exceptions.insert(function, 0);
            }
            "exception_handler" => {
                self.around.exceptions.insert(function, 1);
            }
            _ => {}
        }
    }

    /// `post_save.connect(saved, sender=Key)`.
    fn connections(&mut self, id: ModuleId) {
        let module = self.program.module(id);
        let mut blocks: Vec<&[Stmt]> = module
            .ir
            .functions
            .iter()
            .filter(|function| function.kind != FunctionKind::ClassBody)
            .map(|function| &*function.body)
            .collect();
        while let Some(block) = blocks.pop() {
            for statement in block {
                if let Stmt::Expr(call) = statement
                    && let Expr::Call(called, arguments) = module.ir.expr(*call)
                    && let Expr::Attribute(signal, method) = module.ir.expr(*called)
                    && module.ir.text(*method) == "connect"
                    && let Some(first) = arguments.first()
                    && let Some(Shape::Function(function)) =
                        self.resolver.expression(id, first.value)
                {
                    self.receives(id, *signal, arguments, function);
                }
                statement.blocks(&mut |block| blocks.push(block));
            }
        }
    }

    fn receives(
        &mut self,
        id: ModuleId,
        signal: ExprId,
        arguments: &[Argument],
        function: FunctionRef,
    ) {
        let Some(signal) = signal_of(self.program, self.resolver, id, signal) else {
            return;
        };
        let ir = &self.program.module(id).ir;
        let sender = arguments.iter().find_map(|argument| match argument.kind {
            ArgumentKind::Keyword(name) if ir.text(name) == "sender" => Some(argument.value),
            _ => None,
        });
        let class = sender.and_then(|sender| match self.resolver.expression(id, sender)? {
            Shape::Class(class) => Some(class),
            _ => None,
        });
        self.around.receivers.push(Receiver {
            signal,
            sender: class,
            function,
        });
    }

    // ---- admin ----

    fn of_admin(&mut self) {
        for (id, module) in (0u32..).zip(&self.program.modules) {
            for index in (0u32..).take(module.ir.classes.len()) {
                let class = ClassRef(id, index);
                if !is_model_admin(self.program, self.resolver, class) {
                    continue;
                }
                for base in &self.resolver.class(class).lineage {
                    let Base::Class(base) = base else { continue };
                    self.columns(class, *base);
                }
            }
        }
    }

    fn columns(&mut self, class: ClassRef, base: ClassRef) {
        let ir = &self.program.module(base.0).ir;
        for (name, value) in &self.resolver.class(base).fields {
            if !COLUMNS.contains(&self.program.text(*name)) {
                continue;
            }
            let Some(Expr::Sequence(parts)) = value.map(|value| ir.expr(value)) else {
                continue;
            };
            for &part in parts {
                if let Expr::Str(text) = ir.expr(part)
                    && let Some(method) = self.method(class, ir.text(*text))
                {
                    self.around.shown.insert(method);
                }
            }
        }
    }
}

/// The signal that an expression names.
pub(crate) fn signal_of(
    program: &Program,
    resolver: &Resolver<'_>,
    id: ModuleId,
    expr: ExprId,
) -> Option<Signal> {
    let module = program.module(id);
    match resolver.expression(id, expr) {
        Some(Shape::External(path)) if path.len() > 1 => path.last().copied().map(Signal::Known),
        Some(Shape::External(_)) | None => {
            let places = match module.ir.expr(expr) {
                Expr::Name(name) => resolver.variable(id, module.sym(*name)),
                Expr::Attribute(object, name) => match resolver.expression(id, *object)? {
                    Shape::Module(inner) => resolver.variable(inner, module.sym(*name)),
                    _ => return None,
                },
                _ => return None,
            };
            Some(Signal::Own(places))
        }
        _ => None,
    }
}

/// `TEMPLATES[…]["OPTIONS"]["context_processors"]`.
fn context_processors(value: &SettingValue) -> Vec<&str> {
    let SettingValue::List(engines) = value else {
        return Vec::new();
    };
    let entry = |value: &'_ SettingValue, wanted: &str| match value {
        SettingValue::Dict(entries) => entries.iter().position(|(name, _)| name == wanted),
        _ => None,
    };
    let mut names = Vec::new();
    for engine in engines {
        if let SettingValue::Dict(parts) = engine
            && let Some(options) = entry(engine, "OPTIONS")
            && let SettingValue::Dict(inner) = &parts[options].1
            && let Some(processors) = entry(&parts[options].1, "context_processors")
        {
            names.extend(texts(&inner[processors].1).unwrap_or_default());
        }
    }
    names
}
