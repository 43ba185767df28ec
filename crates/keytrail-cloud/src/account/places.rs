//! Places of an account: a fact's location in the account's document becomes the ARN it tells of.

use std::sync::Arc;

use keytrail_model::{
    EnvBinding, Fact, FileSpan, Grant, Location, Principal, Step, Table, TableSource,
};

/// The location with the ARN in place of the document.
fn location(found: &mut Location) {
    let arn: Arc<str> = match &*found {
        Location::Resource { address, .. } => Arc::clone(address),
        Location::Statement { policy, .. } => {
            Arc::from(policy.split_once('#').map_or(&**policy, |(arn, _)| arn))
        }
        _ => return,
    };
    let (Location::Resource { span, .. } | Location::Statement { span, .. }) = found else {
        return;
    };
    *span = FileSpan::line(&arn, 1);
}

fn steps(steps: &mut [Step]) {
    for step in steps {
        location(&mut step.location);
    }
}

fn table(table: &mut Table) {
    table.source = TableSource::Account;
    location(&mut table.location);
    for index in &mut table.indexes {
        location(&mut index.location);
    }
    if let Some(stream) = &mut table.stream {
        location(&mut stream.location);
        steps(&mut stream.consumers);
    }
    for replica in &mut table.replicas {
        location(&mut replica.location);
    }
    steps(&mut table.copies);
}

fn principal(principal: &mut Principal) {
    location(&mut principal.location);
    steps(&mut principal.runs);
}

fn binding(binding: &mut EnvBinding) {
    location(&mut binding.location);
}

/// Of a fact from the account's document.
pub(crate) fn settle(fact: &mut Fact) {
    match fact {
        Fact::Table(it) => table(it),
        Fact::Principal(it) => principal(it),
        Fact::EnvBinding(it) => binding(it),
        _ => {}
    }
}

/// Of a grant.
pub(crate) fn settle_grant(grant: &mut Grant) {
    steps(&mut grant.statements);
}
