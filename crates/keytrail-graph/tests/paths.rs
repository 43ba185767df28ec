//! Which paths there are, and which there are not.

mod support;

use keytrail_graph::{Graph, Target};
use keytrail_model::*;
use support::*;

fn actors(facts: &[Fact]) -> Vec<(Severity, Actor)> {
    Graph::build(facts)
        .exposure_paths()
        .into_iter()
        .map(|path| (path.severity, path.actor))
        .collect()
}

#[test]
fn the_main_path_runs_from_the_write_to_anybody() {
    let facts = Story::new().facts();
    let graph = Graph::build(&facts);
    let paths = graph.exposure_paths();
    assert_eq!(paths.len(), 1, "{paths:#?}");
    let path = &paths[0];
    assert_eq!(path.severity, Severity::Critical);
    assert_eq!(path.actor, Actor::Anonymous);
    assert_eq!(path.confidence, Confidence::Likely);
    let labels: Vec<&str> = path.steps.iter().map(|step| step.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "it comes from here",
            "it goes in here",
            "index `service-index` copies every attribute (`api_key`)",
            "query reads `api_key` of `keys` through index `service-index`",
            "it comes from here",
            "it goes in here",
            "`views.list` answers GET /services/<service>/keys/",
            "the URL `/services/<service>/keys/` leads to it",
            "nothing asks who is calling",
        ]
    );
}

#[test]
fn a_field_that_is_no_key_gives_no_path() {
    let mut story = Story::new();
    story.served.source = Source::Item(story.query.location.clone(), "label".to_owned());
    assert_eq!(actors(&story.facts()), []);
}

#[test]
fn a_key_that_is_taken_out_gives_no_path() {
    let mut story = Story::new();
    story.served.excluded = vec!["api_key".to_owned()];
    assert_eq!(actors(&story.facts()), []);
}

#[test]
fn a_projection_that_leaves_the_key_out_gives_no_path() {
    let mut story = Story::new();
    story.query.projection = Projection::Attributes(vec!["key_alias".to_owned()]);
    assert_eq!(actors(&story.facts()), []);
}

#[test]
fn an_index_that_leaves_the_key_out_gives_no_path() {
    let mut story = Story::new();
    story.table.indexes[0].projection = IndexProjection::KeysOnly;
    assert_eq!(actors(&story.facts()), []);
}

#[test]
fn an_index_that_nobody_declares_is_only_possible() {
    let mut story = Story::new();
    story.table.indexes.clear();
    assert_eq!(
        actors(&story.facts()),
        [(Severity::Medium, Actor::Anonymous)]
    );
}

#[test]
fn a_hash_is_no_key() {
    let mut story = Story::new();
    story.stored.transform = Transform::Hmac;
    assert_eq!(actors(&story.facts()), []);
}

#[test]
fn a_signed_in_caller_who_names_the_item_is_another_tenant() {
    let mut story = Story::new();
    story.get.access = Access::Authenticated;
    assert_eq!(
        actors(&story.facts()),
        [(Severity::High, Actor::OtherTenant)]
    );
}

#[test]
fn the_owner_is_rightful() {
    let mut story = Story::new();
    story.get.access = Access::Authenticated;
    story.query.keys = vec![bound("owner_id", by_identity(31))];
    let facts = story.facts();
    assert_eq!(actors(&facts), []);
    let graph = Graph::build(&facts);
    let target = Target::find(&graph, "keys.api_key").unwrap();
    let who: Vec<_> = graph.who(&target).into_iter().map(|it| it.actor).collect();
    assert_eq!(who, [Actor::Owner]);
}

#[test]
fn staff_are_rightful_and_an_unknown_check_is_possible() {
    let mut story = Story::new();
    story.get.access = Access::Privileged;
    assert_eq!(actors(&story.facts()), []);
    let mut story = Story::new();
    story.get.access = Access::Unknown;
    assert_eq!(
        actors(&story.facts()),
        [(Severity::Medium, Actor::OtherTenant)]
    );
}

#[test]
fn a_token_that_the_caller_holds_is_no_exposure() {
    let mut story = Story::new();
    story.query.keys = vec![bound("token", by_caller(31))];
    assert_eq!(actors(&story.facts()), []);
}

#[test]
fn routes_join_only_what_one_request_passes() {
    // The query is entered by another view than the one that answers.
    let mut facts = Story::new().facts();
    facts.retain(|fact| !matches!(fact, Fact::Reach(it) if &*it.view == "views.list"));
    facts.push(Fact::Reach(reach("views.other", "store.by_service")));
    facts.push(Fact::Route(route(
        "/other/",
        "views.other",
        Access::Anonymous,
    )));
    assert_eq!(actors(&facts), []);
}

#[test]
fn a_log_call_reaches_log_readers() {
    let mut story = Story::new();
    story.served.sink = Sink::Log("info".to_owned());
    assert_eq!(actors(&story.facts()), [(Severity::High, Actor::LogReader)]);
}

