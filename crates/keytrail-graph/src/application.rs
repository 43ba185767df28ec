//! Which principal is the application itself, and what the others are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{
    Actor, Door, Environment, Grant, OperationKind, Principal, PrincipalKind, RoleChain,
};

use crate::Joined;

/// What every principal is.
#[derive(Debug)]
pub struct Standings<'f> {
    application: BTreeSet<&'f str>,
    principals: BTreeMap<&'f str, &'f Principal>,
}

/// How well a principal fits the part of the application; the greatest of an environment is it.
type Fit = (bool, usize, bool, bool);

impl<'f> Standings<'f> {
    /// Decides which principals are the application: those that something runs under (or that a
    /// compute service may assume) and that may do to the tables what the code does. Among
    /// several of one environment, those that may do the most of it, both reading and writing,
    /// come first; then those whose name says that they are an application. Principals that fit
    /// equally well are all taken for the application: a wrong accusation costs more than a miss,
    /// and `other-reader` says on what it rests.
    pub fn decide(joined: &Joined<'f>) -> Self {
        let needed = needed_doors(joined);
        let mut doors: BTreeMap<&str, BTreeSet<Door>> = BTreeMap::new();
        for grant in &joined.grants {
            doors
                .entry(&grant.principal)
                .or_default()
                .insert(grant.door);
        }
        let mut best: BTreeMap<Environment, (Fit, Vec<&'f str>)> = BTreeMap::new();
        for &principal in &joined.principals {
            let Some(open) = doors.get(&*principal.address) else {
                continue;
            };
            let Some(fit) = fit(principal, open, &needed) else {
                continue;
            };
            let (top, chosen) = best
                .entry(principal.environment)
                .or_insert_with(|| (fit, Vec::new()));
            if fit > *top {
                *top = fit;
                chosen.clear();
            }
            if fit == *top {
                chosen.push(&principal.address);
            }
        }
        let mut application: BTreeSet<&str> =
            best.into_values().flat_map(|(_, chosen)| chosen).collect();
        if application.is_empty() {
            application.extend(only_one(joined, &doors));
        }
        Self {
            application,
            principals: joined
                .principals
                .iter()
                .map(|&principal| (&*principal.address, principal))
                .collect(),
        }
    }

    /// False when no principal could be told to be the application: the others are then only
    /// possibly wrong.
    pub fn has_application(&self) -> bool {
        !self.application.is_empty()
    }

    /// The addresses of the principals that are the application, sorted.
    pub fn application(&self) -> impl Iterator<Item = &'f str> {
        self.application.iter().copied()
    }

    /// Who a grant lets in.
    pub fn actor(&self, joined: &Joined<'_>, grant: &Grant) -> Actor {
        let Some(principal) = self.principals.get(&*grant.principal) else {
            return Actor::OtherRole(grant.principal.clone());
        };
        if principal.kind == PrincipalKind::Outside {
            return Actor::Outside(principal.name.clone());
        }
        let crossing = names_another(grant, principal.environment)
            || joined.tables.addressed(&grant.table).iter().any(|&id| {
                joined.tables.node(id).declared.iter().any(|table| {
                    table.address == grant.table && differ(table.environment, principal.environment)
                })
            });
        if crossing {
            Actor::OtherEnvironment
        } else if self.application.contains(&*grant.principal) {
            Actor::Application(grant.principal.clone())
        } else {
            Actor::OtherRole(grant.principal.clone())
        }
    }

    /// Who the principal at the beginning of a chain of roles is.
    pub(crate) fn chained(&self, chain: &RoleChain) -> Actor {
        let Some(from) = self.principals.get(&*chain.from) else {
            return Actor::OtherRole(Arc::clone(&chain.from));
        };
        let to = self.principals.get(&*chain.to);
        if from.kind == PrincipalKind::Outside {
            Actor::Outside(from.name.clone())
        } else if to.is_some_and(|to| differ(to.environment, from.environment)) {
            Actor::OtherEnvironment
        } else if self.application.contains(&*chain.from) {
            Actor::Application(Arc::clone(&chain.from))
        } else {
            Actor::OtherRole(Arc::clone(&chain.from))
        }
    }

