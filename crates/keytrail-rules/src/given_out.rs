//! What is given out where: the common part of the rules on responses, logs and third parties.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_graph::{covers, is_test_file};
use keytrail_model::{Actor, ExposurePath, Flow, KeyRef, Location, Node, Place, Sink, Source};

use crate::Context;
use crate::context::list;

/// What a flow carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carries {
    /// The key itself.
    Key,
    /// An item, or a map in it, with the key inside.
    Item,
}

/// Where to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Response,
    Log,
    ThirdParty,
    /// A third party that watches errors and times.
    Monitoring,
}

/// One place that gives keys out on an exposure path.
pub(crate) struct Leak {
    pub(crate) location: Location,
    /// `` `api_key` and `secret` ``.
    pub(crate) what: String,
    /// The routes that answer with it; the third party.
    pub(crate) routes: String,
    pub(crate) subject: String,
    /// `None` when only the owner is given it.
    pub(crate) path: Option<ExposurePath>,
}

impl Leak {
    /// Who gets it, as messages say it.
    pub(crate) fn who(&self) -> String {
        self.path.as_ref().map_or_else(
            || "only its owner".to_owned(),
            |path| crate::draft::who(&path.actor),
        )
    }
}

#[derive(Default)]
struct Spot {
    names: BTreeSet<String>,
    routes: BTreeSet<String>,
    templates: BTreeSet<String>,
    edges: BTreeSet<usize>,
    to_owner: bool,
}

/// Every place of the kind, with the worst path through it.
pub(crate) fn all(cx: &Context<'_>, carries: Carries, to: To) -> Vec<Leak> {
    let mut places: BTreeMap<&Location, Spot> = BTreeMap::new();
    for flow in &cx.joined.flows {
        let relevant = goes(flow, to) && flow.transform.is_readable();
        if relevant && !is_test_file(&flow.location.span().path) {
            gather(cx, flow, carries, to, &mut places);
        }
    }
    places
        .into_iter()
        .filter_map(|(location, place)| {
            let path = cx.path_over(place.edges.iter().copied());
            if path.is_none() && !place.to_owner {
                return None;
            }
            let names: Vec<&str> = place.names.iter().map(String::as_str).collect();
            Some(Leak {
                location: location.clone(),
                what: list(&names),
                routes: told(&place.routes, path.as_ref()) + &shown_by(&place.templates),
                subject: names.join(","),
                path,
            })
        })
        .collect()
}

/// Where [`all`] finds something.
pub(crate) fn places(cx: &Context<'_>, carries: Carries, to: To) -> BTreeSet<Location> {
    all(cx, carries, to)
        .into_iter()
        .map(|leak| leak.location)
        .collect()
}

fn goes(flow: &Flow, to: To) -> bool {
    match &flow.sink {
        Sink::Response | Sink::Template(..) => to == To::Response,
        Sink::Log(_) | Sink::Print => to == To::Log,
        Sink::ThirdParty(who) => match to {
            To::ThirdParty => !is_monitoring(who),
            To::Monitoring => is_monitoring(who),
            To::Response | To::Log => false,
        },
        _ => false,
    }
}

/// As the code analysis calls them.
fn is_monitoring(who: &str) -> bool {
    matches!(
        who,
        "Sentry"
            | "New Relic"
            | "Datadog"
            | "OpenTelemetry"
            | "Rollbar"
            | "Bugsnag"
            | "Honeybadger"
            | "CloudWatch"
    )
}

