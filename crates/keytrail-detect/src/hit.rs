//! A key that was found.

use std::fmt;
use std::ops::Range;

use keytrail_model::{Fingerprint, Fingerprinter, Masked, Proof, Secret, SightingConfidence};

use crate::detector::Compiled;
use crate::judge::Kind;
use crate::layers::Layer;
use crate::proof::{self, ProofKind};
use crate::scan::Found;

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
    /// The encodings it stands under, the outermost first; its place is then the encoded stretch.
    pub layers: Vec<Layer>,
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
            .field("layers", &self.layers)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What is handed out of what was found.
pub(crate) fn to_hit(compiled: &'static Compiled, bytes: &[u8], found: Found) -> Hit {
    let raw = &bytes[found.range.clone()];
    let (provider, title, prefix, power, rotate) = match found.kind {
        Kind::Named(index) => {
            let provider = &compiled.providers[index];
            (
                provider.id.as_str(),
                provider.title.as_str(),
                provider.public_prefix,
                provider.power.as_str(),
                provider.rotate.as_str(),
            )
        }
        Kind::Token => ("generic", "Key or token", 0, "", ""),
        Kind::Password => ("generic", "Password", 0, "", ""),
    };
    let secret = match found.kind {
        Kind::Named(index) if compiled.providers[index].search.proof == Some(ProofKind::Pem) => {
            Secret::new(&proof::pem_body(raw))
        }
        _ => Secret::new(raw),
    };
    Hit {
        masked: Masked::of(&secret, prefix),
        range: found.range,
        provider,
        title,
        secret,
        confidence: found.confidence,
        proofs: found.proofs,
        layers: Vec::new(),
        name: found.name,
        power,
        rotate,
    }
}
