//! All layers together: what each must allow, for callers of the same and of another account.
//!
//! The order of the documentation's flow chart does not matter for the answer: an explicit deny
//! wins, and after that every layer that applies must let the request through.

use super::applies::{allowing, denials, named_ways};
use super::decision::{Alternative, Decision, Layer, Remaining};
use super::principal::Named;
use super::{CallerKind, Policy, Request};

/// The policies that bear on a request. Each layer narrows or widens what [`evaluate`] combines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'p> {
    /// Attached to the caller and to the groups it is in.
    pub identity: &'p [Policy],
    /// The permissions boundary, where there is one: nothing outside it is allowed.
    pub boundary: Option<&'p [Policy]>,
    /// What the session was given when it began, where it was: nothing outside it is allowed.
    pub session: Option<&'p [Policy]>,
    /// Held by the resource: a table's policy, a bucket's, a key's, the trust policy of a role.
    pub resource: &'p [Policy],
    /// Service control policies of the caller's account: one list for each level from the root of
    /// the organisation to the account, and each must allow. Empty outside an organisation.
    pub service_control: &'p [Vec<Policy>],
    /// Resource control policies of the resource's account, level by level. They only deny:
    /// `RCPFullAWSAccess` is attached to every level and can't be taken off.
    pub resource_control: &'p [Vec<Policy>],
}

/// More alternatives than this are cut: a report names a few, and one is enough to be exposed.
const MOST_ALTERNATIVES: usize = 16;

/// Decides one request.
pub fn evaluate<'p>(request: &Request<'_>, policies: &Policies<'p>) -> Decision<'p> {
    let mut open = Vec::new();
    for (layer, policies) in layers(request, policies) {
        if let Err(denied) = denials(request, layer, policies, &mut open) {
            return Decision::ExplicitDeny(denied);
        }
    }
    match ways(request, policies) {
        Ok(ways) => decide(ways, &open),
        Err(layer) => Decision::ImplicitDeny(layer),
    }
}

/// Every list of policies that applies.
fn layers<'p>(request: &Request<'_>, policies: &Policies<'p>) -> Vec<(Layer, &'p [Policy])> {
    let mut all = vec![(Layer::Resource, policies.resource)];
    if request.principal.has_identity() && request.principal.kind != CallerKind::Root {
        all.push((Layer::Identity, policies.identity));
        all.extend(
            policies
                .boundary
                .map(|boundary| (Layer::Boundary, boundary)),
        );
        all.extend(policies.session.map(|session| (Layer::Session, session)));
    }
    if is_controlled(request) {
        let levels = policies.service_control.iter().enumerate();
        all.extend(levels.map(|(level, list)| (Layer::ServiceControl(level), list.as_slice())));
    }
    if !request.principal.is_service_linked() {
        let levels = policies.resource_control.iter().enumerate();
        all.extend(levels.map(|(level, list)| (Layer::ResourceControl(level), list.as_slice())));
    }
    all
}

/// Service control policies bind users, roles and root of an account, not the roles of services.
fn is_controlled(request: &Request<'_>) -> bool {
    request.principal.has_identity() && !request.principal.is_service_linked()
}

type Ways<'p> = Vec<Alternative<'p>>;

/// The ways through all layers, or the layer that lets none through.
fn ways<'p>(request: &Request<'_>, policies: &Policies<'p>) -> Result<Ways<'p>, Layer> {
    let mut ways = if request.principal.has_identity() {
        own_ways(request, policies)?
    } else {
        some(granted(request, policies, Named::Account), Layer::Resource)?
    };
    if is_controlled(request) {
        for (level, list) in policies.service_control.iter().enumerate() {
            let layer = Layer::ServiceControl(level);
            ways = both(&ways, &some(allowing(request, layer, list), layer)?);
        }
    }
    Ok(ways)
}