fn gather<'c>(
    cx: &Context<'c>,
    flow: &'c Flow,
    carries: Carries,
    to: To,
    places: &mut BTreeMap<&'c Location, Spot>,
) {
    // Errors and whole environments have rules of their own.
    if matches!(flow.source, Source::Exception(_) | Source::WholeEnvironment) {
        return;
    }
    for (edge, name) in edges_of(cx, flow, to) {
        let kind = match &flow.source {
            Source::Item(_, path) if picks(path, &name) => Carries::Key,
            Source::Item(..) => Carries::Item,
            _ => Carries::Key,
        };
        if kind != carries {
            continue;
        }
        let place = places.entry(&flow.location).or_default();
        place.names.insert(name);
        place.edges.insert(edge);
        match &cx.graph.edges()[edge].to {
            Node::Place(Place::Response { route, .. }) => place.routes.insert(route.clone()),
            Node::Place(Place::ThirdParty(who)) => place.routes.insert(who.clone()),
            Node::Actor(Actor::Owner) => {
                let routes = cx.joined.calls.routes_to(&flow.function);
                let names = routes.into_iter().map(keytrail_graph::route_name);
                place.routes.extend(names);
                place.to_owner = true;
                false
            }
            _ => false,
        };
        if let Sink::Template(path, _) = &flow.sink {
            place.templates.insert(path.clone());
        }
    }
}

/// The path names the key and not something round it.
fn picks(path: &str, attribute: &str) -> bool {
    !path.is_empty()
        && (path == attribute || path.starts_with(attribute))
        && covers(path, attribute)
}

/// The graph's edges of one flow, with the name of what each carries.
fn edges_of(cx: &Context<'_>, flow: &Flow, to: To) -> Vec<(usize, String)> {
    let candidates: Vec<usize> = match (to, &flow.sink) {
        (To::ThirdParty | To::Monitoring, Sink::ThirdParty(who)) => cx
            .graph
            .into(&Node::Place(Place::ThirdParty(who.clone())))
            .to_vec(),
        (To::Response, _) => {
            let mut edges = cx.graph.given_out_at(&flow.location).to_vec();
            edges.extend(to_owner(cx, flow));
            edges
        }
        _ => cx.graph.given_out_at(&flow.location).to_vec(),
    };
    candidates
        .into_iter()
        .filter(|&edge| {
            let steps = &cx.graph.edges()[edge].steps;
            flow.steps.is_empty() || steps.starts_with(&flow.steps)
        })
        .filter_map(|edge| Some((edge, carried(cx, flow, edge)?)))
        .collect()
}

/// What is read for its owner is served without a response of its own in the graph.
fn to_owner(cx: &Context<'_>, flow: &Flow) -> Vec<usize> {
    let Source::Item(at, _) = &flow.source else {
        return Vec::new();
    };
    let reads = cx.joined.operations_at(at).iter().flat_map(|&number| {
        let keys = cx.joined.keys_read_by(number).into_iter();
        keys.map(move |(_, key)| cx.joined.read_node(number, &key.attribute))
    });
    reads
        .flat_map(|node| cx.graph.out_of(&node).to_vec())
        .filter(|&edge| cx.graph.edges()[edge].to == Node::Actor(Actor::Owner))
        .collect()
}

fn carried(cx: &Context<'_>, flow: &Flow, edge: usize) -> Option<String> {
    match (&cx.graph.edges()[edge].from, &flow.source) {
        (
            Node::Place(Place::Read {
                operation,
                attribute,
                ..
            }),
            Source::Item(at, _),
        ) => (operation == at).then(|| attribute.clone()),
        (Node::Place(Place::Setting(name)), _) => Some(name.clone()),
        (Node::Key(key), source) if !matches!(source, Source::Item(..)) => Some(match key {
            KeyRef::Attribute { attribute, .. } => attribute.clone(),
            other => keytrail_graph::key_name(other),
        }),
        _ => None,
    }
}

/// The templates that show it.
fn shown_by(templates: &BTreeSet<String>) -> String {
    if templates.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = templates.iter().map(String::as_str).collect();
    format!(" (in {})", list(&names))
}

/// The route of the worst path first.
fn told(routes: &BTreeSet<String>, path: Option<&ExposurePath>) -> String {
    let steps = path.into_iter().flat_map(|path| &path.steps);
    let on_path = steps.into_iter().find_map(|step| {
        routes
            .iter()
            .find(|route| step.label.ends_with(&format!("answers {route}")))
    });
    let Some(first) = on_path.or_else(|| routes.first()) else {
        return "a request".to_owned();
    };
    match routes.len() - 1 {
        0 => format!("`{first}`"),
        1 => format!("`{first}` and 1 more route"),
        more => format!("`{first}` and {more} more routes"),
    }
}
