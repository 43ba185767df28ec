//! Who may read a table, as its policies say: the grants, how others become one of those who hold
//! them, who is let in from outside, and whom only the key holds off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_graph::{Joined, Standings, covers, index_holds};
use keytrail_infra::{Becoming, HeldOff, KeyUse};
use keytrail_model::{
    Decision, Door, Grant, Location, ObservedRead, Opening, OpeningKind, Right, RightKind,
    StreamView, TableSource,
};
use keytrail_report::{Becomes, Doors, Reader, Seen, Stopped, TableReaders};

use crate::can::names;
use crate::evidence::Evidence;

/// The readers of all tables that `target` names; empty where it names none.
pub(crate) fn of(evidence: &Evidence, target: &str) -> Vec<TableReaders> {
    let facts = &evidence.facts;
    let (addresses, attribute) = names(facts, target);
    if addresses.is_empty() {
        return Vec::new();
    }
    let joined = Joined::new(facts);
    let standings = Standings::decide(&joined);
    let mut addresses: BTreeSet<String> = addresses.into_iter().collect();
    // What code creates for its tests is the declared table, where there is one.
    let in_code = |address: &String| {
        let mut declared = joined.declared.iter();
        declared.any(|table| *table.address == **address && table.source == TableSource::Code)
    };
    if !addresses.iter().all(in_code) {
        addresses.retain(|address| !in_code(address));
    }
    addresses
        .iter()
        .map(|address| {
            let asked = Asked {
                evidence,
                joined: &joined,
                standings: &standings,
                address,
                attribute: attribute.as_deref(),
            };
            asked.answer()
        })
        .collect()
}

/// One table and what is asked about it.
struct Asked<'e> {
    evidence: &'e Evidence,
    joined: &'e Joined<'e>,
    standings: &'e Standings<'e>,
    address: &'e str,
    attribute: Option<&'e str>,
}

