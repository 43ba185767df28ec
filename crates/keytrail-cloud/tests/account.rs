//! The live account against a moto server: the same facts as the templates of `examples/leaky`, and ten
//! changes by hand, each named.
//!
//! Needs a Python environment with `moto[server,all]` and `boto3`; `cargo xtask test` makes one and names
//! it in `KEYTRAIL_MOTO`. Without it these tests are not run, and xtask says so.

mod moto;

use keytrail_cloud::{AccountOptions, Call, Group, Unread, collect, drift, reconcile};
use keytrail_infra::TableTarget;
use keytrail_model::{CoverageStatus, Fact, MemoryTree, Progress};

/// The templates of the example, as facts.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn template() -> Vec<Fact> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/leaky");
    let files = [
        "sam/template.yaml",
        "terraform/app_role.tf",
        "terraform/copies.tf",
        "terraform/keys.tf",
        "terraform/main.tf",
        "terraform/modules/table/main.tf",
        "terraform/outputs.tf",
        "terraform/production.tfvars",
        "terraform/readers.tf",
        "terraform/staging.tfvars",
        "terraform/variables.tf",
        "terraform/vault.tf",
    ];
    let read = files.map(|path| (path, std::fs::read(format!("{root}/{path}")).unwrap()));
    let tree = MemoryTree::new(read);
    let infra = keytrail_infra::collect(&tree, &Progress::default());
    let mut facts = infra.collected.facts;
    let targets: Vec<TableTarget> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Table(table) => Some(TableTarget::of_table(table)),
            _ => None,
        })
        .collect();
    let grants = infra.access.grants(&targets);
    facts.extend(grants.into_iter().map(Fact::Grant));
    facts
}

fn told(template: &[Fact], live: &[Fact], unread: &Unread) -> Vec<String> {
    let found = drift(template, live, unread);
    found
        .iter()
        .map(|one| {
            format!(
                "{}: {}: {} -> {}",
                one.what, one.setting, one.template, one.live
            )
        })
        .collect()
}

/// moto keeps no replicas, so that this difference is always there.
const REPLICA: &str = "table keyring-keys: the replica in eu-west-1: there -> not there";

#[test]
#[ignore = "needs moto; run by xtask"]
fn the_account_gives_the_facts_of_the_templates_and_changes_are_named() {
    let name = "the_account_gives_the_facts_of_the_templates_and_changes_are_named";
    if moto::inside(name, moto::serve).is_none() {
        return;
    }
    moto::python("infrastructure.py", &[]);
    let options = AccountOptions::default();
    let account = collect(&options, &Progress::default()).unwrap();
    let mut unread = account.unread.clone();
    // The consumer's template takes the stream's ARN as a parameter without a default.
    unread.readers = true;
    let declared = template();
    let live = &account.collected.facts;
    assert_eq!(told(&declared, live, &unread), [REPLICA]);

    // Nothing that both say is told twice: the table with the missing replica stays, bare.
    let left = reconcile(&declared, live.clone(), &unread);
    let grants = left
        .iter()
        .filter(|fact| matches!(fact, Fact::Grant(_)))
        .count();
    assert_eq!(grants, 0, "{left:#?}");
    let tables: Vec<&str> = left
        .iter()
        .filter_map(|fact| match fact {
            Fact::Table(table) => Some(table.name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(tables, ["keyring-keys"]);

    // Values of secrets, parameters and variables are nowhere.
    let shown = format!("{account:?}");
    assert!(!shown.contains("not-to-be-read") && !shown.contains("not-a-table"));

    // The policy is the calls: each call of a scan was made, but those of moto's gaps, and the one
    // that is asked only where capacity is provisioned: these tables pay for each request.
    let not_there = [
        Call::DescribeRegions,
        Call::GetBackupSelection,
        Call::DescribeScalableTargets,
    ];
    for call in Call::ALL
        .iter()
        .filter(|call| call.group() == Group::Account)
    {
        let made = account.made.contains(call);
        assert_eq!(made, !not_there.contains(call), "{}", call.name());
    }
    assert!(
        account
            .made
            .iter()
            .all(|call| call.group() == Group::Account)
    );

    moto::python("infrastructure.py", &["drift"]);
    let account = collect(&options, &Progress::default()).unwrap();
    let expected = [
        "role keyring-analytics: who may assume it: arn:aws:iam::123456789012:root -> arn:aws:iam::999988887777:root",
        "role keyring-operator: existence: declared -> not there",
        "role keyring-support: rights on table keyring-keys: without dynamodb:Scan -> with dynamodb:Scan",
        "table keyring-audit: deletion protection: off -> on",
        "table keyring-copy: existence: not declared -> there",
        "table keyring-events: index kind-index: not there -> kind (all attributes)",
        "table keyring-keys: point-in-time recovery: on -> off",
        REPLICA,
        "table keyring-tokens: expiry (TTL): none -> expires_at",
        "table keyring-tokens: the stream: off -> with images",
        "table keyring-usage: tag owner: none -> `somebody`",
    ];
    let found = drift(&declared, &account.collected.facts, &unread);
    assert_eq!(told(&declared, &account.collected.facts, &unread), expected);
    for one in found.iter().filter(|one| one.what != "table keyring-copy") {
        let at = one.at.as_ref().unwrap().span();
        assert!(at.path.ends_with(".tf") && at.line > 0, "{one}");
    }
}

#[test]
#[ignore = "needs moto; run by xtask"]
fn an_empty_account_has_no_tables() {
    if moto::inside("an_empty_account_has_no_tables", moto::serve).is_none() {
        return;
    }
    let options = AccountOptions::default();
    let account = collect(&options, &Progress::default()).unwrap();
    assert!(
        account
            .collected
            .facts
            .iter()
            .all(|fact| !matches!(fact, Fact::Table(_)))
    );
    assert_eq!(account.collected.coverage.status, CoverageStatus::Evaluated);
}
