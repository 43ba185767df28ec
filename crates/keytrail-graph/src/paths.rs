//! Exposure paths: from a key to somebody who should not have it.

use std::cmp::{Ordering, Reverse};
use std::collections::VecDeque;

use keytrail_model::{
    Actor, Confidence, ExposurePath, Guard, KeyPower, KeyRef, Node, Severity, Step,
};

use crate::Graph;
use crate::severity::{POWERS, Reach, severity};

/// Sure edges first: a longer path that is sure says more than a short one that is not.
pub(crate) const LEVELS: [Confidence; 3] = [
    Confidence::Observed,
    Confidence::Likely,
    Confidence::Possible,
];

/// A path without its evidence, for counting and sorting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trail {
    pub(crate) severity: Severity,
    pub(crate) key: usize,
    pub(crate) edges: Vec<usize>,
}

impl Graph {
    /// Listed paths are bounded; the worst are kept.
    const MOST_PATHS: usize = 2000;

    /// For each key and each way in which a wrong actor is reached, one shortest path, the surer
    /// before the shorter; sorted by severity, then by nodes.
    pub fn exposure_paths(&self) -> Vec<ExposurePath> {
        let mut trails = self.trails();
        trails.truncate(Self::MOST_PATHS);
        trails
            .into_iter()
            .filter_map(|trail| self.path(trail.edges))
            .collect()
    }

    /// The exposure paths of one key, the worst first.
    pub fn paths_of(&self, key: &KeyRef) -> Vec<ExposurePath> {
        let mut walker = Walker::new(self);
        let start = self.keys().find(|(_, known)| *known == key);
        let mut trails: Vec<Trail> = start
            .map(|(start, key)| self.trails_of(&mut walker, start, key))
            .unwrap_or_default();
        trails
            .sort_by(|one, other| (other.severity, &one.edges).cmp(&(one.severity, &other.edges)));
        trails
            .into_iter()
            .filter_map(|trail| self.path(trail.edges))
            .collect()
    }

    pub(crate) fn trails(&self) -> Vec<Trail> {
        let mut walker = Walker::new(self);
        let mut trails = Vec::new();
        for (start, key) in self.keys() {
            trails.extend(self.trails_of(&mut walker, start, key));
        }
        trails.sort_by(|one, other| {
            (other.severity, one.key, &one.edges).cmp(&(one.severity, other.key, &other.edges))
        });
        trails
    }

    fn trails_of(&self, walker: &mut Walker, start: usize, key: &KeyRef) -> Vec<Trail> {
        let power = self.power(key);
        let mut trails = Vec::new();
        let mut ends: Vec<usize> = Vec::new();
        for level in LEVELS {
            walker.walk(self, start, level);
            for edge in walker.terminals(self) {
                if ends.contains(&edge) {
                    continue;
                }
                ends.push(edge);
                if let Node::Actor(actor) = &self.edges()[edge].to {
                    trails.push(Trail {
                        severity: severity(power, Reach::of(actor), level),
                        key: start,
                        edges: walker.trail(self, edge),
                    });
                }
            }
        }
        trails
    }

    /// A path over these edges; `None` unless they lead from a key to an actor.
    pub(crate) fn path(&self, edges: Vec<usize>) -> Option<ExposurePath> {
        let (first, last) = (*edges.first()?, *edges.last()?);
        let (Node::Key(key), Node::Actor(actor)) =
            (&self.edges()[first].from, &self.edges()[last].to)
        else {
            return None;
        };
        let confidence = edges
            .iter()
            .map(|&edge| self.edges()[edge].confidence)
            .min()
            .unwrap_or(Confidence::Possible);
        let power = self.power(key);
        Some(ExposurePath {
            severity: severity(power, Reach::of(actor), confidence),
            confidence,
            key: key.clone(),
            power,
            actor: actor.clone(),
            steps: self.steps(&edges),
            edges,
        })
    }

    /// The evidence of edges in order; what two neighbours both tell is told once.
    pub fn steps(&self, edges: &[usize]) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for step in edges.iter().flat_map(|&edge| &self.edges()[edge].steps) {
            if steps
                .last()
                .is_none_or(|last| last.location != step.location)
            {
                steps.push(step.clone());
            }
        }
        steps
    }

    /// What holds a path, and what was looked for and is missing.
    pub fn guards(&self, edges: &[usize]) -> Vec<Guard> {
        let mut guards: Vec<Guard> = Vec::new();
        for guard in edges.iter().flat_map(|&edge| &self.edges()[edge].guards) {
            if !guards.contains(guard) {
                guards.push(guard.clone());
            }
        }
        guards
    }
}