impl Asked<'_> {
    fn answer(&self) -> TableReaders {
        let mut by_principal: BTreeMap<&Arc<str>, Vec<&Grant>> = BTreeMap::new();
        for grant in self.joined.grants.iter().copied() {
            if self.concerns(grant) {
                by_principal
                    .entry(&grant.principal)
                    .or_default()
                    .push(grant);
            }
        }
        let readers = by_principal.iter();
        let mut readers: Vec<Reader> = readers.map(|(_, grants)| self.reader(grants)).collect();
        // Those who should not come first.
        readers.sort_by_key(|reader| reader.actor.starts_with("the application"));
        let becoming = self.becoming(&by_principal);
        let raising = self.raising(&by_principal, &becoming);
        TableReaders {
            table: self.name(),
            attribute: self.attribute.map(str::to_owned),
            readers,
            becoming,
            raising,
            outside: self.outside(),
            held_off: self.held_off(),
            seen: self.seen(),
            trail: self.evidence.coverage.iter().any(|it| it.source == "trail"),
        }
    }

    fn name(&self) -> String {
        let tables = self.joined.declared.iter();
        let mut found = tables.filter(|table| *table.address == *self.address);
        match found.next() {
            Some(table) if table.name != self.address => {
                format!("{} ({})", table.name, self.address)
            }
            _ => self.address.to_owned(),
        }
    }

    /// Whether a grant opens the table, and the attribute that is asked about.
    fn concerns(&self, grant: &Grant) -> bool {
        *grant.table == *self.address && grant.door != Door::Write && self.shows(grant)
    }

    fn shows(&self, grant: &Grant) -> bool {
        let Some(attribute) = self.attribute else {
            return true;
        };
        let listed = grant.attributes.as_ref();
        if listed.is_some_and(|all| !all.iter().any(|name| covers(name, attribute))) {
            return false;
        }
        let mut tables = self.joined.declared.iter();
        let Some(table) = tables.find(|table| *table.address == *self.address) else {
            return true;
        };
        if let Some(name) = &grant.index {
            let mut indexes = table.indexes.iter().filter(|index| index.name == *name);
            return indexes
                .next()
                .is_none_or(|index| index_holds(table, index, attribute) != Some(false));
        }
        let is_key = table.keys.iter().any(|key| key.attribute == attribute);
        let view = table.stream.as_ref().map(|stream| stream.view);
        grant.door != Door::GetRecords || is_key || view != Some(StreamView::KeysOnly)
    }

    fn reader(&self, grants: &[&Grant]) -> Reader {
        let principal = &grants[0].principal;
        let mut known = self.joined.principals.iter();
        let known = known.find(|it| it.address == *principal);
        let runs = known.map_or(&[][..], |it| it.runs.as_slice());
        Reader {
            principal: principal.to_string(),
            actor: self.standings.actor(self.joined, grants[0]).to_string(),
            runs: runs.iter().map(|step| step.label.clone()).collect(),
            trusts: known.map_or_else(Vec::new, |it| it.trusts.clone()),
            doors: doors(grants),
        }
    }

    /// Others who become a reader and are none by themselves.
    fn becoming(&self, readers: &BTreeMap<&Arc<str>, Vec<&Grant>>) -> Vec<Becomes> {
        let mut found: BTreeSet<Becoming> = BTreeSet::new();
        for access in &self.evidence.access {
            let roles = readers.keys().filter_map(|address| {
                let mut known = self.joined.principals.iter();
                let known = known.find(|it| it.address == **address);
                let by_name = || access.principal(&known?.name);
                access.principal(address).or_else(by_name)
            });
            found.extend(access.becoming(&roles.collect()));
        }
        let outright = |address: &Arc<str>| {
            let grants = readers.get(address).map_or(&[][..], Vec::as_slice);
            grants
                .iter()
                .any(|grant| !is_side(grant.door) && grant.decision == Decision::Allowed)
        };
        found.retain(|one| !outright(&one.from));
        found
            .into_iter()
            .map(|one| Becomes {
                from: one.from.to_string(),
                to: one.to.to_string(),
                how: one.how,
                conditions: one.conditions,
                statements: one.statements,
            })
            .collect()
    }

    fn raising(
        &self,
        readers: &BTreeMap<&Arc<str>, Vec<&Grant>>,
        becoming: &[Becomes],
    ) -> Vec<Right> {
        let rights = self.joined.rights.iter().copied();
        let told = |right: &Right| {
            let other = [
                "iam:PassRole",
                "sts:AssumeRole",
                "lambda:UpdateFunctionCode",
            ];
            let by_role = other.iter().any(|way| right.way.starts_with(way));
            by_role && becoming.iter().any(|one| one.from == *right.principal)
        };
        let raising = rights
            .filter(|right| right.kind == RightKind::RaiseRights)
            .filter(|right| !told(right));
        // Of those who read already it is no news.
        let news = raising.filter(|right| !readers.contains_key(&right.principal));
        news.cloned().collect()
    }

    fn outside(&self) -> Vec<Opening> {
        let here = |opening: &&&Opening| {
            let kind = matches!(
                opening.kind,
                OpeningKind::Table
                    | OpeningKind::Stream
                    | OpeningKind::Bucket
                    | OpeningKind::BackupVault
                    | OpeningKind::ChangeStream
            );
            kind && opening.tables.iter().any(|table| **table == *self.address)
        };
        let found = self.joined.openings.iter().filter(here);
        found.map(|opening| (*opening).clone()).collect()
    }

    /// Those whom the trail shows, with a note on those whom no policy lets in.
    fn seen(&self) -> Vec<Seen> {
        let meant = self.joined.tables.addressed(self.address);
        let mut all: BTreeMap<&str, Vec<&ObservedRead>> = BTreeMap::new();
        for read in self.joined.observed.iter().copied() {
            let here = self.joined.tables_of_arn(&read.table);
            if read.count > 0 && here.iter().any(|table| meant.contains(table)) {
                let known = self.joined.principal_of(&read.principal);
                let name = known.map_or(&*read.principal, |it| &*it.address);
                all.entry(name).or_default().push(read);
            }
        }
        all.into_iter()
            .map(|(name, reads)| self.one_seen(name, &reads))
            .collect()
    }

    fn one_seen(&self, name: &str, reads: &[&ObservedRead]) -> Seen {
        let doors: BTreeSet<Door> = reads.iter().map(|read| read.door).collect();
        let mut grants = self.joined.grants.iter();
        let allowed = |grant: &&&Grant| {
            *grant.table == *self.address
                && *grant.principal == *name
                && doors.contains(&grant.door)
        };
        Seen {
            principal: name.to_owned(),
            doors: doors.iter().map(|door| short(*door).to_owned()).collect(),
            count: reads.iter().map(|read| read.count).sum(),
            last: reads
                .iter()
                .map(|read| read.last.clone())
                .max()
                .unwrap_or_default(),
            expected: grants.find(allowed).is_some(),
        }
    }

    fn held_off(&self) -> Vec<Stopped> {
        let mut all: BTreeMap<(&Arc<str>, &KeyUse), Vec<&HeldOff>> = BTreeMap::new();
        let here = self.evidence.held_off.iter();
        for one in here.filter(|one| self.concerns(&one.grant)) {
            let key = (&one.grant.principal, &one.by);
            all.entry(key).or_default().push(one);
        }
        all.into_values().filter_map(|all| stopped(&all)).collect()
    }
}

