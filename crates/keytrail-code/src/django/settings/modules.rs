//! Which modules of the tree are settings modules.

use keytrail_detect::is_test_path;
use keytrail_model::Environment;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::program::{ModuleId, Program, Target};
use crate::symbols::Sym;
use crate::syntax::ir::{ArgumentKind, Expr, ExprId, Module, Stmt};

const VARIABLE: &str = "DJANGO_SETTINGS_MODULE";
const DEEPEST_IMPORT: u32 = 8;
const MOST: usize = 200;

/// Settings that only Django has.
const OF_DJANGO: &[&str] = &[
    "INSTALLED_APPS",
    "MIDDLEWARE",
    "MIDDLEWARE_CLASSES",
    "DATABASES",
    "ROOT_URLCONF",
    "ALLOWED_HOSTS",
    "REST_FRAMEWORK",
    "WSGI_APPLICATION",
    "ASGI_APPLICATION",
    "AUTH_USER_MODEL",
    "AUTH_PASSWORD_VALIDATORS",
    "TEMPLATES",
    "STATICFILES_DIRS",
    "CSRF_COOKIE_SECURE",
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "DEFAULT_AUTO_FIELD",
    "CSRF_TRUSTED_ORIGINS",
];

/// Settings that other frameworks know too.
const SHARED: &[&str] = &[
    "SECRET_KEY",
    "DEBUG",
    "CACHES",
    "LOGGING",
    "STATIC_URL",
    "STATIC_ROOT",
    "MEDIA_ROOT",
    "TIME_ZONE",
    "USE_TZ",
    "LANGUAGE_CODE",
    "SESSION_COOKIE_SECURE",
    "EMAIL_BACKEND",
    "EMAIL_HOST",
];

/// Settings modules, in path order, and those among them that `DJANGO_SETTINGS_MODULE` names.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) modules: Vec<ModuleId>,
    pub(super) named: FxHashSet<ModuleId>,
}

pub(super) fn find(program: &Program) -> Found {
    let named = named(program);
    let mut search = Search {
        program,
        assigned: FxHashMap::default(),
    };
    let candidates: Vec<ModuleId> = (0u32..)
        .zip(&program.modules)
        .filter(|(id, module)| {
            named.contains(id) || is_settings_path(&module.path) && search.has(*id, (2, 1))
        })
        .map(|(id, _)| id)
        .collect();
    let modules = preferred(program, &candidates);
    Found { modules, named }
}

/// A project's template and the settings of its tests count only where there is nothing else.
fn preferred(program: &Program, candidates: &[ModuleId]) -> Vec<ModuleId> {
    let rank = |id: ModuleId| {
        let path = &program.module(id).path;
        if is_template(path) {
            2
        } else {
            u8::from(is_of_tests(path))
        }
    };
    let best = candidates.iter().map(|id| rank(*id)).min();
    candidates
        .iter()
        .copied()
        .filter(|id| Some(rank(*id)) == best)
        .take(MOST)
        .collect()
}

/// Settings modules that another one imports, whole or in part.
pub(super) fn imported_by_others(program: &Program, modules: &[ModuleId]) -> FxHashSet<ModuleId> {
    let mut imported = FxHashSet::default();
    for &id in modules {
        let module = program.module(id);
        each(&module.ir.function(0).body, &mut |statement| {
            let Stmt::ImportFrom(import) = statement else {
                return;
            };
            let path = import.path.map(|path| module.sym(path));
            let Some(target) = program.import(id, import.level, path) else {
                return;
            };
            if let Target::Module(inner) = target
                && *inner != id
            {
                imported.insert(*inner);
            }
            for (name, _) in &import.names {
                if let Some(Target::Module(inner)) = program.submodule(target, module.sym(*name))
                    && inner != id
                {
                    imported.insert(inner);
                }
            }
        });
    }
    imported
}

/// Which deployment a settings module is for, by the last part of its name that tells.
pub(super) fn environment(path: &str, dotted: &str) -> Environment {
    let mut parts = dotted.rsplit('.');
    let last = parts.next().unwrap_or_default();
    let own = Environment::of_name(last);
    if own != Environment::Unspecified {
        return own;
    }
    // `production.settings`, `settings.production.main`: whole words only, projects have names too
    let parent = parts.next().unwrap_or_default();
    let whole_word = parent.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match Environment::of_name(parent) {
        Environment::Unspecified if is_test_path(path) => Environment::Test,
        parent if whole_word => parent,
        _ => Environment::Unspecified,
    }
}

