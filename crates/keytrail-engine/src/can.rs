//! Single questions about principals: may this one do that, and what may this one read?

use keytrail_infra::{AccessModel, Question, Reply};
use keytrail_model::{Fact, Grant, Right};

use crate::evidence::targets;
use crate::run::Reading;
use crate::{EngineError, Options, Watch, nearest, rules};

/// What `can` says.
#[derive(Debug)]
pub struct Replies {
    /// One for each principal and each set of policies that it may have; empty where none is
    /// called so.
    pub replies: Vec<Reply>,
    /// Who was meant, perhaps.
    pub nearest: Option<String>,
    /// Who could be asked about.
    pub known: Vec<String>,
}

/// Asks whether a principal may do something.
pub fn can(options: &Options, question: &Question, watch: &Watch) -> Result<Replies, EngineError> {
    let read = Reading::of(options, &rules(), watch)?;
    let facts = &read.evidence.facts;
    let tables = targets(facts);
    let access = &read.evidence.access;
    let known = known(access);
    let replies = access.iter().flat_map(|one| one.ask(question, &tables));
    let replies = replies.collect();
    Ok(Replies {
        replies,
        nearest: nearest(&question.principal, known.iter().map(String::as_str)).map(str::to_owned),
        known,
    })
}

/// What `who --as` says.
#[derive(Debug)]
pub struct Reads {
    /// The principal's address; `None` where none is called so.
    pub principal: Option<String>,
    /// By which doors of which tables, sorted.
    pub grants: Vec<Grant>,
    /// What it may do to every vault, or to its own rights.
    pub rights: Vec<Right>,
    /// Who was meant, perhaps.
    pub nearest: Option<String>,
    /// Who could be asked about.
    pub known: Vec<String>,
}

/// Asks what a principal may read. `table` and `attribute` limit the answer.
pub fn reads(
    options: &Options,
    principal: &str,
    target: Option<&str>,
    watch: &Watch,
) -> Result<Reads, EngineError> {
    let read = Reading::of(options, &rules(), watch)?;
    let facts = &read.evidence.facts;
    let access = &read.evidence.access;
    let found = access.iter().find_map(|one| one.principal(principal));
    let known = known(access);
    let mine = |address: &str| found.as_deref() == Some(address);
    let names = target.map(|target| names(facts, target));
    let grants = facts.iter().filter_map(|fact| match fact {
        Fact::Grant(grant) if mine(&grant.principal) => Some(grant),
        _ => None,
    });
    let grants = grants.filter(|grant| {
        let names = names.as_ref();
        names.is_none_or(|(tables, attribute)| {
            let listed = grant.attributes.as_ref();
            let may = |attribute: &String| listed.is_none_or(|all| all.contains(attribute));
            tables.contains(&grant.table.to_string()) && attribute.as_ref().is_none_or(may)
        })
    });
    let grants: Vec<Grant> = grants.cloned().collect();
    let rights = facts.iter().filter_map(|fact| match fact {
        Fact::Right(right) if mine(&right.principal) && target.is_none() => Some(right.clone()),
        _ => None,
    });
    let rights = rights.collect();
    Ok(Reads {
        principal: found.map(|address| address.to_string()),
        grants,
        rights,
        nearest: nearest(principal, known.iter().map(String::as_str)).map(str::to_owned),
        known,
    })
}

fn known(access: &[AccessModel]) -> Vec<String> {
    let all = access.iter().flat_map(AccessModel::principals);
    all.map(|one| one.to_string()).collect()
}

/// The addresses of the tables that `target` names, and the attribute it names besides.
pub(crate) fn names(facts: &[Fact], target: &str) -> (Vec<String>, Option<String>) {
    let of = |name: &str| -> Vec<String> {
        let tables = facts.iter().filter_map(|fact| match fact {
            Fact::Table(table) => Some(table),
            _ => None,
        });
        let mut found: Vec<String> = tables
            .filter(|table| {
                *table.address == *name
                    || table.name == name
                    || table.also_named.iter().any(|other| other == name)
            })
            .map(|table| table.address.to_string())
            .collect();
        let by_code = facts
            .iter()
            .any(|fact| matches!(fact, Fact::Grant(grant) if *grant.table == *name));
        if by_code && !found.iter().any(|other| other == name) {
            found.push(name.to_owned());
        }
        found
    };
    let whole = of(target);
    if !whole.is_empty() {
        return (whole, None);
    }
    let splits = target
        .match_indices('.')
        .map(|(at, _)| (&target[..at], &target[at + 1..]));
    for (table, attribute) in splits {
        let found = of(table);
        if !found.is_empty() {
            return (found, Some(attribute.to_owned()));
        }
    }
    (Vec::new(), None)
}
