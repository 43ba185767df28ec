//! The least cut closes everything, as cheaply as it can be done.

mod support;

use keytrail_graph::Graph;
use keytrail_model::*;
use support::*;

fn ids(facts: &[Fact]) -> (Vec<String>, usize, usize) {
    let cut = Graph::build(facts).least_cut(Severity::High);
    (
        cut.edits.into_iter().map(|edit| edit.id).collect(),
        cut.closes,
        cut.of,
    )
}

#[test]
fn one_route_is_closed_by_one_edit() {
    let (edits, closes, of) = ids(&Story::new().facts());
    // Requiring a sign-in alone would leave the key to any user.
    assert_eq!(edits, ["projection:shop/store.py:20:1"]);
    assert_eq!((closes, of), (1, 1));
}

#[test]
fn many_routes_behind_one_read_need_one_edit() {
    let mut facts = Story::new().facts();
    for number in 0..5 {
        let view = format!("views.list{number}");
        facts.push(Fact::Route(route(
            &format!("/r{number}/"),
            &view,
            Access::Anonymous,
        )));
        facts.push(Fact::Reach(reach(&view, "store.by_service")));
        let at = code("shop/store.py", 20, "store.by_service");
        let source = Source::Item(at, String::new());
        facts.push(Fact::Flow(flow(
            source,
            Sink::Response,
            100 + number,
            &view,
        )));
    }
    let (edits, closes, of) = ids(&facts);
    assert_eq!(edits, ["projection:shop/store.py:20:1"]);
    assert_eq!((closes, of), (6, 6));
}

#[test]
fn a_read_that_needs_the_key_is_closed_at_the_response() {
    let mut story = Story::new();
    let used = flow(
        Source::Item(story.query.location.clone(), "api_key".to_owned()),
        Sink::Replay,
        50,
        "views.list",
    );
    story.get.access = Access::Anonymous;
    let mut facts = story.facts();
    facts.push(Fact::Flow(used));
    let (edits, closes, of) = ids(&facts);
    assert_eq!(edits, ["response:shop/views.py:32:1"]);
    assert_eq!((closes, of), (1, 1));
}

#[test]
fn logs_and_responses_need_their_own_edits_unless_one_serves_both() {
    let story = Story::new();
    let source = Source::Item(story.query.location.clone(), String::new());
    let mut facts = story.facts();
    let log = Sink::Log("info".to_owned());
    facts.push(Fact::Flow(flow(source, log, 60, "views.list")));
    let (edits, closes, of) = ids(&facts);
    assert_eq!(edits, ["projection:shop/store.py:20:1"]);
    assert_eq!((closes, of), (2, 2));
}

#[test]
fn two_attributes_of_one_read_cost_one_projection() {
    let mut story = Story::new();
    let second = flow(
        Source::Request(RequestPart::Body, "webhook_secret".to_owned()),
        Sink::Store(story.put.location.clone(), "webhook_secret".to_owned()),
        41,
        "views.create",
    );
    story.put.writes.push("webhook_secret".to_owned());
    let mut facts = story.facts();
    facts.push(Fact::Flow(second));
    let (edits, closes, of) = ids(&facts);
    assert_eq!(edits.len(), 1, "{edits:?}");
    assert_eq!((closes, of), (2, 2));
}

#[test]
fn nothing_to_cut_is_said_so() {
    assert_eq!(ids(&[]), (Vec::new(), 0, 0));
}
