//! The list of rules is in order, and every rule has its page.

use std::collections::BTreeSet;

use keytrail_rules::{Page, RULES, find};

#[test]
fn sorted_and_unique() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.meta().id).collect();
    let sorted: Vec<&str> = ids
        .iter()
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert_eq!(ids, sorted);
}

#[test]
fn found_by_id() {
    for rule in RULES {
        assert!(find(rule.meta().id).is_some_and(|it| it.meta().id == rule.meta().id));
    }
    assert!(find("no-such-rule").is_none());
}

#[test]
fn described() {
    for rule in RULES {
        let meta = rule.meta();
        assert!(!meta.title.ends_with('.'), "{}", meta.id);
        assert!(!meta.cwe.is_empty(), "{}", meta.id);
        assert!(!meta.needs.is_empty(), "{}", meta.id);
        let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(meta.id.chars().all(kebab), "{}", meta.id);
    }
}

#[test]
fn every_page_has_every_section_and_expects_its_own_rule() {
    for rule in RULES {
        let meta = rule.meta();
        let page = Page::parse(meta.page).unwrap_or_else(|error| panic!("{}: {error}", meta.id));
        assert!(
            meta.page.starts_with(&format!("# {}\n", meta.id)),
            "{}",
            meta.id
        );
        for expected in page.exposed.iter().flat_map(|example| &example.expected) {
            assert_eq!(expected.rule, meta.id);
        }
    }
}

#[test]
fn every_rule_of_the_first_issue_is_there() {
    for id in "raw-key-stored key-as-primary-key verify-only-key-kept request-body-stored \
        unconditional-put index-projects-key table-without-own-key table-unprotected \
        stream-carries-key unowned-lookup index-without-owner scan-in-request whole-item-read \
        limit-before-filter stale-authorization key-in-response item-in-response key-in-log \
        item-in-log exception-shown debug-page-open hard-coded-key default-secret-key \
        long-lived-aws-key plain-transport-to-aws plain-transport-to-clients open-endpoint \
        open-write wide-cors open-hosts wildcard-on-key-table other-reader \
        table-shared-by-environments"
        .split_whitespace()
    {
        assert!(find(id).is_some(), "{id}");
    }
}
