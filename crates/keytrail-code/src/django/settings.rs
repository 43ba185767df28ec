//! Settings: which modules hold them, what each setting is in each of them, and where that is said.
//!
//! A settings module is run in the abstract, layer by layer (`from .base import *`, `if DEBUG:`,
//! `try: from .local import *`), for the deployment that its name speaks of. What depends on the
//! environment says so, with the value that holds while the variable is unset. Nothing is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_detect::Detector;
use keytrail_model::{Environment, FileSpan, Fingerprinter, Location, Setting, SettingValue};
use rayon::prelude::*;

use crate::program::{ClassRef, ModuleId, Program};
use crate::resolve::Resolver;
use emit::Emitter;
use eval::{Evaluator, Names};
use value::{Located, Val};

mod branches;
mod call;
mod classes;
mod decide;
mod defaults;
mod emit;
mod eval;
mod expr;
mod imports;
mod method;
mod modules;
mod readers;
#[cfg(test)]
mod tests;
mod value;

/// Settings modules of the tree, in path order.
pub(crate) fn modules(program: &Program) -> Vec<ModuleId> {
    modules::find(program).modules
}

/// What one settings module, or one class of it, sets.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) module: ModuleId,
    /// `config.settings.production`; with the class for settings in classes.
    pub(crate) name: Arc<str>,
    pub(crate) environment: Environment,
    /// False for a layer that other settings modules import and nothing loads.
    pub(crate) loaded: bool,
    /// By name.
    settings: Vec<Setting>,
}

/// What a value is while no variable of the environment is set.
fn unset(mut value: &SettingValue) -> Option<&SettingValue> {
    while let SettingValue::FromEnvironment { default, .. } = value {
        value = default.as_deref()?;
    }
    Some(value)
}

/// The texts of a list, or the one text, while no variable of the environment is set; parts that
/// are not known are left out.
pub(crate) fn texts(value: &SettingValue) -> Option<Vec<&str>> {
    match unset(value)? {
        SettingValue::Text(text) => Some(vec![text]),
        SettingValue::List(items) => Some(
            items
                .iter()
                .filter_map(|item| match item {
                    SettingValue::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect(),
        ),
        _ => None,
    }
}

/// The settings of the whole tree.
#[derive(Debug, Default)]
pub(crate) struct SettingsIndex {
    /// In path order; classes of one module in source order.
    layers: Vec<Layer>,
}

impl SettingsIndex {
    pub(crate) fn new(
        program: &Program,
        resolver: &Resolver<'_>,
        modules: &[ModuleId],
        detector: &Detector,
        prints: &Fingerprinter,
    ) -> Self {
        let builder = Builder {
            program,
            resolver,
            detector,
            prints,
        };
        let named = modules::find(program).named;
        let imported = modules::imported_by_others(program, modules);
        let layers = modules.par_iter().map(|&module| {
            let named = named.contains(&module) || !imported.contains(&module);
            builder.layers(module, named)
        });
        Self {
            layers: layers.collect::<Vec<_>>().into_iter().flatten().collect(),
        }
    }

    /// Each value that a setting has in some module, in path order.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Setting> {
        let settings = self.layers.iter().flat_map(|layer| &layer.settings);
        settings.filter(move |setting| setting.name == name)
    }

    /// A setting where outsiders meet it: of several modules, the one that is loaded and deployed.
    pub(crate) fn deployed(&self, name: &str) -> Option<&Setting> {
        self.all(name).min_by_key(|setting| {
            (
                !setting.loaded,
                !setting.environment.is_deployed(),
                setting.environment,
                setting.module.clone(),
            )
        })
    }

    /// Settings that are a plain true or false where the project is deployed.
    pub(crate) fn switches(&self) -> BTreeMap<String, bool> {
        let all = self.layers.iter().flat_map(|layer| &layer.settings);
        let names: BTreeSet<&str> = all
            .filter(|setting| matches!(setting.value, SettingValue::Bool(_)))
            .map(|setting| setting.name.as_str())
            .collect();
        names
            .into_iter()
            .filter_map(|name| match self.deployed(name)?.value {
                SettingValue::Bool(value) => Some((name.to_owned(), value)),
                _ => None,
            })
            .collect()
    }

    /// True where `DEBUG` is known to be off in deployment, whatever the environment says.
    pub(crate) fn debug_off(&self) -> bool {
        let debug = self.deployed("DEBUG");
        debug.is_some_and(|setting| setting.value == SettingValue::Bool(false))
    }

    /// One fact per setting and settings module, layers applied.
    pub(crate) fn into_facts(self) -> Vec<Setting> {
        self.layers
            .into_iter()
            .flat_map(|layer| layer.settings)
            .collect()
    }
}

struct Builder<'a> {
    program: &'a Program,
    resolver: &'a Resolver<'a>,
    detector: &'a Detector,
    prints: &'a Fingerprinter,
}

