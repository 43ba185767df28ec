//! Who can get at something: every actor, rightful or not, with the way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use keytrail_model::{Actor, Confidence, Guard, KeyIdentity, KeyRef, Node, Place, Rightful, Step};

use crate::Graph;
use crate::paths::LEVELS;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All key attributes of a table.
    Table(String),
    /// One attribute of a table.
    Attribute {
        /// The table's name.
        table: String,
        /// The attribute's path.
        attribute: String,
    },
    /// A setting, environment variable or vault secret.
    Setting(String),
    /// Concrete keys: by the start of a fingerprint or by provider.
    Key(String),
}

/// One actor that stands at the end of a way from the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub actor: Actor,
    /// Whether they should.
    pub rightful: Rightful,
    /// How sure.
    pub confidence: Confidence,
    /// The edges of the way.
    pub edges: Vec<usize>,
    /// Their evidence.
    pub steps: Vec<Step>,
    /// What holds the way, and what is missing.
    pub guards: Vec<Guard>,
}

impl Target {
    /// Understands `table`, `table.attribute`, a setting's name, a fingerprint's start or a
    /// provider, as far as the graph knows them.
    pub fn find(graph: &Graph, text: &str) -> Option<Self> {
        let candidates = [
            Self::Table(text.to_owned()),
            Self::Setting(text.to_owned()),
            Self::Key(text.to_owned()),
        ];
        let attributes = text.match_indices('.').map(|(at, _)| Self::Attribute {
            table: text[..at].to_owned(),
            attribute: text[at + 1..].to_owned(),
        });
        candidates
            .into_iter()
            .chain(attributes)
            .find(|target| !target.starts(graph).is_empty())
    }

    /// What could be asked about, sorted: for "did you mean".
    pub fn known(graph: &Graph) -> BTreeSet<String> {
        graph
            .keys()
            .flat_map(|(_, key)| match key {
                KeyRef::Attribute { table, attribute } => {
                    vec![table.to_string(), format!("{table}.{attribute}")]
                }
                KeyRef::Setting(name) | KeyRef::Vault(name) | KeyRef::Decrypted(name) => {
                    vec![name.clone()]
                }
                KeyRef::Concrete { provider, .. } => vec![provider.clone()],
                KeyRef::Transient(_) => Vec::new(),
            })
            .collect()
    }

    fn starts(&self, graph: &Graph) -> Vec<usize> {
        let is_start = |node: &Node| match (self, node) {
            (Self::Table(name), Node::Key(KeyRef::Attribute { table, .. })) => **table == **name,
            (
                Self::Attribute { table, attribute },
                Node::Key(KeyRef::Attribute {
                    table: of,
                    attribute: it,
                }),
            ) => **of == **table && it == attribute,
            (
                Self::Setting(name),
                Node::Key(KeyRef::Setting(it) | KeyRef::Vault(it) | KeyRef::Decrypted(it))
                | Node::Place(Place::Setting(it)),
            ) => it == name,
            (Self::Key(text), Node::Key(KeyRef::Concrete { provider, identity })) => {
                provider == text || names(identity, text)
            }
            _ => false,
        };
        let nodes = graph.nodes().iter().enumerate();
        nodes
            .filter(|(_, node)| is_start(node))
            .map(|(number, _)| number)
            .collect()
    }
}

/// Eight hexadecimal digits are enough to mean one key.
fn names(identity: &KeyIdentity, text: &str) -> bool {
    const ENOUGH: usize = 8;
    match identity {
        KeyIdentity::Fingerprint(print) => {
            text.len() >= ENOUGH && print.to_string().starts_with(text)
        }
        KeyIdentity::Place(_) => false,
    }
}

impl Graph {
    /// Every actor that a way leads to from the target, wrong ones first, each with one way for
    /// every last place before it.
    pub fn who(&self, target: &Target) -> Vec<Standing> {
        let starts = target.starts(self);
        let mut found: BTreeMap<usize, Standing> = BTreeMap::new();
        for level in LEVELS {
            let by = self.spread(&starts, level);
            for (edge, it) in self.edges().iter().enumerate() {
                let Node::Actor(actor) = &it.to else {
                    continue;
                };
                let (from, _) = self.ends(edge);
                if it.confidence < level || !by.contains_key(&from) || found.contains_key(&edge) {
                    continue;
                }
                let edges = self.back_from(edge, &by);
                found.insert(
                    edge,
                    Standing {
                        actor: actor.clone(),
                        rightful: actor.rightful(),
                        confidence: level,
                        steps: self.steps(&edges),
                        guards: self.guards(&edges),
                        edges,
                    },
                );
            }
        }
        let mut standings: Vec<Standing> = found.into_values().collect();
        standings.sort_by(|one, other| {
            (other.rightful, &one.actor, other.confidence, &one.edges).cmp(&(
                one.rightful,
                &other.actor,
                one.confidence,
                &other.edges,
            ))
        });
        standings
    }

    /// Node → the edge by which it was first reached; `None` for a start.
    fn spread(&self, starts: &[usize], level: Confidence) -> BTreeMap<usize, Option<usize>> {
        let mut by: BTreeMap<usize, Option<usize>> =
            starts.iter().map(|&start| (start, None)).collect();
        let mut queue: VecDeque<usize> = starts.iter().copied().collect();
        while let Some(node) = queue.pop_front() {
            for &edge in self.out_edges(node) {
                let (_, to) = self.ends(edge);
                if self.edges()[edge].confidence >= level && !by.contains_key(&to) {
                    by.insert(to, Some(edge));
                    queue.push_back(to);
                }
            }
        }
        by
    }

    fn back_from(&self, last: usize, by: &BTreeMap<usize, Option<usize>>) -> Vec<usize> {
        let mut edges = vec![last];
        let mut node = self.ends(last).0;
        while let Some(Some(edge)) = by.get(&node) {
            edges.push(*edge);
            node = self.ends(*edge).0;
        }
        edges.reverse();
        edges
    }
}
