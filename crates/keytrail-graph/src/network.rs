//! The flow network of the least cut: relevant edges laid as chains of edits, with gates for
//! edits that cut several edges.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use keytrail_model::{Edit, Node, Severity};
use petgraph::algo::maximum_flow::dinics;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::Graph;
use crate::cut::Edits;

/// Beats any sum of real costs.
const NEVER: u64 = 1 << 50;
/// One edit of cost 2 before two of cost 1.
const SCALE: u64 = 1000;

/// The flow network: the relevant edges, with gates.
pub(crate) struct Network {
    graph: DiGraph<(), u64>,
    edit_of: Vec<Option<usize>>,
    source: NodeIndex,
    sink: NodeIndex,
}

impl Network {
    pub(crate) fn new(graph: &Graph, edits: &Edits<'_>, floor: Severity) -> Self {
        let mut net = DiGraph::new();
        let (source, sink) = (net.add_node(()), net.add_node(()));
        let mut network = Self {
            graph: net,
            edit_of: Vec::new(),
            source,
            sink,
        };
        let relevant = graph.relevant(floor);
        let gates = Gates::choose(graph, edits, &relevant);
        let mut nodes: BTreeMap<usize, NodeIndex> = BTreeMap::new();
        let mut doors: BTreeMap<usize, (NodeIndex, NodeIndex)> = BTreeMap::new();
        for &edge in &relevant {
            let (from, to) = graph.ends(edge);
            let from = network.node(graph, from, &mut nodes);
            let to = network.node(graph, to, &mut nodes);
            network.lay(edge, (from, to), edits, &gates, &mut doors);
        }
        network
    }

    fn node(
        &mut self,
        graph: &Graph,
        number: usize,
        nodes: &mut BTreeMap<usize, NodeIndex>,
    ) -> NodeIndex {
        if let Some(&known) = nodes.get(&number) {
            return known;
        }
        let added = self.graph.add_node(());
        nodes.insert(number, added);
        match graph.node(number) {
            Node::Key(_) => self.arc(self.source, added, NEVER, None),
            Node::Actor(_) => self.arc(added, self.sink, NEVER, None),
            Node::Place(_) => {}
        }
        added
    }

    fn arc(&mut self, from: NodeIndex, to: NodeIndex, capacity: u64, edit: Option<usize>) {
        self.graph.add_edge(from, to, capacity);
        self.edit_of.push(edit);
    }

    /// Lays one edge as a chain: gates at its tail, the edits that are its own, gates at its head.
    fn lay(
        &mut self,
        edge: usize,
        (mut at, to): (NodeIndex, NodeIndex),
        edits: &Edits<'_>,
        gates: &Gates,
        doors: &mut BTreeMap<usize, (NodeIndex, NodeIndex)>,
    ) {
        let own = edits.on_edge.get(&edge).map_or(&[][..], Vec::as_slice);
        let mut tail: Vec<usize> = own
            .iter()
            .copied()
            .filter(|it| gates.tail.contains(it))
            .collect();
        let mut head: Vec<usize> = own
            .iter()
            .copied()
            .filter(|it| gates.head.contains(it))
            .collect();
        // Nested gates: the widest stands nearest to the node that all share.
        tail.sort_by_key(|&edit| (std::cmp::Reverse(edits.cuts[edit].len()), edit));
        head.sort_by_key(|&edit| (edits.cuts[edit].len(), edit));
        let single = own
            .iter()
            .copied()
            .filter(|it| !gates.tail.contains(it) && !gates.head.contains(it));
        let middle: Vec<usize> = single.collect();
        for edit in tail {
            at = self.pass(at, edit, edits, doors);
        }
        for edit in middle {
            let next = self.graph.add_node(());
            self.arc(at, next, price(edits.all[edit]), Some(edit));
            at = next;
        }
        for edit in head {
            at = self.pass(at, edit, edits, doors);
        }
        self.arc(at, to, NEVER, None);
    }

    fn pass(
        &mut self,
        at: NodeIndex,
        edit: usize,
        edits: &Edits<'_>,
        doors: &mut BTreeMap<usize, (NodeIndex, NodeIndex)>,
    ) -> NodeIndex {
        let (inside, outside) = if let Some(&door) = doors.get(&edit) {
            door
        } else {
            let door = (self.graph.add_node(()), self.graph.add_node(()));
            self.arc(door.0, door.1, price(edits.all[edit]), Some(edit));
            doors.insert(edit, door);
            door
        };
        self.arc(at, inside, NEVER, None);
        outside
    }

    /// The edits on the arcs between what the source still reaches and the rest. That cut is
    /// the same whichever maximum flow was found.
    pub(crate) fn cut(&self) -> BTreeSet<usize> {
        let (_, flows) = dinics(&self.graph, self.source, self.sink);
        let mut seen = vec![false; self.graph.node_count()];
        let mut queue = VecDeque::from([self.source]);
        seen[self.source.index()] = true;
        while let Some(node) = queue.pop_front() {
            let mut visit = |next: NodeIndex| {
                if !seen[next.index()] {
                    seen[next.index()] = true;
                    queue.push_back(next);
                }
            };
            for arc in self.graph.edges(node) {
                if flows[arc.id().index()] < *arc.weight() {
                    visit(arc.target());
                }
            }
            for arc in self
                .graph
                .edges_directed(node, petgraph::Direction::Incoming)
            {
                if flows[arc.id().index()] > 0 {
                    visit(arc.source());
                }
            }
        }
        self.graph
            .raw_edges()
            .iter()
            .zip(&self.edit_of)
            .filter(|(arc, _)| seen[arc.source().index()] && !seen[arc.target().index()])
            .filter_map(|(_, edit)| *edit)
            .collect()
    }
}

fn price(edit: &Edit) -> u64 {
    u64::from(edit.cost) * SCALE + 1
}

/// Which edits stand as one gate at the tail or the head of all their edges.
#[derive(Default)]
struct Gates {
    tail: BTreeSet<usize>,
    head: BTreeSet<usize>,
}

impl Gates {
    fn choose(graph: &Graph, edits: &Edits<'_>, relevant: &BTreeSet<usize>) -> Self {
        let mut gates = Self::default();
        let mut at_tail: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut at_head: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (edit, edges) in edits.cuts.iter().enumerate() {
            let mut used = edges.intersection(relevant).map(|&edge| graph.ends(edge));
            let Some(first) = used.next() else { continue };
            let rest: Vec<_> = used.collect();
            if rest.is_empty() {
                continue;
            }
            if rest.iter().all(|&(from, _)| from == first.0) {
                at_tail.entry(first.0).or_default().push(edit);
            } else if rest.iter().all(|&(_, to)| to == first.1) {
                at_head.entry(first.1).or_default().push(edit);
            }
        }
        for candidates in at_tail.into_values() {
            gates.tail.extend(laminar(edits, candidates));
        }
        for candidates in at_head.into_values() {
            gates.head.extend(laminar(edits, candidates));
        }
        gates
    }
}

/// Gates at one node must be nested or apart, else one would hold edges that are not its own.
fn laminar(edits: &Edits<'_>, mut candidates: Vec<usize>) -> Vec<usize> {
    candidates.sort_by_key(|&edit| (std::cmp::Reverse(edits.cuts[edit].len()), edit));
    let mut accepted: Vec<usize> = Vec::new();
    for edit in candidates {
        let own = &edits.cuts[edit];
        let fits = |&other: &usize| {
            own.is_subset(&edits.cuts[other]) || own.is_disjoint(&edits.cuts[other])
        };
        if accepted.iter().all(fits) {
            accepted.push(edit);
        }
    }
    accepted
}
