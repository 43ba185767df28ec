//! The compiled providers and what is asked of them.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::anchors::Anchors;
use crate::context::ScanContext;
use crate::hit::Hit;
use crate::names::Names;
use crate::provider::Provider;
use crate::registry;
use crate::runs::{Runs, is_token};
use crate::scan::{Mode, Scan};
use crate::starts::Starts;

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

/// Literals that are searched for, and what they point to.
pub(crate) struct Searched {
    pub(crate) anchors: Anchors,
    pub(crate) literals: Vec<Vec<u8>>,
    /// Per literal.
    pub(crate) targets: Vec<Vec<Target>>,
}

pub(crate) struct Compiled {
    pub(crate) providers: &'static [Provider],
    /// In the whole text.
    pub(crate) anywhere: Searched,
    /// Those of providers only.
    pub(crate) of_providers: Searched,
    /// Within long runs of token characters.
    pub(crate) inside: Searched,
    /// Where words begin.
    pub(crate) starts: Starts,
    /// Providers whose keys stand in URLs before an `@`.
    pub(crate) in_urls: Vec<usize>,
    /// Providers known by names.
    pub(crate) names: Names,
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
    "Pwd\"",
    "Pwd =",
    "Pwd=",
    "Pwd:",
];

/// Where a literal is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    Inside,
    Anywhere,
}

/// A literal of word characters that begins the match begins a word; one in its middle stands
/// within a run. Both hold since every such match has a run of [`crate::runs::SHORTEST`]
/// characters; the examples of the providers show it.
fn place(literal: &[u8], lookback: usize) -> Place {
    let word = |byte: &u8| is_token(*byte) || matches!(byte, b'.' | b'$');
    let has_run = Runs::new(literal).next().is_some();
    let begins = literal.first().is_some_and(u8::is_ascii_alphanumeric);
    if lookback == 0 && begins && (literal.iter().all(word) || has_run) {
        Place::Start
    } else if lookback > 0 && literal.iter().all(|&byte| is_token(byte)) {
        Place::Inside
    } else {
        Place::Anywhere
    }
}

impl Compiled {
    fn new() -> Self {
        let providers = registry::providers();
        let anchors = |wanted: Place| {
            providers.iter().enumerate().flat_map(move |(index, of)| {
                let fits = move |anchor: &&Vec<u8>| place(anchor, of.search.lookback) == wanted;
                let anchors = of.search.anchors.iter().filter(fits);
                anchors.map(move |anchor| (anchor.clone(), Target::Provider(index)))
            })
        };
        let names = SECRET_NAME_PARTS
            .iter()
            .map(|part| (part.as_bytes().to_vec(), Target::SecretName));
        Self {
            anywhere: Searched::new(names.chain(anchors(Place::Anywhere)).collect()),
            of_providers: Searched::new(anchors(Place::Anywhere).collect()),
            inside: Searched::new(anchors(Place::Inside).collect()),
            starts: starts(providers),
            in_urls: (0..providers.len())
                .filter(|&index| providers[index].search.in_urls)
                .collect(),
            names: Names::new(providers),
            paired: pairs(providers),
            providers,
        }
    }
}

fn starts(providers: &[Provider]) -> Starts {
    Starts::new(providers.iter().enumerate().flat_map(|(index, of)| {
        let search = &of.search;
        let anchors = search
            .anchors
            .iter()
            .filter(|anchor| place(anchor, search.lookback) == Place::Start);
        anchors
            .chain(&search.run_prefixes)
            .map(move |literal| (literal.clone(), index))
    }))
}

fn pairs(providers: &[Provider]) -> Vec<(usize, usize, usize)> {
    let position = |id: &str| providers.iter().position(|provider| provider.id == id);
    providers
        .iter()
        .enumerate()
        .filter_map(|(index, provider)| {
            let near = provider.search.near.as_ref()?;
            Some((index, position(&near.provider)?, near.bytes))
        })
        .collect()
}

impl Searched {
    /// Literals that begin with another one are dropped, and the other one points to their
    /// targets as well: the patterns tell them apart.
    fn new(mut pairs: Vec<(Vec<u8>, Target)>) -> Self {
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
        Self {
            anchors: Anchors::new(&literals),
            literals,
            targets,
        }
    }

    /// Calls `hit(target, position, length of the literal)`.
    pub(crate) fn each(&self, bytes: &[u8], mut hit: impl FnMut(Target, usize, usize)) {
        self.anchors.each(bytes, |literal, at| {
            for &target in &self.targets[literal] {
                hit(target, at, self.literals[literal].len());
            }
        });
    }
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

    /// All keys in `bytes`, by position; none overlaps another, but those below one encoded
    /// stretch share its place.
    pub fn scan(&self, bytes: &[u8], cx: &ScanContext<'_>) -> Vec<Hit> {
        self.scan_counting(bytes, cx).0
    }

    /// As [`Self::scan`], and how many encoded stretches were not looked into because together
    /// they are too long.
    pub fn scan_counting(&self, bytes: &[u8], cx: &ScanContext<'_>) -> (Vec<Hit>, usize) {
        let scanned = Scan::new(self.compiled, bytes, cx, Mode::Strict).run();
        (scanned.hits, scanned.undecoded)
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
