//! One service, three template languages: the same facts.

mod support;

use std::collections::BTreeSet;

use keytrail_model::{Encryption, Fact, Grant, MemoryTree, Principal, PrincipalKind};
use support::{fixture, run};

/// `Lambda function web`, whatever the language makes of the name.
fn plain(label: &str) -> String {
    let last = label.rsplit([' ', '.']).next().unwrap_or(label);
    let hash = last.len() > 8
        && last[last.len() - 8..]
            .chars()
            .all(|c| c.is_ascii_hexdigit() && !c.is_ascii_lowercase());
    let name = if hash { &last[..last.len() - 8] } else { last };
    name.to_lowercase()
}

/// A principal is what runs as it.
fn who(principals: &[&Principal], address: &str) -> String {
    let found = principals.iter().find(|it| *it.address == *address);
    let runs: Vec<String> = found
        .map(|it| it.runs.iter().map(|step| plain(&step.label)).collect())
        .unwrap_or_default();
    runs.join("+")
}

fn lines(tree: &MemoryTree) -> BTreeSet<String> {
    let (infra, grants) = run(tree);
    let facts = &infra.collected.facts;
    assert!(
        infra.collected.coverage.problems.is_empty(),
        "{:?}",
        infra.collected.coverage.problems
    );
    let principals: Vec<&Principal> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Principal(it) => Some(it),
            _ => None,
        })
        .collect();
    let mut out: BTreeSet<String> = facts.iter().map(|fact| line(fact, &principals)).collect();
    out.extend(grants.iter().map(|grant| granted(grant, &principals)));
    out
}

fn line(fact: &Fact, principals: &[&Principal]) -> String {
    match fact {
        Fact::Table(it) => {
            let encryption = match &it.encryption {
                Encryption::CustomerManaged(_) => "own".to_owned(),
                other => format!("{other:?}"),
            };
            let indexes: Vec<_> = it
                .indexes
                .iter()
                .map(|it| (&it.name, it.kind, &it.keys, &it.projection))
                .collect();
            let stream = it.stream.as_ref().map(|it| {
                let consumers: Vec<String> = it
                    .consumers
                    .iter()
                    .map(|step| plain(step.label.trim_end_matches(" reads the stream")))
                    .collect();
                (it.view, consumers)
            });
            format!(
                "table {} {:?} {indexes:?} {stream:?} {encryption} {:?} {:?} {:?} {:?}",
                it.name,
                it.keys,
                it.point_in_time_recovery,
                it.deletion_protection,
                it.ttl,
                it.tags
            )
        }
        Fact::Principal(it) => {
            assert_eq!(it.kind, PrincipalKind::Role);
            format!(
                "role of {} trusts {:?}",
                who(principals, &it.address),
                it.trusts
            )
        }
        Fact::EnvBinding(it) => format!("env {} {}", it.variable, plain(&it.table)),
        Fact::Asset(it) => {
            let postures: Vec<_> = it
                .postures
                .iter()
                .map(|it| (it.control, it.state))
                .collect();
            // What only one language can leave out is its own.
            let postures: Vec<_> = postures
                .into_iter()
                .filter(|(control, _)| *control != keytrail_model::Control::Recoverable)
                .collect();
            let name = if it.kind == keytrail_model::AssetKind::EncryptionKey {
                ""
            } else {
                &it.name
            };
            format!("{} {name} {postures:?}", it.kind.as_str())
        }
        Fact::Right(it) => format!(
            "right {} {:?} {}",
            who(principals, &it.principal),
            it.kind,
            it.way
        ),
        Fact::Opening(it) => format!(
            "opening {} {} {:?} {:?} {:?}",
            it.kind.as_str(),
            plain(&it.address),
            it.who,
            it.actions,
            it.conditions
        ),
        other => panic!("{other:?}"),
    }
}

fn granted(grant: &Grant, principals: &[&Principal]) -> String {
    format!(
        "{} may {:?} {} {:?} {:?} {:?} {} {}",
        who(principals, &grant.principal),
        grant.door,
        plain(&grant.table),
        grant.index,
        grant.decision,
        grant.attributes,
        grant.wildcard_action,
        grant.wildcard_resource
    )
}

#[test]
fn terraform_sam_and_cdk_say_the_same() {
    let [terraform, sam, cdk] =
        ["parity_tf", "parity_sam", "parity_cdk"].map(|case| lines(&fixture(case)));
    assert!(terraform.len() >= 14, "{terraform:#?}");
    assert!(
        terraform
            .iter()
            .any(|line| line.starts_with("web may Scan")),
        "{terraform:#?}"
    );
    assert_eq!(differences(&terraform, &sam), Vec::<String>::new());
    assert_eq!(differences(&sam, &cdk), Vec::<String>::new());
}

fn differences(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    let only = |from: &BTreeSet<String>, without: &BTreeSet<String>, sign: &str| -> Vec<String> {
        from.difference(without)
            .map(|line| format!("{sign} {line}"))
            .collect()
    };
    let mut all = only(one, other, "-");
    all.extend(only(other, one, "+"));
    all
}
