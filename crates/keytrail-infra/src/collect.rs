//! The collector: a tree of files in, facts and an access model out.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{Collected, Coverage, CoverageStatus, Fact, Problem, Progress, Tree};
use rayon::ThreadPoolBuilder;

use crate::access::AccessModel;
use crate::addresses::Addresses;
use crate::policies::Reader;
use crate::read::{Sources, TreeFiles, read};
use crate::stack::Stack;
use crate::terraform::source::Project;
use crate::{
    assets, bindings, cloudformation, endpoints, held, keys, openings, principals, serverless,
    tables, terraform,
};

/// Parsers and evaluators recurse up to their limits, which need more than a thread's usual stack.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// What infrastructure as code says.
#[derive(Debug)]
pub struct Infra {
    /// Tables, principals and environment variables, and how far the templates were read.
    pub collected: Collected,
    /// To be asked for grants once all tables are known, those from code too.
    pub access: AccessModel,
}

/// What templates do not say of themselves.
#[derive(Clone, Debug, Default)]
pub struct InfraOptions {
    /// The workspace of Terraform that is meant; where none is said, what depends on it is not known.
    pub workspace: Option<String>,
}

/// Reads every template in `tree`.
pub fn collect(tree: &dyn Tree, progress: &Progress) -> Infra {
    collect_with(tree, progress, &InfraOptions::default())
}

/// The same with what the templates do not say.
pub fn collect_with(tree: &dyn Tree, progress: &Progress, options: &InfraOptions) -> Infra {
    in_pool(|| run(tree, progress, options))
}

/// Runs `work` where the stack is deep enough.
pub(crate) fn in_pool(work: impl FnOnce() -> Infra + Send) -> Infra {
    match ThreadPoolBuilder::new().stack_size(STACK_BYTES).build() {
        Ok(pool) => pool.install(work),
        Err(_) => Infra {
            collected: Collected {
                facts: Vec::new(),
                coverage: Coverage {
                    source: "infra".to_owned(),
                    status: CoverageStatus::NotEvaluated,
                    reason: "no threads could be started; free some memory and run again"
                        .to_owned(),
                    counts: BTreeMap::new(),
                    problems: Vec::new(),
                },
            },
            access: AccessModel::default(),
        },
    }
}

fn run(tree: &dyn Tree, progress: &Progress, options: &InfraOptions) -> Infra {
    let sources = read(tree, progress);
    made_of(tree, sources, options)
}

