//! Lists that show one caller what is another's.

use std::collections::BTreeSet;

use keytrail_model::{SurfaceCheck, SurfaceKind};

use super::owners;
use crate::client::{Ask, Who};
use crate::json;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::ObjectLevel;

/// A list that shows one caller what is another's: both are given records of both.
pub(super) fn run(scan: &mut Scan<'_>) {
    let mut ordinary = (0..scan.client.identities.len())
        .map(Who::Identity)
        .filter(|&who| !scan.is_privileged(who));
    let (Some(one), Some(other)) = (ordinary.next(), ordinary.next()) else {
        return;
    };
    let (first, second) = (owners::selves(scan, one), owners::selves(scan, other));
    for read in scan.reads.clone() {
        if owners::is_profile(&read.operation.route) || is_public_read(scan, &read) {
            continue;
        }
        let Some(answer) = scan.content(&read.target, other) else {
            continue;
        };
        let Some(value) = answer
            .json
            .as_ref()
            .filter(|value| json::list(value).is_some())
        else {
            continue;
        };
        let owners: BTreeSet<String> = json::records(value)
            .into_iter()
            .flat_map(|record| record.iter())
            .filter(|(name, _)| owners::is_field(name))
            .map(|(_, value)| json::scalar(value))
            .collect();
        let theirs = owners
            .iter()
            .any(|owner| first.contains(owner) && !second.contains(owner));
        let own = owners.iter().any(|owner| second.contains(owner));
        if theirs && own && scan.content(&read.target, one).is_some() {
            let ask = Ask::get(&read.target, other);
            let sight = Sight::new(CHECK, SurfaceKind::OthersObject, &read.operation.route, &ask, &answer)
                .subject("list")
                .seen(format!("`GET {}` lists records of {} to {}.", read.operation.route, scan.name(one), scan.name(other)))
                .compared("A field that says whose a record is names both callers, and a caller without credentials is not given the list.");
            scan.see(sight);
        }
    }
}

fn is_public_read(scan: &Scan<'_>, read: &Read) -> bool {
    scan.known(&read.target, Who::Anonymous)
        .is_some_and(|answer| answer.is_success())
}
