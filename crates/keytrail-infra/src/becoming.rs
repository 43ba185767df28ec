//! Who may become whom: roles that are assumed, and roles that are passed to a service that then
//! works in the caller's interest. Together with the grants of a role these are its readers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use keytrail_model::Step;

use crate::access::{AccessModel, Subject, World};
use crate::arns::arn;
use crate::evaluate::{
    Caller, Context, Decision, Effect, Named, Policies, Policy, PrincipalPattern, Principals,
    Request, Resource, evaluate,
};
use crate::glob::Fit;
use crate::grants::step;
use crate::held::Holder;
use crate::rights::{Allowed, Holder as Rights};
use crate::text::{Id, RefKind, Text};

/// A principal may become a role, or have something run as it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Becoming {
    /// Who.
    pub from: Arc<str>,
    /// Which role.
    pub to: Arc<str>,
    /// `sts:AssumeRole`, or `iam:PassRole with lambda:CreateFunction …`.
    pub how: String,
    /// What remains to hold.
    pub conditions: Vec<String>,
    /// The statements that decided.
    pub statements: Vec<Step>,
}

/// A service that runs what it is told to as a role, and the actions that tell it to; all of one
/// list are needed.
type Runner = (&'static str, &'static [&'static str]);

const RUNNERS: &[Runner] = &[
    ("appsync.amazonaws.com", &["appsync:CreateDataSource"]),
    (
        "cloudformation.amazonaws.com",
        &["cloudformation:CreateStack"],
    ),
    (
        "codebuild.amazonaws.com",
        &["codebuild:CreateProject", "codebuild:StartBuild"],
    ),
    ("dax.amazonaws.com", &["dax:CreateCluster"]),
    ("ec2.amazonaws.com", &["ec2:RunInstances"]),
    (
        "ecs-tasks.amazonaws.com",
        &["ecs:RegisterTaskDefinition", "ecs:RunTask"],
    ),
    (
        "ecs-tasks.amazonaws.com",
        &["ecs:RegisterTaskDefinition", "ecs:UpdateService"],
    ),
    ("glue.amazonaws.com", &["glue:CreateDevEndpoint"]),
    (
        "glue.amazonaws.com",
        &["glue:CreateJob", "glue:StartJobRun"],
    ),
    (
        "lambda.amazonaws.com",
        &["lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
    ),
    (
        "lambda.amazonaws.com",
        &["lambda:CreateFunction", "lambda:InvokeFunction"],
    ),
    ("pipes.amazonaws.com", &["pipes:CreatePipe"]),
    (
        "pods.eks.amazonaws.com",
        &["eks:CreatePodIdentityAssociation"],
    ),
    (
        "sagemaker.amazonaws.com",
        &["sagemaker:CreateNotebookInstance"],
    ),
    ("scheduler.amazonaws.com", &["scheduler:CreateSchedule"]),
    (
        "states.amazonaws.com",
        &["states:CreateStateMachine", "states:StartExecution"],
    ),
];

/// A role that can be become, spelled out once.
struct Target<'m> {
    role: &'m Subject,
    resource: Resource,
    functions: Vec<Resource>,
}

impl AccessModel {
    /// Who may become one of these roles, also by way of others; sorted.
    pub fn becoming(&self, roles: &BTreeSet<Arc<str>>) -> Vec<Becoming> {
        let by_address: BTreeMap<&str, &Subject> = self
            .subjects
            .iter()
            .map(|subject| (&*subject.address, subject))
            .collect();
        let active: Vec<&Subject> = self
            .subjects
            .iter()
            .filter(|one| one.may_become())
            .collect();
        let callers = self
            .subjects
            .iter()
            .filter(|one| one.may(&["sts:AssumeRole"]));
        let callers: BTreeSet<&str> = callers.map(|one| &*one.address).collect();
        let mut open: VecDeque<Arc<str>> = roles.iter().cloned().collect();
        let mut done: BTreeSet<Arc<str>> = roles.clone();
        let mut found = BTreeSet::new();
        while let Some(address) = open.pop_front() {
            let Some(role) = by_address.get(&*address) else {
                continue;
            };
            for one in self.into(&Target::of(role), &active, &callers) {
                if done.insert(Arc::clone(&one.from)) {
                    open.push_back(Arc::clone(&one.from));
                }
                found.insert(one);
            }
        }
        found.into_iter().collect()
    }

    /// Everybody who may become one role at once.
    fn into(
        &self,
        target: &Target<'_>,
        active: &[&Subject],
        callers: &BTreeSet<&str>,
    ) -> Vec<Becoming> {
        let mut found = Vec::new();
        if self.may_be_assumed(target.role) {
            for from in &self.subjects {
                if callers.contains(&*from.address) || self.is_trusted(from, target.role) {
                    found.extend(self.assumed(from, target));
                }
            }
        }
        for from in active {
            found.extend(self.passed(from, target));
            found.extend(changed(from, target));
        }
        found.retain(|one| one.from != one.to);
        found
    }

    fn trusts<'m>(&'m self, role: &'m Subject) -> impl Iterator<Item = &'m Policy> {
        let of = |world: &World| self.held.of(&role.address, Holder::Role, world.stack);
        role.worlds.iter().flat_map(of).flatten()
    }

    /// Named so exactly that it needs no policy of its own.
    fn is_trusted(&self, from: &Subject, role: &Subject) -> bool {
        self.trusts(role).any(|policy| {
            let principals = policy
                .statements
                .iter()
                .filter_map(|one| one.principals.as_ref());
            let mut named = principals.filter_map(|one| one.names(&from.caller));
            named.any(|(named, _)| named > Named::Account)
        })
    }

    /// False where only services are let in.
    fn may_be_assumed(&self, role: &Subject) -> bool {
        self.trusts(role).any(|policy| {
            policy.statements.iter().any(|statement| {
                let Some(principals) = &statement.principals else {
                    return false;
                };
                statement.effect == Effect::Allow
                    && match principals {
                        Principals::AllBut(_) => true,
                        Principals::Only(listed) => listed.iter().any(|one| {
                            matches!(one, PrincipalPattern::Aws(_) | PrincipalPattern::Everyone)
                        }),
                    }
            })
        })
    }

    fn assumed(&self, from: &Subject, target: &Target<'_>) -> Option<Becoming> {
        let context = Context::new();
        let request = Request {
            principal: &from.caller,
            action: "sts:AssumeRole",
            resource: &target.resource,
            context: &context,
        };
        from.worlds.iter().find_map(|world| {
            let held = self
                .held
                .of(&target.role.address, Holder::Role, world.stack);
            held.into_iter().find_map(|resource| {
                let policies = Policies {
                    identity: &world.identity,
                    boundary: world.boundary.as_deref(),
                    resource,
                    ..Policies::default()
                };
                let (conditions, statements) = match evaluate(&request, &policies) {
                    Decision::Allow(by) => (Vec::new(), by.iter().map(step).collect()),
                    Decision::AllowedIf(ways) => {
                        let way = ways.into_iter().next()?;
                        let texts = way.conditions.iter().map(|it| it.text.clone());
                        (texts.collect(), way.by.iter().map(step).collect())
                    }
                    Decision::ExplicitDeny(_) | Decision::ImplicitDeny(_) => return None,
                };
                Some(becoming(
                    from,
                    target,
                    "sts:AssumeRole".to_owned(),
                    conditions,
                    statements,
                ))
            })
        })
    }

    fn passed(&self, from: &Subject, target: &Target<'_>) -> Option<Becoming> {
        let service = Caller::parse;
        RUNNERS.iter().find_map(|(name, actions)| {
            let lets_in = service(name)
                .is_ok_and(|caller| self.trusts(target.role).any(|policy| lets(policy, &caller)));
            if !lets_in {
                return None;
            }
            from.worlds.iter().find_map(|world| {
                let rights = from.rights_in(world);
                let context = Context::new().with("iam:PassedToService", name);
                let mut all = rights.may_on("iam:PassRole", &target.resource, &context)?;
                for action in *actions {
                    let prefix = action.split_once(':').map_or("", |(service, _)| service);
                    join(&mut all, rights.may_on_some(action, prefix)?);
                }
                let how = format!("iam:PassRole with {}", actions.join(" and "));
                Some(becoming(from, target, how, all.0, all.1))
            })
        })
    }
}

/// Code of a function that runs as the role, replaced.
fn changed(from: &Subject, target: &Target<'_>) -> Option<Becoming> {
    const ACTION: &str = "lambda:UpdateFunctionCode";
    let context = Context::new();
    from.worlds.iter().find_map(|world| {
        let rights = from.rights_in(world);
        let found = target.functions.iter();
        let mut found = found.filter_map(|one| rights.may_on(ACTION, one, &context));
        let (conditions, statements) = found.next()?;
        let how = ACTION.to_owned();
        Some(becoming(from, target, how, conditions, statements))
    })
}

fn becoming(
    from: &Subject,
    target: &Target<'_>,
    how: String,
    mut conditions: Vec<String>,
    mut statements: Vec<Step>,
) -> Becoming {
    conditions.sort();
    conditions.dedup();
    statements.dedup();
    Becoming {
        from: Arc::clone(&from.address),
        to: Arc::clone(&target.role.address),
        how,
        conditions,
        statements,
    }
}

fn join(all: &mut Allowed, more: Allowed) {
    all.0.extend(more.0);
    for step in more.1 {
        if !all.1.contains(&step) {
            all.1.push(step);
        }
    }
}

/// Whether a trust policy lets a service in. Its conditions speak of the service's own requests.
fn lets(policy: &Policy, service: &Caller) -> bool {
    policy.statements.iter().any(|statement| {
        let named = statement.principals.as_ref();
        let named = named.and_then(|principals| principals.names(service));
        statement.effect == Effect::Allow
            && named.is_some_and(|(_, fit)| fit == Fit::Yes)
            && statement.actions.fit("sts:AssumeRole").0 == Fit::Yes
    })
}

impl<'m> Target<'m> {
    fn of(role: &'m Subject) -> Self {
        let functions = role.functions.iter();
        Self {
            role,
            resource: Resource::new(&role.own).with_trust_policy(),
            functions: functions.map(|(id, names)| function(id, names)).collect(),
        }
    }
}

fn function(id: &Id, names: &[Text]) -> Resource {
    let mut all = vec![Text::reference(id, RefKind::Arn)];
    for name in names.iter().filter(|name| !name.is_hole()) {
        let mut text = arn("lambda", "function:");
        text.append(name);
        all.push(text);
    }
    Resource::new(&all)
}

impl Subject {
    /// Prepared for questions about one set of policies.
    fn rights_in<'w>(&'w self, world: &'w World) -> Rights<'w> {
        Rights {
            address: &self.address,
            caller: &self.caller,
            own: &self.own,
            identity: &world.identity,
            boundary: world.boundary.as_deref(),
        }
    }

    /// False for those who may neither pass a role nor change a function.
    fn may_become(&self) -> bool {
        self.may(&["iam:PassRole", "lambda:UpdateFunctionCode"])
    }

    /// Some statement of its own allows one of these actions, on whatever.
    fn may(&self, wanted: &[&str]) -> bool {
        let policies = self.worlds.iter().flat_map(|world| &world.identity);
        let mut statements = policies.flat_map(|policy| &policy.statements);
        statements.any(|statement| {
            let fits = |action| statement.actions.fit(action).0 == Fit::Yes;
            statement.effect == Effect::Allow && wanted.iter().any(|action| fits(action))
        })
    }
}