/// `settings.py`, `settings_prod.py`, `prod_settings.py`, anything in a package `settings`.
fn is_settings_path(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut parts: Vec<&str> = lower.split('/').collect();
    let stem = parts.pop().unwrap_or_default().trim_end_matches(".py");
    let named = |part: &str| {
        part == "settings" || part.ends_with("_settings") || part.starts_with("settings_")
    };
    named(stem)
        || parts
            .last()
            .is_some_and(|parent| named(parent) || *parent == "config" || *parent == "conf")
}

fn is_template(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.contains("{{")
        || lower.split('/').rev().skip(1).any(|part| {
            part.contains("cookiecutter")
                || part.ends_with("_template")
                || part.ends_with("-template")
                || matches!(
                    part,
                    "project_name"
                        | "templates"
                        | "scaffold"
                        | "skeleton"
                        | "site-packages"
                        | "node_modules"
                )
        })
}

/// In a directory of tests, rather than a module `settings/test.py`.
fn is_of_tests(path: &str) -> bool {
    path.rsplit_once('/')
        .is_some_and(|(directory, _)| is_test_path(&format!("{directory}/x.py")))
}

/// Modules that `DJANGO_SETTINGS_MODULE` is set to anywhere in the tree.
fn named(program: &Program) -> FxHashSet<ModuleId> {
    let mut found = FxHashSet::default();
    if program.symbols.find(VARIABLE).is_none() {
        return found;
    }
    for module in &program.modules {
        if !module.ir.names.iter().any(|name| &**name == VARIABLE) {
            continue;
        }
        let mut names = Vec::new();
        of_expressions(&module.ir, &mut names);
        for function in &module.ir.functions {
            each(&function.body, &mut |statement| {
                of_statement(&module.ir, statement, &mut names);
            });
        }
        found.extend(
            names
                .iter()
                .filter_map(|name| nearest(program, name, &module.path)),
        );
    }
    found
}

/// Of several modules of that name, the one nearest to the file that names it.
fn nearest(program: &Program, dotted: &str, from: &str) -> Option<ModuleId> {
    let slashed = dotted.replace('.', "/");
    let ends = [format!("{slashed}.py"), format!("{slashed}/__init__.py")];
    let shared = |path: &str| {
        path.split('/')
            .zip(from.split('/'))
            .take_while(|(own, other)| own == other)
            .count()
    };
    (0u32..)
        .zip(&program.modules)
        .filter(|(_, module)| {
            ends.iter().any(|end| {
                let root = module.path.strip_suffix(end.as_str());
                root.is_some_and(|root| root.is_empty() || root.ends_with('/'))
            })
        })
        .max_by_key(|(id, module)| {
            (
                shared(&module.path),
                std::cmp::Reverse(module.path.len()),
                std::cmp::Reverse(*id),
            )
        })
        .map(|(id, _)| id)
}

fn is_variable(ir: &Module, id: ExprId) -> bool {
    matches!(ir.expr(id), Expr::Str(text) if ir.text(*text) == VARIABLE)
}

/// `setdefault("DJANGO_SETTINGS_MODULE", "…")`, `{"DJANGO_SETTINGS_MODULE": "…"}`,
/// `dict(DJANGO_SETTINGS_MODULE="…")`.
fn of_expressions(ir: &Module, names: &mut Vec<String>) {
    for expr in &ir.exprs {
        match expr {
            Expr::Call(_, arguments) => {
                if arguments
                    .first()
                    .is_some_and(|first| is_variable(ir, first.value))
                {
                    arguments
                        .iter()
                        .skip(1)
                        .for_each(|argument| texts(ir, argument.value, names, 0));
                }
                for argument in arguments {
                    if let ArgumentKind::Keyword(name) = argument.kind
                        && ir.text(name) == VARIABLE
                    {
                        texts(ir, argument.value, names, 0);
                    }
                }
            }
            Expr::Dict(entries) => {
                for (key, value) in entries {
                    if key.is_some_and(|key| is_variable(ir, key)) {
                        texts(ir, *value, names, 0);
                    }
                }
            }
            _ => {}
        }
    }
}