impl Builder<'_> {
    /// Of a module, or of the classes in it that are configurations.
    fn layers(&self, module: ModuleId, named: bool) -> Vec<Layer> {
        let count = self.program.module(module).ir.classes.len();
        let classes = classes::configurations(self.resolver, count, module);
        if classes.is_empty() {
            return vec![self.module_layer(module, named)];
        }
        let layers = classes.into_iter().map(|class| self.class_layer(class));
        layers.collect()
    }

    fn module_layer(&self, module: ModuleId, named: bool) -> Layer {
        let linked = self.program.module(module);
        let name = Arc::clone(&linked.dotted);
        let environment = modules::environment(&linked.path, &name);
        // `staging.py` may build on `production.py`; that one is loaded all the same
        let loaded = named || matches!(environment, Environment::Production | Environment::Staging);
        let mut evaluator = Evaluator::new(self.program, self.resolver, environment);
        evaluator.run_module(module);
        let scope = evaluator.scopes.remove(&module).unwrap_or_default();
        let layer = Layer {
            module,
            name,
            environment,
            loaded,
            settings: Vec::new(),
        };
        self.filled(layer, &scope.names, scope.opaque)
    }

    fn class_layer(&self, class: ClassRef) -> Layer {
        let linked = self.program.module(class.0);
        let name = self.program.class_qualified(class);
        let own = Environment::of_name(&linked.ir.class(class.1).qualified);
        let environment = match own {
            Environment::Unspecified => modules::environment(&linked.path, &linked.dotted),
            own => own,
        };
        let mut evaluator = Evaluator::new(self.program, self.resolver, environment);
        evaluator.run_module(class.0);
        let names = evaluator.class_names(class);
        let opaque = evaluator
            .scopes
            .get(&class.0)
            .is_some_and(|scope| scope.opaque);
        let loaded = self.resolver.class(class).subclasses.is_empty();
        let layer = Layer {
            module: class.0,
            name,
            environment,
            loaded,
            settings: Vec::new(),
        };
        self.filled(layer, &names, opaque)
    }

    fn filled(&self, mut layer: Layer, names: &Names, opaque: bool) -> Layer {
        let name_of = |val: &Val| self.name_of(val);
        let mut known: Vec<(&str, &Located)> = names
            .iter()
            .map(|(name, value)| (self.program.text(*name), value))
            .filter(|(name, _)| is_setting(name))
            .collect();
        known.sort_by_key(|(name, value)| (value.at, *name));
        let emitter = Emitter {
            detector: self.detector,
            prints: self.prints,
            name_of: &name_of,
            partners: emit::partners(self.detector, &known),
        };
        let mut settings: Vec<(String, SettingValue, FileSpan)> = Vec::new();
        for (name, value) in known {
            settings.push((
                name.to_owned(),
                emitter.value(name, value),
                self.span(value),
            ));
            if name == "REST_FRAMEWORK"
                && let Val::Dict(dict) = value.val.unset()
            {
                for (key, value) in &dict.entries {
                    settings.push((
                        format!("{name}.{key}"),
                        emitter.value(key, value),
                        self.span(value),
                    ));
                }
            }
        }
        if layer.loaded {
            self.add_absent(&layer, &emitter, opaque, &mut settings);
        }
        settings.sort_by(|left, right| left.0.cmp(&right.0));
        layer.settings = settings
            .into_iter()
            .map(|(name, value, span)| Setting {
                location: Location::Setting {
                    span,
                    name: name.as_str().into(),
                },
                name,
                value,
                module: Arc::clone(&layer.name),
                environment: layer.environment,
                loaded: layer.loaded,
            })
            .collect();
        layer
    }

    /// Settings that are not set and whose default matters, at the start of the module.
    fn add_absent(
        &self,
        layer: &Layer,
        emitter: &Emitter<'_>,
        opaque: bool,
        settings: &mut Vec<(String, SettingValue, FileSpan)>,
    ) {
        let at = (layer.module, (0, 0));
        let span = FileSpan::line(&self.program.module(layer.module).path, 1);
        let mut absent = Vec::new();
        for name in defaults::OF_DJANGO {
            if let Some(val) = defaults::of(name) {
                absent.push(((*name).to_owned(), val));
            }
        }
        let value = |wanted: &str| {
            settings
                .iter()
                .find(|(name, ..)| name == wanted)
                .map(|(_, value, _)| value)
        };
        let uses_rest = value("REST_FRAMEWORK").is_some()
            || value("INSTALLED_APPS").is_some_and(|apps| mentions(apps, "rest_framework"));
        // a whole that is not known says nothing of its parts
        let whole_known = matches!(value("REST_FRAMEWORK"), None | Some(SettingValue::Dict(_)));
        if uses_rest {
            for (key, classes) in defaults::OF_REST_FRAMEWORK {
                let items = classes
                    .iter()
                    .map(|class| Located {
                        val: Val::text(*class),
                        at,
                    })
                    .collect();
                let val = if whole_known {
                    Val::list(items)
                } else {
                    Val::Unknown
                };
                absent.push((format!("REST_FRAMEWORK.{key}"), val));
            }
        }
        for (name, val) in absent {
            if settings.iter().any(|(own, ..)| *own == name) {
                continue;
            }
            let val = if opaque { Val::Unknown } else { val };
            let value = emitter.value(&name, &Located { val, at });
            settings.push((name, value, span.clone()));
        }
    }

    fn span(&self, value: &Located) -> FileSpan {
        self.program.span(value.at.0, value.at.1)
    }

    /// The dotted name of a class or function: settings may name them without quotes.
    fn name_of(&self, val: &Val) -> Option<String> {
        match val {
            Val::Function(function) => Some(self.program.qualified(*function).to_string()),
            Val::Class(class) => Some(self.program.class_qualified(*class).to_string()),
            Val::External(path) => {
                let last = path.rsplit_once('.')?.1;
                let mut letters = last.chars();
                let is_class = letters.next().is_some_and(char::is_uppercase)
                    && letters.any(char::is_lowercase);
                is_class.then(|| path.to_string())
            }
            _ => None,
        }
    }
}

/// What Django takes for a setting.
fn is_setting(name: &str) -> bool {
    !name.starts_with('_')
        && name.chars().any(char::is_uppercase)
        && !name.chars().any(char::is_lowercase)
}

fn mentions(value: &SettingValue, wanted: &str) -> bool {
    match value {
        SettingValue::Text(text) => text == wanted,
        SettingValue::List(items) => items.iter().any(|item| mentions(item, wanted)),
        SettingValue::FromEnvironment {
            default: Some(default),
            ..
        } => mentions(default, wanted),
        _ => false,
    }
}
