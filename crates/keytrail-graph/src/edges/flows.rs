//! Where code carries keys.

use keytrail_model::{
    Access, Actor, Confidence, EdgeKind, Edit, Flow, Guard, KeyRef, Location, Node, Place, Route,
    Sink, Source, Step,
};

use super::starts::{self, Start};
use super::{attribute_node, edit, is_test_file, routes};
use crate::Joined;
use crate::build::Builder;
use crate::identity::class;
use crate::naming::route_name;
use crate::tie::Tie;

/// From what a flow carries to where it gives it.
pub(crate) fn edges(joined: &Joined<'_>, flow: &Flow, out: &mut Builder) {
    if !flow.transform.is_readable() || is_test_file(&flow.location.span().path) {
        return;
    }
    match &flow.sink {
        Sink::Response | Sink::Template(..) => respond(joined, flow, out),
        Sink::Log(level) => log(joined, flow, level, out),
        Sink::Print => print(joined, flow, out),
        Sink::ThirdParty(who) => third_party(joined, flow, who, out),
        Sink::Store(at, attribute) => store(joined, flow, at, attribute, out),
        Sink::KeyCondition(..) => {
            if let Some((at, attribute)) = crate::keys::written_by(joined, flow) {
                store(joined, flow, at, attribute, out);
            }
        }
        // Uses of a key by the application itself, and what is judged without a path.
        Sink::Url | Sink::AwsCredential | Sink::Compare | Sink::CompareDigest | Sink::Replay => {}
    }
}

/// Never empty (law 3).
fn evidence(flow: &Flow) -> Vec<Step> {
    if flow.steps.is_empty() {
        vec![Step::new("the data arrives here", flow.location.clone())]
    } else {
        flow.steps.clone()
    }
}

fn respond(joined: &Joined<'_>, flow: &Flow, out: &mut Builder) {
    // What a caller sent, or is given once when it is made, is the caller's own.
    if matches!(flow.source, Source::Request(..) | Source::Generated(_)) {
        return;
    }
    let in_error = matches!(flow.source, Source::Exception(_));
    for mut start in starts::of(joined, flow, out) {
        if matches!(flow.source, Source::Decrypted(_)) {
            start.node = Node::Key(KeyRef::Decrypted(start.name.clone()));
        }
        // An error of a write quotes what this caller just sent.
        if in_error && start.operation.is_none() {
            continue;
        }
        let operation = start.operation.map(|number| joined.operations[number]);
        let routes = match operation {
            Some(operation) => joined.calls.common_routes(&operation.entry, &flow.function),
            None => joined.calls.routes_to(&flow.function),
        };
        let tie = operation.map(|operation| Tie::of(joined, operation, &flow.checks));
        for route in routes {
            serve(joined, flow, &start, tie.as_ref(), route, out);
        }
    }
}

/// One response of one route: to the owner where the read is tied to the caller, else to all
/// who pass the route's door.
fn serve(
    joined: &Joined<'_>,
    flow: &Flow,
    start: &Start,
    tie: Option<&Tie>,
    route: &Route,
    out: &mut Builder,
) {
    let response = Node::Place(Place::Response {
        route: route_name(route),
        location: flow.location.clone(),
    });
    if let Some(held) = tie.and_then(Tie::step)
        && route.access != Access::Privileged
    {
        out.edge(
            start.node.clone(),
            EdgeKind::ServedBy,
            Node::Actor(Actor::Owner),
        )
        .confidence(start.confidence)
        .steps(evidence(flow))
        .steps(answered(joined, route, flow))
        .guards([Guard {
            present: true,
            step: held.clone(),
        }])
        .add();
        return;
    }
    let (chosen, doubtful) = match tie {
        Some(Tie::None { chosen, doubtful }) => (chosen.as_ref(), *doubtful),
        _ => (None, false),
    };
    let confidence = if doubtful {
        Confidence::Possible
    } else {
        start.confidence
    };
    out.edge(start.node.clone(), EdgeKind::FlowsTo, response.clone())
        .confidence(confidence)
        .steps(evidence(flow))
        .guards(missing_tie(joined, start, route))
        .edits([leave_out(flow, start)])
        .edits(own(joined, start, route))
        .add();
    out.edge(response, EdgeKind::ServedBy, routes::door(route))
        .steps(answered(joined, route, flow))
        .add();
    if matches!(route.access, Access::Authenticated | Access::Unknown) {
        let actor = if chosen.is_some() {
            Actor::OtherTenant
        } else {
            Actor::AnyUser
        };
        routes::admit(route, actor, out);
    }
}

