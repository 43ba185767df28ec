//! What belongs to a key: the id beside its secret, in the same file.

use std::collections::BTreeMap;

use keytrail_detect::Validation;
use keytrail_model::{Fingerprint, Kept, Secret};

/// The provider of what a temporary AWS key needs beside its secret.
pub(super) const SESSION: &str = "aws-session-token";

/// The partners of one key.
pub(super) struct Partners<'k> {
    /// Those whose id stands where `{pair}` does.
    pub(super) ids: Vec<(Fingerprint, &'k Kept)>,
    sessions: Vec<&'k Kept>,
}

impl<'k> Partners<'k> {
    pub(super) fn of(
        keys: &'k BTreeMap<Fingerprint, Kept>,
        kept: &Kept,
        validation: &Validation,
    ) -> Self {
        let Some(pair) = &validation.pair else {
            return Self {
                ids: Vec::new(),
                sessions: Vec::new(),
            };
        };
        let beside = |other: &Kept| !other.places.is_disjoint(&kept.places);
        let near = |provider: &str, other: &Kept| other.provider == provider && beside(other);
        let ids = keys.iter().filter(|(_, other)| near(pair, other));
        let sessions = keys.values().filter(|other| near(SESSION, other));
        Self {
            ids: ids.map(|(print, other)| (*print, other)).collect(),
            sessions: sessions.collect(),
        }
    }

    /// The session of a temporary id, where the file has just one.
    pub(super) fn session_of(&self, id: &Kept) -> Option<&'k Secret> {
        let temporary = id.secret.with_bytes(|bytes| bytes.starts_with(b"ASIA"));
        match self.sessions.as_slice() {
            [one] if temporary => Some(&one.secret),
            _ => None,
        }
    }
}
