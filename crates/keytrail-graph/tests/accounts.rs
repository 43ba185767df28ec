//! Tables of one name in several accounts or regions stay apart.

mod support;

use std::sync::Arc;

use keytrail_graph::Joined;
use keytrail_model::*;
use support::*;

fn live(region: &str, account: &str) -> Table {
    Table {
        address: Arc::from(format!("arn:aws:dynamodb:{region}:{account}:table/keys")),
        source: TableSource::Account,
        ..table("keys")
    }
}

/// What the tables are called.
fn names(facts: &[Fact]) -> Vec<String> {
    let joined = Joined::new(facts);
    let ids = joined.tables.ids();
    let mut names: Vec<String> = ids
        .map(|id| joined.tables.node(id).name.to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn one_name_in_two_accounts_is_two_tables() {
    let here = live("eu-west-1", "111122223333");
    let there = live("eu-west-1", "444455556666");
    let other = live("us-east-1", "111122223333");
    let all: Vec<Fact> = [here.clone(), there, other].map(Fact::Table).to_vec();
    assert_eq!(
        names(&all),
        [
            "keys (eu-west-1 111122223333)",
            "keys (eu-west-1 444455556666)",
            "keys (us-east-1 111122223333)"
        ]
    );
    // One account alone keeps the plain name, and joins the template of that name.
    let template = table("keys");
    let alone: Vec<Fact> = [here, template].map(Fact::Table).to_vec();
    assert_eq!(names(&alone), ["keys"]);
}

#[test]
fn a_grant_in_one_account_opens_that_table_alone() {
    let here = live("eu-west-1", "111122223333");
    let there = live("eu-west-1", "444455556666");
    let allowed = grant(
        "arn:aws:iam::111122223333:role/app",
        &here.address,
        Door::Scan,
    );
    let facts = [
        Fact::Table(here.clone()),
        Fact::Table(there),
        Fact::Grant(allowed),
    ];
    let joined = Joined::new(&facts);
    let opened = joined.tables.addressed(&here.address);
    assert_eq!(opened.len(), 1);
    assert_eq!(
        &*joined.tables.node(opened[0]).name,
        "keys (eu-west-1 111122223333)"
    );
}

#[test]
fn code_that_names_such_a_table_may_mean_each() {
    let mut facts: Vec<Fact> = ["111122223333", "444455556666"]
        .map(|account| Fact::Table(live("eu-west-1", account)))
        .to_vec();
    facts.push(Fact::Operation(operation(
        OperationKind::GetItem,
        "keys",
        3,
        "shop.store.get",
    )));
    let joined = Joined::new(&facts);
    let meant = joined.tables_of(0);
    assert_eq!(meant.len(), 2);
    assert!(
        meant
            .iter()
            .all(|(_, confidence)| *confidence == Confidence::Possible)
    );
}
