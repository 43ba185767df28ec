//! The least cut: the cheapest edits after which no path at or above a severity is left.
//!
//! Minimum cut by maximum flow. An edit that cuts several edges counts once: edges that share
//! an edit and their head (or tail) are led through one gate whose capacity is the edit's cost.
//! Where an edit's edges share neither, each carries the cost, which may overestimate; a last
//! pass then drops and swaps edits as long as the set stays a cut. Every answer is checked by
//! searching again with the edits applied.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use keytrail_model::{Confidence, Edit, Node, Severity};

use crate::Graph;
use crate::network::Network;
use crate::paths::{LEVELS, Trail};
use crate::severity::{POWERS, Reach, severity};

/// The cheapest set of edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeastCut {
    /// What to do; what closes most comes first.
    pub edits: Vec<Edit>,
    /// For the first edits (sixteen at most): how many paths are closed once it and those before
    /// it are made.
    pub first_close: Vec<usize>,
    /// How many paths are closed by it.
    pub closes: usize,
    /// Of how many at or above the severity.
    pub of: usize,
}

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
        let ordered = edits.ordered(&chosen, &trails);
        let first_close = (1..=ordered.len().min(Self::COUNTED))
            .map(|first| {
                let made: BTreeSet<usize> = ordered[..first].iter().copied().collect();
                self.closed(floor, &trails, &edits.edges(&made))
            })
            .collect();
        LeastCut {
            closes: self.closed(floor, &trails, &edits.edges(&chosen)),
            edits: ordered
                .into_iter()
                .map(|edit| edits.all[edit].clone())
                .collect(),
            first_close,
            of: trails.len(),
        }
    }

    /// Counting needs a search each.
    const COUNTED: usize = 16;

    /// How many of these paths have no way left once the edges are gone.
    fn closed(&self, floor: Severity, trails: &[Trail], removed: &BTreeSet<usize>) -> usize {
        let still_open = self.open_terminals(floor, removed);
        let is_closed = |trail: &&Trail| {
            !trail
                .edges
                .last()
                .is_some_and(|last| still_open.contains(&(trail.key, *last)))
        };
        trails.iter().filter(is_closed).count()
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
        let mut seen = vec![0_usize; self.nodes().len()];
        let mut visits = 0;
        for (start, key) in self.keys() {
            let power = self.power(key);
            for level in LEVELS {
                visits += 1;
                seen[start] = visits;
                let mut queue = vec![start];
                while let Some(node) = queue.pop() {
                    for &edge in self.out_edges(node) {
                        let it = &self.edges()[edge];
                        if it.confidence < level || removed.contains(&edge) {
                            continue;
                        }
                        let bad = |actor| severity(power, Reach::of(actor), level) >= floor;
                        if self.is_wrongful(edge)
                            && matches!(&it.to, Node::Actor(actor) if bad(actor))
                        {
                            open.insert((start, edge));
                        }
                        let (_, to) = self.ends(edge);
                        if seen[to] != visits {
                            seen[to] = visits;
                            queue.push(to);
                        }
                    }
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
    pub(crate) fn relevant(&self, floor: Severity) -> BTreeSet<usize> {
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
    dearest.sort_by_key(|&edit| (Reverse(edits.all[edit].cost), edit));
    for edit in dearest {
        chosen.remove(&edit);
        if !holds(chosen) {
            chosen.insert(edit);
        }
    }
}

/// Every edit once, with the edges that it cuts.
pub(crate) struct Edits<'g> {
    pub(crate) all: Vec<&'g Edit>,
    pub(crate) cuts: Vec<BTreeSet<usize>>,
    pub(crate) on_edge: BTreeMap<usize, Vec<usize>>,
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
        shared.sort_by_key(|&edit| (Reverse(self.cuts[edit].len()), edit));
        shared.truncate(MOST);
        shared
    }

    /// The one that cuts most of the paths first, then the one that cuts most of the rest, the
    /// cheaper before the dearer.
    fn ordered(&self, chosen: &BTreeSet<usize>, trails: &[Trail]) -> Vec<usize> {
        // by trail the edits that cut it, by edit its trails
        let mut cut_by: Vec<Vec<usize>> = vec![Vec::new(); trails.len()];
        let mut cuts: BTreeMap<usize, Vec<usize>> =
            chosen.iter().map(|&edit| (edit, Vec::new())).collect();
        for (number, trail) in trails.iter().enumerate() {
            let edits = trail.edges.iter().filter_map(|edge| self.on_edge.get(edge));
            for &edit in edits.flatten() {
                if let Some(cut) = cuts.get_mut(&edit)
                    && cut.last() != Some(&number)
                {
                    cut.push(number);
                    cut_by[number].push(edit);
                }
            }
        }
        let mut left: BTreeMap<usize, usize> =
            cuts.iter().map(|(&edit, cut)| (edit, cut.len())).collect();
        let mut done = vec![false; trails.len()];
        let mut ordered = Vec::with_capacity(cuts.len());
        while let Some(next) = left
            .iter()
            .min_by_key(|(edit, left)| (Reverse(**left), self.all[**edit].cost, **edit))
            .map(|(&edit, _)| edit)
        {
            left.remove(&next);
            for &number in &cuts[&next] {
                if !std::mem::replace(&mut done[number], true) {
                    for edit in &cut_by[number] {
                        if let Some(left) = left.get_mut(edit) {
                            *left -= 1;
                        }
                    }
                }
            }
            ordered.push(next);
        }
        ordered
    }
}
