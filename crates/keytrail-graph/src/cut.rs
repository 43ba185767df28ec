//! The least cut: the cheapest edits after which no path at or above a severity is left.
//!
//! Minimum cut by maximum flow. An edit that cuts several edges counts once: edges that share
//! an edit and their head (or tail) are led through one gate whose capacity is the edit's cost.
//! Where an edit's edges share neither, each carries the cost, which may overestimate; a last
//! pass then drops and swaps edits as long as the set stays a cut. Every answer is checked by
//! searching again with the edits applied.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use keytrail_model::{Confidence, Edit, Node, Severity};
use petgraph::algo::maximum_flow::dinics;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::Graph;
use crate::paths::{LEVELS, Trail};
use crate::severity::{POWERS, Reach, severity};

/// The cheapest set of edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeastCut {
    /// What to do; what closes most comes first.
    pub edits: Vec<Edit>,
    /// How many paths are closed by it.
    pub closes: usize,
    /// Of how many at or above the severity.
    pub of: usize,
}

/// Beats any sum of real costs.
const NEVER: u64 = 1 << 50;
/// One edit of cost 2 before two of cost 1.
const SCALE: u64 = 1000;

impl Graph {
    /// The least cut of all paths at or above `floor`.
    pub fn least_cut(&self, floor: Severity) -> LeastCut {
        let trails: Vec<Trail> = self
            .trails()
            .into_iter()
            .filter(|trail| trail.severity >= floor)
            .collect();
        if trails.is_empty() {
            return LeastCut::default();
        }
        let edits = Edits::of(self);
        let mut chosen = Network::new(self, &edits, floor).cut();
        self.polish(&edits, floor, &mut chosen);
        let removed = edits.edges(&chosen);
        let still_open = self.open_terminals(floor, &removed);
        let is_closed = |trail: &&Trail| {
            !trail
                .edges
                .last()
                .is_some_and(|last| still_open.contains(&(trail.key, *last)))
        };
        let closes = trails.iter().filter(is_closed).count();
        LeastCut {
            edits: edits.ordered(&chosen, &trails),
            closes,
            of: trails.len(),
        }
    }

    /// The cheaper of what is chosen and what it becomes when needless edits are dropped and
    /// single edits take the place of dearer ones.
    fn polish(&self, edits: &Edits<'_>, floor: Severity, chosen: &mut BTreeSet<usize>) {
        const MOST: usize = 64;
        if chosen.len() > MOST {
            return;
        }
        let before = self.exposed(floor, &edits.edges(chosen));
        let holds = |set: &BTreeSet<usize>| self.exposed(floor, &edits.edges(set)) <= before;
        drop_needless(edits, chosen, &holds);
        for candidate in edits.shared() {
            let mut trial = chosen.clone();
            if trial.insert(candidate) {
                drop_needless(edits, &mut trial, &holds);
                if (edits.cost(&trial), trial.len()) < (edits.cost(chosen), chosen.len()) {
                    *chosen = trial;
                }
            }
        }
    }

    /// How many (power, reach, confidence) classes at or above the floor still connect, by
    /// terminal edge.
    fn exposed(&self, floor: Severity, removed: &BTreeSet<usize>) -> usize {
        classes(floor)
            .map(|(level, power, reach)| {
                let starts = self
                    .keys()
                    .filter(|(_, key)| self.power(key) == POWERS[power])
                    .map(|(number, _)| number);
                let seen = self.flood(starts, level, removed);
                self.terminals(level, reach, removed)
                    .filter(|&edge| seen[self.ends(edge).0])
                    .count()
            })
            .sum()
    }

    /// Key and terminal edge of every path that is left.
    fn open_terminals(
        &self,
        floor: Severity,
        removed: &BTreeSet<usize>,
    ) -> BTreeSet<(usize, usize)> {
        let mut open = BTreeSet::new();
        if self.exposed(floor, removed) == 0 {
            return open;
        }
        for (start, key) in self.keys() {
            let power = self.power(key);
            for level in LEVELS {
                let seen = self.flood(std::iter::once(start), level, removed);
                for (_, _, reach) in
                    classes(floor).filter(|&(at, rank, _)| at == level && POWERS[rank] == power)
                {
                    let left = self.terminals(level, reach, removed);
                    open.extend(
                        left.filter(|&edge| seen[self.ends(edge).0])
                            .map(|edge| (start, edge)),
                    );
                }
            }
        }
        open
    }

    fn flood(
        &self,
        starts: impl Iterator<Item = usize>,
        level: Confidence,
        removed: &BTreeSet<usize>,
    ) -> Vec<bool> {
        let mut seen = vec![false; self.nodes().len()];
        let mut queue: VecDeque<usize> = starts.collect();
        for &start in &queue {
            seen[start] = true;
        }
        while let Some(node) = queue.pop_front() {
            for &edge in self.out_edges(node) {
                let (_, to) = self.ends(edge);
                if !seen[to] && self.edges()[edge].confidence >= level && !removed.contains(&edge) {
                    seen[to] = true;
                    queue.push_back(to);
                }
            }
        }
        seen
    }

