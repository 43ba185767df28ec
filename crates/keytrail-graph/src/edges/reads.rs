//! Who was seen reading a table, by a trail.

use std::sync::Arc;

use keytrail_model::{Actor, Door, EdgeKind, Node, ObservedRead, Place, Step};

use super::attribute_node;
use crate::Joined;
use crate::application::Standings;
use crate::build::Builder;
use crate::naming::covers;

/// Attribute → principal → who that is, seen. A trail does not say which attributes a call brought
/// back; who is held to some by its policies has read no others.
pub(crate) fn edges(
    joined: &Joined<'_>,
    standings: &Standings<'_>,
    read: &ObservedRead,
    out: &mut Builder,
) {
    // A service reads for whoever set it up, and that is told by the copy it makes.
    let service = read.principal.contains(".amazonaws.com");
    if read.count == 0 || read.door == Door::Write || service {
        return;
    }
    let known = joined.principal_of(&read.principal);
    let address = known.map_or(&read.principal, |principal| &principal.address);
    let actor = standings.seen(joined, read);
    let label = format!(
        "{} was called {}, the last time {} ({})",
        read.door.action(),
        times(read.count),
        read.last,
        read.principal
    );
    let place = Node::Place(Place::Principal(Arc::clone(address)));
    let mut reads = false;
    for table in joined.tables_of_arn(&read.table) {
        let node = joined.tables.node(table);
        for key in joined.keys.of(table) {
            if !joined.lets_see(address, table, &key.attribute) {
                continue;
            }
            reads = true;
            let from = if read.door == Door::GetRecords {
                Node::Place(Place::Stream {
                    table: Arc::clone(&node.name),
                    attribute: key.attribute.clone(),
                })
            } else {
                attribute_node(&node.name, &key.attribute)
            };
            out.edge(from, EdgeKind::ReadableBy, place.clone())
                .observed()
                .steps([Step::new(label.clone(), read.location.clone())])
                .add();
        }
    }
    if reads {
        let step = match known {
            Some(principal) => Step::new(
                format!("{} is {actor}", principal.name),
                principal.location.clone(),
            ),
            None => Step::new(
                format!("{} is not declared here", read.principal),
                read.location.clone(),
            ),
        };
        out.edge(place, EdgeKind::ReachableBy, Node::Actor(actor))
            .observed()
            .steps([step])
            .add();
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        more => format!("{more} times"),
    }
}

impl Joined<'_> {
    /// False where every grant of a principal on a table is limited to attributes without this one.
    fn lets_see(&self, principal: &str, table: crate::TableId, attribute: &str) -> bool {
        let mut grants = self
            .grants
            .iter()
            .filter(|grant| *grant.principal == *principal && grant.door != Door::Write)
            .filter(|grant| self.tables.addressed(&grant.table).contains(&table))
            .peekable();
        if grants.peek().is_none() {
            return true;
        }
        grants.any(|grant| match &grant.attributes {
            Some(names) => names.iter().any(|name| covers(name, attribute)),
            None => true,
        })
    }
}

impl Standings<'_> {
    /// Who was seen: as its grants say, where it has any.
    fn seen(&self, joined: &Joined<'_>, read: &ObservedRead) -> Actor {
        let known = joined.principal_of(&read.principal);
        let Some(principal) = known else {
            let account = |arn: &str| arn.split(':').nth(4).map(str::to_owned);
            let own = account(&read.table);
            let other = account(&read.principal).or_else(|| Some(read.principal.to_string()));
            return if own.is_some() && own != other {
                Actor::Outside(read.principal.to_string())
            } else {
                Actor::OtherRole(Arc::clone(&read.principal))
            };
        };
        let mut grants = joined.grants.iter();
        let grant = grants.find(|grant| grant.principal == principal.address);
        match grant {
            Some(grant) => self.actor(joined, grant),
            None => Actor::OtherRole(Arc::clone(&principal.address)),
        }
    }
}
