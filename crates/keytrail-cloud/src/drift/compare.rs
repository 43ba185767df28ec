//! The list of differences.

use std::collections::BTreeSet;
use std::fmt;

use keytrail_model::{Fact, Grant, Location, Principal, Table, TableSource};

use super::{names, rights, tables};

/// One difference between a template and the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// `table keyring-keys`, `role keyring-app`.
    pub what: String,
    /// The setting.
    pub setting: String,
    /// What the template says.
    pub template: String,
    /// Where it says so; `None` for what it does not have.
    pub at: Option<Location>,
    /// What the account says.
    pub live: String,
    /// The ARN; `None` for what the account does not have.
    pub live_at: Option<Location>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} is {} in the template",
            self.what, self.setting, self.template
        )?;
        if let Some(at) = &self.at {
            let span = at.span();
            write!(f, " ({}:{})", span.path, span.line)?;
        }
        write!(f, ", {} in the account", self.live)
    }
}

/// One side.
pub(super) struct Side<'f> {
    pub(super) tables: Vec<&'f Table>,
    pub(super) principals: Vec<&'f Principal>,
    pub(super) grants: Vec<&'f Grant>,
}

impl<'f> Side<'f> {
    pub(super) fn of(facts: &'f [Fact]) -> Self {
        let mut side = Self {
            tables: Vec::new(),
            principals: Vec::new(),
            grants: Vec::new(),
        };
        for fact in facts {
            match fact {
                // What code makes for tests declares nothing.
                Fact::Table(it) if it.source == TableSource::Code => {}
                Fact::Table(it) => side.tables.push(it),
                Fact::Principal(it) => side.principals.push(it),
                Fact::Grant(it) => side.grants.push(it),
                _ => {}
            }
        }
        side
    }
}

/// What can't be compared because one side is not known.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    /// Copies that the account could not be asked for: a table's ARN (empty for all) and the label.
    pub copies: BTreeSet<(String, &'static str)>,
    /// True where the template has readers of streams that could not be tied to a table.
    pub readers: bool,
}

impl Unread {
    pub(super) fn has(&self, table: &Table, label: &str) -> bool {
        let mut copies = self.copies.iter();
        copies.any(|(arn, what)| *what == label && (arn.is_empty() || **arn == *table.address))
    }
}

/// All differences, sorted.
pub fn drift(template: &[Fact], live: &[Fact], unread: &Unread) -> Vec<Difference> {
    let declared = Side::of(template);
    let live = Side::of(live);
    let mut out = Vec::new();
    for table in &live.tables {
        match names::owner(&declared.tables, *table, names::table) {
            Some(owner) => tables::compare(owner, table, unread, &mut out),
            None => out.push(only_live(&format!("table {}", table.name), &table.location)),
        }
    }
    let there = |table: &Table| {
        let mut tables = live.tables.iter();
        tables.any(|live| names::table(table, live).is_some())
    };
    // One resource for several deployments: of these an account has what is deployed there.
    let of_another = |table: &Table| {
        let span = table.location.span();
        let mut others = declared.tables.iter();
        others.any(|other| other.location.span() == span && there(other))
    };
    for table in &declared.tables {
        if !there(table) && !of_another(table) {
            out.push(only_declared(
                &format!("table {}", table.name),
                &table.location,
            ));
        }
    }
    rights::compare(&declared, &live, &mut out);
    out.sort();
    out.dedup();
    out
}

pub(super) fn only_live(what: &str, at: &Location) -> Difference {
    Difference {
        what: what.to_owned(),
        setting: "existence".to_owned(),
        template: "not declared".to_owned(),
        at: None,
        live: "there".to_owned(),
        live_at: Some(at.clone()),
    }
}

pub(super) fn only_declared(what: &str, at: &Location) -> Difference {
    Difference {
        what: what.to_owned(),
        setting: "existence".to_owned(),
        template: "declared".to_owned(),
        at: Some(at.clone()),
        live: "not there".to_owned(),
        live_at: None,
    }
}
