//! Rules on facts made by hand: what decides, and what does not.

#[path = "../../keytrail-graph/tests/support/mod.rs"]
mod support;

use keytrail_graph::Graph;
use keytrail_model::*;
use keytrail_rules::{Context, Kind, Outcome, evaluate};
use support::*;

fn outcome(facts: &[Fact]) -> Outcome {
    let graph = Graph::build(facts);
    evaluate(&Context::new(facts, &graph).reading(Kind::Files))
}

fn of_rule(facts: &[Fact], rule: &str) -> Vec<Finding> {
    let found = outcome(facts).findings.into_iter();
    found.filter(|finding| finding.rule == rule).collect()
}

#[test]
fn a_weakness_on_a_path_takes_the_paths_severity_actor_and_edits() {
    let facts = Story::new().facts();
    for rule in [
        "raw-key-stored",
        "index-projects-key",
        "item-in-response",
        "open-endpoint",
    ] {
        let found = of_rule(&facts, rule);
        assert_eq!(found.len(), 1, "{rule}");
        assert_eq!(found[0].severity, Severity::Critical, "{rule}");
        assert_eq!(found[0].actor, Some(Actor::Anonymous), "{rule}");
        assert!(found[0].path.len() > 5, "{rule}");
        assert!(!found[0].edits.is_empty(), "{rule}");
        assert!(!found[0].fixes.is_empty(), "{rule}");
    }
}

#[test]
fn off_any_path_it_is_hygiene() {
    let mut story = Story::new();
    story.served.source = Source::Item(story.query.location.clone(), "label".to_owned());
    let outcome = outcome(&story.facts());
    let worst = outcome
        .findings
        .iter()
        .map(|finding| finding.severity)
        .max();
    assert_eq!(worst, Some(Severity::Medium));
    assert!(
        outcome
            .findings
            .iter()
            .all(|finding| finding.actor.is_none())
    );
}

#[test]
fn routes_are_counted_in_one_finding() {
    let mut facts = Story::new().facts();
    for pattern in ["/a/", "/b/"] {
        facts.push(Fact::Route(route(pattern, "views.list", Access::Anonymous)));
    }
    let found = of_rule(&facts, "item-in-response");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].message.contains("and 2 more routes"),
        "{}",
        found[0].message
    );
}

#[test]
fn debug_in_a_developers_module_is_no_finding() {
    let on = SettingValue::Bool(true);
    for module in [
        "config.settings.local",
        "config.settings.dev",
        "config.settings.test",
    ] {
        let facts = [Fact::Setting(setting("DEBUG", on.clone(), module))];
        assert!(of_rule(&facts, "debug-page-open").is_empty(), "{module}");
    }
    let mut both = vec![Fact::Setting(setting(
        "DEBUG",
        on.clone(),
        "config.settings",
    ))];
    assert_eq!(
        of_rule(&both, "debug-page-open")[0].severity,
        Severity::Medium
    );
    // A base beside a production module is judged by what production makes of it.
    let off = SettingValue::Bool(false);
    both.push(Fact::Setting(setting(
        "DEBUG",
        off,
        "config.settings.production",
    )));
    assert!(of_rule(&both, "debug-page-open").is_empty());
}

#[test]
fn what_is_missing_is_said() {
    let found = outcome(&[]);
    assert!(found.findings.is_empty());
    let rules: Vec<&str> = found.not_evaluated.iter().map(|it| it.rule).collect();
    assert!(rules.contains(&"other-reader") && rules.contains(&"debug-page-open"));
    assert!(!rules.contains(&"hard-coded-key"), "files were read");
    assert!(found.not_evaluated.iter().all(|it| !it.how.is_empty()));
}

#[test]
fn ignored_and_test_files_are_milder() {
    let text = "sk_live_kq7Zp2Vx9LmR4tYw8BnC";
    let severity = |change: fn(&mut Sighting)| {
        let mut it = sighting("a.py", 3, "stripe-secret-key", text);
        change(&mut it);
        of_rule(&[Fact::Sighting(it)], "hard-coded-key")[0].severity
    };
    assert_eq!(severity(|_| {}), Severity::High);
    assert_eq!(severity(|it| it.context.ignored_file = true), Severity::Low);
    assert_eq!(severity(|it| it.context.test = true), Severity::Low);
    assert_eq!(
        severity(|it| it.confidence = SightingConfidence::Low),
        Severity::Medium
    );
}

#[test]
fn absent_switches_of_a_module_are_one_finding() {
    let mut facts = Vec::new();
    for name in [
        "SECURE_SSL_REDIRECT",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
    ] {
        let mut absent = setting(
            name,
            SettingValue::Bool(false),
            "config.settings.production",
        );
        absent.location = setting_at("config/settings/production.py", 1, name);
        facts.push(Fact::Setting(absent));
    }
    let found = of_rule(&facts, "plain-transport-to-clients");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Low);
}

#[test]
fn an_owners_read_is_no_unowned_lookup() {
    let lookup = |origin: Origin| {
        let mut story = Story::new();
        story.get.access = Access::Authenticated;
        story.query.index = None;
        story.query.kind = OperationKind::GetItem;
        story.query.keys = vec![bound("owner_id", origin)];
        of_rule(&story.facts(), "unowned-lookup")
    };
    assert!(lookup(by_identity(3)).is_empty());
    let found = lookup(by_caller(3));
    assert_eq!(found[0].severity, Severity::High);
    assert_eq!(found[0].actor, Some(Actor::OtherTenant));
}

#[test]
fn a_table_name_that_two_deployments_share() {
    let mut story = Story::new();
    let via = TableRef {
        names: Vec::new(),
        via: vec![NameSource::Setting("KEYS_TABLE".to_owned())],
    };
    story.put.table = via.clone();
    story.query.table = via;
    let mut facts = story.facts();
    let name = SettingValue::Text("keys".to_owned());
    facts.push(Fact::Setting(setting(
        "KEYS_TABLE",
        name.clone(),
        "c.production",
    )));
    assert!(of_rule(&facts, "table-shared-by-environments").is_empty());
    facts.push(Fact::Setting(setting("KEYS_TABLE", name, "c.staging")));
    let found = of_rule(&facts, "table-shared-by-environments");
    assert_eq!(found[0].actor, Some(Actor::OtherEnvironment));
}

#[test]
fn no_finding_shows_a_key() {
    let text = "sk_live_kq7Zp2Vx9LmR4tYw8BnC";
    let mut facts = Story::new().facts();
    facts.push(Fact::Sighting(sighting(
        "a.py",
        3,
        "stripe-secret-key",
        text,
    )));
    let all = format!("{:?}", outcome(&facts));
    assert!(!all.contains("kq7Zp2Vx9LmR4tYw8BnC"));
}
