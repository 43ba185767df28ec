//! Settings in classes: django-configurations, pydantic-settings, plain holders.

use std::sync::Arc;

use super::call::Arguments;
use super::eval::{Evaluator, Names};
use super::value::{Located, Val};
use crate::program::{ClassRef, ModuleId};
use crate::resolve::{Base, Resolver};
use crate::symbols::Sym;
use crate::syntax::ir::{ArgumentKind, Expr, ExprId, FunctionId, Stmt};

/// In a variable's name: the name of the setting.
pub(super) const OWN_NAME: char = '*';

/// The classes of a module whose attributes are settings (django-configurations).
pub(super) fn configurations(
    resolver: &Resolver<'_>,
    classes: usize,
    module: ModuleId,
) -> Vec<ClassRef> {
    let count = u32::try_from(classes).unwrap_or(u32::MAX);
    (0..count)
        .map(|class| ClassRef(module, class))
        .filter(|class| is_configuration(resolver, *class))
        .collect()
}

fn is_configuration(resolver: &Resolver<'_>, class: ClassRef) -> bool {
    resolver.class(class).lineage.iter().any(|base| match base {
        Base::External(path) => matches!(
            resolver.dotted(path).as_str(),
            "configurations.Configuration"
                | "configurations.base.Configuration"
                | "cbs.BaseSettings"
                | "class_settings.Settings"
                | "classy_settings.BaseSettings"
        ),
        Base::Class(_) => false,
    })
}

