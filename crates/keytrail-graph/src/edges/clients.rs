//! Keys on the wire between the application and AWS.

use keytrail_model::{Actor, AwsClient, Confidence, EdgeKind, Node, Place, Step};

use super::{attribute_node, edit, is_test_file};
use crate::Joined;
use crate::build::Builder;

/// A client that speaks in the clear, or to whoever answers, shows every key that it carries.
pub(crate) fn edges(joined: &Joined<'_>, client: &AwsClient, out: &mut Builder) {
    let Some(label) = transport_weakness(client) else {
        return;
    };
    let network = Node::Place(Place::Network(client.location.clone()));
    let mut carried = false;
    for table in joined.keys.tables() {
        if joined.operations_on(table).is_empty() {
            continue;
        }
        let name = &joined.tables.node(table).name;
        for key in joined.keys.of(table) {
            carried = true;
            out.edge(
                attribute_node(name, &key.attribute),
                EdgeKind::FlowsTo,
                network.clone(),
            )
            .confidence(only_client(joined))
            .steps([Step::new(label, client.location.clone())])
            .add();
        }
    }
    if carried {
        out.edge(
            network,
            EdgeKind::ReachableBy,
            Node::Actor(Actor::NetworkObserver),
        )
        .steps([Step::new(
            "whoever sits on the wire sees requests and answers",
            client.location.clone(),
        )])
        .edits([edit(
            format!("tls:{}", client.location),
            "Let this client speak TLS and check certificates".to_owned(),
            &client.location,
            1,
        )])
        .add();
    }
}

/// With several clients it is not known which one carries the key.
fn only_client(joined: &Joined<'_>) -> Confidence {
    let real = joined.clients.iter().filter(|client| {
        client.service == "dynamodb" && !is_test_file(&client.location.span().path)
    });
    if real.count() == 1 {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

/// What is wrong with a client's transport, outside of local development.
pub fn transport_weakness(client: &AwsClient) -> Option<&'static str> {
    let speaks_of_tables = matches!(client.service.as_str(), "dynamodb" | "dynamodbstreams" | "");
    if !speaks_of_tables || is_test_file(&client.location.span().path) {
        return None;
    }
    let endpoint = client.endpoint.as_deref().unwrap_or_default();
    if is_local(endpoint) {
        return None;
    }
    if client.plain {
        Some("use_ssl=False: requests and answers go in the clear")
    } else if endpoint.to_ascii_lowercase().starts_with("http://") {
        Some("an http:// endpoint: requests and answers go in the clear")
    } else if client.unverified {
        Some("verify=False: whoever answers is believed")
    } else {
        None
    }
}

/// True for an endpoint on this machine or in a local set of containers.
fn is_local(endpoint: &str) -> bool {
    let lower = endpoint.to_ascii_lowercase();
    let Some((_, rest)) = lower.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    !host.contains('.')
        || host.starts_with("127.")
        || host.starts_with("0.0.0.0")
        || matches!(
            host.rsplit('.').next(),
            Some("localhost" | "local" | "internal")
        )
        || rest.starts_with('[')
}
