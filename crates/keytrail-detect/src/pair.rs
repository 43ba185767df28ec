//! What belongs together: the id of a key and its secret within a few lines.

use std::ops::Range;

use keytrail_model::{Proof, SightingConfidence};

use crate::judge::Kind;
use crate::placeholder::is_fake;
use crate::runs::{Runs, is_token};
use crate::scan::{Found, Scan};
use crate::shape::{Strength, strength};

impl Scan<'_> {
    /// Ids whose secrets stand near.
    pub(crate) fn paired(&mut self) {
        for &(index, partner, distance) in &self.compiled.paired {
            let partners: Vec<usize> = (0..self.found.len())
                .filter(|&at| matches!(self.found[at].kind, Kind::Named(found) if found == partner))
                .take(1000)
                .collect();
            for at in partners {
                self.pair(index, at, distance);
            }
        }
    }

    fn pair(&mut self, index: usize, partner: usize, distance: usize) {
        let id = self.found[partner].range.clone();
        let Some(range) = self.nearest(index, &id, distance) else {
            return;
        };
        self.found[partner].confidence = SightingConfidence::High;
        self.found[partner].proofs.push(Proof::Pair);
        let name = self.name_at(&range);
        self.found.push(Found {
            range,
            kind: Kind::Named(index),
            confidence: SightingConfidence::High,
            proofs: vec![Proof::Pair],
            name,
            shaped: true,
        });
    }

    /// The run nearest to `id` that has the form of its secret.
    fn nearest(&self, index: usize, id: &Range<usize>, distance: usize) -> Option<Range<usize>> {
        let mut from = id.start.saturating_sub(distance);
        while from > 0 && from < id.start && is_token(self.bytes[from - 1]) {
            from += 1;
        }
        let to = self.bytes.len().min(id.end + distance);
        let whole = &self.provider(index).search.whole;
        Runs::new(&self.bytes[from..to])
            .map(|run| from + run.start..from + run.end)
            .filter(|run| {
                let value = &self.bytes[run.clone()];
                let only_hex = value.iter().all(u8::is_ascii_hexdigit) && value.len() == 40;
                run != id
                    && !only_hex
                    && whole.is_match(value)
                    && !is_fake(value)
                    && strength(value) == Strength::Strong
            })
            .min_by_key(|run| {
                // The secret mostly follows its id.
                if run.start >= id.end {
                    run.start - id.end
                } else {
                    40 + id.start - run.start
                }
            })
    }
}
