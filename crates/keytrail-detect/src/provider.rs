//! One provider of keys, as its TOML file says it.

use std::sync::OnceLock;

use keytrail_model::SightingConfidence;
use regex::bytes::Regex;
use serde::Deserialize;

use crate::proof::ProofKind;
use crate::validation::Validation;

/// A kind of key: how it is found, what it opens, how it is changed.
#[derive(Debug)]
pub struct Provider {
    /// `stripe-secret-key`; unique, kebab-case.
    pub id: String,
    /// For people: `Stripe secret key`.
    pub title: String,
    /// Length of the part that names the provider and may be shown, in bytes.
    pub public_prefix: usize,
    /// How sure a match is when nothing else speaks for or against it.
    pub confidence: SightingConfidence,
    /// What a holder can do with it, in a clause.
    pub power: String,
    /// How to change it, in a sentence or two.
    pub rotate: String,
    /// Where its owner describes it.
    pub docs: String,
    /// Templates of texts in which it must be found; see [`crate::expand`].
    pub examples: Vec<String>,
    /// Templates of texts in which it must not be found.
    pub counter_examples: Vec<String>,
    /// How its vendor is asked whether a key still works; `None` where there is no harmless way.
    pub validation: Option<Validation>,
    pub(crate) search: Search,
}

/// Everything that finding needs.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent yes-or-no fields of a provider file"
)]
pub(crate) struct Search {
    /// For windows that begin at the anchor.
    pub(crate) at_start: Pattern,
    /// For windows that begin before it.
    pub(crate) anywhere: Pattern,
    /// Must match a whole value.
    pub(crate) whole: Pattern,
    /// Rare literals, case-sensitive, one of which stands in every match.
    pub(crate) anchors: Vec<Vec<u8>>,
    /// Starts of runs of token characters, for keys whose literals are too short to search for.
    pub(crate) run_prefixes: Vec<Vec<u8>>,
    /// A URL with something before an `@`.
    pub(crate) in_urls: bool,
    /// Words of the surrounding name or line, lower case; `=name` must be the whole name.
    pub(crate) names: Vec<String>,
    /// Words that rule it out.
    pub(crate) not_names: Vec<String>,
    /// Stands within so many bytes of a match of that provider.
    pub(crate) near: Option<Near>,
    /// Bytes before the anchor that may belong to the match.
    pub(crate) lookback: usize,
    /// Bytes after the anchor that may belong to the match.
    pub(crate) reach: usize,
    /// No token character may touch the match.
    pub(crate) boundary: bool,
    /// The part after the prefix must look random.
    pub(crate) random: bool,
    /// Least Shannon entropy in bits per byte.
    pub(crate) entropy: f64,
    /// Prose and tests are full of made-up ones: only low there.
    pub(crate) doubtful_in_prose: bool,
    /// The pattern has a group `secret`: the key is that part only.
    pub(crate) grouped: bool,
    /// Wins over others of lower rank at the same place.
    pub(crate) rank: u8,
    /// What can be proved offline.
    pub(crate) proof: Option<ProofKind>,
}

/// A regular expression that is compiled when it is first needed: most texts need few.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(text: String) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// `None` for a pattern that is none; the registry tests make sure that there is no such.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| Regex::new(&self.text).ok())
            .as_ref()
    }

    pub(crate) fn is_match(&self, bytes: &[u8]) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(bytes))
    }
}

/// A partner that must stand near.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Near {
    pub(crate) provider: String,
    pub(crate) bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    provider: Vec<RawProvider>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent yes-or-no fields of a provider file"
)]
struct RawProvider {
    id: String,
    title: String,
    pattern: String,
    #[serde(default)]
    anchors: Vec<String>,
    #[serde(default)]
    run_prefixes: Vec<String>,
    #[serde(default)]
    in_urls: bool,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    not_names: Vec<String>,
    near: Option<Near>,
    #[serde(default)]
    lookback: usize,
    #[serde(default = "default_reach")]
    reach: usize,
    #[serde(default)]
    prefix: usize,
    #[serde(default)]
    rank: u8,
    #[serde(default = "yes")]
    boundary: bool,
    #[serde(default = "yes")]
    random: bool,
    #[serde(default)]
    entropy: f64,
    #[serde(default)]
    doubtful_in_prose: bool,
    confidence: RawConfidence,
    proof: Option<ProofKind>,
    power: String,
    rotate: String,
    docs: String,
    examples: Vec<String>,
    counter_examples: Vec<String>,
    validate: Option<Validation>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawConfidence {
    Low,
    Medium,
    High,
}

fn default_reach() -> usize {
    512
}

fn yes() -> bool {
    true
}

/// Reads one provider file.
pub(crate) fn parse(text: &str) -> Result<Vec<Provider>, toml::de::Error> {
    let file: RawFile = toml::from_str(text)?;
    Ok(file.provider.into_iter().map(RawProvider::build).collect())
}

impl RawProvider {
    fn build(self) -> Provider {
        let search = Search {
            at_start: Pattern::new(format!("(?-u)^(?:{})", self.pattern)),
            anywhere: Pattern::new(format!("(?-u){}", self.pattern)),
            whole: Pattern::new(format!("(?-u)^(?:{})$", self.pattern)),
            anchors: self.anchors.into_iter().map(String::into_bytes).collect(),
            run_prefixes: self
                .run_prefixes
                .into_iter()
                .map(String::into_bytes)
                .collect(),
            in_urls: self.in_urls,
            names: self.names,
            not_names: self.not_names,
            near: self.near,
            lookback: self.lookback,
            reach: self.reach,
            boundary: self.boundary,
            random: self.random,
            entropy: self.entropy,
            doubtful_in_prose: self.doubtful_in_prose,
            grouped: self.pattern.contains("(?P<secret>"),
            rank: self.rank,
            proof: self.proof,
        };
        Provider {
            id: self.id,
            title: self.title,
            public_prefix: self.prefix,
            confidence: match self.confidence {
                RawConfidence::Low => SightingConfidence::Low,
                RawConfidence::Medium => SightingConfidence::Medium,
                RawConfidence::High => SightingConfidence::High,
            },
            power: self.power,
            rotate: self.rotate,
            docs: self.docs,
            examples: self.examples,
            counter_examples: self.counter_examples,
            validation: self.validate,
            search,
        }
    }
}
