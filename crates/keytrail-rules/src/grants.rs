//! What rules about rights share: grants by the statement that gives them, and the words for them.

use std::collections::BTreeMap;

use keytrail_model::{Actor, ExposurePath, Grant, Location, Node, Place};

use crate::Context;
use crate::context::list;

/// One principal at one statement, with all that it is granted there.
pub(crate) struct Holding<'c> {
    pub(crate) location: &'c Location,
    pub(crate) principal: &'c str,
    pub(crate) grants: Vec<&'c Grant>,
}

/// The grants that `wanted` lets through, by statement and principal, in order.
pub(crate) fn holdings<'c>(
    cx: &'c Context<'_>,
    wanted: impl Fn(&Grant) -> bool,
) -> Vec<Holding<'c>> {
    let mut found: BTreeMap<(&Location, &str), Vec<&Grant>> = BTreeMap::new();
    for &grant in &cx.joined.grants {
        if let (true, Some(step)) = (wanted(grant), grant.statements.last()) {
            let place = (&step.location, &*grant.principal);
            found.entry(place).or_default().push(grant);
        }
    }
    found
        .into_iter()
        .map(|((location, principal), grants)| Holding {
            location,
            principal,
            grants,
        })
        .collect()
}

impl Holding<'_> {
    /// The actions, sorted, as a person reads them.
    pub(crate) fn actions(&self) -> String {
        actions(&self.grants)
    }

    /// The table of the first grant.
    pub(crate) fn table(&self, cx: &Context<'_>) -> String {
        table(cx, self.grants[0])
    }
}

/// The actions of some grants, sorted, as a person reads them.
pub(crate) fn actions(grants: &[&Grant]) -> String {
    let mut actions: Vec<&str> = grants.iter().map(|grant| grant.door.action()).collect();
    actions.sort_unstable();
    actions.dedup();
    list(&actions)
}

/// The name of the table that a grant is about; its address where it has no node.
pub(crate) fn table(cx: &Context<'_>, grant: &Grant) -> String {
    let tables = cx.joined.tables.addressed(&grant.table);
    tables.first().map_or_else(
        || grant.table.to_string(),
        |&id| cx.table_name(id).to_owned(),
    )
}

/// The grant is about a table that holds keys.
pub(crate) fn on_key_table(cx: &Context<'_>, grant: &Grant) -> bool {
    let tables = cx.joined.tables.addressed(&grant.table);
    tables.into_iter().any(|table| cx.holds_keys(table))
}

/// Principals of one standing that get at keys, each with its statement and the worst path over it.
pub(crate) fn readers<'c>(
    cx: &'c Context<'_>,
    standing: impl Fn(&Actor) -> bool,
) -> Vec<(Holding<'c>, ExposurePath)> {
    holdings(cx, |grant| standing(&cx.actor_of(grant)))
        .into_iter()
        .filter_map(|holding| {
            let from_here = cx.graph.edges().iter().enumerate().filter(|(_, edge)| {
                let to = matches!(&edge.to, Node::Place(Place::Principal(it)) if **it == *holding.principal);
                to && edge
                    .steps
                    .last()
                    .is_some_and(|step| step.location == *holding.location)
            });
            let path = cx.path_over(from_here.map(|(index, _)| index))?;
            Some((holding, path))
        })
        .collect()
}
