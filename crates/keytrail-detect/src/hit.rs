//! A key that was found.

use std::fmt;
use std::ops::Range;

use keytrail_model::{Fingerprint, Fingerprinter, Masked, Proof, Secret, SightingConfidence};

/// One key in a text.
pub struct Hit {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// Provider's id; `generic` for a key known only by value and context.
    pub provider: &'static str,
    /// Provider's name for people.
    pub title: &'static str,
    /// The key. For private keys, the body of the block without line ends, so that the same
    /// key in a file and in a string literal is one key.
    pub secret: Secret,
    /// What a person may see of it.
    pub masked: Masked,
    /// How sure.
    pub confidence: SightingConfidence,
    /// What was proved offline.
    pub proofs: Vec<Proof>,
    /// The name it is assigned to.
    pub name: Option<String>,
    /// What a holder can do with it; empty when not known.
    pub power: &'static str,
    /// How to change it; empty when not known.
    pub rotate: &'static str,
}

impl Hit {
    /// `None` for keys of low entropy.
    pub fn fingerprint(&self, prints: &Fingerprinter) -> Option<Fingerprint> {
        prints.fingerprint(&self.secret)
    }
}

impl fmt::Debug for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hit")
            .field("range", &self.range)
            .field("provider", &self.provider)
            .field("masked", &self.masked.to_string())
            .field("confidence", &self.confidence)
            .field("proofs", &self.proofs)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
