//! The evaluator: may this caller do this to that?
//!
//! Pure: policies, a request and what is known of its context go in, a [`Decision`] with the
//! statements that made it comes out. It reads no template and knows no table; template and live
//! account hand it the same types. Why it is believed to be right: `CORRECTNESS.md`.

mod condition;
mod context;
mod describe;
mod operator;
mod policy;
mod resource;
mod value;

use std::fmt;

pub use condition::Condition;
pub use context::{Caller, Context, ContextValue};
pub use operator::{Compare, Family, Operator, Quantifier};
pub use policy::{Actions, Effect, Policy, Resources, Statement};
pub use resource::{Resource, ResourcePattern};

pub(crate) use describe::condition as condition_text;
pub(crate) use resource::arn as arn_fit;

use crate::glob::Fit;
use crate::text::Text;

/// Who wants to do what to which resource, under which circumstances.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Caller,
    /// `dynamodb:GetItem`.
    pub action: &'a str,
    /// On what.
    pub resource: &'a Resource,
    /// What is known of the request besides.
    pub context: &'a Context,
}

/// The policies that bear on a caller. Further kinds (resource policies, service control policies,
/// session policies) are further fields: each narrows or widens what [`evaluate`] combines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'p> {
    /// Attached to the caller and to the groups it is in.
    pub identity: &'p [Policy],
    /// The permissions boundary, where there is one: nothing outside it is allowed.
    pub boundary: Option<&'p [Policy]>,
}

/// A statement that decided, with what of it fitted.
#[derive(Clone, Debug)]
pub struct Deciding<'p> {
    /// The policy that holds it.
    pub policy: &'p Policy,
    /// The statement.
    pub statement: &'p Statement,
    /// The action as written that fitted; `None` for `NotAction`.
    pub action: Option<String>,
    /// The resource as written that fitted; `None` for `NotResource`.
    pub resource: Option<&'p ResourcePattern>,
}

/// A condition that could not be settled with what is known.
#[derive(Clone, Debug)]
pub struct Remaining<'p> {
    /// `None` where a whole statement could not be resolved.
    pub condition: Option<&'p Condition>,
    /// True where it must *not* hold: it comes from a `Deny`.
    pub unless: bool,
    /// In plain words.
    pub text: String,
}

/// One way to be allowed: these statements, when all these conditions hold.
#[derive(Clone, Debug)]
pub struct Alternative<'p> {
    /// What allows.
    pub by: Vec<Deciding<'p>>,
    /// All must hold; empty where it is allowed outright.
    pub conditions: Vec<Remaining<'p>>,
}

/// The answer.
#[derive(Clone, Debug)]
pub enum Decision<'p> {
    /// Allowed whatever is not known.
    Allow(Vec<Deciding<'p>>),
    /// Allowed in these ways.
    AllowedIf(Vec<Alternative<'p>>),
    /// A `Deny` fits; it wins over everything.
    ExplicitDeny(Deciding<'p>),
    /// Nothing allows it.
    ImplicitDeny,
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(_) => f.write_str("allow"),
            Self::ExplicitDeny(_) => f.write_str("explicit deny"),
            Self::ImplicitDeny => f.write_str("implicit deny"),
            Self::AllowedIf(ways) => {
                let ways: Vec<String> = ways
                    .iter()
                    .map(|way| {
                        let texts = way
                            .conditions
                            .iter()
                            .map(|condition| condition.text.as_str());
                        texts.collect::<Vec<_>>().join(" and ")
                    })
                    .collect();
                write!(f, "allowed if {}", ways.join("; or if "))
            }
        }
    }
}

/// More alternatives than this are cut: a report names a few, and one is enough to be exposed.
const MOST_ALTERNATIVES: usize = 16;

/// Decides one request.
pub fn evaluate<'p>(request: &Request<'_>, policies: &Policies<'p>) -> Decision<'p> {
    let layers = [Some(policies.identity), policies.boundary];
    let all = layers.into_iter().flatten().flatten();
    let denials = match denials(request, all) {
        Ok(remaining) => remaining,
        Err(denied) => return Decision::ExplicitDeny(denied),
    };
    let mut ways = allowing(request, policies.identity);
    if let Some(boundary) = policies.boundary {
        ways = both(&ways, &allowing(request, boundary));
    }
    decide(ways, &denials)
}