/// Breadth-first search that reuses its memory from key to key.
struct Walker {
    stamp: usize,
    seen: Vec<usize>,
    by: Vec<usize>,
    order: Vec<usize>,
    start: usize,
    level: Confidence,
}

impl Walker {
    fn new(graph: &Graph) -> Self {
        Self {
            stamp: 0,
            seen: vec![0; graph.nodes().len()],
            by: vec![usize::MAX; graph.nodes().len()],
            order: Vec::new(),
            start: 0,
            level: Confidence::Likely,
        }
    }

    fn walk(&mut self, graph: &Graph, start: usize, level: Confidence) {
        self.stamp += 1;
        self.start = start;
        self.level = level;
        self.order.clear();
        self.order.push(start);
        self.seen[start] = self.stamp;
        let mut at = 0;
        while let Some(&node) = self.order.get(at) {
            at += 1;
            for &edge in graph.out_edges(node) {
                let (_, to) = graph.ends(edge);
                if graph.edges()[edge].confidence >= level && self.seen[to] != self.stamp {
                    self.seen[to] = self.stamp;
                    self.by[to] = edge;
                    self.order.push(to);
                }
            }
        }
    }

    /// Wrongful terminal edges within reach, nearest first.
    fn terminals(&self, graph: &Graph) -> Vec<usize> {
        self.order
            .iter()
            .flat_map(|&node| graph.out_edges(node))
            .copied()
            .filter(|&edge| {
                graph.edges()[edge].confidence >= self.level
                    && graph.is_wrongful(edge)
                    && !graph.is_shadowed(edge)
            })
            .collect()
    }

    fn trail(&self, graph: &Graph, last: usize) -> Vec<usize> {
        let mut edges = vec![last];
        let mut node = graph.ends(last).0;
        while node != self.start {
            let edge = self.by[node];
            edges.push(edge);
            node = graph.ends(edge).0;
        }
        edges.reverse();
        edges
    }
}

/// For every node the nearest key behind it and the nearest wrong actor before it, by power,
/// reach and confidence: the worst path through any edge is then a look-up.
#[derive(Debug)]
pub struct Through<'g> {
    graph: &'g Graph,
    back: Vec<Nearest>,
    ahead: Vec<Nearest>,
}

#[derive(Debug)]
struct Nearest {
    level: Confidence,
    rank: usize,
    distance: Vec<u32>,
    by: Vec<usize>,
}

impl Graph {
    /// Prepares questions about single edges.
    pub fn through(&self) -> Through<'_> {
        let mut back = Vec::new();
        let mut ahead = Vec::new();
        for level in LEVELS {
            for (rank, power) in POWERS.into_iter().enumerate() {
                back.push(self.nearest_keys(level, rank, power));
            }
            for (rank, reach) in Reach::ALL.into_iter().enumerate() {
                ahead.push(self.nearest_actors(level, rank, reach));
            }
        }
        Through {
            graph: self,
            back,
            ahead,
        }
    }

    fn nearest_keys(&self, level: Confidence, rank: usize, power: KeyPower) -> Nearest {
        let starts = self
            .keys()
            .filter(|(_, key)| self.power(key) == power)
            .map(|(number, _)| number);
        let mut nearest = Nearest::new(self, level, rank);
        let mut queue: VecDeque<usize> = starts.collect();
        for &start in &queue {
            nearest.distance[start] = 0;
        }
        while let Some(node) = queue.pop_front() {
            for &edge in self.out_edges(node) {
                let (_, to) = self.ends(edge);
                if self.edges()[edge].confidence >= level
                    && nearest.reach(to, edge, nearest.distance[node] + 1)
                {
                    queue.push_back(to);
                }
            }
        }
        nearest
    }

    fn nearest_actors(&self, level: Confidence, rank: usize, reach: Reach) -> Nearest {
        let mut nearest = Nearest::new(self, level, rank);
        let mut queue: VecDeque<usize> = VecDeque::new();
        for (number, node) in self.nodes().iter().enumerate() {
            if let Node::Actor(actor) = node
                && actor.rightful() == keytrail_model::Rightful::No
                && Reach::of(actor) == reach
            {
                nearest.distance[number] = 0;
                queue.push_back(number);
            }
        }
        while let Some(node) = queue.pop_front() {
            for &edge in self.in_edges(node) {
                let (from, _) = self.ends(edge);
                let usable = self.edges()[edge].confidence >= level && !self.is_shadowed(edge);
                if usable && nearest.reach(from, edge, nearest.distance[node] + 1) {
                    queue.push_back(from);
                }
            }
        }
        nearest
    }
}

