//! See the page beside this file.

use keytrail_graph::Tie;
use keytrail_model::{Access, Finding, Location, Node, Place, Route, Severity};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// A route to a key table asks nobody to sign in.
pub(crate) struct OpenEndpoint;

static META: Meta = Meta {
    id: "open-endpoint",
    title: "A route to a key table asks nobody to sign in",
    cwe: &[306, 862],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("open_endpoint.md"),
};

impl Rule for OpenEndpoint {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        let mut places: BTreeMap<&Location, (Vec<&Route>, String)> = BTreeMap::new();
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let read = cx.joined.keys_read_by(number);
            let Some(&(table, _)) = read.first() else {
                continue;
            };
            if Tie::of(&cx.joined, operation, &[]).holds() {
                continue;
            }
            for route in cx.open_routes(operation) {
                if route.access == Access::Anonymous {
                    let place = places
                        .entry(place_of(route))
                        .or_insert_with(|| (Vec::new(), cx.table_name(table).to_owned()));
                    place.0.push(route);
                }
            }
        }
        for (location, (routes, table)) in places {
            let doors = routes.iter().flat_map(|route| {
                let door = Place::Door {
                    route: keytrail_graph::route_name(route),
                };
                cx.graph.out_of(&Node::Place(door)).to_vec()
            });
            Draft::new(cx, &META, location)
                .path(cx.path_over(doors))
                .subject(location.symbol().unwrap_or_default())
                .message(format!(
                    "{} asks nobody to sign in and reads key table `{table}`: it is open to anybody without a sign-in.",
                    crate::context::routes(&routes)
                ))
                .fix("Require a sign-in: permission_classes = [IsAuthenticated], LoginRequiredMixin or @login_required")
                .add(out);
        }
    }
}

/// Where access is decided in code, else the view.
fn place_of(route: &Route) -> &Location {
    route
        .access_evidence
        .iter()
        .map(|step| &step.location)
        .find(|location| matches!(location, Location::Code { .. }))
        .unwrap_or(&route.view_location)
}