/// One principal and one reason.
fn stopped(all: &[&HeldOff]) -> Option<Stopped> {
    let first = all.first()?;
    let KeyUse::Closed { reason, statement } = &first.by else {
        return None;
    };
    let grants: Vec<&Grant> = all.iter().map(|one| &one.grant).collect();
    let mut statements = Vec::new();
    for step in grants
        .iter()
        .flat_map(|grant| &grant.statements)
        .chain(statement)
    {
        if !statements.contains(step) {
            statements.push(step.clone());
        }
    }
    Some(Stopped {
        principal: first.grant.principal.to_string(),
        doors: door_names(&grants),
        keys: first.keys.iter().map(ToString::to_string).collect(),
        reason: reason.clone(),
        statements,
    })
}

/// Grants by the decision that made them, those on items first.
fn doors(grants: &[&Grant]) -> Vec<Doors> {
    type Key<'g> = (
        bool,
        &'g Decision,
        &'g Option<Vec<String>>,
        Vec<&'g Location>,
    );
    let mut all: Vec<(Key<'_>, Vec<&Grant>)> = Vec::new();
    for &grant in grants {
        let places = grant.statements.iter().map(|step| &step.location);
        let side = is_side(grant.door);
        let key: Key<'_> = (side, &grant.decision, &grant.attributes, places.collect());
        match all.iter_mut().find(|(other, _)| *other == key) {
            Some((_, same)) => same.push(grant),
            None => all.push((key, vec![grant])),
        }
    }
    all.sort_by_key(|((side, ..), _)| *side);
    let one = |(key, grants): (Key<'_>, Vec<&Grant>)| Doors {
        names: door_names(&grants),
        side: key.0,
        conditions: match key.1 {
            Decision::Allowed => Vec::new(),
            Decision::AllowedIf(conditions) => conditions.clone(),
        },
        only: key.2.clone(),
        statements: grants[0].statements.clone(),
    };
    all.into_iter().map(one).collect()
}

/// `Query also on by-service` for a table with its index, `Query on index by-service` for that alone.
fn door_names(grants: &[&Grant]) -> Vec<String> {
    let mut all: BTreeMap<Door, (bool, Vec<&str>)> = BTreeMap::new();
    for grant in grants {
        let (whole, indexes) = all.entry(grant.door).or_default();
        match &grant.index {
            Some(index) => indexes.push(index),
            None => *whole = true,
        }
    }
    let name = |(door, (whole, indexes)): (Door, (bool, Vec<&str>))| {
        let action = short(door);
        match (whole, indexes.as_slice()) {
            (_, []) => action.to_owned(),
            (true, indexes) => format!("{action} also on {}", indexes.join(" and ")),
            (false, indexes) => format!("{action} on index {}", indexes.join(" and ")),
        }
    };
    all.into_iter().map(name).collect()
}

/// `GetItem`.
fn short(door: Door) -> &'static str {
    let action = door.action();
    action.split_once(':').map_or(action, |(_, name)| name)
}

/// Ways that lead to the items by a further step.
pub(crate) fn is_side(door: Door) -> bool {
    !matches!(
        door,
        Door::GetItem | Door::BatchGetItem | Door::Query | Door::Scan | Door::PartiqlSelect
    )
}
