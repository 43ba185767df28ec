//! What rules ask: the facts joined, the graph, and what lies between.

use std::collections::BTreeSet;

use keytrail_graph::{Graph, Joined, KeyAttribute, Standings, TableId, Through, route_name};
use keytrail_model::{
    Access, Actor, ExposurePath, Fact, Grant, KeyRef, Location, Node, Operation, Place, Route,
    SeenKey,
};

use crate::Kind;

/// Facts and graph, indexed for rules.
#[derive(Debug)]
pub struct Context<'c> {
    /// The facts as a whole.
    pub joined: Joined<'c>,
    /// The exposure graph of the same facts.
    pub graph: &'c Graph,
    standings: Standings<'c>,
    through: Through<'c>,
    read: BTreeSet<Kind>,
}

impl<'c> Context<'c> {
    /// Of facts and the graph built from them. Which kinds of evidence were read is taken from
    /// the facts; say it by [`Context::reading`] where it is known.
    pub fn new(facts: &'c [Fact], graph: &'c Graph) -> Self {
        let joined = Joined::new(facts);
        let read = kinds_of(&joined);
        Self {
            standings: Standings::decide(&joined),
            through: graph.through(),
            joined,
            graph,
            read,
        }
    }

    /// Adds a kind of evidence that was read though it gave no fact.
    #[must_use]
    pub fn reading(mut self, kind: Kind) -> Self {
        self.read.insert(kind);
        self
    }

    /// True where evidence of the kind was read.
    pub fn has(&self, kind: Kind) -> bool {
        self.read.contains(&kind)
    }

    /// The worst exposure path over any of these edges.
    pub fn path_over(&self, edges: impl IntoIterator<Item = usize>) -> Option<ExposurePath> {
        self.through.any(edges)
    }

    /// The worst path of the keys in an attribute.
    pub fn path_of_attribute(&self, table: TableId, attribute: &str) -> Option<ExposurePath> {
        let node = Node::Key(KeyRef::Attribute {
            table: self.joined.tables.node(table).name.clone(),
            attribute: attribute.to_owned(),
        });
        self.path_over(self.graph.out_of(&node).iter().copied())
    }

    /// The worst path through what a call brings in.
    pub fn path_of_read(&self, operation: usize) -> Option<ExposurePath> {
        let edges: Vec<usize> = self
            .joined
            .keys_read_by(operation)
            .into_iter()
            .flat_map(|(_, key)| {
                let node = self.joined.read_node(operation, &key.attribute);
                self.graph.out_of(&node).to_vec()
            })
            .collect();
        self.path_over(edges)
    }

    /// The worst path by which what a call brings in is served to callers. Reads that only a
    /// log or the debug page shows are none of the lookup's doing.
    pub fn path_to_callers(&self, operation: usize) -> Option<ExposurePath> {
        let edges: Vec<usize> = self
            .joined
            .keys_read_by(operation)
            .into_iter()
            .flat_map(|(_, key)| {
                let node = self.joined.read_node(operation, &key.attribute);
                self.graph.out_of(&node).to_vec()
            })
            .filter(|&edge| {
                matches!(
                    self.graph.edges()[edge].to,
                    Node::Place(Place::Response { .. })
                )
            })
            .collect();
        self.path_over(edges)
    }

    /// The worst path into what is given out (or lies) at a place.
    pub fn path_at(&self, location: &Location) -> Option<ExposurePath> {
        self.path_over(self.graph.given_out_at(location).iter().copied())
    }

    /// The worst path over edges that an exchange of the running service shows.
    pub fn path_seen_at(&self, location: &Location) -> Option<ExposurePath> {
        let edges = self.graph.edges().iter().enumerate();
        let shown = edges.filter(|(_, edge)| {
            edge.steps
                .iter()
                .any(|step| step.location.is_same_place(location))
        });
        self.path_over(shown.map(|(number, _)| number))
    }

    /// The worst path of a key that an answer at a place had: where it is an item's own key, that of the
    /// attribute it lies in.
    pub fn path_of_seen(&self, location: &Location, key: &SeenKey) -> Option<ExposurePath> {
        let print = key.fingerprint?;
        let homes = self.joined.stored_keys.iter().filter(|stored| {
            let mut examples = stored.examples.iter();
            examples.any(|example| example.fingerprint == Some(print))
        });
        let paths = homes.filter_map(|stored| {
            let table = self.joined.tables.named(&stored.table)?;
            let class = KeyRef::Attribute {
                table: self.joined.tables.node(table).name.clone(),
                attribute: stored.attribute.clone(),
            };
            let mut paths = self.graph.paths_of(&class).into_iter();
            paths.find(|path| {
                path.steps
                    .iter()
                    .any(|step| step.location.is_same_place(location))
            })
        });
        paths.max_by_key(|path| (path.severity, path.confidence))
    }

