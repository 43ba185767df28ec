//! Of hits that overlap, the most specific stays.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::detector::Detector;
use crate::judge::Kind;
use crate::provider::Provider;
use crate::scan::Found;

/// Surer first, then by shape before by name, provider before generic, rank, length, place, id.
fn order(found: &Found, providers: &[Provider]) -> impl Ord + use<> {
    let (generic, rank, index) = match found.kind {
        Kind::Named(index) => (false, providers[index].search.rank, index),
        Kind::Token | Kind::Password => (true, 0, usize::MAX),
    };
    (
        generic,
        Reverse(rank),
        Reverse(found.confidence),
        !found.shaped,
        Reverse(found.range.len()),
        found.range.start,
        index,
    )
}

/// Sorted by position, without overlaps.
pub(crate) fn resolve(mut found: Vec<Found>, providers: &[Provider]) -> Vec<Found> {
    found.sort_by_cached_key(|found| order(found, providers));
    let mut kept: BTreeMap<usize, Found> = BTreeMap::new();
    for candidate in found {
        let before = kept.range(..candidate.range.end).next_back();
        let clash = before.is_some_and(|(_, other)| other.range.end > candidate.range.start);
        if !clash {
            kept.insert(candidate.range.start, candidate);
        }
    }
    let mut kept: Vec<Found> = kept.into_values().take(Detector::MOST_HITS).collect();
    for found in &mut kept {
        found.proofs.sort_unstable();
        found.proofs.dedup();
    }
    kept
}
