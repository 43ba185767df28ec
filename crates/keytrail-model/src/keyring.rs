//! The keys of one run that a vendor is to be asked about: in memory only, wiped when dropped, and there at all
//! only where the user asked for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Fingerprint, Secret};

/// Files kept for each key.
const MOST_PLACES: usize = 8;

/// Collectors put keys in, the engine takes them out; each key is held once.
pub struct Keyring {
    wanted: BTreeSet<String>,
    most: usize,
    kept: Mutex<BTreeMap<Fingerprint, Kept>>,
}

/// One key.
#[derive(Debug)]
pub struct Kept {
    /// See [`crate::Sighting::provider`].
    pub provider: String,
    /// The key itself.
    pub secret: Secret,
    /// Some of the files that it was seen in, the first ones by name.
    pub places: BTreeSet<Arc<str>>,
    /// More than its context speaks for it, at one of the places at least.
    pub sure: bool,
}

impl Keyring {
    /// Holds keys of these providers, at most so many.
    pub fn new(wanted: impl IntoIterator<Item = String>, most: usize) -> Self {
        Self {
            wanted: wanted.into_iter().collect(),
            most,
            kept: Mutex::default(),
        }
    }

    /// Keeps a copy of a key of a wanted provider. Which are kept where there are too many does not depend on
    /// the order in which they come.
    pub fn keep(
        &self,
        fingerprint: Option<Fingerprint>,
        provider: &str,
        secret: &Secret,
        path: &Arc<str>,
        sure: bool,
    ) {
        let Some(fingerprint) = fingerprint.filter(|_| self.wanted.contains(provider)) else {
            return;
        };
        let mut kept = self.lock();
        let key = kept.entry(fingerprint).or_insert_with(|| Kept {
            provider: provider.to_owned(),
            secret: secret.with_bytes(Secret::new),
            places: BTreeSet::new(),
            sure: false,
        });
        key.sure |= sure;
        key.places.insert(Arc::clone(path));
        if key.places.len() > MOST_PLACES {
            key.places.pop_last();
        }
        if kept.len() > self.most {
            kept.pop_last();
        }
    }

    /// Takes all keys out, by fingerprint.
    pub fn take(&self) -> BTreeMap<Fingerprint, Kept> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Fingerprint, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys)", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fingerprinter;

    fn key(number: usize) -> Secret {
        Secret::new(format!("kq7Zp2Vx9LmR4tYw8BnC{number}").as_bytes())
    }

    fn filled(order: &[usize]) -> Vec<(Fingerprint, usize)> {
        let ring = Keyring::new(["a".to_owned()], 3);
        let prints = Fingerprinter::default();
        for &number in order {
            let secret = key(number);
            let print = prints.fingerprint(&secret);
            ring.keep(print, "a", &secret, &Arc::from(format!("{number}")), false);
            ring.keep(print, "a", &secret, &Arc::from("again"), true);
            ring.keep(print, "b", &key(100 + number), &Arc::from("x"), true);
            ring.keep(None, "a", &secret, &Arc::from("x"), true);
        }
        assert!(!format!("{ring:?}").contains("kq7Z"));
        let all = ring.take();
        assert!(all.values().all(|kept| kept.sure && kept.provider == "a"));
        assert!(ring.take().is_empty());
        all.into_iter()
            .map(|(print, kept)| (print, kept.places.len()))
            .collect()
    }

    #[test]
    fn each_key_once_and_bounded_whatever_the_order() {
        let one = filled(&[1, 2, 3, 4, 5]);
        assert_eq!(one.len(), 3);
        assert_eq!(one, filled(&[5, 4, 3, 2, 1]));
        assert!(one.iter().all(|(_, places)| *places == 2));
    }
}
