//! Who may become a role that reads a table stands at the end of a path.

mod support;

use std::sync::Arc;

use keytrail_graph::Graph;
use keytrail_model::*;
use support::*;

/// `from` becomes `to`, as line 9 of a policy says.
fn chain(from: &str, to: &str) -> RoleChain {
    RoleChain {
        from: Arc::from(from),
        to: Arc::from(to),
        how: "sts:AssumeRole".to_owned(),
        conditions: Vec::new(),
        statements: vec![step(
            "Allow sts:AssumeRole",
            resource("infra/roles.tf", 9, to),
        )],
    }
}

/// A key in `keys`, which the application alone may read.
fn story() -> Vec<Fact> {
    let mut facts = Story::new().facts();
    facts.extend(
        [principal("role.app", true), principal("role.deploy", false)].map(Fact::Principal),
    );
    for door in [Door::Query, Door::GetItem, Door::Write] {
        facts.push(Fact::Grant(grant("role.app", "keys", door)));
    }
    facts
}

fn ends_at(facts: &[Fact], wanted: &str) -> Vec<Vec<String>> {
    let is =
        |path: &ExposurePath| matches!(&path.actor, Actor::OtherRole(name) if **name == *wanted);
    let paths = Graph::build(facts).exposure_paths().into_iter().filter(is);
    paths
        .map(|path| path.steps.iter().map(|step| step.label.clone()).collect())
        .collect()
}

#[test]
fn a_role_that_is_assumed_is_a_way() {
    let mut facts = story();
    assert!(ends_at(&facts, "role.deploy").is_empty());
    facts.push(Fact::RoleChain(chain("role.deploy", "role.app")));
    let paths = ends_at(&facts, "role.deploy");
    assert!(!paths.is_empty());
    for path in &paths {
        let becomes = "Allow sts:AssumeRole (becomes role.app by sts:AssumeRole)";
        assert!(path.iter().any(|label| label == becomes), "{path:#?}");
    }
}

#[test]
fn chains_are_as_long_as_they_are() {
    let mut facts = story();
    facts.push(Fact::RoleChain(chain("role.deploy", "role.app")));
    facts.push(Fact::RoleChain(chain("role.ci", "role.deploy")));
    assert!(!ends_at(&facts, "role.ci").is_empty());
}

#[test]
fn a_role_that_reads_nothing_is_no_way() {
    let mut facts = story();
    facts.push(Fact::RoleChain(chain("role.ci", "role.deploy")));
    assert!(ends_at(&facts, "role.ci").is_empty());
}
