//! Roles, users and groups, with the policies attached to each.

mod attach;
mod cloudformation;
mod runs;
mod sam;
mod terraform;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{Environment, Location, Principal, PrincipalKind, Step};

use crate::addresses::Addresses;
use crate::evaluate::Policy;
use crate::policies::Reader;
use crate::stack::{Index, Resource, Stack};
use crate::text::{Id, Text};
use crate::value::Node;

pub(crate) use runs::{beanstalk_settings, decoded, workloads};

/// A principal while its parts are gathered.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) id: Id,
    pub(crate) kind: PrincipalKind,
    pub(crate) names: Vec<Text>,
    pub(crate) location: Location,
    /// Of the stacks that declare it.
    pub(crate) environments: BTreeSet<Environment>,
    /// The stacks that declare it; empty where none does.
    pub(crate) stacks: BTreeSet<usize>,
    pub(crate) runs: BTreeSet<Step>,
    pub(crate) trusts: BTreeSet<String>,
    /// With the stack that attaches it.
    pub(crate) policies: Vec<(usize, Policy)>,
    pub(crate) boundaries: Vec<(usize, Policy)>,
    pub(crate) groups: BTreeSet<Id>,
    /// Functions that run as it, with their names.
    pub(crate) functions: BTreeMap<Id, Vec<Text>>,
}

/// All principals of all templates.
#[derive(Debug, Default)]
pub(crate) struct Principals {
    pub(crate) drafts: BTreeMap<Id, Draft>,
    pub(crate) index: Index,
    /// Managed policies of AWS whose content is not known here.
    pub(crate) unknown_managed: BTreeSet<String>,
}

/// Gathers principals, policies, members and what runs as whom.
pub(crate) fn build(stacks: &[Stack], reader: &mut Reader<'_>) -> Principals {
    let mut all = Principals::default();
    for (number, stack) in stacks.iter().enumerate() {
        for resource in &stack.resources {
            if let Some((id, kind, names)) = declared(resource) {
                all.declare(number, stack, resource, id, kind, names);
            }
        }
    }
    let policies = attach::policies(stacks);
    for (number, stack) in stacks.iter().enumerate() {
        let mut scene = attach::Scene {
            number,
            stack,
            policies: &policies,
            principals: &mut all,
            reader,
        };
        terraform::attach(&mut scene);
        cloudformation::attach(&mut scene);
        sam::attach(&mut scene);
    }
    runs::attach(stacks, &mut all);
    all
}

/// Identity, kind and names of the principal that a resource is, or makes.
fn declared(resource: &Resource) -> Option<(Id, PrincipalKind, Vec<Text>)> {
    let kind = match resource.kind.as_str() {
        "aws_iam_role" | "AWS::IAM::Role" => PrincipalKind::Role,
        "aws_iam_user" | "AWS::IAM::User" => PrincipalKind::User,
        "aws_iam_group" | "AWS::IAM::Group" => PrincipalKind::Group,
        "AWS::Serverless::Function" | "AWS::Serverless::StateMachine" => {
            let id = sam::implicit_role(resource)?;
            let name = Text::with_stars_unknown(&format!("*-{}Role-*", resource.address()));
            return Some((id, PrincipalKind::Role, vec![name]));
        }
        _ => return None,
    };
    let fields = ["name", "RoleName", "UserName", "GroupName"];
    let given = fields.iter().find_map(|field| resource.body.get(field));
    let names = given.map(Node::texts).filter(|names| !names.is_empty());
    let names = names.unwrap_or_else(|| {
        let prefix = resource.body.get("name_prefix").and_then(Node::as_text);
        let mut name = prefix.unwrap_or_default();
        if resource.kind.contains("::") {
            name = Text::with_stars_unknown(&format!("*-{}-", resource.address()));
        }
        name.append(&Text::hole(None));
        vec![name]
    });
    Some((resource.id.clone(), kind, names))
}

/// The names of the principal that a resource is, or makes.
pub(crate) fn names(resource: &Resource) -> Option<Vec<Text>> {
    declared(resource).map(|(_, _, names)| names)
}

