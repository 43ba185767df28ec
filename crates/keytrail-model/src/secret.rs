//! Law 1: no raw key leaves memory.
//!
//! A [`Secret`] owns the bytes of a key and wipes them when dropped. Facts and findings carry
//! a [`Fingerprint`] (keyed, so it means nothing outside the project) and a [`Masked`] preview.

use std::fmt;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The bytes of a key, as found. Has no `Clone`, `Display` or `Serialize` on purpose; the
/// bytes are reached only inside [`Secret::with_bytes`].
pub struct Secret(Zeroizing<Box<[u8]>>);

impl Secret {
    /// Takes a copy of `bytes`; the copy is wiped on drop.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(Box::from(bytes)))
    }

    /// Lends the bytes to `f`. Whatever `f` returns must not hold them.
    pub fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(&self.0)
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True for a key of no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Shannon entropy of the whole key, in bits (bits per byte × length).
    pub fn entropy_bits(&self) -> f64 {
        let mut counts = [0_u32; 256];
        for &byte in self.0.iter() {
            counts[usize::from(byte)] += 1;
        }
        let length = f64::from(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        counts
            .iter()
            .filter(|&&count| count > 0)
            .map(|&count| {
                let share = f64::from(count) / length;
                -f64::from(count) * share.log2()
            })
            .sum()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// Keyed digest of a key: the first 16 bytes of HMAC-SHA-256 under the project's salt.
///
/// Equal keys have equal fingerprints on every machine of a project (law 2), and nobody
/// without the salt can test a guess.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint([u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = ();

    /// Reads the 32 hexadecimal digits that `Display` writes.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.as_bytes();
        if digits.len() != 32 {
            return Err(());
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(drop)?;
            *byte = u8::from_str_radix(pair, 16).map_err(drop)?;
        }
        Ok(Self(bytes))
    }
}

/// Makes fingerprints under one salt.
#[derive(Clone)]
pub struct Fingerprinter {
    mac: Hmac<Sha256>,
    project_salt: bool,
}

impl Fingerprinter {
    /// Keys below this entropy could be found by trying all of them, so they get no
    /// fingerprint in any output (design, law 2).
    const MINIMUM_ENTROPY_BITS: f64 = 40.0;
    const DEFAULT_SALT: &'static [u8] = b"keytrail default salt v1";

    /// Fingerprints under the project's own salt.
    pub fn with_salt(salt: &[u8]) -> Self {
        Self {
            mac: Self::keyed(salt),
            project_salt: true,
        }
    }

    /// False where the fixed default salt is in use; the report says so.
    pub fn has_project_salt(&self) -> bool {
        self.project_salt
    }

    /// `None` for keys of so little entropy that the fingerprint would give them away.
    pub fn fingerprint(&self, secret: &Secret) -> Option<Fingerprint> {
        if secret.entropy_bits() < Self::MINIMUM_ENTROPY_BITS {
            return None;
        }
        let mut mac = self.mac.clone();
        secret.with_bytes(|bytes| mac.update(bytes));
        let digest = mac.finalize().into_bytes();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Some(Fingerprint(short))
    }

    /// A keyed digest of what is no key itself, such as a whole file: whoever has no salt can't
    /// test a guess at what is in it.
    pub fn digest<'b>(&self, parts: impl IntoIterator<Item = &'b [u8]>) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn keyed(salt: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length: longer ones are hashed, shorter ones padded.
        match Hmac::new_from_slice(salt) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC-SHA-256 accepts a key of any length"),
        }
    }
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Self {
            mac: Self::keyed(Self::DEFAULT_SALT),
            project_salt: false,
        }
    }
}

impl fmt::Debug for Fingerprinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprinter(project salt: {})", self.project_salt)
    }
}

/// What a person may see of a key: at most its public prefix, and its length.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Masked(String);

impl Masked {
    /// Never shows more than this many characters of a key.
    const SHOWN: usize = 8;

    /// Shows the first `public_prefix` bytes (the part that names the provider, for example
    /// `sk_live_`), never more than eight nor more than a quarter of the key.
    pub fn of(secret: &Secret, public_prefix: usize) -> Self {
        secret.with_bytes(|bytes| {
            let shown = public_prefix.min(Self::SHOWN).min(bytes.len() / 4);
            let prefix = bytes
                .get(..shown)
                .and_then(|head| std::str::from_utf8(head).ok())
                .filter(|head| head.bytes().all(|byte| byte.is_ascii_graphic()))
                .unwrap_or_default();
            Self(format!("{prefix}…({} characters)", bytes.len()))
        })
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_meet_only_under_the_same_salt() {
        let key = || Secret::new(b"kq7Zp2Vx9LmR4tYw8BnC");
        let ours = Fingerprinter::with_salt(b"a");
        assert_eq!(ours.fingerprint(&key()), ours.fingerprint(&key()));
        let theirs = Fingerprinter::with_salt(b"b");
        assert_ne!(ours.fingerprint(&key()), theirs.fingerprint(&key()));
        assert!(!Fingerprinter::default().has_project_salt());
    }

    #[test]
    fn a_guessable_key_gets_no_fingerprint() {
        let prints = Fingerprinter::default();
        assert_eq!(prints.fingerprint(&Secret::new(b"changeme")), None);
        assert_eq!(prints.fingerprint(&Secret::new(b"")), None);
    }

    #[test]
    fn nothing_that_prints_shows_the_key() {
        let secret = Secret::new(b"sk_test_kq7Zp2Vx9LmR4tYw8BnC");
        assert_eq!(format!("{secret:?}"), "Secret(28 bytes)");
        assert_eq!(
            Masked::of(&secret, 8).to_string(),
            "sk_test…(28 characters)"
        );
        assert_eq!(
            Masked::of(&Secret::new(b"abcd"), 8).to_string(),
            "a…(4 characters)"
        );
    }

    #[test]
    fn fingerprints_are_read_back() {
        let print = Fingerprinter::default()
            .fingerprint(&Secret::new(b"kq7Zp2Vx9LmR4tYw8BnC"))
            .unwrap();
        assert_eq!(print.to_string().parse(), Ok(print));
        assert!("xyz".parse::<Fingerprint>().is_err());
    }
}
