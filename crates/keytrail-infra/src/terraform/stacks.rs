//! Roots into stacks: one for each root and variable file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use keytrail_model::Problem;
use rayon::prelude::*;

use super::ast::Block;
use super::eval::{Evaluator, Files, Instance};
use super::names::remote_source;
use super::registry;
use super::scope::{Module, Named, Scope};
use super::source::{Project, VariableSet, environment_of_path};
use crate::error::Error;
use crate::stack::{Resource, Stack};
use crate::text::Id;
use crate::value::Node;

/// What Terraform came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) stacks: Vec<Stack>,
    pub(crate) problems: BTreeSet<Problem>,
    pub(crate) remote_modules: u64,
}

/// Evaluates every root with each of its variable files; modules that no root reaches are
/// evaluated by themselves, with the defaults of their variables.
pub(crate) fn stacks(project: &Project, files: &(dyn Files + Sync)) -> Outcome {
    let roots = project.roots();
    let (mut outcome, reached) = evaluate(project, files, &roots);
    let rest = project.rest(&reached);
    let (more, _) = evaluate(project, files, &rest);
    outcome.stacks.extend(more.stacks);
    outcome.problems.extend(more.problems);
    for call in project
        .modules
        .values()
        .flat_map(|module| module.modules.values())
    {
        let Some(source) = remote_source(call) else {
            continue;
        };
        if registry::dir(call).is_some() {
            continue;
        }
        outcome.remote_modules += 1;
        if ["dynamodb", "iam"].iter().any(|word| source.contains(word)) {
            let error = Error::RemoteModule(source.to_owned());
            let problem = error.problem(&call.header.path, Some(call.header.line));
            outcome.problems.insert(problem);
        }
    }
    outcome
}

fn evaluate(
    project: &Project,
    files: &(dyn Files + Sync),
    dirs: &[&str],
) -> (Outcome, BTreeSet<String>) {
    let jobs: Vec<(&str, Option<&VariableSet>)> = dirs
        .iter()
        .flat_map(|dir| {
            let sets = project
                .modules
                .get(*dir)
                .map_or(&[][..], |module| &module.sets);
            let none = sets.is_empty().then_some((*dir, None));
            sets.iter().map(|set| (*dir, Some(set))).chain(none)
        })
        .collect();
    let done: Vec<_> = jobs
        .par_iter()
        .filter_map(|(dir, set)| one(project, files, dir, *set))
        .collect();
    let mut outcome = Outcome::default();
    let mut reached = BTreeSet::new();
    for (stack, problems, dirs) in done {
        outcome.stacks.push(stack);
        outcome.problems.extend(problems);
        reached.extend(dirs);
    }
    (outcome, reached)
}

fn one(
    project: &Project,
    files: &(dyn Files + Sync),
    dir: &str,
    set: Option<&VariableSet>,
) -> Option<(Stack, BTreeSet<Problem>, BTreeSet<String>)> {
    let source = project.modules.get(dir)?;
    let evaluator = Evaluator::new(project, files);
    evaluator.reached.borrow_mut().insert(dir.to_owned());
    let root = Rc::new(Module {
        source,
        prefix: String::new(),
        caller: None,
        set,
        memo: RefCell::default(),
        expansions: RefCell::default(),
    });
    evaluator.discover(&root);
    let resources = evaluator.resources();
    let environment = match set {
        Some(set) => set.environment(),
        None => environment_of_path(dir),
    };
    let stack = Stack {
        environment,
        resources,
        default_tags: evaluator.default_tags(&root),
        regions: evaluator.regions(&root),
        accounts: evaluator.accounts(&root),
        globals: None,
        api_globals: None,
    };
    Some((
        stack,
        evaluator.problems.into_inner(),
        evaluator.reached.into_inner(),
    ))
}

impl<'p> Evaluator<'p> {
    /// Finds every instance of every module below `module`.
    fn discover(&self, module: &Rc<Module<'p>>) {
        let mut open = vec![Rc::clone(module)];
        while let Some(module) = open.pop() {
            for (kind, name) in module.source.resources.keys() {
                self.blocks(&module, Named::Resource, kind, name);
            }
            for name in module.source.modules.keys() {
                let Some(expansion) = self.modules(&module, name) else {
                    continue;
                };
                for (_, id) in &expansion.instances {
                    if let Some(Instance::Module(inner)) = self.instances.borrow().get(id) {
                        open.push(Rc::clone(inner));
                    }
                }
            }
        }
    }