/// From the sink back to the view and its URL.
fn answered(joined: &Joined<'_>, route: &Route, flow: &Flow) -> Vec<Step> {
    let mut steps: Vec<Step> = joined
        .calls
        .chain(&route.view, &flow.function)
        .iter()
        .rev()
        .cloned()
        .collect();
    steps.push(Step::new(
        format!("`{}` answers {}", route.view, route_name(route)),
        route.view_location.clone(),
    ));
    steps.push(Step::new(
        format!("the URL `{}` leads to it", route.pattern),
        route.location.clone(),
    ));
    steps
}

fn missing_tie(joined: &Joined<'_>, start: &Start, route: &Route) -> Option<Guard> {
    let operation = joined.operations[start.operation?];
    (route.access != Access::Privileged).then(|| Guard {
        present: false,
        step: Step::new(
            "nothing ties the item to the caller",
            operation.location.clone(),
        ),
    })
}

fn leave_out(flow: &Flow, start: &Start) -> Edit {
    if matches!(flow.source, Source::Exception(_)) {
        return edit(
            format!("exception:{}", flow.location),
            "Answer errors with a fixed message".to_owned(),
            &flow.location,
            1,
        );
    }
    // One edit for all that is in the response, so that it can't name one of them only.
    let title = match (&flow.source, start.operation) {
        (Source::WholeEnvironment, _) => {
            "Name the few values that are meant, in place of the whole environment".to_owned()
        }
        (_, Some(_)) => "Pick the fields of this response, and no keys".to_owned(),
        _ => format!("Leave `{}` out of this response", start.name),
    };
    edit(
        format!("response:{}", flow.location),
        title,
        &flow.location,
        2,
    )
}

fn own(joined: &Joined<'_>, start: &Start, route: &Route) -> Option<Edit> {
    let operation = joined.operations[start.operation?];
    let (table, _) = start.attribute.as_ref()?;
    let name = &joined.tables.node(*table).name;
    (route.access == Access::Authenticated).then(|| {
        edit(
            format!("owner:{}", operation.location),
            format!(
                "Take the owner in this {} on `{name}` from request.user",
                operation.kind.as_str()
            ),
            &operation.location,
            3,
        )
    })
}

fn log(joined: &Joined<'_>, flow: &Flow, level: &str, out: &mut Builder) {
    // Debug logs are off where customers are, as a rule.
    let confidence = if level.eq_ignore_ascii_case("debug") {
        Confidence::Possible
    } else {
        Confidence::Likely
    };
    write_log(joined, flow, confidence, out);
}