#[test]
fn the_key_of_a_request_that_is_stored_too_is_the_attributes() {
    let mut facts = Story::new().facts();
    let Some(Fact::Flow(stored)) = facts.iter().find(|it| matches!(it, Fact::Flow(_))).cloned()
    else {
        panic!("the story has flows")
    };
    let log = Flow {
        sink: Sink::Log("info".to_owned()),
        ..stored
    };
    facts.push(Fact::Flow(log));
    let paths = Graph::build(&facts).exposure_paths();
    let to_log = paths
        .iter()
        .find(|path| path.actor == Actor::LogReader)
        .unwrap();
    assert!(matches!(&to_log.key, KeyRef::Attribute { attribute, .. } if attribute == "api_key"));
}

#[test]
fn other_roles_and_the_application_are_told_apart() {
    let mut story = Story::new();
    story.get.access = Access::Privileged;
    let mut facts = story.facts();
    facts.push(Fact::Principal(principal("aws_iam_role.app", true)));
    facts.push(Fact::Principal(principal("aws_iam_role.report", true)));
    for door in [Door::Query, Door::GetItem, Door::Write] {
        facts.push(Fact::Grant(grant("aws_iam_role.app", "keys", door)));
    }
    facts.push(Fact::Grant(grant(
        "aws_iam_role.report",
        "keys",
        Door::Scan,
    )));
    let graph = Graph::build(&facts);
    let paths = graph.exposure_paths();
    assert_eq!(paths.len(), 1, "{paths:#?}");
    assert_eq!(
        paths[0].actor,
        Actor::OtherRole("aws_iam_role.report".into())
    );
    let who = graph.who(&Target::find(&graph, "keys").unwrap());
    assert!(
        who.iter()
            .any(|it| it.actor == Actor::Application("aws_iam_role.app".into()))
    );
    assert!(who.iter().any(|it| it.actor == Actor::Staff));
    assert_eq!(who[0].rightful, Rightful::No);
}

#[test]
fn a_role_that_has_the_tables_to_itself_is_the_application() {
    let mut story = Story::new();
    story.get.access = Access::Privileged;
    let mut facts = story.facts();
    facts.push(Fact::Principal(principal("aws_iam_role.thing", false)));
    facts.push(Fact::Grant(grant(
        "aws_iam_role.thing",
        "keys",
        Door::Query,
    )));
    assert_eq!(actors(&facts), []);
}

#[test]
fn tables_are_joined_by_variables() {
    let mut story = Story::new();
    let via = TableRef {
        names: Vec::new(),
        via: vec![NameSource::Setting("KEYS_TABLE".to_owned())],
    };
    story.put.table = via.clone();
    story.query.table = via;
    story.table.name = "*".to_owned();
    let value = SettingValue::FromEnvironment {
        name: "TABLE".to_owned(),
        default: None,
        parsed: false,
    };
    let mut facts = story.facts();
    facts.push(Fact::Setting(setting(
        "KEYS_TABLE",
        value,
        "config.settings",
    )));
    facts.push(Fact::EnvBinding(EnvBinding {
        variable: "TABLE".to_owned(),
        table: "aws_dynamodb_table.keys".into(),
        location: resource("infra/app.tf", 4, "aws_ecs_task_definition.app"),
    }));
    assert_eq!(actors(&facts), [(Severity::Critical, Actor::Anonymous)]);
}

#[test]
fn a_hard_coded_key_that_is_stored_and_served_is_one_key() {
    let text = "sk_live_kq7Zp2Vx9LmR4tYw8BnC";
    let (fingerprint, masked) = secret(text);
    let mut story = Story::new();
    story.stored.source = Source::Literal {
        provider: "stripe-secret-key".to_owned(),
        fingerprint,
        masked,
    };
    let mut facts = story.facts();
    facts.push(Fact::Sighting(sighting(
        "shop/house.py",
        3,
        "stripe-secret-key",
        text,
    )));
    let graph = Graph::build(&facts);
    let concrete: Vec<Actor> = graph
        .exposure_paths()
        .into_iter()
        .filter(|path| matches!(path.key, KeyRef::Concrete { .. }))
        .map(|path| path.actor)
        .collect();
    assert_eq!(concrete, [Actor::Anonymous, Actor::RepositoryReader]);
}

#[test]
fn ignored_files_stay_local() {
    let mut local = sighting(
        ".env",
        3,
        "stripe-secret-key",
        "sk_live_kq7Zp2Vx9LmR4tYw8BnC",
    );
    local.context.ignored_file = true;
    assert_eq!(actors(&[Fact::Sighting(local)]), []);
}

#[test]
fn the_debug_page_shows_what_views_read() {
    let mut story = Story::new();
    story.served.source = Source::Item(story.query.location.clone(), "label".to_owned());
    let mut facts = story.facts();
    let on = SettingValue::Text("False".to_owned());
    facts.push(Fact::Setting(setting(
        "DEBUG",
        on.clone(),
        "config.settings.local",
    )));
    assert_eq!(actors(&facts), []);
    facts.push(Fact::Setting(setting(
        "DEBUG",
        on,
        "config.settings.staging",
    )));
    assert_eq!(actors(&facts), [(Severity::Critical, Actor::Anonymous)]);
}
