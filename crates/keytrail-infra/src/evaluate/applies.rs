//! Whether one statement bears on a request.

use super::decision::{Alternative, Deciding, Layer, Remaining};
use super::principal::Named;
use super::{Effect, Policy, Request, Statement, describe};
use crate::glob::Fit;
use crate::text::Text;

enum Applies<'p> {
    No,
    Certainly(Deciding<'p>),
    When(Deciding<'p>, Vec<Remaining<'p>>),
    /// Its action, resource or conditions hold parts that are not known.
    Unresolved,
}

/// The conditions under which no `Deny` of a layer fits, or the `Deny` that fits for certain.
pub(super) fn denials<'p>(
    request: &Request<'_>,
    layer: Layer,
    policies: &'p [Policy],
    remaining: &mut Vec<Remaining<'p>>,
) -> Result<(), Deciding<'p>> {
    for (policy, statement) in statements(policies, Effect::Deny) {
        let Some(fit) = named(request, layer, statement) else {
            continue;
        };
        match applies(request, layer, policy, statement) {
            Applies::No => {}
            Applies::Certainly(deciding) if fit.1 == Fit::Yes => return Err(deciding),
            Applies::When(_, conditions) if fit.1 == Fit::Yes => {
                remaining.push(unless(&conditions));
            }
            _ => remaining.push(Remaining {
                condition: None,
                unless: true,
                text: format!("the Deny {} does not cover it", statement.name(policy)),
            }),
        }
    }
    Ok(())
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

/// The ways that a layer's statements open. What is not known to allow opens none.
pub(super) fn allowing<'p>(
    request: &Request<'_>,
    layer: Layer,
    policies: &'p [Policy],
) -> Vec<Alternative<'p>> {
    named_ways(request, layer, policies)
        .into_iter()
        .map(|(_, way)| way)
        .collect()
}

/// The same, with how exactly each names the caller.
pub(super) fn named_ways<'p>(
    request: &Request<'_>,
    layer: Layer,
    policies: &'p [Policy],
) -> Vec<(Named, Alternative<'p>)> {
    let mut ways = Vec::new();
    for (policy, statement) in statements(policies, Effect::Allow) {
        let Some((name, Fit::Yes)) = named(request, layer, statement) else {
            continue;
        };
        let (by, conditions) = match applies(request, layer, policy, statement) {
            Applies::Certainly(deciding) => (vec![deciding], Vec::new()),
            Applies::When(deciding, conditions) => (vec![deciding], conditions),
            Applies::No | Applies::Unresolved => continue,
        };
        ways.push((name, Alternative { by, conditions }));
    }
    ways
}

/// How a statement names the caller. Policies that are attached to it mean it without naming it.
fn named(request: &Request<'_>, layer: Layer, statement: &Statement) -> Option<(Named, Fit)> {
    match (layer, &statement.principals) {
        (Layer::Resource | Layer::ResourceControl(_), Some(principals)) => {
            principals.names(request.principal)
        }
        (Layer::Resource, None) => None,
        _ => Some((Named::Itself, Fit::Yes)),
    }
}

fn statements(policies: &[Policy], effect: Effect) -> impl Iterator<Item = (&Policy, &Statement)> {
    policies
        .iter()
        .flat_map(|policy| policy.statements.iter().map(move |one| (policy, one)))
        .filter(move |(_, statement)| statement.effect == effect)
}

fn applies<'p>(
    request: &Request<'_>,
    layer: Layer,
    policy: &'p Policy,
    statement: &'p Statement,
) -> Applies<'p> {
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
        layer,
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
