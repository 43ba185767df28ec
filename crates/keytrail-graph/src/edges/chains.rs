//! Who may become a role that reads a table.

use std::sync::Arc;

use keytrail_model::{Confidence, EdgeKind, Guard, Node, Place, Rightful, RoleChain, Step};

use super::edit;
use crate::application::Standings;
use crate::build::Builder;

/// Role → principal → who that is. Nothing leads to the role where no policy lets it read.
pub(crate) fn edges(standings: &Standings<'_>, chain: &RoleChain, out: &mut Builder) {
    let Some(last) = chain.statements.last() else {
        return;
    };
    let node = |address: &Arc<str>| Node::Place(Place::Principal(Arc::clone(address)));
    let actor = standings.chained(chain);
    let held = chain.conditions.iter().map(|condition| Guard {
        present: true,
        step: Step::new(condition.clone(), last.location.clone()),
    });
    let mut steps = chain.statements.clone();
    if let Some(last) = steps.last_mut() {
        last.label = format!("{} (becomes {} by {})", last.label, chain.to, chain.how);
    }
    let narrow = (actor.rightful() == Rightful::No).then(|| {
        edit(
            format!("policy:{}", last.location),
            format!("Let {} become {} no more", chain.from, chain.to),
            &last.location,
            4,
        )
    });
    out.edge(node(&chain.to), EdgeKind::ReachableBy, node(&chain.from))
        .confidence(Confidence::Possible)
        .steps(steps)
        .guards(held)
        .edits(narrow)
        .add();
    let step = match standings.principal(&chain.from) {
        Some(known) => Step::new(format!("{} is {actor}", known.name), known.location.clone()),
        None => Step::new(
            format!("{} is not declared here", chain.from),
            last.location.clone(),
        ),
    };
    out.edge(node(&chain.from), EdgeKind::ReachableBy, Node::Actor(actor))
        .confidence(Confidence::Likely)
        .steps([step])
        .add();
}