impl Evaluator<'_> {
    /// All attributes of a class, those of its bases below its own.
    pub(super) fn class_names(&mut self, class: ClassRef) -> Names {
        let resolver = self.resolver;
        let mut all = Names::default();
        for base in resolver.class(class).lineage.iter().rev() {
            if let Base::Class(base) = base {
                let own = self.own_class_names(*base);
                self.spend(own.len());
                all.extend(own);
            }
        }
        all
    }

    fn own_class_names(&mut self, class: ClassRef) -> Names {
        if let Some(names) = self.classes.get(&class) {
            return names.clone();
        }
        self.classes.insert(class, Names::default());
        if !self.enter() {
            return Names::default();
        }
        let module = self.program.module(class.0);
        let body = module.ir.class(class.1).body;
        let (_, frame) = self.in_frame(class.0, Some(Names::default()), |this| {
            let program = this.program;
            this.block(&program.module(class.0).ir.function(body).body)
        });
        self.leave();
        let mut names = frame.locals.unwrap_or_default();
        self.properties(class, &mut names);
        self.classes.insert(class, names.clone());
        names
    }

    /// `@property def NAME(self): return …` is a setting too.
    fn properties(&mut self, class: ClassRef, names: &mut Names) {
        let module = self.program.module(class.0);
        let resolver = self.resolver;
        let mut methods: Vec<_> = resolver
            .class(class)
            .methods
            .iter()
            .map(|(name, method)| (*name, *method))
            .collect();
        methods.sort_by_key(|(_, method)| method.1);
        for (name, method) in methods {
            let definition = module.ir.function(method.1);
            let is_property =
                definition
                    .decorators
                    .iter()
                    .any(|&decorator| match module.ir.expr(decorator) {
                        Expr::Name(name) | Expr::Attribute(_, name) => {
                            matches!(
                                module.ir.text(*name),
                                "property" | "classproperty" | "cached_property"
                            )
                        }
                        _ => false,
                    });
            if is_property {
                let at = (class.0, definition.range);
                let val = self.invoke(method, Some(class), &Arguments::default());
                names.insert(name, Located { val, at });
            }
        }
    }

    pub(super) fn class_attribute(&mut self, class: ClassRef, name: Sym) -> Option<Located> {
        let resolver = self.resolver;
        for base in &resolver.class(class).lineage {
            let Base::Class(base) = base else { continue };
            if let Some(value) = self.own_class_names(*base).get(&name) {
                return Some(value.clone());
            }
        }
        resolver.method(class, name).map(|method| {
            let at = (class.0, (0, 0));
            Located {
                val: Val::Method(method, class),
                at,
            }
        })
    }

    pub(super) fn instance_attribute(&mut self, class: ClassRef, name: Sym) -> Val {
        if let Some(prefix) = self.pydantic_prefix(class)
            && let Some(val) = self.pydantic_field(class, name, &prefix)
        {
            return val;
        }
        self.class_attribute(class, name)
            .map_or(Val::Unknown, |value| value.val)
    }

    /// The prefix of a pydantic-settings class's variables; `None` for other classes.
    fn pydantic_prefix(&mut self, class: ClassRef) -> Option<String> {
        let resolver = self.resolver;
        let settings = resolver.descends_from(class, &|path| {
            resolver.dotted(path).ends_with(".BaseSettings")
        });
        if !settings {
            return None;
        }
        let program = self.program;
        let module = program.module(class.0);
        let body = module.ir.class(class.1).body;
        let mut prefix = text_of_keyword(module, body, "model_config", "env_prefix");
        if let Some(config) = program
            .symbols
            .find("Config")
            .and_then(|name| resolver.class(class).classes.get(&name))
            && let Some(name) = program.symbols.find("env_prefix")
            && let Some(Val::Text(text)) =
                self.class_attribute(*config, name).map(|value| value.val)
        {
            prefix = Some(text.to_string());
        }
        Some(prefix.unwrap_or_default())
    }

    /// A field is read from the variable of its name, whatever the case.
    fn pydantic_field(&mut self, class: ClassRef, name: Sym, prefix: &str) -> Option<Val> {
        let resolver = self.resolver;
        for base in &resolver.class(class).lineage {
            let Base::Class(base) = base else { continue };
            let Some((_, default)) = resolver
                .class(*base)
                .fields
                .iter()
                .rev()
                .find(|(own, _)| *own == name)
            else {
                continue;
            };
            let (variable, default) = match default {
                Some(default) => {
                    self.in_frame(base.0, None, |this| this.pydantic_default(*default))
                        .0
                }
                None => (None, None),
            };
            let variable = variable.unwrap_or_else(|| {
                format!("{prefix}{}", self.program.text(name))
                    .to_ascii_uppercase()
                    .into()
            });
            return Some(self.read(&variable, default, true));
        }
        None
    }

    /// `Field(default, alias="X")`, or the default itself.
    fn pydantic_default(&mut self, id: ExprId) -> (Option<Arc<str>>, Option<Located>) {
        let ir = &self.module().ir;
        let Expr::Call(function, arguments) = ir.expr(id) else {
            return (None, Some(self.eval(id)));
        };
        let is_field = match ir.expr(*function) {
            Expr::Name(name) | Expr::Attribute(_, name) => ir.text(*name) == "Field",
            _ => false,
        };
        if !is_field {
            return (None, Some(self.eval(id)));
        }
        let mut variable = None;
        let mut default = None;
        for argument in arguments {
            match argument.kind {
                ArgumentKind::Positional => default = Some(self.eval(argument.value)),
                ArgumentKind::Keyword(name) => match ir.text(name) {
                    "default" => default = Some(self.eval(argument.value)),
                    "env" | "alias" | "validation_alias" => {
                        variable = self.eval(argument.value).val.as_text().cloned();
                    }
                    _ => {}
                },
                ArgumentKind::Star | ArgumentKind::DoubleStar => {}
            }
        }
        let default =
            default.filter(|default| !matches!(default.val, Val::Unknown | Val::External(_)));
        (variable, default)
    }

    /// `values.BooleanValue(True, environ_name="X")` of django-configurations. Without a name of
    /// its own it reads the variable named after the setting, for which `*` stands until then.
    pub(super) fn configuration_value(&mut self, kind: &str, arguments: &Arguments) -> Val {
        let default = arguments.pick(0, "default").cloned();
        let text = |name: &str| arguments.keyword(name).map(|value| &value.val);
        if matches!(text("environ"), Some(Val::Bool(false))) {
            return default.map_or(Val::Unknown, |default| default.val);
        }
        let prefix = match text("environ_prefix") {
            None => "DJANGO_".to_owned(),
            Some(Val::Text(prefix)) if !prefix.is_empty() => format!("{prefix}_"),
            Some(_) => String::new(),
        };
        let variable = match (text("environ_name"), kind) {
            (Some(Val::Text(name)), _) => format!("{prefix}{name}"),
            (_, "DatabaseURLValue") => "DATABASE_URL".to_owned(),
            (_, "CacheURLValue") => "CACHE_URL".to_owned(),
            (_, "EmailURLValue") => "EMAIL_URL".to_owned(),
            _ => format!("{prefix}{OWN_NAME}"),
        };
        let parsed = !matches!(
            kind,
            "Value"
                | "SecretValue"
                | "EmailValue"
                | "URLValue"
                | "IPValue"
                | "RegexValue"
                | "PathValue"
        );
        self.read(&variable.into(), default, parsed)
    }
}

fn text_of_keyword<'a>(
    module: &'a crate::program::LinkedModule,
    body: FunctionId,
    variable: &str,
    keyword: &str,
) -> Option<String> {
    let ir: &'a crate::syntax::ir::Module = &module.ir;
    ir.function(body).body.iter().find_map(|statement| {
        let (target, value) = match statement {
            Stmt::Assign { targets, value } => (*targets.first()?, *value),
            Stmt::Annotated {
                target,
                value: Some(value),
                ..
            } => (*target, *value),
            _ => return None,
        };
        let Expr::Name(name) = ir.expr(target) else {
            return None;
        };
        let Expr::Call(_, arguments) = ir.expr(value) else {
            return None;
        };
        if ir.text(*name) != variable {
            return None;
        }
        arguments
            .iter()
            .find_map(|argument| match (argument.kind, ir.expr(argument.value)) {
                (ArgumentKind::Keyword(name), Expr::Str(text)) if ir.text(name) == keyword => {
                    Some(ir.text(*text).to_owned())
                }
                _ => None,
            })
    })
}
