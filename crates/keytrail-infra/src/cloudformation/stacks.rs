//! Templates into stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{Environment, FileSpan, Problem};
use rayon::prelude::*;

use super::intrinsics::Resolver;
use super::nested::Nested;
use super::{extensions, yaml};
use crate::error::Error;
use crate::json;
use crate::stack::{Resource, Stack};
use crate::terraform::source::environment_of_path;
use crate::value::{Map, Node};

/// A parsed template.
#[derive(Clone, Debug)]
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
        resources.fields.iter().any(|(name, field)| {
            if name.starts_with("Fn::ForEach::") {
                return true;
            }
            let kind = field.node.get("Type").and_then(Node::as_str);
            kind.is_some_and(|kind| kind.contains("::"))
        })
    })
}

/// Resolves all templates; what one exports by a known name, others import, and what one hands to
/// a stack within it, that one takes.
pub(crate) fn stacks(templates: &[Template]) -> Outcome {
    let mut outcome = Outcome::default();
    let written: Vec<Template> = templates
        .iter()
        .map(|template| {
            if !extensions::has_loops(&template.root) {
                return template.clone();
            }
            let (root, told) = extensions::written_out(&template.root);
            outcome.tell(&told);
            Template {
                path: Arc::clone(&template.path),
                root,
            }
        })
        .collect();
    let templates = &written;
    let (none, alone) = (BTreeMap::new(), Nested::default());
    let mut exports: BTreeMap<String, Node> = BTreeMap::new();
    for (name, node) in templates
        .iter()
        .flat_map(|it| self::exports(it, &none, &alone))
    {
        // Under another deployment the same name may mean another resource.
        let before = exports.remove(&name);
        let span = node.span.clone();
        let all = before.into_iter().chain([node]).collect();
        exports.insert(name, Node::one_of(all, &span));
    }
    let nested = Nested::of(templates, &exports);
    let jobs: Vec<(&Template, Option<(&str, &str)>)> = templates
        .iter()
        .flat_map(|template| {
            let choices = deployments(&template.root);
            let none = choices.is_empty().then_some((template, None));
            let some = choices.into_iter().map(move |it| (template, Some(it)));
            some.chain(none).collect::<Vec<_>>()
        })
        .collect();
    let done: Vec<(Stack, bool, Told, &Template)> = jobs
        .par_iter()
        .map(|(template, chosen)| {
            let (stack, exhausted, told) = stack(template, &exports, &nested, *chosen);
            (stack, exhausted, told, *template)
        })
        .collect();
    for (stack, exhausted, told, template) in done {
        if exhausted {
            let problem = Error::TooMuchWork.problem(&template.path, None);
            outcome.problems.insert(problem);
        }
        outcome.tell(&told);
        outcome.stacks.push(stack);
    }
    outcome
}

/// Errors with their places.
type Told = Vec<(Error, FileSpan)>;

impl Outcome {
    fn tell(&mut self, told: &[(Error, FileSpan)]) {
        let problems = told
            .iter()
            .map(|(error, span)| error.problem(&span.path, Some(span.line)));
        self.problems.extend(problems);
    }
}

/// The values of the parameter that says which deployment a stack is, where a template is made for
/// several of them.
fn deployments(root: &Node) -> Vec<(&str, &str)> {
    let parameters = root.get("Parameters").and_then(Node::as_map);
    let mut found = parameters
        .into_iter()
        .flat_map(|map| &map.fields)
        .filter_map(|(name, field)| {
            let allowed = field.node.get("AllowedValues")?.as_list()?;
            let values: Vec<&str> = allowed.iter().filter_map(Node::as_str).collect();
            let named = values
                .iter()
                .filter(|value| Environment::of_name(value) != Environment::Unspecified);
            let fits = values.len() <= MOST_DEPLOYMENTS && named.count() >= 2;
            fits.then(|| {
                values
                    .into_iter()
                    .map(|value| (name.as_str(), value))
                    .collect::<Vec<_>>()
            })
        });
    found.next().unwrap_or_default()
}

/// More allowed values than this make a parameter free text.
const MOST_DEPLOYMENTS: usize = 6;

fn exports(
    template: &Template,
    none: &BTreeMap<String, Node>,
    alone: &Nested,
) -> Vec<(String, Node)> {
    let mut out = Vec::new();
    for resolver in resolvers(template, none, alone) {
        let outputs = template.root.get("Outputs").and_then(Node::as_map);
        let outputs = outputs
            .into_iter()
            .flat_map(|outputs| outputs.fields.values());
        out.extend(outputs.filter_map(|field| {
            let name = resolver.resolve(field.node.path("Export.Name")?);
            let name = name.as_str()?.to_owned();
            Some((name, resolver.resolve(field.node.get("Value")?)))
        }));
    }
    out
}

/// One for each deployment that a template is made for, or the only one.
pub(super) fn resolvers<'t>(
    template: &'t Template,
    exports: &'t BTreeMap<String, Node>,
    nested: &'t Nested,
) -> Vec<Resolver<'t>> {
    let make = |chosen| {
        let mut resolver = Resolver::new(&template.path, &template.root, exports, nested);
        resolver.chosen = chosen;
        resolver
    };
    let choices = deployments(&template.root);
    if choices.is_empty() {
        return vec![make(None)];
    }
    choices.into_iter().map(|it| make(Some(it))).collect()
}

fn stack(
    template: &Template,
    exports: &BTreeMap<String, Node>,
    nested: &Nested,
    chosen: Option<(&str, &str)>,
) -> (Stack, bool, Told) {
    let mut resolver = Resolver::new(&template.path, &template.root, exports, nested);
    resolver.chosen = chosen;
    let declared = template.root.get("Resources").and_then(Node::as_map);
    let mut resources = Vec::new();
    for (logical, field) in declared.into_iter().flat_map(|map| &map.fields) {
        let Some(kind) = field.node.get("Type").and_then(Node::as_str) else {
            continue;
        };
        let condition = field.node.get("Condition").and_then(Node::as_str);
        let absent = condition.is_some_and(|name| resolver.condition(name) == Some(false));
        if absent || !matters(kind) {
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
    let api_globals = template.root.path("Globals");
    let named = chosen.map(|(_, value)| Environment::of_name(value));
    let stack = Stack {
        environment: named
            .filter(|it| *it != Environment::Unspecified)
            .unwrap_or_else(|| environment_of_path(&template.path)),
        resources,
        default_tags: Some(BTreeMap::new()),
        regions: BTreeMap::new(),
        accounts: BTreeSet::new(),
        globals: globals.map(|globals| resolver.resolve(globals)),
        api_globals: api_globals.map(|globals| resolver.resolve(globals)),
    };
    let told = resolver.told();
    (stack, resolver.exhausted(), told)
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
        || crate::endpoints::matters(kind)
        || crate::keys::matters(kind)
        || crate::openings::matters(kind)
}
