//! Places whose ways are not followed, for the coverage (law 4).

use std::collections::BTreeSet;

use keytrail_model::Problem;

use crate::fixpoint::Fixpoint;
use crate::interp::Limit;
use crate::program::Program;

/// The first ones are told by place; all are counted.
const MOST_TOLD: usize = 20;

/// What the coverage tells.
pub(crate) struct Told {
    /// How many there are.
    pub(crate) count: u64,
    /// True when data that is followed meets one of them.
    pub(crate) touch_data: bool,
    /// The first of them, by path and line.
    pub(crate) first: Vec<Problem>,
}

/// What one run did not follow.
pub(crate) fn told(program: &Program, fixpoint: &Fixpoint) -> Told {
    let places: BTreeSet<_> = fixpoint
        .outcomes
        .iter()
        .flat_map(|outcome| &outcome.limits)
        .map(|&(site, limit)| place(program, site, limit))
        .collect();
    let first = places
        .iter()
        .take(MOST_TOLD)
        .map(|(path, line, limit)| Problem {
            path: path.clone(),
            line: Some(*line),
            message: limit.as_str().to_owned(),
        });
    Told {
        count: places.len() as u64,
        touch_data: places
            .iter()
            .any(|(_, _, limit)| *limit != Limit::ComputedImport),
        first: first.collect(),
    }
}

fn place(
    program: &Program,
    site: crate::program::Site,
    limit: Limit,
) -> (std::sync::Arc<str>, u32, Limit) {
    let location = program.location(site, None);
    let span = location.span();
    (span.path.clone(), span.line, limit)
}
