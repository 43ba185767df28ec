//! The graph itself: sorted nodes and edges, and ways to walk them.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{Actor, Edge, KeyPower, KeyRef, Location, Node, Place, Rightful};

use crate::identity::{power_of_name, power_of_provider};

/// The exposure graph. Nodes and edges are sorted, so equal facts give equal graphs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    ends: Vec<(usize, usize)>,
    out: Vec<Vec<usize>>,
    into: Vec<Vec<usize>>,
    powers: BTreeMap<KeyRef, KeyPower>,
    shadowed: BTreeSet<usize>,
    given_out: BTreeMap<Location, Vec<usize>>,
}

impl Graph {
    pub(crate) fn assemble(edges: BTreeSet<Edge>, powers: BTreeMap<KeyRef, KeyPower>) -> Self {
        let edges: Vec<Edge> = edges.into_iter().collect();
        let nodes: Vec<Node> = edges
            .iter()
            .flat_map(|edge| [&edge.from, &edge.to])
            .collect::<BTreeSet<_>>()
            .into_iter()
            .cloned()
            .collect();
        let number = |node: &Node| nodes.binary_search(node).unwrap_or(usize::MAX);
        let ends: Vec<(usize, usize)> = edges
            .iter()
            .map(|edge| (number(&edge.from), number(&edge.to)))
            .collect();
        let mut out = vec![Vec::new(); nodes.len()];
        let mut into = vec![Vec::new(); nodes.len()];
        for (edge, &(from, to)) in ends.iter().enumerate() {
            out[from].push(edge);
            into[to].push(edge);
        }
        let mut given_out: BTreeMap<Location, Vec<usize>> = BTreeMap::new();
        for (index, edge) in edges.iter().enumerate() {
            if let Some(location) = place_of(&edge.to) {
                given_out.entry(location.clone()).or_default().push(index);
            }
        }
        let mut graph = Self {
            nodes,
            edges,
            ends,
            out,
            into,
            powers,
            shadowed: BTreeSet::new(),
            given_out,
        };
        graph.shadowed = graph.find_shadowed();
        graph
    }

    /// A door that is open to anybody is open to users too: the lesser actors stay in the
    /// graph (they matter once the door is shut) but are no path of their own.
    fn find_shadowed(&self) -> BTreeSet<usize> {
        let mut shadowed = BTreeSet::new();
        for edges in &self.out {
            let widest = edges
                .iter()
                .filter_map(|&edge| width(&self.edges[edge].to))
                .max();
            let lesser =
                |edge: &&usize| width(&self.edges[**edge].to).is_some_and(|own| Some(own) < widest);
            shadowed.extend(edges.iter().filter(lesser));
        }
        shadowed
    }

    /// All nodes, sorted.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All edges, sorted; exposure paths name them by index.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The number of a node.
    pub fn number(&self, node: &Node) -> Option<usize> {
        self.nodes.binary_search(node).ok()
    }

    /// Indices of the edges that leave a node.
    pub fn out_of(&self, node: &Node) -> &[usize] {
        self.number(node).map_or(&[], |number| &self.out[number])
    }

    /// Indices of the edges that enter a node.
    pub fn into(&self, node: &Node) -> &[usize] {
        self.number(node).map_or(&[], |number| &self.into[number])
    }

    /// How much a key opens.
    pub fn power(&self, key: &KeyRef) -> KeyPower {
        self.powers.get(key).copied().unwrap_or_else(|| match key {
            KeyRef::Attribute {
                attribute: name, ..
            }
            | KeyRef::Setting(name)
            | KeyRef::Vault(name)
            | KeyRef::Transient(name) => power_of_name(name),
            // it is given out on purpose; whether to whom it should be is for the reader to say
            KeyRef::Decrypted(_) => KeyPower::Low,
            KeyRef::Concrete { provider, .. } => power_of_provider(provider),
        })
    }

    /// Indices of the edges into places where something is given out or lies at `location`:
    /// responses, logs, files, debug pages, the network.
    pub fn given_out_at(&self, location: &Location) -> &[usize] {
        self.given_out.get(location).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn ends(&self, edge: usize) -> (usize, usize) {
        self.ends[edge]
    }

    pub(crate) fn out_edges(&self, node: usize) -> &[usize] {
        &self.out[node]
    }

    pub(crate) fn in_edges(&self, node: usize) -> &[usize] {
        &self.into[node]
    }

    pub(crate) fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    /// Edges into an actor who is not rightful.
    pub(crate) fn is_wrongful(&self, edge: usize) -> bool {
        matches!(&self.edges[edge].to, Node::Actor(actor) if actor.rightful() == Rightful::No)
    }

    pub(crate) fn is_shadowed(&self, edge: usize) -> bool {
        self.shadowed.contains(&edge)
    }

    /// The keys, with their nodes.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (usize, &KeyRef)> {
        self.nodes
            .iter()
            .enumerate()
            .filter_map(|(number, node)| match node {
                Node::Key(key) => Some((number, key)),
                Node::Place(_) | Node::Actor(_) => None,
            })
    }
}

fn width(node: &Node) -> Option<u8> {
    match node {
        Node::Actor(Actor::Anonymous) => Some(3),
        Node::Actor(Actor::AnyUser) => Some(2),
        Node::Actor(Actor::OtherTenant) => Some(1),
        Node::Actor(_) | Node::Key(_) | Node::Place(_) => None,
    }
}

fn place_of(node: &Node) -> Option<&Location> {
    match node {
        Node::Place(
            Place::Response { location, .. }
            | Place::Log(location)
            | Place::File(location)
            | Place::DebugPage(location)
            | Place::Network(location),
        ) => Some(location),
        Node::Place(_) | Node::Key(_) | Node::Actor(_) => None,
    }
}