/// The ways of a user, role or root, before the organisation has its say.
fn own_ways<'p>(request: &Request<'_>, policies: &Policies<'p>) -> Result<Ways<'p>, Layer> {
    let by_identity = || -> Result<Ways<'p>, Layer> {
        if request.principal.kind == CallerKind::Root {
            return Ok(vec![Alternative::default()]);
        }
        let ways = allowing(request, Layer::Identity, policies.identity);
        limited(request, policies, &some(ways, Layer::Identity)?)
    };
    if crosses_accounts(request) {
        let outside = some(granted(request, policies, Named::Account), Layer::Resource)?;
        return Ok(both(&by_identity()?, &outside));
    }
    // Within an account, the resource may let in whom it names, whatever is attached to them; a role
    // that is named stays within its boundary and session policy, what is named itself does not.
    let mut ways = granted(request, policies, Named::Itself);
    let by_role = granted(request, policies, Named::Role);
    if !by_role.is_empty() {
        ways.extend(limited(request, policies, &by_role).unwrap_or_default());
    }
    let rest = if request.resource.decides_alone(request.action) {
        delegated(request, policies).and_then(|by| Ok(both(&by_identity()?, &by)))
    } else {
        by_identity()
    };
    match rest {
        Ok(more) => ways.extend(more),
        Err(layer) if ways.is_empty() => return Err(layer),
        Err(_) => {}
    }
    Ok(ways)
}

/// Where identity policies count only if the resource's own policy hands the right to the account.
fn delegated<'p>(request: &Request<'_>, policies: &Policies<'p>) -> Result<Ways<'p>, Layer> {
    some(granted(request, policies, Named::Account), Layer::Resource)
}

/// What the resource's policy grants to a caller that it names so exactly, or more.
fn granted<'p>(request: &Request<'_>, policies: &Policies<'p>, least: Named) -> Ways<'p> {
    named_ways(request, Layer::Resource, policies.resource)
        .into_iter()
        .filter(|(named, _)| *named >= least)
        .map(|(_, way)| way)
        .collect()
}

/// Ways within boundary and session policy.
fn limited<'p>(
    request: &Request<'_>,
    policies: &Policies<'p>,
    ways: &[Alternative<'p>],
) -> Result<Ways<'p>, Layer> {
    let limits = [
        (Layer::Boundary, policies.boundary),
        (Layer::Session, policies.session),
    ];
    let mut ways = ways.to_vec();
    for (layer, limit) in limits {
        if let Some(limit) = limit {
            ways = both(&ways, &some(allowing(request, layer, limit), layer)?);
        }
    }
    Ok(ways)
}

fn some(ways: Ways<'_>, layer: Layer) -> Result<Ways<'_>, Layer> {
    if ways.is_empty() {
        Err(layer)
    } else {
        Ok(ways)
    }
}

/// Where one of the accounts is not known they count as the same.
fn crosses_accounts(request: &Request<'_>) -> bool {
    match (
        request.principal.account.as_deref(),
        request.resource.account(),
    ) {
        (Some(own), Some(other)) => own != other,
        _ => false,
    }
}

/// What two layers allow together: a way through each.
fn both<'p>(left: &[Alternative<'p>], right: &[Alternative<'p>]) -> Ways<'p> {
    let join = |first: &Alternative<'p>, second: &Alternative<'p>| {
        let mut way = first.clone();
        way.by.extend(second.by.iter().cloned());
        way.conditions.extend(second.conditions.iter().cloned());
        way
    };
    if let Some(outright) = right.iter().find(|way| way.conditions.is_empty()) {
        return left.iter().map(|way| join(way, outright)).collect();
    }
    let pairs = left
        .iter()
        .flat_map(|first| right.iter().map(move |second| (first, second)));
    pairs
        .take(MOST_ALTERNATIVES * MOST_ALTERNATIVES)
        .map(|(first, second)| join(first, second))
        .collect()
}

fn decide<'p>(ways: Ways<'p>, denials: &[Remaining<'p>]) -> Decision<'p> {
    let is_outright = |way: &&Alternative<'p>| way.conditions.is_empty();
    let outright = ways.iter().any(|way| is_outright(&way));
    let by = || {
        let all = ways.iter().filter(is_outright);
        all.flat_map(|way| way.by.iter().cloned()).collect()
    };
    match (outright, denials.is_empty()) {
        (true, true) => Decision::Allow(by()),
        (true, false) => Decision::AllowedIf(vec![Alternative {
            by: by(),
            conditions: denials.to_vec(),
        }]),
        (false, _) => Decision::AllowedIf(
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