/// `os.environ["DJANGO_SETTINGS_MODULE"] = "…"`.
fn of_statement(ir: &Module, statement: &Stmt, names: &mut Vec<String>) {
    let Stmt::Assign { targets, value } = statement else {
        return;
    };
    let sets = targets.iter().any(|target| match ir.expr(*target) {
        Expr::Subscript(_, key) => is_variable(ir, *key),
        Expr::Name(name) => ir.text(*name) == VARIABLE,
        _ => false,
    });
    if sets {
        texts(ir, *value, names, 0);
    }
}

/// The texts that an expression may be.
fn texts(ir: &Module, id: ExprId, names: &mut Vec<String>, depth: u32) {
    if depth > 6 {
        return;
    }
    match ir.expr(id) {
        Expr::Str(text) => names.push(ir.text(*text).to_owned()),
        Expr::Conditional { then, other, .. } => {
            texts(ir, *then, names, depth + 1);
            texts(ir, *other, names, depth + 1);
        }
        Expr::Logic(_, parts) => parts
            .iter()
            .for_each(|part| texts(ir, *part, names, depth + 1)),
        Expr::Call(_, arguments) => arguments
            .iter()
            .for_each(|argument| texts(ir, argument.value, names, depth + 1)),
        _ => {}
    }
}

/// Every statement, in no particular order; without recursion, `elif` chains may be long.
fn each<'a>(block: &'a [Stmt], f: &mut dyn FnMut(&'a Stmt)) {
    let mut blocks = vec![block];
    while let Some(block) = blocks.pop() {
        for statement in block {
            f(statement);
            statement.blocks(&mut |inner| blocks.push(inner));
        }
    }
}

struct Search<'a> {
    program: &'a Program,
    assigned: FxHashMap<ModuleId, FxHashSet<Sym>>,
}

impl Search<'_> {
    /// Whether at least so many known settings are assigned, and so many of Django's own.
    fn has(&mut self, id: ModuleId, (least, own): (usize, usize)) -> bool {
        let known = |names: &[&str]| -> Vec<Sym> {
            names
                .iter()
                .filter_map(|name| self.program.symbols.find(name))
                .collect()
        };
        let (of_django, shared) = (known(OF_DJANGO), known(SHARED));
        let assigned = self.assigned(id, 0);
        let of_django = of_django
            .iter()
            .filter(|name| assigned.contains(name))
            .count();
        let shared = shared.iter().filter(|name| assigned.contains(name)).count();
        of_django >= own && of_django + shared >= least
    }

    fn assigned(&mut self, id: ModuleId, depth: u32) -> FxHashSet<Sym> {
        if let Some(known) = self.assigned.get(&id) {
            return known.clone();
        }
        self.assigned.insert(id, FxHashSet::default());
        let module = self.program.module(id);
        let mut names = FxHashSet::default();
        let mut stars = Vec::new();
        each(
            &module.ir.function(0).body,
            &mut |statement| match statement {
                Stmt::Assign { targets, .. } => {
                    for target in targets {
                        if let Expr::Name(name) = module.ir.expr(*target) {
                            names.insert(module.sym(*name));
                        }
                    }
                }
                Stmt::Annotated {
                    target,
                    value: Some(_),
                    ..
                } => {
                    if let Expr::Name(name) = module.ir.expr(*target) {
                        names.insert(module.sym(*name));
                    }
                }
                Stmt::ImportFrom(import)
                    if import
                        .names
                        .iter()
                        .any(|(name, _)| module.ir.text(*name) == "*") =>
                {
                    let path = import.path.map(|path| module.sym(path));
                    if let Some(Target::Module(inner)) = self.program.import(id, import.level, path)
                    {
                        stars.push(*inner);
                    }
                }
                Stmt::Class(class) => {
                    let body = module.ir.class(*class).body;
                    each(&module.ir.function(body).body, &mut |statement| {
                        if let Stmt::Assign { targets, .. } = statement {
                            for target in targets {
                                if let Expr::Name(name) = module.ir.expr(*target) {
                                    names.insert(module.sym(*name));
                                }
                            }
                        }
                    });
                }
                _ => {}
            },
        );
        if depth < DEEPEST_IMPORT {
            for star in stars {
                names.extend(self.assigned(star, depth + 1));
            }
        }
        self.assigned.insert(id, names.clone());
        names
    }
}
