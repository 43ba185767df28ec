//! Functions by the URLs that templates lead to them: the code does not say who may call a Lambda
//! function, the template does.

use std::collections::BTreeSet;

use keytrail_model::{Endpoint, Fact, Route};

/// How the code collector names the route of a Lambda function.
const LAMBDA: &str = "(lambda) ";

/// Puts the URLs, methods and doors of the templates in place of what the code leaves open.
pub(crate) fn join(facts: &mut Vec<Fact>) {
    let endpoints: Vec<Endpoint> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Endpoint(endpoint) => Some(endpoint.clone()),
            _ => None,
        })
        .collect();
    if endpoints.is_empty() {
        return;
    }
    let functions: BTreeSet<String> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Route(route) => route.pattern.strip_prefix(LAMBDA).map(str::to_owned),
            _ => None,
        })
        .collect();
    let before = std::mem::take(facts);
    for fact in before {
        let Fact::Route(route) = fact else {
            facts.push(fact);
            continue;
        };
        let function = route.pattern.strip_prefix(LAMBDA);
        let own: Vec<&Endpoint> = endpoints
            .iter()
            .filter(|endpoint| function.is_some_and(|it| answers(endpoint, it, &functions)))
            .collect();
        if own.is_empty() {
            facts.push(Fact::Route(route));
            continue;
        }
        facts.extend(
            own.into_iter()
                .map(|endpoint| Fact::Route(through(&route, endpoint))),
        );
    }
}

/// The route as the endpoint leads to it. A check of the code's own that is stricter stays.
fn through(route: &Route, endpoint: &Endpoint) -> Route {
    let mut joined = route.clone();
    joined.pattern.clone_from(&endpoint.path);
    joined.method = endpoint.method;
    joined.location = endpoint.location.clone();
    joined.access = endpoint.access;
    joined.access_evidence.clone_from(&endpoint.evidence);
    joined
}

/// Whether the code of an endpoint is a function: by its whole name, or by the end of it where only
/// one function has that.
fn answers(endpoint: &Endpoint, function: &str, all: &BTreeSet<String>) -> bool {
    let Some(handler) = &endpoint.handler else {
        return false;
    };
    let whole = endpoint
        .code
        .as_ref()
        .map(|code| format!("{code}.{handler}"));
    if whole.as_deref() == Some(function) || handler == function {
        return true;
    }
    let exact = |name: &str| all.contains(name);
    if exact(handler) || whole.as_deref().is_some_and(exact) {
        return false;
    }
    let end = format!(".{handler}");
    let mut fitting = all.iter().filter(|name| name.ends_with(&end));
    fitting.next().is_some_and(|first| first == function) && fitting.next().is_none()
}
