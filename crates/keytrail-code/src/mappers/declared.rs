//! The tables that models stand for, as facts.

use std::collections::BTreeMap;

use keytrail_model::{
    Encryption, Environment, Fact, Index, KeyElement, KeyRole, Table, TableSource, Tri,
};

use super::models::{ModelIndex, Role, table_of};
use crate::emit::names_of;
use crate::fixpoint::Fixpoint;
use crate::interp::Shared;
use crate::program::ClassRef;
use crate::symbols::Sym;

/// One fact for each model whose table has a name. Models of one table are one fact's worth
/// each; the graph joins them by name.
pub(crate) fn declared(shared: &Shared<'_>, fixpoint: &Fixpoint) -> Vec<Fact> {
    let program = shared.program;
    let mut facts = Vec::new();
    for (class, model) in shared.models.iter() {
        let mut read = |cell| {
            let cells = &fixpoint.state.cells;
            cells.get(&cell).cloned().unwrap_or_default()
        };
        let name = table_of(program, shared.resolver, class, model.library, &mut read);
        let names = names_of(shared, &name).names;
        let Some(first) = names.first() else { continue };
        let keys = [Role::Partition, Role::Sort]
            .into_iter()
            .filter_map(|role| model.key(role).map(|it| element(shared, it.stored, role)))
            .collect();
        let range = program.module(class.0).ir.class(class.1).range;
        facts.push(Fact::Table(Table {
            name: first.clone(),
            also_named: names[1..].to_vec(),
            address: program.class_qualified(class),
            location: program.range_location(class.0, range, None),
            source: TableSource::Code,
            environment: Environment::Unspecified,
            environments: Vec::new(),
            keys,
            indexes: model
                .indexes
                .iter()
                .map(|index| secondary(shared, class, index))
                .collect(),
            stream: None,
            encryption: Encryption::Unknown,
            point_in_time_recovery: Tri::Unknown,
            deletion_protection: Tri::Unknown,
            ttl: None,
            tags: None::<BTreeMap<String, String>>,
            replicas: Vec::new(),
            copies: Vec::new(),
            seeded: Vec::new(),
        }));
    }
    facts
}

fn element(shared: &Shared<'_>, stored: Sym, role: Role) -> KeyElement {
    KeyElement {
        attribute: shared.program.text(stored).to_owned(),
        role: match role {
            Role::Partition => KeyRole::Partition,
            Role::Sort => KeyRole::Sort,
        },
    }
}

fn secondary(shared: &Shared<'_>, _class: ClassRef, index: &ModelIndex) -> Index {
    let mut keys = index.keys.clone();
    keys.sort_by_key(|(_, role)| *role == Role::Sort);
    Index {
        name: index.name.clone(),
        kind: index.kind,
        keys: keys
            .into_iter()
            .map(|(stored, role)| element(shared, stored, role))
            .collect(),
        projection: index.projection.clone(),
        location: shared.program.location(index.site, None),
    }
}
