//! How many keys were asked about, how many not, and why (law 4).

use std::collections::{BTreeMap, BTreeSet};

use keytrail_http::Reply;
use keytrail_model::{
    Coverage, CoverageStatus, Fact, Fingerprint, Liveness, SightingConfidence, Validated,
};

/// Why a key was not asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    /// Only its context speaks for it.
    Unsure,
    /// Of a kind of its vendor that opens another address.
    Form,
    /// Its id was not found beside it.
    Partner,
    /// More keys than the limit.
    Limit,
}

impl Left {
    fn name(self) -> &'static str {
        match self {
            Self::Unsure => "left_out_unsure",
            Self::Form => "left_out_other_kind",
            Self::Partner => "left_out_without_partner",
            Self::Limit => "left_out_over_limit",
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) asked: usize,
    replies: BTreeMap<&'static str, u64>,
    left: BTreeMap<Left, u64>,
    without_way: u64,
}

impl Tally {
    pub(super) fn leave(&mut self, why: Left) {
        *self.left.entry(why).or_default() += 1;
    }

    pub(super) fn count(&mut self, reply: &Reply) {
        *self.replies.entry(reply.liveness.as_str()).or_default() += 1;
    }

    /// Counts keys that were seen and that nobody was asked about.
    pub(super) fn without_way(&mut self, facts: &[Fact], told: &[Validated]) {
        let seen = facts.iter().filter_map(|fact| match fact {
            Fact::Sighting(seen) => Some(seen),
            Fact::Committed(committed) => Some(&committed.sighting),
            _ => None,
        });
        let seen: BTreeSet<Fingerprint> = seen
            .filter(|seen| seen.confidence > SightingConfidence::Low)
            .filter_map(|seen| seen.fingerprint)
            .collect();
        let told: BTreeSet<Fingerprint> = told.iter().map(|it| it.fingerprint).collect();
        self.without_way = seen.difference(&told).count() as u64;
    }

    pub(super) fn coverage(&self, dry_run: bool) -> Coverage {
        let mut counts = BTreeMap::from([
            ("asked".to_owned(), self.asked as u64),
            ("not_asked".to_owned(), self.without_way),
        ]);
        for liveness in [Liveness::Live, Liveness::Refused, Liveness::Unknown] {
            let number = self.replies.get(liveness.as_str()).copied().unwrap_or(0);
            counts.insert(liveness.as_str().to_owned(), number);
        }
        for (why, number) in &self.left {
            counts.insert(why.name().to_owned(), *number);
        }
        let (status, reason) = self.status(dry_run);
        Coverage {
            source: "validate".to_owned(),
            status,
            reason,
            counts,
            problems: Vec::new(),
        }
    }

    fn status(&self, dry_run: bool) -> (CoverageStatus, String) {
        let unknown = self.replies.get(Liveness::Unknown.as_str()).copied();
        let unknown = unknown.unwrap_or(0);
        if dry_run {
            let reason = "a dry run asks nobody".to_owned();
            (CoverageStatus::NotEvaluated, reason)
        } else if self.asked == 0 && self.without_way == 0 {
            let reason = "no key was found whose vendor could be asked".to_owned();
            (CoverageStatus::NotApplicable, reason)
        } else if unknown + self.without_way == 0 {
            (CoverageStatus::Evaluated, String::new())
        } else {
            let reason = format!(
                "of {unknown} keys that were asked about it is still not known whether they work, and {} were not asked about: docs/validate.md tells for which keys there is a harmless question",
                self.without_way
            );
            (CoverageStatus::Partial, reason)
        }
    }
}
