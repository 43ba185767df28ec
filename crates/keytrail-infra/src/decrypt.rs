//! May a principal use the key under a table? `DynamoDB` decrypts in the caller's name, so who
//! may not is no reader of its items, whatever the table's side allows.

use std::sync::Arc;

use keytrail_model::Step;

use crate::access::{Subject, World};
use crate::evaluate::{
    Alternative, Caller, Context, Decision, Effect, Layer, Policies, Policy, Remaining, Request,
    evaluate,
};
use crate::glob::Fit;
use crate::grants::step;
use crate::keys::Key;

const ACTION: &str = "kms:Decrypt";

/// What a principal may do with the key under a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyUse {
    /// It may use it; by these statements, where these conditions hold.
    Open {
        /// The statements.
        statements: Vec<Step>,
        /// What remains to hold.
        conditions: Vec<String>,
    },
    /// It may not: why, and the statement that says so, where one does.
    Closed {
        /// `no identity policy allows it`.
        reason: String,
        /// A `Deny`.
        statement: Option<Step>,
    },
}

/// The answer for a principal under one set of policies and any of the keys: a replica's key is
/// enough to read the replica.
pub(crate) fn of(subject: &Subject, world: &World, keys: &[Arc<Key>], table: &str) -> KeyUse {
    let mut closed = None;
    let mut open: Option<KeyUse> = None;
    for key in keys {
        match one(subject, world, key, table) {
            KeyUse::Open {
                statements,
                conditions,
            } if conditions.is_empty() => {
                return KeyUse::Open {
                    statements,
                    conditions,
                };
            }
            found @ KeyUse::Open { .. } => drop(open.get_or_insert(found)),
            found @ KeyUse::Closed { .. } => drop(closed.get_or_insert(found)),
        }
    }
    open.or(closed).unwrap_or(KeyUse::Open {
        statements: Vec::new(),
        conditions: Vec::new(),
    })
}

fn one(subject: &Subject, world: &World, key: &Key, table: &str) -> KeyUse {
    let caller = in_account(&subject.caller, key);
    let request = Request {
        principal: &caller,
        action: ACTION,
        resource: &key.resource,
        context: &context(table),
    };
    let held: Vec<&[Policy]> = key.policies(world.stack).unwrap_or_else(|| vec![&[]]);
    let mut closed = None;
    for resource in held {
        let policies = Policies {
            identity: &world.identity,
            boundary: world.boundary.as_deref(),
            resource,
            ..Policies::default()
        };
        let decision = evaluate(&request, &policies);
        // Where the key's policy hands nothing to the account, what is attached gives nothing.
        let delegated = !matches!(decision, Decision::ImplicitDeny(Layer::Resource));
        match answer(&decision) {
            Ok(open) => return open,
            Err(_) if could(&request, &policies, delegated) => return unsettled(key),
            Err(found) => closed = Some(found),
        }
    }
    match closed {
        // Of a key that is not declared here the policy may name anybody.
        Some(KeyUse::Closed {
            statement: None, ..
        }) if key.policies(world.stack).is_none() => unsettled(key),
        Some(closed) => closed,
        None => unsettled(key),
    }
}

/// What every call of `DynamoDB` to the key says.
fn context(table: &str) -> Context {
    let context = Context::new();
    if table.contains('*') {
        context
    } else {
        context.with("kms:EncryptionContext:aws:dynamodb:tableName", table)
    }
}

fn in_account(caller: &Caller, key: &Key) -> Caller {
    let account = caller.account.as_deref().or_else(|| key.account());
    caller.clone().in_account(account)
}

fn unsettled(key: &Key) -> KeyUse {
    KeyUse::Open {
        statements: Vec::new(),
        conditions: vec![format!("{ACTION} on {} is allowed", key.shown)],
    }
}

fn answer(decision: &Decision<'_>) -> Result<KeyUse, KeyUse> {
    let open = |way: &Alternative<'_>| KeyUse::Open {
        statements: way
            .by
            .iter()
            .filter(|by| by.layer.grants())
            .map(step)
            .collect(),
        conditions: left(&way.conditions),
    };
    let closed =
        |reason: String, statement: Option<Step>| Err(KeyUse::Closed { reason, statement });
    match decision {
        Decision::Allow(by) => Ok(open(&Alternative {
            by: by.clone(),
            conditions: Vec::new(),
        })),
        Decision::AllowedIf(ways) => {
            let usable = ways.iter().filter(|way| through_tables(&way.conditions));
            let best = usable.min_by_key(|way| left(&way.conditions).len());
            match best {
                Some(way) => Ok(open(way)),
                None => closed(
                    format!("{ACTION} is allowed through other services only"),
                    None,
                ),
            }
        }
        Decision::ExplicitDeny(by) => closed(format!("{ACTION} is denied"), Some(step(by))),
        Decision::ImplicitDeny(Layer::Resource) => {
            closed(format!("the key's policy does not allow {ACTION}"), None)
        }
        Decision::ImplicitDeny(layer) => closed(format!("no {layer} allows {ACTION}"), None),
    }
}

/// `kms:ViaService` is the table's own service in whichever region the table is.
fn through_tables(conditions: &[Remaining<'_>]) -> bool {
    conditions
        .iter()
        .all(|remaining| service(remaining) != Some(false))
}

/// Whether a condition on the service that asks holds for `DynamoDB`; `None` for another condition.
fn service(remaining: &Remaining<'_>) -> Option<bool> {
    let condition = remaining.condition?;
    if !condition.is_on("kms:ViaService") {
        return None;
    }
    let meant = condition.values.iter().any(|value| {
        let pattern = value.pattern();
        pattern.starts_with("dynamodb.") || pattern.starts_with('*')
    });
    Some(meant != (condition.operator.negated != remaining.unless))
}

fn left(conditions: &[Remaining<'_>]) -> Vec<String> {
    let open = conditions.iter().filter(|it| service(it) != Some(true));
    let mut texts: Vec<String> = open.map(|it| it.text.clone()).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// Whether some statement might allow it, were what is not known about it known.
fn could(request: &Request<'_>, policies: &Policies<'_>, delegated: bool) -> bool {
    let allows = |policy: &Policy, of_resource: bool| {
        policy.statements.iter().any(|statement| {
            let named = match &statement.principals {
                Some(principals) if of_resource => principals.names(request.principal),
                _ => None,
            };
            // Handing the right to the account is not yet to give it to anybody.
            let concerns = !of_resource
                || named.is_some_and(|(named, _)| named != crate::evaluate::Named::Account);
            statement.effect == Effect::Allow
                && concerns
                && statement.actions.fit(request.action).0 != Fit::No
                && match statement.resources.fit(request, statement.variables).0 {
                    Fit::No => false,
                    Fit::Maybe => true,
                    Fit::Yes => statement.open,
                }
        })
    };
    let identity = policies.identity.iter().any(|policy| allows(policy, false));
    (delegated && identity) || policies.resource.iter().any(|policy| allows(policy, true))
}