    pub(crate) fn principal(&self, address: &str) -> Option<&'f Principal> {
        self.principals.get(address).copied()
    }
}

/// Where nothing says what runs under a role, a role that has the tables to itself is the
/// application's.
fn only_one<'f>(joined: &Joined<'f>, doors: &BTreeMap<&str, BTreeSet<Door>>) -> Option<&'f str> {
    let mut inside = joined.principals.iter().filter(|principal| {
        principal.kind != PrincipalKind::Outside && doors.contains_key(&*principal.address)
    });
    let first = inside.next()?;
    inside.next().is_none().then_some(&*first.address)
}

/// The statement itself names the tables of another environment: `table/shop-production-*` in a
/// staging role's policy.
fn names_another(grant: &Grant, own: Environment) -> bool {
    grant.statements.iter().any(|statement| {
        statement
            .label
            .split_once(":table/")
            .is_some_and(|(_, table)| differ(Environment::of_name(table), own))
    })
}

fn differ(one: Environment, other: Environment) -> bool {
    one != other && one != Environment::Unspecified && other != Environment::Unspecified
}

/// What the code does to the tables; reading and writing when there is no code to tell.
fn needed_doors(joined: &Joined<'_>) -> BTreeSet<Door> {
    let mut doors: BTreeSet<Door> = joined
        .operations
        .iter()
        .filter_map(|operation| door_of(operation.kind))
        .collect();
    if doors.is_empty() {
        doors.extend([Door::GetItem, Door::Query, Door::Write]);
    }
    doors
}

pub(crate) fn door_of(kind: OperationKind) -> Option<Door> {
    match kind {
        OperationKind::GetItem | OperationKind::TransactGetItems => Some(Door::GetItem),
        OperationKind::BatchGetItem => Some(Door::BatchGetItem),
        OperationKind::Query => Some(Door::Query),
        OperationKind::Scan => Some(Door::Scan),
        OperationKind::ExecuteStatement => Some(Door::PartiqlSelect),
        OperationKind::PutItem
        | OperationKind::UpdateItem
        | OperationKind::BatchWriteItem
        | OperationKind::TransactWriteItems => Some(Door::Write),
        OperationKind::DeleteItem => None,
    }
}

/// `None` for principals that can't be the application.
fn fit(principal: &Principal, open: &BTreeSet<Door>, needed: &BTreeSet<Door>) -> Option<Fit> {
    let bound = !principal.runs.is_empty() || principal.trusts.iter().any(|it| is_compute(it));
    if principal.kind == PrincipalKind::Outside || !bound {
        return None;
    }
    let does = needed.intersection(open).count();
    let writes_as_needed = !needed.contains(&Door::Write) || open.contains(&Door::Write);
    (does > 0).then(|| {
        (
            writes_as_needed,
            does,
            names_an_application(principal),
            !principal.runs.is_empty(),
        )
    })
}

fn is_compute(service: &str) -> bool {
    const COMPUTE: &[&str] = &[
        "ecs-tasks.",
        "lambda.",
        "ec2.",
        "tasks.apprunner.",
        "pods.eks.",
        "eks.",
        "elasticbeanstalk.",
    ];
    COMPUTE.iter().any(|start| service.starts_with(start))
}

fn names_an_application(principal: &Principal) -> bool {
    const WORDS: &[&str] = &[
        "app", "web", "api", "django", "service", "backend", "server", "wsgi", "asgi",
    ];
    // what runs under it names it too: `ECS service web`, `api.wsgi.handler`
    let labels = principal.runs.iter().map(|step| step.label.as_str());
    let full: Vec<&str> = labels
        .chain([&*principal.address, principal.name.as_str()])
        .collect();
    words(&full.join(" "))
        .iter()
        .any(|word| WORDS.contains(&word.as_str()))
}

/// `ApiRole` → `api`, `role`.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in text.chars() {
        let starts = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && lower);
        if starts {
            words.push(String::new());
        }
        lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
    }
    words
}