    fn terminals<'s>(
        &'s self,
        level: Confidence,
        reach: Reach,
        removed: &'s BTreeSet<usize>,
    ) -> impl Iterator<Item = usize> + 's {
        (0..self.edges().len()).filter(move |&index| {
            let edge = &self.edges()[index];
            self.is_wrongful(index)
                && edge.confidence >= level
                && matches!(&edge.to, Node::Actor(actor) if Reach::of(actor) == reach)
                && !removed.contains(&index)
        })
    }

    /// Edges on some walk from a key to a wrong actor that is at or above the floor.
    fn relevant(&self, floor: Severity) -> BTreeSet<usize> {
        let none = BTreeSet::new();
        let mut relevant = BTreeSet::new();
        for (level, power, reach) in classes(floor) {
            let starts = self
                .keys()
                .filter(|(_, key)| self.power(key) == POWERS[power])
                .map(|(number, _)| number);
            let seen = self.flood(starts, level, &none);
            let mut leads = vec![false; self.nodes().len()];
            let mut queue: VecDeque<usize> = VecDeque::new();
            for edge in self.terminals(level, reach, &none) {
                let (_, actor) = self.ends(edge);
                if !leads[actor] {
                    leads[actor] = true;
                    queue.push_back(actor);
                }
            }
            while let Some(node) = queue.pop_front() {
                for &edge in self.in_edges(node) {
                    let (from, _) = self.ends(edge);
                    if self.edges()[edge].confidence < level || !seen[from] {
                        continue;
                    }
                    relevant.insert(edge);
                    if !leads[from] {
                        leads[from] = true;
                        queue.push_back(from);
                    }
                }
            }
        }
        relevant
    }
}

/// The combinations at or above a severity: level of confidence, rank of power, reach.
fn classes(floor: Severity) -> impl Iterator<Item = (Confidence, usize, Reach)> {
    LEVELS.into_iter().flat_map(move |level| {
        (0..POWERS.len()).flat_map(move |rank| {
            Reach::ALL
                .into_iter()
                .filter(move |&reach| severity(POWERS[rank], reach, level) >= floor)
                .map(move |reach| (level, rank, reach))
        })
    })
}

fn drop_needless(
    edits: &Edits<'_>,
    chosen: &mut BTreeSet<usize>,
    holds: &impl Fn(&BTreeSet<usize>) -> bool,
) {
    let mut dearest: Vec<usize> = chosen.iter().copied().collect();
    dearest.sort_by_key(|&edit| (std::cmp::Reverse(edits.all[edit].cost), edit));
    for edit in dearest {
        chosen.remove(&edit);
        if !holds(chosen) {
            chosen.insert(edit);
        }
    }
}

/// Every edit once, with the edges that it cuts.
struct Edits<'g> {
    all: Vec<&'g Edit>,
    cuts: Vec<BTreeSet<usize>>,
    on_edge: BTreeMap<usize, Vec<usize>>,
}

impl<'g> Edits<'g> {
    fn of(graph: &'g Graph) -> Self {
        let mut by_id: BTreeMap<&str, (&Edit, BTreeSet<usize>)> = BTreeMap::new();
        for (index, edge) in graph.edges().iter().enumerate() {
            for edit in &edge.edits {
                by_id
                    .entry(&edit.id)
                    .or_insert_with(|| (edit, BTreeSet::new()))
                    .1
                    .insert(index);
            }
        }
        let (all, cuts): (Vec<_>, Vec<_>) = by_id.into_values().unzip();
        let mut on_edge: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (edit, edges) in cuts.iter().enumerate() {
            for &edge in edges {
                on_edge.entry(edge).or_default().push(edit);
            }
        }
        Self { all, cuts, on_edge }
    }

    fn edges(&self, chosen: &BTreeSet<usize>) -> BTreeSet<usize> {
        chosen
            .iter()
            .flat_map(|&edit| &self.cuts[edit])
            .copied()
            .collect()
    }

    fn cost(&self, chosen: &BTreeSet<usize>) -> u64 {
        chosen
            .iter()
            .map(|&edit| u64::from(self.all[edit].cost))
            .sum()
    }

    /// Edits that cut several edges, the ones a flow may have counted twice; bounded.
    fn shared(&self) -> Vec<usize> {
        const MOST: usize = 128;
        let mut shared: Vec<usize> = (0..self.all.len())
            .filter(|&edit| self.cuts[edit].len() > 1)
            .collect();
        shared.sort_by_key(|&edit| (std::cmp::Reverse(self.cuts[edit].len()), edit));
        shared.truncate(MOST);
        shared
    }

    fn ordered(&self, chosen: &BTreeSet<usize>, trails: &[Trail]) -> Vec<Edit> {
        let hits = |edit: usize| {
            let on = |trail: &&Trail| {
                trail
                    .edges
                    .iter()
                    .any(|edge| self.cuts[edit].contains(edge))
            };
            trails.iter().filter(on).count()
        };
        let mut ordered: Vec<(usize, usize)> =
            chosen.iter().map(|&edit| (hits(edit), edit)).collect();
        ordered.sort_by_key(|&(hits, edit)| (std::cmp::Reverse(hits), edit));
        ordered
            .into_iter()
            .map(|(_, edit)| self.all[edit].clone())
            .collect()
    }
}

/// The flow network: the relevant edges, with gates.
struct Network {
    graph: DiGraph<(), u64>,
    edit_of: Vec<Option<usize>>,
    source: NodeIndex,
    sink: NodeIndex,
}

impl Network {
    fn new(graph: &Graph, edits: &Edits<'_>, floor: Severity) -> Self {
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
    fn cut(&self) -> BTreeSet<usize> {
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
