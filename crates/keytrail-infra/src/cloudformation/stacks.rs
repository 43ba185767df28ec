//! Templates into stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::Problem;
use rayon::prelude::*;

use super::intrinsics::Resolver;
use super::yaml;
use crate::error::Error;
use crate::json;
use crate::stack::{Resource, Stack};
use crate::terraform::source::environment_of_path;
use crate::value::{Map, Node};

/// A parsed template.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) path: Arc<str>,
    pub(crate) root: Node,
}

/// What CloudFormation came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) stacks: Vec<Stack>,
    pub(crate) problems: BTreeSet<Problem>,
}

/// A cheap look at the bytes: is it worth parsing? Charts, manifests and workflows are not.
pub(crate) fn looks_like_template(bytes: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    has("Resources") && (has("AWS::") || has("Alexa::") || has("Custom::"))
}

/// Parses a file that looks like a template. `Ok(None)` where it turns out to be something else.
pub(crate) fn parse(path: &Arc<str>, text: &str) -> Result<Option<Template>, (u32, Error)> {
    let json = text.trim_start().starts_with('{');
    let root = if json {
        json::file(path, text).map_err(|bad| (bad.line, Error::Json))?
    } else {
        yaml::file(path, text).map_err(|bad| (bad.line, bad.error))?
    };
    let template = is_template(&root);
    Ok(template.then(|| Template {
        path: Arc::clone(path),
        root,
    }))
}

/// At least one entry of `Resources` has a type of CloudFormation's form.
fn is_template(root: &Node) -> bool {
    let resources = root.get("Resources").and_then(Node::as_map);
    resources.is_some_and(|resources| {
        resources.fields.values().any(|field| {
            let kind = field.node.get("Type").and_then(Node::as_str);
            kind.is_some_and(|kind| kind.contains("::"))
        })
    })
}

/// Resolves all templates; what one exports by a known name, others import.
pub(crate) fn stacks(templates: &[Template]) -> Outcome {
    let none = BTreeMap::new();
    let exports: BTreeMap<String, Node> = templates
        .iter()
        .flat_map(|template| exports(template, &none))
        .collect();
    let done: Vec<(Stack, bool, &Template)> = templates
        .par_iter()
        .map(|template| {
            let (stack, exhausted) = stack(template, &exports);
            (stack, exhausted, template)
        })
        .collect();
    let mut outcome = Outcome::default();
    for (stack, exhausted, template) in done {
        if exhausted {
            let problem = Error::TooMuchWork.problem(&template.path, None);
            outcome.problems.insert(problem);
        }
        outcome.stacks.push(stack);
    }
    outcome
}

fn exports(template: &Template, none: &BTreeMap<String, Node>) -> Vec<(String, Node)> {
    let resolver = Resolver::new(&template.path, &template.root, none);
    let outputs = template.root.get("Outputs").and_then(Node::as_map);
    outputs
        .into_iter()
        .flat_map(|outputs| outputs.fields.values())
        .filter_map(|field| {
            let name = resolver.resolve(field.node.path("Export.Name")?);
            let name = name.as_str()?.to_owned();
            Some((name, resolver.resolve(field.node.get("Value")?)))
        })
        .collect()
}

fn stack(template: &Template, exports: &BTreeMap<String, Node>) -> (Stack, bool) {
    let resolver = Resolver::new(&template.path, &template.root, exports);
    let declared = template.root.get("Resources").and_then(Node::as_map);
    let mut resources = Vec::new();
    for (logical, field) in declared.into_iter().flat_map(|map| &map.fields) {
        let Some(kind) = field.node.get("Type").and_then(Node::as_str) else {
            continue;
        };
        if !matters(kind) {
            continue;
        }
        let body = match field.node.get("Properties") {
            Some(properties) => resolver.guarded(logical, properties),
            None => Node::map(Map::default(), &field.node.span),
        };
        resources.push(Resource {
            id: resolver.id(logical),
            kind: kind.to_owned(),
            span: field.key.clone(),
            body,
        });
    }
    let globals = template.root.path("Globals.Function");
    let stack = Stack {
        environment: environment_of_path(&template.path),
        resources,
        default_tags: Some(BTreeMap::new()),
        regions: BTreeMap::new(),
        accounts: BTreeSet::new(),
        globals: globals.map(|globals| resolver.resolve(globals)),
    };
    (stack, resolver.exhausted())
}

fn matters(kind: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "AWS::DynamoDB::",
        "AWS::IAM::",
        "AWS::Serverless::",
        "AWS::Lambda::",
        "AWS::ECS::TaskDefinition",
        "AWS::Backup::",
        "AWS::Pipes::",
        "AWS::ElasticBeanstalk::",
        "AWS::AppRunner::",
        "AWS::EKS::PodIdentityAssociation",
        "AWS::EC2::Instance",
        "AWS::EC2::LaunchTemplate",
        "AWS::AutoScaling::LaunchConfiguration",
        "AWS::StepFunctions::StateMachine",
        "AWS::CodeBuild::Project",
        "AWS::Glue::Job",
        "AWS::DAX::Cluster",
        "AWS::AppSync::DataSource",
        "AWS::Batch::JobDefinition",
    ];
    PREFIXES.iter().any(|prefix| kind.starts_with(prefix))
        || crate::assets::matters(kind)
        || crate::openings::matters(kind)
}
