//! Whose something is, by what is said in it.

use std::collections::BTreeSet;

use crate::client::{Answer, Who};
use crate::json;
use crate::scan::Scan;

/// Fields that say whose an object is.
const OWNERS: &[&str] = &[
    "owner",
    "owner_id",
    "ownerid",
    "user",
    "user_id",
    "userid",
    "username",
    "account",
    "account_id",
    "customer",
    "customer_id",
    "tenant",
    "tenant_id",
    "email",
    "organization_id",
    "org_id",
];

/// Parameters that say whose records are meant.
const PARAMS: &[&str] = &[
    "account",
    "company",
    "customer",
    "org",
    "organisation",
    "organization",
    "owner",
    "team",
    "tenant",
    "user",
    "username",
    "workspace",
];

/// True for the name of a parameter that says whose records are meant.
pub(super) fn is_param(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let bare = lower
        .strip_suffix("_id")
        .or_else(|| lower.strip_suffix("id"));
    PARAMS.contains(&bare.unwrap_or(&lower)) || PARAMS.contains(&lower.as_str())
}

/// Attributes whose values such a parameter may take, its own name first.
pub(super) fn attributes_of(param: &str) -> Vec<String> {
    let own = [param.to_owned(), format!("{param}_id")];
    let others = OWNERS.iter().map(|&name| name.to_owned());
    let mut all: Vec<String> = own.into_iter().collect();
    all.extend(others.filter(|name| name != param));
    all
}

/// True for the name of a field that says whose an object is.
pub(super) fn is_field(name: &str) -> bool {
    OWNERS.contains(&name.to_ascii_lowercase().as_str())
}

/// What says who a caller is: values of owner's fields that all of its own records agree on, and what its
/// profile answers.
pub(super) fn selves(scan: &Scan<'_>, who: Who) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    if let Who::Identity(number) = who {
        all.insert(scan.client.identities[number].name.clone());
    }
    for read in &scan.reads {
        if !is_profile(&read.operation.route) {
            continue;
        }
        let value = scan
            .known(&read.target, who)
            .filter(Answer::is_success)
            .and_then(|answer| answer.json);
        for leaf in value.iter().flat_map(json::leaves) {
            let name = leaf.name().to_ascii_lowercase();
            if OWNERS.contains(&name.as_str())
                || matches!(name.as_str(), "id" | "uuid" | "sub" | "pk")
            {
                all.insert(json::scalar(leaf.value));
            }
        }
    }
    all
}

pub(super) fn is_profile(route: &str) -> bool {
    let last = route
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    matches!(
        last.as_str(),
        "me" | "whoami" | "profile" | "self" | "userinfo" | "current" | "account" | "user"
    )
}