impl Principals {
    fn declare(
        &mut self,
        number: usize,
        stack: &Stack,
        resource: &Resource,
        id: Id,
        kind: PrincipalKind,
        names: Vec<Text>,
    ) {
        self.index.add(&id, names.clone());
        let draft = self.drafts.entry(id.clone()).or_insert_with(|| Draft {
            id,
            kind,
            names: Vec::new(),
            location: resource.location(),
            environments: BTreeSet::new(),
            stacks: BTreeSet::new(),
            runs: BTreeSet::new(),
            trusts: BTreeSet::new(),
            policies: Vec::new(),
            boundaries: Vec::new(),
            groups: BTreeSet::new(),
            functions: BTreeMap::new(),
        });
        draft.stacks.insert(number);
        draft.environments.insert(stack.environment);
        for name in names {
            if !draft.names.contains(&name) {
                draft.names.push(name);
            }
        }
    }

    /// The principals that a text names. One that no template declares is made where it is
    /// named: what is attached to it is attached, whoever it is.
    pub(crate) fn named(&mut self, text: &Text, kind: PrincipalKind, at: Location) -> Vec<Id> {
        let found = self.lookup(text, kind);
        if !found.is_empty() || text.pieces().is_empty() || *text == Text::hole(None) {
            return found;
        }
        let shown = text.shown();
        let name = shown.rsplit('/').next().unwrap_or(&shown);
        let word = match kind {
            PrincipalKind::User => "user",
            PrincipalKind::Group => "group",
            PrincipalKind::Role | PrincipalKind::Outside => "role",
        };
        let id: Id = Arc::from(format!("elsewhere|{word} {name}"));
        self.index.add(&id, vec![text.clone(), Text::literal(name)]);
        let pattern = text.pattern();
        let name = pattern.rsplit('/').next().unwrap_or(&pattern);
        self.drafts.entry(id.clone()).or_insert_with(|| Draft {
            id: id.clone(),
            kind,
            names: vec![Text::with_stars_unknown(name)],
            location: at,
            environments: BTreeSet::new(),
            stacks: BTreeSet::new(),
            runs: BTreeSet::new(),
            trusts: BTreeSet::new(),
            policies: Vec::new(),
            boundaries: Vec::new(),
            groups: BTreeSet::new(),
            functions: BTreeMap::new(),
        });
        vec![id]
    }

    /// Those of one kind that a text refers to.
    pub(crate) fn lookup(&self, text: &Text, kind: PrincipalKind) -> Vec<Id> {
        let before = match kind {
            PrincipalKind::User => "user/",
            PrincipalKind::Group => "group/",
            PrincipalKind::Role | PrincipalKind::Outside => "role/",
        };
        self.index
            .find(text, before)
            .into_iter()
            .map(|entry| entry.id.clone())
            .filter(|id| self.drafts.get(id).is_some_and(|draft| draft.kind == kind))
            .collect()
    }

    /// The facts.
    pub(crate) fn facts(&self, addresses: &Addresses) -> Vec<Principal> {
        let mut all: BTreeMap<Arc<str>, Principal> = BTreeMap::new();
        for principal in self.each(addresses) {
            match all.get_mut(&principal.address) {
                // One principal under several variable files.
                Some(first) => unite(first, principal),
                None => drop(all.insert(Arc::clone(&principal.address), principal)),
            }
        }
        all.into_values().collect()
    }

    fn each(&self, addresses: &Addresses) -> Vec<Principal> {
        self.drafts
            .values()
            .map(|draft| {
                let name = draft
                    .names
                    .first()
                    .map_or_else(|| "*".to_owned(), Text::pattern);
                Principal {
                    address: addresses.public(&draft.id),
                    environment: environment(draft, &name),
                    name,
                    kind: draft.kind,
                    location: draft.location.clone(),
                    runs: draft.runs.iter().cloned().collect(),
                    trusts: draft.trusts.iter().cloned().collect(),
                }
            })
            .collect()
    }
}

fn unite(first: &mut Principal, other: Principal) {
    if first.environment != other.environment {
        first.environment = Environment::Unspecified;
    }
    first.runs.extend(other.runs);
    first.runs.sort();
    first.runs.dedup();
    first.trusts.extend(other.trusts);
    first.trusts.sort();
    first.trusts.dedup();
}

fn environment(draft: &Draft, name: &str) -> Environment {
    let by_name = Environment::of_name(name);
    if by_name != Environment::Unspecified {
        return by_name;
    }
    let all: Vec<Environment> = draft.environments.iter().copied().collect();
    match all.as_slice() {
        [only] => *only,
        _ => Environment::Unspecified,
    }
}