impl Nearest {
    fn new(graph: &Graph, level: Confidence, rank: usize) -> Self {
        Self {
            level,
            rank,
            distance: vec![u32::MAX; graph.nodes().len()],
            by: vec![usize::MAX; graph.nodes().len()],
        }
    }

    fn reach(&mut self, node: usize, edge: usize, distance: u32) -> bool {
        let new = self.distance[node] == u32::MAX;
        if new {
            self.distance[node] = distance;
            self.by[node] = edge;
        }
        new
    }
}

impl Through<'_> {
    /// The worst exposure path that uses this edge.
    pub fn edge(&self, edge: usize) -> Option<ExposurePath> {
        self.graph.path(self.worst(edge)?.edges(self, edge))
    }

    fn worst(&self, edge: usize) -> Option<Worst> {
        let (from, to) = self.graph.ends(edge);
        let confidence = self.graph.edges()[edge].confidence;
        if self.graph.is_shadowed(edge) {
            return None;
        }
        let mut best: Option<Worst> = None;
        for (number, back) in self.back.iter().enumerate() {
            if back.level > confidence || back.distance[from] == u32::MAX {
                continue;
            }
            for (other, ahead) in self.ahead.iter().enumerate() {
                if ahead.level != back.level || ahead.distance[to] == u32::MAX {
                    continue;
                }
                let found = Worst {
                    severity: severity(POWERS[back.rank], Reach::ALL[ahead.rank], back.level),
                    confidence: back.level,
                    length: Reverse(back.distance[from] + ahead.distance[to]),
                    back: number,
                    ahead: other,
                };
                if best.is_none_or(|known| found.rank() > known.rank()) {
                    best = Some(found);
                }
            }
        }
        best
    }

    /// The worst exposure path over any of these edges.
    pub fn any(&self, edges: impl IntoIterator<Item = usize>) -> Option<ExposurePath> {
        // A place that every route shows has thousands: only the worst are spelled out.
        let mut worst: Vec<(Worst, usize)> = Vec::new();
        for edge in edges {
            let Some(found) = self.worst(edge) else {
                continue;
            };
            match worst
                .first()
                .map(|(known, _)| found.rank().cmp(&known.rank()))
            {
                Some(Ordering::Less) => continue,
                Some(Ordering::Greater) => worst.clear(),
                Some(Ordering::Equal) | None => {}
            }
            worst.push((found, edge));
        }
        let trails = worst
            .into_iter()
            .map(|(found, edge)| found.edges(self, edge));
        self.graph.path(trails.min()?)
    }

    fn edges_through(&self, edge: usize, back: usize, ahead: usize) -> Vec<usize> {
        let (mut from, mut to) = self.graph.ends(edge);
        let mut edges = vec![edge];
        while self.back[back].distance[from] > 0 {
            let before = self.back[back].by[from];
            edges.push(before);
            from = self.graph.ends(before).0;
        }
        edges.reverse();
        while self.ahead[ahead].distance[to] > 0 {
            let after = self.ahead[ahead].by[to];
            edges.push(after);
            to = self.graph.ends(after).1;
        }
        edges
    }
}

/// The worst path through an edge, not yet spelled out.
#[derive(Clone, Copy)]
struct Worst {
    severity: Severity,
    confidence: Confidence,
    length: Reverse<u32>,
    back: usize,
    ahead: usize,
}

impl Worst {
    /// The worse is the greater, then the surer, then the shorter.
    fn rank(&self) -> (Severity, Confidence, Reverse<u32>) {
        (self.severity, self.confidence, self.length)
    }

    fn edges(&self, through: &Through<'_>, edge: usize) -> Vec<usize> {
        through.edges_through(edge, self.back, self.ahead)
    }
}

/// A key and an actor, for messages: `any signed-in user gets keys.api_key`.
pub fn key_name(key: &KeyRef) -> String {
    match key {
        KeyRef::Attribute { table, attribute } => format!("{table}.{attribute}"),
        KeyRef::Setting(name)
        | KeyRef::Vault(name)
        | KeyRef::Decrypted(name)
        | KeyRef::Transient(name) => name.clone(),
        KeyRef::Concrete { provider, .. } => provider.clone(),
    }
}

/// True where a path ends with somebody from outside or any user.
pub fn is_public(actor: &Actor) -> bool {
    Reach::of(actor) >= Reach::Users
}
