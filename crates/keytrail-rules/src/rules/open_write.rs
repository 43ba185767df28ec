//! See the page beside this file.

use keytrail_graph::TableId;
use keytrail_model::{Access, Finding, Location, Operation, Route, Severity, Step};
use std::collections::{BTreeMap, BTreeSet};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A route that writes to a key table asks nobody to sign in.
pub(crate) struct OpenWrite;

static META: Meta = Meta {
    id: "open-write",
    title: "A route that writes into a table asks nobody to sign in",
    cwe: &[306, 352],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("open_write.md"),
};

impl Rule for OpenWrite {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut anonymous: BTreeMap<&Location, Writes<'_>> = BTreeMap::new();
        let mut exempt: BTreeMap<&Location, Writes<'_>> = BTreeMap::new();
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let writes = operation.kind.writes() && !operation.kind.reads();
            let Some(&(table, _)) = cx.joined.tables_of(number).first() else {
                continue;
            };
            let routes = cx.open_routes(operation).into_iter();
            for route in routes.filter(|route| writes && route.method.writes()) {
                let entry = match (route.access, &route.csrf_exempt) {
                    (Access::Anonymous, _) => anonymous.entry(&route.view_location),
                    (_, Some(location)) if cx.holds_keys(table) => exempt.entry(location),
                    _ => continue,
                };
                let seen = entry.or_default();
                seen.routes.push(route);
                seen.tables.insert(table);
                seen.steps.insert(written(cx, operation, table));
            }
        }
        for (location, writes) in anonymous {
            by_anybody(cx, location, &writes, out);
        }
        for (location, writes) in exempt {
            without_csrf(cx, location, &writes, out);
        }
    }
}

#[derive(Default)]
struct Writes<'c> {
    routes: Vec<&'c Route>,
    tables: BTreeSet<TableId>,
    steps: BTreeSet<Step>,
}

impl Writes<'_> {
    /// The key tables, or all where none holds keys.
    fn names(&self, cx: &Context<'_>) -> (String, bool) {
        let all = self.tables.iter().copied();
        let keys: Vec<&str> = all
            .clone()
            .filter(|&table| cx.holds_keys(table))
            .map(|table| cx.table_name(table))
            .collect();
        if keys.is_empty() {
            let names: Vec<&str> = all.map(|table| cx.table_name(table)).collect();
            (crate::context::list(&names), false)
        } else {
            (crate::context::list(&keys), true)
        }
    }
}

fn written(cx: &Context<'_>, operation: &Operation, table: TableId) -> Step {
    let name = cx.table_name(table);
    let label = format!("{} writes into `{name}`", operation.kind.as_str());
    Step::new(label, operation.location.clone())
}

fn by_anybody(cx: &Context<'_>, location: &Location, writes: &Writes<'_>, out: &mut Vec<Finding>) {
    let (tables, keys) = writes.names(cx);
    let severity = if !keys
        && writes
            .routes
            .iter()
            .all(|route| is_meant_for_strangers(route))
    {
        Severity::Low
    } else {
        Severity::Medium
    };
    let what = if keys { "key table" } else { "table" };
    Draft::new(cx, &META, location)
        .severity(severity)
        .steps(writes.steps.iter().cloned())
        .subject(location.symbol().unwrap_or_default())
        .message(format!(
            "{} lets anybody without a sign-in write into {what} {tables}: {}.",
            crate::context::routes(&writes.routes),
            how_long(cx, writes)
        ))
        .fix("Require a sign-in or a signature, list the fields that are taken, take the owner from request.user, and let records of strangers expire")
        .add(out);
}

/// What becomes of the records, as far as templates tell.
fn how_long(cx: &Context<'_>, writes: &Writes<'_>) -> String {
    let mut expiring: BTreeSet<&str> = BTreeSet::new();
    let mut kept = false;
    for &table in &writes.tables {
        for declared in cx.joined.tables.node(table).in_templates() {
            match &declared.ttl {
                Some(attribute) => {
                    expiring.insert(attribute);
                }
                None => kept = true,
            }
        }
    }
    match (kept, expiring.first()) {
        (true, _) => "no TTL is set, so what strangers send stays for good".to_owned(),
        (false, Some(attribute)) => {
            format!("what strangers send stays until its `{attribute}`")
        }
        (false, None) => "what strangers send stays there".to_owned(),
    }
}

fn without_csrf(
    cx: &Context<'_>,
    location: &Location,
    writes: &Writes<'_>,
    out: &mut Vec<Finding>,
) {
    let (tables, _) = writes.names(cx);
    Draft::new(cx, &META, location)
        .severity(Severity::Low)
        .steps(writes.steps.iter().cloned())
        .subject(location.symbol().unwrap_or_default())
        .message(format!(
            "{} writes into key table {tables} without CSRF protection: another site can make a signed-in user's browser call it.",
            crate::context::routes(&writes.routes)
        ))
        .fix("Take csrf_exempt off, or accept token authentication only")
        .add(out);
}

/// Who signs up has no account yet.
fn is_meant_for_strangers(route: &Route) -> bool {
    const WORDS: &[&str] = &[
        "signup",
        "sign_up",
        "register",
        "registration",
        "login",
        "signin",
        "subscribe",
        "contact",
        "activate",
        "confirm",
        "reset",
        "invite",
        "invitation",
    ];
    route
        .pattern
        .to_ascii_lowercase()
        .replace('-', "_")
        .split('/')
        .any(|part| WORDS.contains(&part))
}
