//! See the page beside this file.

use keytrail_graph::transport_weakness;
use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// An AWS client speaks in the clear or to whoever answers.
pub(crate) struct PlainTransportToAws;

static META: Meta = Meta {
    id: "plain-transport-to-aws",
    title: "An AWS client speaks in the clear or to whoever answers",
    cwe: &[319, 295],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("plain_transport_to_aws.md"),
};

impl Rule for PlainTransportToAws {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for client in &cx.joined.clients {
            let Some(label) = transport_weakness(client) else {
                continue;
            };
            let service = if client.service.is_empty() {
                "AWS"
            } else {
                &client.service
            };
            Draft::new(cx, &META, &client.location)
                .path(cx.path_at(&client.location))
                .subject(service)
                .message(format!("The client of {service} has {label}."))
                .fix("Leave `use_ssl` and `verify` as they are, and use an https endpoint")
                .add(out);
        }
    }
}
