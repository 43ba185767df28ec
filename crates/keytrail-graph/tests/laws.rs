//! Order and repetition of facts change nothing; hostile sizes stay fast.

mod support;

use keytrail_graph::Graph;
use keytrail_model::*;
use proptest::prelude::*;
use support::*;

fn many() -> Vec<Fact> {
    let mut facts = Story::new().facts();
    facts.push(Fact::Principal(principal("aws_iam_role.app", true)));
    facts.push(Fact::Principal(principal("aws_iam_role.report", true)));
    for door in Door::ALL {
        facts.push(Fact::Grant(grant("aws_iam_role.app", "keys", door)));
        facts.push(Fact::Grant(grant("aws_iam_role.report", "keys", door)));
    }
    let on = SettingValue::Bool(true);
    facts.push(Fact::Setting(setting(
        "DEBUG",
        on.clone(),
        "config.settings.staging",
    )));
    facts.push(Fact::Setting(setting(
        "DEBUG",
        on,
        "config.settings.production",
    )));
    for line in 1..6 {
        let text = format!("sk_live_kq7Zp2Vx9LmR4tYw8Bn{}", line % 3);
        facts.push(Fact::Sighting(sighting(
            "a.py",
            line,
            "stripe-secret-key",
            &text,
        )));
        facts.push(Fact::Sighting(sighting("b.py", line, "generic", &text)));
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn order_and_repetition_change_nothing(
        shuffled in Just(many()).prop_shuffle(),
        repeated in prop::collection::vec(0..200_usize, 0..20),
    ) {
        let mut facts = shuffled;
        for number in repeated {
            let again = facts[number % facts.len()].clone();
            facts.push(again);
        }
        let reference = Graph::build(&many());
        let graph = Graph::build(&facts);
        prop_assert_eq!(&graph, &reference);
        prop_assert_eq!(graph.exposure_paths(), reference.exposure_paths());
        prop_assert_eq!(
            graph.least_cut(Severity::High),
            reference.least_cut(Severity::High)
        );
    }

    #[test]
    fn the_cut_leaves_no_path(kept in prop::collection::vec(any::<bool>(), many().len())) {
        let facts: Vec<Fact> = many()
            .into_iter()
            .zip(kept)
            .filter_map(|(fact, keep)| keep.then_some(fact))
            .collect();
        let cut = Graph::build(&facts).least_cut(Severity::High);
        prop_assert_eq!(cut.closes, cut.of);
    }
}

#[test]
fn a_hundred_thousand_facts() {
    let mut facts = many();
    // A tenth where the compiler does not optimise.
    let rounds = if cfg!(debug_assertions) {
        1_000
    } else {
        10_000
    };
    for number in 0..rounds {
        let view = format!("app{}.views.v{number}", number % 97);
        facts.push(Fact::Route(route(
            &format!("/{number}/"),
            &view,
            Access::Authenticated,
        )));
        facts.push(Fact::Reach(reach(&view, &format!("f{}", number % 500))));
        facts.push(Fact::Reach(reach(&view, "store.by_service")));
        let mut query = operation(
            OperationKind::Query,
            &format!("t{}", number % 50),
            1000 + number,
            &format!("f{}", number % 500),
        );
        query.keys = vec![bound("id", by_caller(3))];
        let source = Source::Item(query.location.clone(), "secret".to_owned());
        facts.push(Fact::Operation(query));
        for sink in 0..4 {
            let function = format!("f{}", number % 500);
            let mut flow = flow(
                source.clone(),
                Sink::Log("info".to_owned()),
                10 + sink,
                &function,
            );
            flow.location = code("big.py", number * 4 + sink, &function);
            facts.push(Fact::Flow(flow));
        }
        let text = format!("sk_live_kq7Zp2Vx9LmR4tYw8Bn{number}");
        facts.push(Fact::Sighting(sighting(
            "c.py",
            number + 1,
            "stripe-secret-key",
            &text,
        )));
        facts.push(Fact::Setting(setting(
            &format!("S{number}"),
            SettingValue::Bool(true),
            "config.settings.base",
        )));
    }
    #[expect(clippy::disallowed_methods, reason = "a test of time")]
    let start = std::time::Instant::now();
    let graph = Graph::build(&facts);
    let built = start.elapsed();
    let paths = graph.exposure_paths();
    let walked = start.elapsed();
    let cut = graph.least_cut(Severity::High);
    println!(
        "{} facts, {} edges: built {built:?}, {} paths {walked:?}, cut {} edits {:?}",
        facts.len(),
        graph.edges().len(),
        paths.len(),
        cut.edits.len(),
        start.elapsed()
    );
    assert_eq!(paths.len(), 2_000, "the list is bounded");
    assert_eq!(cut.closes, cut.of);
}