fn decide<'p>(ways: Vec<Alternative<'p>>, denials: &[Remaining<'p>]) -> Decision<'p> {
    if ways.is_empty() {
        return Decision::ImplicitDeny;
    }
    let outright: Vec<Deciding<'p>> = ways
        .iter()
        .filter(|way| way.conditions.is_empty())
        .flat_map(|way| way.by.iter().cloned())
        .collect();
    match (outright.is_empty(), denials.is_empty()) {
        (false, true) => Decision::Allow(outright),
        (false, false) => Decision::AllowedIf(vec![Alternative {
            by: outright,
            conditions: denials.to_vec(),
        }]),
        (true, _) => Decision::AllowedIf(
            ways.into_iter()
                .take(MOST_ALTERNATIVES)
                .map(|mut way| {
                    way.conditions.extend(denials.iter().cloned());
                    way
                })
                .collect(),
        ),
    }
}

/// The conditions under which no `Deny` fits, or the `Deny` that fits for certain.
fn denials<'p>(
    request: &Request<'_>,
    policies: impl Iterator<Item = &'p Policy>,
) -> Result<Vec<Remaining<'p>>, Deciding<'p>> {
    let mut remaining = Vec::new();
    for (policy, statement) in statements(policies, Effect::Deny) {
        match applies(request, policy, statement) {
            Applies::No => {}
            Applies::Certainly(deciding) => return Err(deciding),
            Applies::When(_, conditions) => remaining.push(unless(&conditions)),
            Applies::Unresolved => remaining.push(Remaining {
                condition: None,
                unless: true,
                text: format!("the Deny {} does not cover it", statement.name(policy)),
            }),
        }
    }
    Ok(remaining)
}

/// A `Deny` whose conditions are open: it must not be that all of them hold.
fn unless<'p>(conditions: &[Remaining<'p>]) -> Remaining<'p> {
    let texts: Vec<&str> = conditions
        .iter()
        .map(|condition| condition.text.as_str())
        .collect();
    Remaining {
        condition: match conditions {
            [only] => only.condition,
            _ => None,
        },
        unless: true,
        text: format!("it is not so that {}", texts.join(" and ")),
    }
}

fn allowing<'p>(request: &Request<'_>, policies: &'p [Policy]) -> Vec<Alternative<'p>> {
    statements(policies.iter(), Effect::Allow)
        .filter_map(
            |(policy, statement)| match applies(request, policy, statement) {
                Applies::Certainly(deciding) => Some(Alternative {
                    by: vec![deciding],
                    conditions: Vec::new(),
                }),
                Applies::When(deciding, conditions) => Some(Alternative {
                    by: vec![deciding],
                    conditions,
                }),
                // Not known to allow: no grant is made up from it.
                Applies::No | Applies::Unresolved => None,
            },
        )
        .collect()
}

/// What two layers allow together: a way through each.
fn both<'p>(left: &[Alternative<'p>], right: &[Alternative<'p>]) -> Vec<Alternative<'p>> {
    if right.iter().any(|way| way.conditions.is_empty()) {
        return left.to_vec();
    }
    let pairs = left
        .iter()
        .flat_map(|first| right.iter().map(move |second| (first, second)));
    pairs
        .take(MOST_ALTERNATIVES * MOST_ALTERNATIVES)
        .map(|(first, second)| {
            let mut way = first.clone();
            way.conditions.extend(second.conditions.iter().cloned());
            way
        })
        .collect()
}

fn statements<'p>(
    policies: impl Iterator<Item = &'p Policy>,
    effect: Effect,
) -> impl Iterator<Item = (&'p Policy, &'p Statement)> {
    policies
        .flat_map(|policy| policy.statements.iter().map(move |one| (policy, one)))
        .filter(move |(_, statement)| statement.effect == effect)
}

/// Whether a statement bears on a request.
enum Applies<'p> {
    No,
    Certainly(Deciding<'p>),
    When(Deciding<'p>, Vec<Remaining<'p>>),
    /// Its action, resource or conditions hold parts that are not known.
    Unresolved,
}

fn applies<'p>(request: &Request<'_>, policy: &'p Policy, statement: &'p Statement) -> Applies<'p> {
    let (action, pattern) = statement.actions.fit(request.action);
    if action == Fit::No {
        return Applies::No;
    }
    let (resource, matched) = statement.resources.fit(request, statement.variables);
    if resource == Fit::No {
        return Applies::No;
    }
    let mut remaining = Vec::new();
    for condition in &statement.conditions {
        match condition.holds(request, statement.variables) {
            Some(true) => {}
            Some(false) => return Applies::No,
            None => remaining.push(Remaining {
                condition: Some(condition),
                unless: false,
                text: describe::condition(condition),
            }),
        }
    }
    if action == Fit::Maybe || resource == Fit::Maybe || statement.open {
        return Applies::Unresolved;
    }
    if statement.maybe {
        remaining.push(Remaining {
            condition: None,
            unless: false,
            text: format!(
                "the template's condition brings in {}",
                statement.name(policy)
            ),
        });
    }
    let deciding = Deciding {
        policy,
        statement,
        action: pattern.map(Text::shown),
        resource: matched,
    };
    if remaining.is_empty() {
        Applies::Certainly(deciding)
    } else {
        Applies::When(deciding, remaining)
    }
}
