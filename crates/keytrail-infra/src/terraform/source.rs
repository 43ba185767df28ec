//! Files into modules: which directories there are, who calls whom, which variable files
//! belong to which root.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::Environment;

use super::ast::{Attribute, Block, Body, Expr, ExprKind};
use super::registry;

/// Variable files beyond this many per root add nothing but time.
const MOST_SETS: usize = 8;

/// One directory of configuration.
#[derive(Debug, Default)]
pub(crate) struct ModuleSource {
    pub(crate) dir: String,
    pub(crate) variables: BTreeMap<String, Block>,
    pub(crate) locals: BTreeMap<String, Attribute>,
    pub(crate) resources: BTreeMap<(String, String), Block>,
    pub(crate) data: BTreeMap<(String, String), Block>,
    pub(crate) modules: BTreeMap<String, Block>,
    pub(crate) outputs: BTreeMap<String, Block>,
    pub(crate) providers: Vec<Block>,
    /// `terraform.tfvars` and `*.auto.tfvars`: always in force.
    pub(crate) automatic: BTreeMap<String, Attribute>,
    /// Other variable files: one deployment each.
    pub(crate) sets: Vec<VariableSet>,
}

/// One variable file.
#[derive(Debug)]
pub(crate) struct VariableSet {
    /// Its path without the extension.
    pub(crate) name: String,
    pub(crate) values: BTreeMap<String, Attribute>,
}

impl VariableSet {
    pub(crate) fn environment(&self) -> Environment {
        environment_of_path(&self.name)
    }
}

/// The nearest part of a path that names an environment decides.
pub(crate) fn environment_of_path(path: &str) -> Environment {
    path.rsplit('/')
        .map(Environment::of_name)
        .find(|environment| *environment != Environment::Unspecified)
        .unwrap_or(Environment::Unspecified)
}

/// One parsed file.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: Arc<str>,
    pub(crate) body: Body,
    pub(crate) is_variables: bool,
}

/// All directories, by path (empty for the tree's root).
#[derive(Debug, Default)]
pub(crate) struct Project {
    pub(crate) modules: BTreeMap<String, ModuleSource>,
    /// The workspace that was said.
    pub(crate) workspace: Option<String>,
}

impl Project {
    /// Sources are sorted by path.
    pub(crate) fn new(sources: Vec<Source>) -> Self {
        let mut project = Self::default();
        let (variables, configuration): (Vec<_>, Vec<_>) =
            sources.into_iter().partition(|source| source.is_variables);
        for source in configuration {
            project.take(source);
        }
        for source in registry::sources(&project) {
            project.take(source);
        }
        for source in variables {
            project.take_variables(source);
        }
        for module in project.modules.values_mut() {
            module
                .sets
                .sort_by_cached_key(|set| (set.environment(), set.name.clone()));
            module.sets.truncate(MOST_SETS);
        }
        project
    }

    fn take(&mut self, source: Source) {
        let dir = parent(&source.path).to_owned();
        let module = self.modules.entry(dir.clone()).or_default();
        module.dir = dir;
        module.take(source.body);
    }

    /// Directories that nobody calls, sorted. A ring of modules that call each other has none;
    /// its members are added by [`Project::rest`].
    pub(crate) fn roots(&self) -> Vec<&str> {
        let called: BTreeSet<String> = self
            .modules
            .values()
            .flat_map(|module| {
                let calls = module.modules.values();
                calls.filter_map(|call| local_source(&module.dir, call))
            })
            .collect();
        self.modules
            .keys()
            .map(String::as_str)
            .filter(|dir| !called.contains(*dir))
            .collect()
    }

    /// Directories that none of the roots reach.
    pub(crate) fn rest(&self, reached: &BTreeSet<String>) -> Vec<&str> {
        let dirs = self.modules.keys().map(String::as_str);
        dirs.filter(|dir| !reached.contains(*dir) && !registry::is_stand_in(dir))
            .collect()
    }

    fn take_variables(&mut self, source: Source) {
        let dir = parent(&source.path);
        let Some(home) = self.home_of(dir) else {
            return;
        };
        let file = source.path.rsplit('/').next().unwrap_or_default();
        let values = source
            .body
            .attributes
            .into_iter()
            .map(|attribute| (attribute.name.clone(), attribute));
        let automatic = file.contains(".auto.tfvars") || file.starts_with("terraform.tfvars");
        let Some(module) = self.modules.get_mut(&home) else {
            return;
        };
        if automatic && home == dir {
            module.automatic.extend(values);
        } else {
            let name = source
                .path
                .trim_end_matches(".json")
                .trim_end_matches(".tfvars");
            module.sets.push(VariableSet {
                name: name.to_owned(),
                values: values.collect(),
            });
        }
    }

    /// The directory of configuration that a variable file in `dir` is for: its own, one
    /// above, or the only root there is.
    fn home_of(&self, dir: &str) -> Option<String> {
        let mut at = dir;
        loop {
            if self.modules.contains_key(at) {
                return Some(at.to_owned());
            }
            if at.is_empty() {
                break;
            }
            at = parent(at);
        }
        match self.roots().as_slice() {
            [only] => Some((*only).to_owned()),
            _ => None,
        }
    }
}

impl ModuleSource {
    /// What a variable file is called beside the others of this root: the part of its path that
    /// names a deployment, else its own name; the whole path where that would be another's too.
    pub(crate) fn short(&self, set: &VariableSet) -> String {
        let name = |set: &VariableSet| -> String {
            let mut parts = set.name.rsplit('/');
            let named = parts.find(|part| Environment::of_name(part) != Environment::Unspecified);
            let last = set.name.rsplit('/').next().unwrap_or_default();
            named.unwrap_or(last).to_owned()
        };
        let own = name(set);
        if self.sets.iter().filter(|other| name(other) == own).count() > 1 {
            set.name.clone()
        } else {
            own
        }
    }

    fn take(&mut self, body: Body) {
        for block in body.blocks {
            let label = |number: usize| block.labels.get(number).cloned().unwrap_or_default();
            match block.kind.as_str() {
                "variable" => drop(self.variables.insert(label(0), block)),
                "resource" => drop(self.resources.insert((label(0), label(1)), block)),
                "data" => drop(self.data.insert((label(0), label(1)), block)),
                "module" => drop(self.modules.insert(label(0), block)),
                "output" => drop(self.outputs.insert(label(0), block)),
                "provider" => self.providers.push(block),
                "locals" => self.locals.extend(
                    block
                        .body
                        .attributes
                        .into_iter()
                        .map(|attribute| (attribute.name.clone(), attribute)),
                ),
                _ => {}
            }
        }
    }
}

/// The directory of the file or directory `path`.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// The directory that a module block calls, where it lies in the tree or has a stand-in.
pub(crate) fn local_source(dir: &str, call: &Block) -> Option<String> {
    if let Some(stand_in) = registry::dir(call) {
        return Some(stand_in);
    }
    let source = &call.body.attribute("source")?.value;
    let Expr {
        kind: ExprKind::Text(source),
        ..
    } = source
    else {
        return None;
    };
    let local =
        source.starts_with("./") || source.starts_with("../") || source == "." || source == "..";
    if local { resolve(dir, source) } else { None }
}

/// `path` as seen from `dir`; `None` where it leaves the tree.
pub(crate) fn resolve(dir: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}