fn print(joined: &Joined<'_>, flow: &Flow, out: &mut Builder) {
    // What a script prints goes to whoever runs it; what a view prints, to the log.
    let in_request = joined.calls.views_of(&flow.function).next().is_some();
    let confidence = if in_request {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    write_log(joined, flow, confidence, out);
}

fn write_log(joined: &Joined<'_>, flow: &Flow, confidence: Confidence, out: &mut Builder) {
    let place = Node::Place(Place::Log(flow.location.clone()));
    for start in starts::of(joined, flow, out) {
        out.edge(start.node, EdgeKind::FlowsTo, place.clone())
            .confidence(start.confidence.min(confidence))
            .steps(evidence(flow))
            .edits([edit(
                format!("log:{}", flow.location),
                match start.operation {
                    Some(_) => "Leave the keys out of this log call, or log an alias".to_owned(),
                    None => format!(
                        "Leave `{}` out of this log call, or log its alias",
                        start.name
                    ),
                },
                &flow.location,
                1,
            )])
            .add();
        out.edge(
            place.clone(),
            EdgeKind::ReachableBy,
            Node::Actor(Actor::LogReader),
        )
        .steps([Step::new(
            "whoever reads the logs sees it",
            flow.location.clone(),
        )])
        .add();
    }
}

fn third_party(joined: &Joined<'_>, flow: &Flow, who: &str, out: &mut Builder) {
    // A token made to be mailed is meant for its reader.
    if matches!(flow.source, Source::Generated(_)) {
        return;
    }
    // What callers send and find again in their own session goes to nobody else.
    if matches!(flow.source, Source::Request(..)) && who == "the session" {
        return;
    }
    let place = Node::Place(Place::ThirdParty(who.to_owned()));
    for start in starts::of(joined, flow, out) {
        // The application's own credentials may be what the other side asks for.
        let confidence = if start.operation.is_none() && start.attribute.is_none() {
            Confidence::Possible
        } else {
            start.confidence
        };
        out.edge(start.node, EdgeKind::FlowsTo, place.clone())
            .confidence(confidence)
            .steps(evidence(flow))
            .edits([edit(
                format!("third-party:{}", flow.location),
                match start.operation {
                    Some(_) => format!("Send an alias to {who} in place of the keys"),
                    None => format!("Send an alias to {who} in place of `{}`", start.name),
                },
                &flow.location,
                2,
            )])
            .add();
        out.edge(
            place.clone(),
            EdgeKind::ReachableBy,
            Node::Actor(Actor::ThirdParty(who.to_owned())),
        )
        .steps([Step::new(
            format!("{who} holds what it is sent"),
            flow.location.clone(),
        )])
        .add();
    }
}

/// A key or item that is written to (another) attribute.
fn store(joined: &Joined<'_>, flow: &Flow, at: &Location, to: &str, out: &mut Builder) {
    let starts = match flow.source {
        Source::Item(..)
        | Source::Literal { .. }
        | Source::Setting(_)
        | Source::Environment(_)
        | Source::Vault(_)
        | Source::Decrypted(_) => starts::of(joined, flow, out),
        _ => return,
    };
    for start in starts {
        for number in joined.operations_for(at, &flow.function) {
            for &(table, confidence) in joined.tables_of(number) {
                let name = &joined.tables.node(table).name;
                for attribute in landing(joined, table, to, &start) {
                    // A copy of an item lands in the attribute; a key of its own joins the
                    // attribute's class, so that moving the keys out cuts it too.
                    let (target, kind) = if start.operation.is_some() {
                        (attribute_node(name, &attribute), EdgeKind::CopiedTo)
                    } else {
                        (Node::Key(class(name, &attribute)), EdgeKind::StoredIn)
                    };
                    if start.attribute.as_ref() == Some(&(table, attribute.clone())) {
                        continue;
                    }
                    out.edge(start.node.clone(), kind, target)
                        .confidence(start.confidence.min(confidence))
                        .steps(evidence(flow))
                        .edits([edit(
                            format!("store:{}", flow.location),
                            format!("Store an alias in `{name}` in place of `{}`", start.name),
                            &flow.location,
                            3,
                        )])
                        .add();
                }
            }
        }
    }
}

/// The key attributes under `to` that this start fills.
fn landing(joined: &Joined<'_>, table: crate::TableId, to: &str, start: &Start) -> Vec<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    joined
        .keys
        .of(table)
        .map(|key| key.attribute.clone())
        .filter(|attribute| {
            attribute == to
                || *attribute == format!("{to}.{}", start.name)
                || (start.operation.is_some()
                    && crate::naming::covers(to, attribute)
                    && last(attribute) == last(&start.name))
        })
        .collect()
}