    fn resources(&self) -> Vec<Resource> {
        let instances: Vec<_> = self
            .instances
            .borrow()
            .iter()
            .map(|(id, instance)| (id.clone(), instance.clone()))
            .collect();
        instances
            .into_iter()
            .filter_map(|(id, instance)| match instance {
                Instance::Resource(block, scope) => {
                    let kind = block.labels.first()?.clone();
                    matters(&kind).then(|| self.resource(id, kind, block, &scope))
                }
                _ => None,
            })
            .collect()
    }

    fn resource(&self, id: Id, kind: String, block: &'p Block, scope: &Scope<'p>) -> Resource {
        let body = self.body(&block.body, scope, &block.span);
        let (span, body) = match registry::call(scope) {
            Some(call) => (call.header.clone(), registry::placed(&body, &call.header)),
            None => (block.header.clone(), body),
        };
        Resource {
            id,
            kind,
            span,
            body,
        }
    }

    /// Regions of the root's `aws` providers that have an alias.
    fn regions(&self, root: &Rc<Module<'p>>) -> BTreeMap<String, String> {
        let scope = Scope::of(Rc::clone(root));
        let known = |block: &'p super::ast::Block, field: &str| {
            let attribute = block.body.attribute(field)?;
            let node = self.eval(&attribute.value, &scope);
            node.as_str().map(str::to_owned)
        };
        root.source
            .providers
            .iter()
            .filter(|block| block.labels.first().is_some_and(|label| label == "aws"))
            .filter_map(|block| Some((known(block, "alias")?, known(block, "region")?)))
            .collect()
    }

    /// Accounts that the root's `aws` providers are bound to.
    fn accounts(&self, root: &Rc<Module<'p>>) -> BTreeSet<String> {
        let scope = Scope::of(Rc::clone(root));
        let mut out = BTreeSet::new();
        for block in &root.source.providers {
            if block.labels.first().is_none_or(|label| label != "aws") {
                continue;
            }
            let body = self.body(&block.body, &scope, &block.span);
            let allowed = body
                .get("allowed_account_ids")
                .map_or_else(Vec::new, Node::texts);
            out.extend(
                allowed
                    .iter()
                    .filter_map(|text| text.known().map(str::to_owned)),
            );
            let role = body.path("assume_role.role_arn").and_then(Node::as_str);
            let number = role.and_then(|arn| arn.split(':').nth(4));
            out.extend(number.map(str::to_owned));
        }
        out
    }

    /// `default_tags` of the root's `aws` provider without an alias.
    fn default_tags(&self, root: &Rc<Module<'p>>) -> Option<BTreeMap<String, String>> {
        let scope = Scope::of(Rc::clone(root));
        let provider = root.source.providers.iter().find(|block| {
            block.labels.first().is_some_and(|label| label == "aws")
                && block.body.attribute("alias").is_none()
        });
        let Some(provider) = provider else {
            return Some(BTreeMap::new());
        };
        let body = self.body(&provider.body, &scope, &provider.span);
        match body.path("default_tags.tags") {
            Some(tags) => crate::tables::tags(tags),
            None => Some(BTreeMap::new()),
        }
    }
}

/// Only what facts are made of is evaluated in whole; the rest when something refers to it.
pub(super) fn matters(kind: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "aws_dynamodb_",
        "aws_iam_",
        "aws_lambda_",
        "aws_ecs_",
        "aws_backup_",
        "aws_pipes_",
        "aws_elastic_beanstalk_",
        "aws_apprunner_",
        "aws_eks_pod_identity_",
        "kubernetes_service_account",
        "aws_instance",
        "aws_launch_",
        "aws_codebuild_project",
        "aws_glue_job",
        "aws_sfn_state_machine",
        "aws_dax_cluster",
        "aws_appsync_datasource",
        "aws_batch_job_definition",
    ];
    PREFIXES.iter().any(|prefix| kind.starts_with(prefix))
        || crate::assets::matters(kind)
        || crate::endpoints::matters(kind)
        || crate::keys::matters(kind)
        || crate::openings::matters(kind)
}