    /// The worst path into what is given out at a place, out of one call.
    pub fn path_from_to(&self, from: &Location, to: &Location) -> Option<ExposurePath> {
        self.path_over(self.edges_from_to(from, to))
    }

    /// Edges from what is read at `from` into what is given out at `to`.
    pub fn edges_from_to(&self, from: &Location, to: &Location) -> Vec<usize> {
        let given_out = self.graph.given_out_at(to).iter().copied();
        given_out
            .filter(|&edge| {
                matches!(
                    &self.graph.edges()[edge].from,
                    Node::Place(Place::Read { operation, .. }) if operation == from
                )
            })
            .collect()
    }

    /// The routes that a call is reached by, staff's left out.
    pub fn open_routes(&self, operation: &Operation) -> Vec<&'c Route> {
        self.joined
            .calls
            .routes_to(&operation.entry)
            .into_iter()
            .filter(|route| route.access != Access::Privileged)
            .collect()
    }

    /// The tables of a call that hold keys.
    pub fn key_tables_of(&self, operation: usize) -> Vec<TableId> {
        let tables = self.joined.tables_of(operation).iter().map(|&(id, _)| id);
        tables.filter(|&id| self.holds_keys(id)).collect()
    }

    /// True for tables with an attribute that holds keys.
    pub fn holds_keys(&self, table: TableId) -> bool {
        self.joined.keys.of(table).next().is_some()
    }

    /// `api_key` or `api_key and webhook_secret`.
    pub fn key_names(&self, table: TableId) -> String {
        let names: Vec<&str> = self
            .joined
            .keys
            .of(table)
            .map(|key| key.attribute.as_str())
            .collect();
        list(&names)
    }

    /// Every key attribute with its table.
    pub fn key_attributes(&self) -> impl Iterator<Item = (TableId, &KeyAttribute)> {
        self.joined
            .keys
            .tables()
            .flat_map(|table| self.joined.keys.of(table).map(move |key| (table, key)))
    }

    /// What a table is called.
    pub fn table_name(&self, table: TableId) -> &str {
        &self.joined.tables.node(table).name
    }

    /// Who a grant lets in.
    pub fn actor_of(&self, grant: &Grant) -> Actor {
        self.standings.actor(&self.joined, grant)
    }
}

fn kinds_of(joined: &Joined<'_>) -> BTreeSet<Kind> {
    let code = !joined.settings.is_empty()
        || !joined.routes.is_empty()
        || !joined.operations.is_empty()
        || !joined.flows.is_empty()
        || !joined.clients.is_empty()
        || !joined.reaches.is_empty();
    let templates = joined
        .tables
        .ids()
        .any(|id| joined.tables.node(id).in_templates().next().is_some());
    let around = !joined.assets.is_empty() || !joined.openings.is_empty();
    let infra = templates || around || !joined.principals.is_empty() || !joined.grants.is_empty();
    let files = !joined.sightings.is_empty();
    let items = !joined.stored_keys.is_empty();
    let http = !joined.surfaces.is_empty() || !joined.answers.is_empty();
    [
        (code, Kind::Code),
        (files, Kind::Files),
        (infra, Kind::Infra),
        (items, Kind::Items),
        (http, Kind::Http),
    ]
    .into_iter()
    .filter_map(|(read, kind)| read.then_some(kind))
    .collect()
}

/// `a`, `b` and `c`, each between backticks; more than three are counted.
pub(crate) fn list(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let quoted: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(SHOWN);
    match (quoted.as_slice(), more) {
        ([], _) => "its keys".to_owned(),
        ([one], 0) => one.clone(),
        ([before @ .., last], 0) => format!("{} and {last}", before.join(", ")),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    }
}

/// `is` or `are`, for a list of names made by [`list`].
pub(crate) fn be(names: &str) -> &'static str {
    if is_many(names) { "are" } else { "is" }
}

/// True where a list made by [`list`] names more than one.
pub(crate) fn is_many(names: &str) -> bool {
    names.contains("` and ") || names == "its keys"
}

/// `GET /keys/` or `GET /keys/ and 2 more routes`, the one most open first.
pub(crate) fn routes(routes: &[&Route]) -> String {
    let mut sorted: Vec<&&Route> = routes.iter().collect();
    sorted.sort_by_key(|route| (openness(route.access), **route));
    let names: BTreeSet<String> = sorted.iter().map(|route| route_name(route)).collect();
    match (sorted.first(), names.len().saturating_sub(1)) {
        (None, _) => "a request".to_owned(),
        (Some(worst), 0) => format!("`{}`", route_name(worst)),
        (Some(worst), 1) => format!("`{}` and 1 more route", route_name(worst)),
        (Some(worst), more) => format!("`{}` and {more} more routes", route_name(worst)),
    }
}

fn openness(access: Access) -> u8 {
    match access {
        Access::Anonymous => 0,
        Access::Unknown => 1,
        Access::Authenticated => 2,
        Access::Privileged => 3,
    }
}
