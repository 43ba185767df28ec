//! Stacks within stacks whose templates lie in the tree: what the outer hands in as parameters,
//! and what the inner hands out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::intrinsics::Resolver;
use super::stacks::{Template, resolvers};
use crate::terraform::source::{parent, resolve};
use crate::value::Node;

/// Stacks within stacks within stacks.
const ROUNDS: usize = 4;

/// By path of the inner template: its parameters as given, and its outputs.
#[derive(Debug, Default)]
pub(super) struct Nested {
    pub(super) given: BTreeMap<Arc<str>, BTreeMap<String, Node>>,
    pub(super) outputs: BTreeMap<Arc<str>, BTreeMap<String, Node>>,
    paths: std::collections::BTreeSet<Arc<str>>,
}

impl Nested {
    /// Goes through all templates until what is handed on has come through.
    pub(super) fn of(templates: &[Template], exports: &BTreeMap<String, Node>) -> Self {
        let mut nested = Self {
            paths: templates.iter().map(|it| Arc::clone(&it.path)).collect(),
            ..Self::default()
        };
        let any = templates.iter().any(|template| !calls(template).is_empty());
        if !any {
            return nested;
        }
        for _ in 0..ROUNDS {
            let (mut given, mut outputs) = (BTreeMap::new(), BTreeMap::new());
            for template in templates {
                for resolver in resolvers(template, exports, &nested) {
                    hand_in(&resolver, template, &nested, &mut given);
                    let own: &mut BTreeMap<String, Node> =
                        outputs.entry(Arc::clone(&template.path)).or_default();
                    for (name, node) in hand_out(&resolver, template) {
                        also(own, name, node);
                    }
                }
            }
            nested.given = given;
            nested.outputs = outputs;
        }
        nested
    }

    /// The template in the tree that a stack resource of `path` means.
    pub(super) fn child(&self, path: &str, resource: &Node) -> Option<Arc<str>> {
        let asset = resource
            .get("Metadata")
            .and_then(|it| it.get("aws:asset:path"));
        let properties = resource.get("Properties");
        let url = properties.and_then(|it| it.get("TemplateURL").or_else(|| it.get("Location")));
        let name = asset.or(url).and_then(Node::as_str)?;
        let path = resolve(parent(path), name)?;
        self.paths.get(path.as_str()).cloned()
    }
}

/// The resources that are stacks.
fn calls(template: &Template) -> Vec<&Node> {
    let resources = template.root.get("Resources").and_then(Node::as_map);
    resources
        .into_iter()
        .flat_map(|map| map.fields.values())
        .map(|field| &field.node)
        .filter(|node| {
            let kind = node.get("Type").and_then(Node::as_str);
            matches!(
                kind,
                Some("AWS::CloudFormation::Stack" | "AWS::Serverless::Application")
            )
        })
        .collect()
}

fn hand_in(
    resolver: &Resolver<'_>,
    template: &Template,
    nested: &Nested,
    given: &mut BTreeMap<Arc<str>, BTreeMap<String, Node>>,
) {
    for call in calls(template) {
        let Some(child) = nested.child(&template.path, call) else {
            continue;
        };
        let parameters = call.path("Properties.Parameters").and_then(Node::as_map);
        let own = given.entry(child).or_default();
        for (name, field) in parameters.into_iter().flat_map(|map| &map.fields) {
            also(own, name.clone(), resolver.resolve(&field.node));
        }
    }
}

/// One template may be used twice, and in several deployments: then it is one of these.
fn also(all: &mut BTreeMap<String, Node>, name: String, node: Node) {
    let span = node.span.clone();
    let before = all.remove(&name);
    let same = before
        .as_ref()
        .is_some_and(|it| it.as_text().is_some() && it.as_text() == node.as_text());
    let nodes = if same {
        vec![node]
    } else {
        before.into_iter().chain([node]).collect()
    };
    all.insert(name, Node::one_of(nodes, &span));
}

fn hand_out(resolver: &Resolver<'_>, template: &Template) -> BTreeMap<String, Node> {
    let outputs = template.root.get("Outputs").and_then(Node::as_map);
    outputs
        .into_iter()
        .flat_map(|map| &map.fields)
        .filter_map(|(name, field)| {
            let value = field.node.get("Value")?;
            Some((name.clone(), resolver.resolve(value)))
        })
        .collect()
}
