//! The compiled providers and what is asked of them.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::anchors::Anchors;
use crate::context::ScanContext;
use crate::hit::Hit;
use crate::names::Names;
use crate::prefixes::Prefixes;
use crate::provider::Provider;
use crate::registry;
use crate::scan::{Mode, Scan};

/// Finds keys. Compiled once per process; a copy costs nothing.
#[derive(Clone)]
pub struct Detector {
    pub(crate) compiled: &'static Compiled,
}

/// What a literal points to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The provider with this index.
    Provider(usize),
    /// Part of a name that is given passwords and secrets.
    SecretName,
}

pub(crate) struct Compiled {
    pub(crate) providers: &'static [Provider],
    pub(crate) anchors: Anchors,
    pub(crate) literals: Vec<Vec<u8>>,
    /// Per literal.
    pub(crate) targets: Vec<Vec<Target>>,
    /// Providers known by names.
    pub(crate) names: Names,
    /// Providers by the first bytes of a run of token characters.
    pub(crate) prefixed: Prefixes,
    /// Providers known by what stands near: theirs and the partner's index, the distance.
    pub(crate) paired: Vec<(usize, usize, usize)>,
}

/// Parts of names, without the first letter, so that one spelling covers `Secret` and `secret`.
const SECRET_NAME_PARTS: &[&str] = &[
    "assword",
    "ASSWORD",
    "asswd",
    "ASSWD",
    "assphrase",
    "ASSPHRASE",
    "ecret",
    "ECRET",
    "_pwd",
    "_PWD",
    "Pwd",
];

impl Compiled {
    fn new() -> Self {
        let providers = registry::providers();
        let mut pairs: Vec<(Vec<u8>, Target)> = SECRET_NAME_PARTS
            .iter()
            .map(|part| (part.as_bytes().to_vec(), Target::SecretName))
            .collect();
        for (index, provider) in providers.iter().enumerate() {
            for anchor in &provider.search.anchors {
                pairs.push((anchor.clone(), Target::Provider(index)));
            }
        }
        let (literals, targets) = merge(pairs);
        let position = |id: &str| providers.iter().position(|provider| provider.id == id);
        Self {
            anchors: Anchors::new(&literals),
            literals,
            targets,
            names: Names::new(providers),
            prefixed: Prefixes::new(providers),
            paired: providers
                .iter()
                .enumerate()
                .filter_map(|(index, provider)| {
                    let near = provider.search.near.as_ref()?;
                    Some((index, position(&near.provider)?, near.bytes))
                })
                .collect(),
            providers,
        }
    }
}

/// Literals that begin with another one are dropped, and the other one points to their targets
/// as well: the patterns tell them apart.
fn merge(mut pairs: Vec<(Vec<u8>, Target)>) -> (Vec<Vec<u8>>, Vec<Vec<Target>>) {
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let mut literals: Vec<Vec<u8>> = Vec::new();
    let mut targets: Vec<Vec<Target>> = Vec::new();
    for (literal, target) in pairs {
        match (literals.last(), targets.last_mut()) {
            (Some(last), Some(of_last)) if literal.starts_with(last) => of_last.push(target),
            _ => {
                literals.push(literal);
                targets.push(vec![target]);
            }
        }
    }
    (literals, targets)
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// A text of nothing but keys is a dump; about so many are kept of it.
    pub const MOST_HITS: usize = 10_000;

    /// The built-in providers.
    pub fn new() -> Self {
        static COMPILED: OnceLock<Compiled> = OnceLock::new();
        Self {
            compiled: COMPILED.get_or_init(Compiled::new),
        }
    }

    /// All providers, sorted by id.
    pub fn providers(&self) -> &'static [Provider] {
        self.compiled.providers
    }

    /// All keys in `bytes`, by position; none overlaps another.
    pub fn scan(&self, bytes: &[u8], cx: &ScanContext<'_>) -> Vec<Hit> {
        Scan::new(self.compiled, bytes, cx, Mode::Strict).run()
    }

    /// One string literal and the name it is assigned to: the surest key in it.
    pub fn examine(&self, value: &str, name: Option<&str>) -> Option<Hit> {
        let cx = ScanContext::default();
        Scan::new(self.compiled, value.as_bytes(), &cx, Mode::Strict).examine(name)
    }

    /// Replaces every key, at whatever level, and what stands beside a secret's name by its mask.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        crate::redact::redact(self.compiled, text)
    }
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Detector({} providers)", self.compiled.providers.len())
    }
}
