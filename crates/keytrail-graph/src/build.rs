//! From facts to edges.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{Confidence, Edge, EdgeKind, Edit, Fact, Guard, KeyPower, KeyRef, Node, Step};

use crate::application::Standings;
use crate::edges::{
    alike, answers, attributes, chains, clients, flows, grants, operations, reads, routes,
    settings, sightings, stored_keys, tables,
};
use crate::{Graph, Joined};

impl Graph {
    /// The graph of these facts, whatever their order and however often each is told.
    pub fn build(facts: &[Fact]) -> Self {
        Self::of(&Joined::new(facts))
    }

    /// The whole correlation: what each kind of fact says about the ways of keys.
    pub fn of(joined: &Joined<'_>) -> Self {
        let standings = Standings::decide(joined);
        let mut out = Builder::default();
        for fact in &joined.sorted {
            match fact {
                Fact::Sighting(sighting) => sightings::edges(joined, sighting, &mut out),
                Fact::Committed(committed) => sightings::committed(joined, committed, &mut out),
                Fact::Setting(setting) => settings::edges(joined, setting, &mut out),
                Fact::Route(route) => routes::edges(route, &mut out),
                Fact::Operation(operation) => operations::edges(joined, operation, &mut out),
                Fact::Flow(flow) => flows::edges(joined, flow, &mut out),
                Fact::AwsClient(client) => clients::edges(joined, client, &mut out),
                Fact::Table(table) => tables::edges(joined, table, &mut out),
                Fact::StoredKeys(stored) => stored_keys::edges(joined, stored, &mut out),
                Fact::ObservedRead(read) => reads::edges(joined, &standings, read, &mut out),
                Fact::Grant(grant) => grants::edges(joined, &standings, grant, &mut out),
                Fact::RoleChain(chain) => chains::edges(&standings, chain, &mut out),
                // These join others: calls tie operations and flows to routes, principals stand
                // behind grants, variables name tables. They are asked for in `Joined`. A header
                // opens a response to other sites, which have a user's rights and no more. What
                // stands round the tables holds no key that the graph knows; rules judge it.
                Fact::Reach(_)
                | Fact::Principal(_)
                | Fact::EnvBinding(_)
                | Fact::Asset(_)
                | Fact::Right(_)
                | Fact::Opening(_)
                | Fact::Endpoint(_)
                | Fact::ResponseHeader(_)
                | Fact::Practice(_)
                | Fact::AdminColumn(_)
                // What was answered raises edges that others draw: it comes last, below.
                | Fact::Answer(_)
                | Fact::Surface(_)
                // Whether a key lives raises what rules say of it.
                | Fact::Validated(_) => {}
            }
        }
        attributes::edges(joined, &mut out);
        answers::edges(joined, &mut out);
        alike::edges(joined, &mut out);
        Self::assemble(out.edges, out.powers)
    }
}

/// Collects edges; equal ones fall together.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    edges: BTreeSet<Edge>,
    powers: BTreeMap<KeyRef, KeyPower>,
}

impl Builder {
    /// Begins an edge.
    pub(crate) fn edge(&mut self, from: Node, kind: EdgeKind, to: Node) -> Draft<'_> {
        Draft {
            builder: self,
            edge: Edge {
                from,
                to,
                kind,
                confidence: Confidence::Likely,
                steps: Vec::new(),
                guards: Vec::new(),
                edits: Vec::new(),
            },
        }
    }

    /// All so far.
    pub(crate) fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter()
    }

    /// Puts one edge in the place of another.
    pub(crate) fn replace(&mut self, old: &Edge, new: Edge) {
        self.edges.remove(old);
        self.edges.insert(new);
    }

    /// Says how much a key opens; the greatest that is said counts.
    pub(crate) fn power(&mut self, key: &KeyRef, power: KeyPower) {
        let known = self.powers.entry(key.clone()).or_insert(power);
        *known = (*known).max(power);
    }
}

/// An edge in the making.
#[must_use = "call `add`"]
pub(crate) struct Draft<'b> {
    builder: &'b mut Builder,
    edge: Edge,
}

impl Draft<'_> {
    /// Seen in the world itself.
    pub(crate) fn observed(mut self) -> Self {
        self.edge.confidence = Confidence::Observed;
        self
    }

    pub(crate) fn confidence(mut self, confidence: Confidence) -> Self {
        self.edge.confidence = self.edge.confidence.min(confidence);
        self
    }

    pub(crate) fn steps(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.edge.steps.extend(steps);
        self
    }

    pub(crate) fn guards(mut self, guards: impl IntoIterator<Item = Guard>) -> Self {
        self.edge.guards.extend(guards);
        self
    }

    pub(crate) fn edits(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.edge.edits.extend(edits);
        self
    }

    /// Adds it, unless it lacks evidence (law 3).
    pub(crate) fn add(self) {
        if !self.edge.steps.is_empty() {
            self.builder.edges.insert(self.edge);
        }
    }
}