/// Facts and access model of what was read.
pub(crate) fn made_of(tree: &dyn Tree, mut sources: Sources, options: &InfraOptions) -> Infra {
    let mut counts = BTreeMap::new();
    counts.insert("terraform_files".to_owned(), sources.terraform.len() as u64);
    counts.insert(
        "cloudformation_files".to_owned(),
        sources.templates.len() as u64,
    );
    counts.insert("serverless_files".to_owned(), sources.services.len() as u64);
    counts.insert("plan_files".to_owned(), sources.plans.len() as u64);
    if sources.is_empty() {
        return nothing(sources, counts);
    }
    let (stacks, remote_modules) = stacks(tree, &mut sources, options);
    let addresses = Addresses::new(&stacks);
    let index = tables::index(&stacks);
    let mut stats = tables::Stats::default();
    let found = tables::build(&stacks, &index, &addresses, &mut stats);
    let mut reader = Reader::new(&index);
    let mut people = principals::build(&stacks, &mut reader);
    principals::workloads(&mut people, &sources.annotations);
    let bound = bindings::build(&stacks, &index, &addresses);
    let held = held::build(&stacks, &mut reader, &addresses);
    let keys = keys::build(&stacks, &mut reader, &addresses);
    let own: BTreeSet<String> = stacks
        .iter()
        .flat_map(|stack| stack.accounts.clone())
        .collect();
    let only = own.iter().next().filter(|_| own.len() == 1);
    let only = only.map(String::as_str);
    let access = AccessModel::new(&people, &index, &addresses, held, keys, only);
    let around = assets::build(&stacks, &index, &addresses);
    let endpoints = endpoints::build(&stacks, &addresses);
    let openings = openings::build(&stacks, &index, &addresses, &own, &around);

    let count = |number: usize| number as u64;
    counts.extend([
        ("tables".to_owned(), count(found.len())),
        ("assets".to_owned(), count(around.len())),
        ("principals".to_owned(), count(people.drafts.len())),
        ("stacks".to_owned(), count(stacks.len())),
        (
            "unresolved_resources".to_owned(),
            count(reader.unresolved_resources.len()),
        ),
        (
            "unresolved_policies".to_owned(),
            count(reader.unresolved_policies.len()),
        ),
        (
            "unknown_managed_policies".to_owned(),
            count(people.unknown_managed.len()),
        ),
        ("unresolved_streams".to_owned(), stats.unresolved_streams),
        ("remote_modules".to_owned(), remote_modules),
    ]);
    let mut problems = sources.problems;
    problems.extend(reader.problems);
    problems.extend(stats.problems);
    let facts = found
        .into_iter()
        .map(Fact::Table)
        .chain(people.facts(&addresses).into_iter().map(Fact::Principal))
        .chain(bound.into_iter().map(Fact::EnvBinding))
        .chain(around.into_iter().map(Fact::Asset))
        .chain(access.rights().iter().cloned().map(Fact::Right))
        .chain(openings.into_iter().map(Fact::Opening))
        .chain(endpoints.into_iter().map(Fact::Endpoint))
        .collect();
    Infra {
        collected: Collected {
            facts,
            coverage: coverage(counts, problems),
        },
        access,
    }
}

fn stacks(tree: &dyn Tree, sources: &mut Sources, options: &InfraOptions) -> (Vec<Stack>, u64) {
    let mut project = Project::new(std::mem::take(&mut sources.terraform));
    project.workspace.clone_from(&options.workspace);
    let files = TreeFiles::new(tree);
    let terraform = terraform::stacks(&project, &files);
    for service in std::mem::take(&mut sources.services) {
        let (template, told, parts) = serverless::template(&service, &files);
        // What a service takes in is no template by itself.
        sources.templates.retain(|it| !parts.contains(&it.path));
        let told = told
            .iter()
            .map(|(error, span)| error.problem(&span.path, Some(span.line)));
        sources.problems.extend(told);
        sources.templates.push(template);
    }
    sources
        .templates
        .sort_by(|one, other| one.path.cmp(&other.path));
    let cloudformation = cloudformation::stacks(&sources.templates);
    sources.problems.extend(terraform.problems);
    sources.problems.extend(cloudformation.problems);
    let mut stacks = terraform.stacks;
    stacks.extend(cloudformation.stacks);
    stacks.append(&mut sources.plans);
    (stacks, terraform.remote_modules)
}

fn nothing(sources: Sources, counts: BTreeMap<String, u64>) -> Infra {
    let mut coverage = coverage(counts, sources.problems);
    if coverage.problems.is_empty() {
        coverage.status = CoverageStatus::NotApplicable;
        "there is no Terraform, CloudFormation, SAM or Serverless template here"
            .clone_into(&mut coverage.reason);
    }
    Infra {
        collected: Collected {
            facts: Vec::new(),
            coverage,
        },
        access: AccessModel::default(),
    }
}

fn coverage(counts: BTreeMap<String, u64>, mut problems: Vec<Problem>) -> Coverage {
    problems.sort();
    problems.dedup();
    let partial = !problems.is_empty();
    Coverage {
        source: "infra".to_owned(),
        status: if partial {
            CoverageStatus::Partial
        } else {
            CoverageStatus::Evaluated
        },
        reason: if partial {
            "some of the templates could not be read or resolved; the problems say which".to_owned()
        } else {
            String::new()
        },
        counts,
        problems,
    }
}
