//! Concrete keys.

use crate::{Fingerprint, Location, Masked};
use serde::{Deserialize, Serialize};

/// How much speaks for a sighting being a key that opens something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SightingConfidence {
    /// Only the context (a name beside a random-looking value).
    Low,
    /// A distinctive shape, or strong context and a random value.
    Medium,
    /// A shape that nothing else has, a checksum, or a pair that belongs together.
    High,
}

/// What was proved offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Proof {
    /// The token's own checksum fits.
    Checksum,
    /// The token's structure parses (JWT header, PEM body, account id of an AWS key id).
    Structure,
    /// Id and secret of one pair stand together.
    Pair,
}

/// What surrounds a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SightingContext {
    /// The name it is assigned to, as written: `STRIPE_API_KEY`.
    pub name: Option<String>,
    /// True in a file of tests or fixtures.
    pub test: bool,
    /// True where version control leaves the file out.
    pub ignored_file: bool,
    /// What wrote the line of a log: `logger django.request`, `step Run tests`, `unknown`. `None` in a file
    /// that is no log.
    pub writer: Option<String>,
}

/// A concrete key was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sighting {
    /// Where its bytes are.
    pub location: Location,
    /// Provider's id, `stripe-secret-key`; `generic` for a key known only by value and context.
    pub provider: String,
    /// Provider's name for people, `Stripe secret key`.
    pub title: String,
    /// `None` for keys of low entropy (see [`crate::Fingerprinter`]).
    pub fingerprint: Option<Fingerprint>,
    /// What a person may see of it.
    pub masked: Masked,
    /// How sure.
    pub confidence: SightingConfidence,
    /// What was proved without asking anybody.
    pub proofs: Vec<Proof>,
    /// What surrounds it.
    pub context: SightingContext,
    /// What a holder can do with it, in a clause; empty when not known.
    pub power: String,
    /// How to rotate it, a sentence; empty when not known.
    pub rotate: String,
}
