//! Digests and deterministic names. What stands in a name, a token or the journal is keyed: it gives
//! no guess at a key away.

use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The key of a keyed digest.
#[derive(Clone)]
pub struct Seal(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// From the bytes of a salt, a pepper or a signing key.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// HMAC-SHA-256 of `bytes` alone: what an application computes to look a key up.
    pub fn digest(&self, bytes: &[u8]) -> String {
        hex(&self.mac().chain_update(bytes).finalize().into_bytes())
    }

    /// HMAC-SHA-256 of parts that can't run into each other.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> String {
        let mut mac = self.mac();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        hex(&mac.finalize().into_bytes())
    }

    /// A token in the form of a UUID, as Secrets Manager takes them for versions.
    pub(crate) fn token(&self, parts: &[&[u8]]) -> String {
        let digest = self.of(parts);
        let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default().to_owned();
        [
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32),
        ]
        .join("-")
    }

    fn mac(&self) -> Hmac<Sha256> {
        match Hmac::new_from_slice(&self.0) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC-SHA-256 accepts a key of any length"),
        }
    }
}

/// Without a key: for what has to be computed by a reader that has none.
pub(crate) fn plain_digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Random bytes as hexadecimal digits.
pub(crate) fn random() -> Option<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

/// One text for equal primary keys: names sorted, one type and value each.
pub(crate) fn canonical_key(keys: &[String], item: &crate::Item) -> String {
    let mut names: Vec<&String> = keys.iter().collect();
    names.sort();
    let parts = names.into_iter().map(|name| {
        let value = item.get(name).cloned().unwrap_or(Value::Null);
        let (kind, text) = match value.as_object().and_then(|map| map.iter().next()) {
            Some((kind, text)) => (kind.clone(), text.as_str().unwrap_or_default().to_owned()),
            None => (String::new(), String::new()),
        };
        Value::from(vec![name.clone(), kind, text])
    });
    Value::Array(parts.collect()).to_string()
}
