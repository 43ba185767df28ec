//! Principals, who may assume them, and what they may do to tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{Door, Grant, Location, Principal, PrincipalKind};

use super::compare::{Difference, Side, only_declared};
use super::names;

/// Adds what differs. A principal of the account that may do nothing to a declared table is none
/// of the template's business.
pub(super) fn compare(declared: &Side<'_>, live: &Side<'_>, out: &mut Vec<Difference>) {
    let inside = |principal: &&&Principal| principal.kind != PrincipalKind::Outside;
    let rights = Rights::new(declared, live);
    for principal in live.principals.iter().filter(inside) {
        let owner = names::owner(&declared.principals, *principal, names::principal);
        if let Some(owner) = owner {
            trusts(owner, principal, out);
        }
        rights.compare(owner, principal, out);
    }
    for principal in declared.principals.iter().filter(inside) {
        let mut all = live.principals.iter();
        if !all.any(|live| names::principal(principal, live).is_some()) {
            out.push(only_declared(&what(principal), &principal.location));
        }
    }
}

fn what(principal: &Principal) -> String {
    let kind = match principal.kind {
        PrincipalKind::Role => "role",
        PrincipalKind::User => "user",
        PrincipalKind::Group => "group",
        PrincipalKind::Outside => "principal",
    };
    format!("{kind} {}", principal.name)
}

fn trusts(declared: &Principal, live: &Principal, out: &mut Vec<Difference>) {
    let account = live.location.span().path.split(':').nth(4).unwrap_or("");
    let ours: BTreeSet<String> = declared
        .trusts
        .iter()
        .map(|one| in_account(one, account))
        .collect();
    let theirs: BTreeSet<String> = live.trusts.iter().cloned().collect();
    let same = ours
        .iter()
        .all(|one| theirs.iter().any(|other| names::fits(one, other)))
        && theirs
            .iter()
            .all(|one| ours.iter().any(|other| names::fits(other, one)));
    if !same {
        let shown = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join(", ");
        out.push(Difference {
            what: what(live),
            setting: "who may assume it".to_owned(),
            template: shown(&ours),
            at: Some(declared.location.clone()),
            live: shown(&theirs),
            live_at: Some(live.location.clone()),
        });
    }
}

/// A declared principal as it is in this account: `${…account_id}` is the account's number, any other
/// open part is `*`.
fn in_account(declared: &str, account: &str) -> String {
    let mut out = String::new();
    let mut rest = declared;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (hole, after) = after.split_once('}').unwrap_or((after, ""));
        let names_it = hole.to_ascii_lowercase().contains("account");
        out.push_str(if names_it { account } else { "*" });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What one has that the other has not.
fn said(more: &[&str], less: &[&str]) -> (String, String) {
    let with = |word: &str, doors: &[&str]| {
        (!doors.is_empty()).then(|| format!("{word} {}", doors.join(", ")))
    };
    let both = |first: Option<String>, second: Option<String>| {
        let parts: Vec<String> = first.into_iter().chain(second).collect();
        parts.join(" and ")
    };
    (
        both(with("with", less), with("without", more)),
        both(with("without", less), with("with", more)),
    )
}

/// What each may do: table name, then doors.
type Doors = BTreeMap<String, BTreeSet<&'static str>>;

struct Rights<'f> {
    declared: BTreeMap<&'f str, Doors>,
    live: BTreeMap<&'f str, Doors>,
    /// Tables with several names, one of which a right may mean that is not in this account.
    several: BTreeSet<&'f str>,
    /// Statements by principal, of the template and of the account.
    places: BTreeMap<&'f str, BTreeSet<&'f Location>>,
}

impl<'f> Rights<'f> {
    fn new(declared: &Side<'f>, live: &Side<'f>) -> Self {
        let mut by_address: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for table in &live.tables {
            by_address.insert(&table.address, vec![&table.name]);
            if let Some(owner) = names::owner(&declared.tables, *table, names::table) {
                by_address
                    .entry(&owner.address)
                    .or_default()
                    .push(&table.name);
            }
        }
        let known: BTreeSet<&str> = declared
            .tables
            .iter()
            .filter_map(|table| by_address.get(&*table.address))
            .flatten()
            .copied()
            .collect();
        let streamed: BTreeSet<&str> = live
            .tables
            .iter()
            .filter(|table| {
                let owner = names::owner(&declared.tables, **table, names::table);
                table.stream.is_some() && owner.is_none_or(|owner| owner.stream.is_some())
            })
            .map(|table| table.name.as_str())
            .collect();
        let mut places: BTreeMap<&str, BTreeSet<&Location>> = BTreeMap::new();
        for grant in declared.grants.iter().chain(&live.grants) {
            let steps = grant.statements.iter().map(|step| &step.location);
            places.entry(&grant.principal).or_default().extend(steps);
        }
        let of = |grants: &[&'f Grant]| {
            let mut all: BTreeMap<&'f str, Doors> = BTreeMap::new();
            for grant in grants {
                let tables = by_address.get(&*grant.table).into_iter().flatten();
                for table in tables.filter(|table| known.contains(*table)) {
                    // A stream that only one side has is told as a setting, not for each reader again.
                    if grant.door == Door::GetRecords && !streamed.contains(table) {
                        continue;
                    }
                    let doors = all.entry(&grant.principal).or_default();
                    let doors = doors.entry((*table).to_owned()).or_default();
                    doors.insert(grant.door.action());
                }
            }
            all
        };
        let several = live.tables.iter().filter(|table| {
            let owner = names::owner(&declared.tables, **table, names::table);
            owner.is_some_and(|owner| !owner.also_named.is_empty() || owner.name.contains('*'))
        });
        Self {
            several: several.map(|table| table.name.as_str()).collect(),
            declared: of(&declared.grants),
            live: of(&live.grants),
            places,
        }
    }

    fn compare(&self, owner: Option<&Principal>, live: &Principal, out: &mut Vec<Difference>) {
        let none = Doors::new();
        let ours = owner.and_then(|owner| self.declared.get(&*owner.address));
        let ours = ours.unwrap_or(&none);
        let theirs = self.live.get(&*live.address).unwrap_or(&none);
        let tables: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        for table in tables {
            let none = BTreeSet::new();
            let (mine, other) = (
                ours.get(table).unwrap_or(&none),
                theirs.get(table).unwrap_or(&none),
            );
            let more: Vec<&str> = other.difference(mine).copied().collect();
            let less: Vec<&str> = mine.difference(other).copied().collect();
            if more.is_empty() && (less.is_empty() || self.several.contains(table.as_str())) {
                continue;
            }
            let (template, live_says) = said(&more, &less);
            out.push(Difference {
                what: what(live),
                setting: format!("rights on table {table}"),
                template,
                at: owner.map(|owner| self.place(&owner.address, &owner.location)),
                live: live_says,
                live_at: Some(live.location.clone()),
            });
        }
    }

    /// The first statement that gives a right, else the principal itself.
    fn place(&self, address: &Arc<str>, fallback: &Location) -> Location {
        let first = self.places.get(&**address).and_then(BTreeSet::first);
        first.map_or_else(|| fallback.clone(), |place| (*place).clone())
    }
}
