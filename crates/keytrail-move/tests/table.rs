//! Whole tables, with services that throttle, fail and lose answers.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use keytrail_move::{MoveError, Outcome, Target};
use keytrail_twin::Faults;
use serde_json::json;
use support::{SHAPES, item, keys, no_raw_key, no_raw_key_in, raw_key, run, world};

const ITEMS: usize = 150;

fn bad() -> Faults {
    Faults {
        throttled: 0.05,
        broken_before: 0.02,
        broken_after: 0.02,
        lost: 0.02,
        latency: Duration::ZERO,
        ..Faults::default()
    }
}

fn expected() -> BTreeMap<String, String> {
    (0..ITEMS)
        .map(|n| (format!("owner-{n}"), raw_key(n)))
        .collect()
}

#[test]
fn every_key_is_moved_and_brought_back_byte_for_byte() {
    for shape in SHAPES {
        let world = world(shape, ITEMS);
        let raw: BTreeSet<String> = (0..ITEMS).map(raw_key).collect();
        let directory = tempfile::tempdir().unwrap();
        world.go_wrong(bad(), 7);
        run(&world, shape, directory.path(), |mover| {
            let (tally, standing) = mover.apply().unwrap();
            assert_eq!(
                tally.of(&Outcome::Moved),
                ITEMS as u64,
                "{shape:?} {tally:?}"
            );
            assert_eq!((standing.raw, standing.unlike, standing.orphans), (0, 0, 0));
            assert_eq!(standing.references, ITEMS as u64);
        });
        no_raw_key(&world, &raw);
        no_raw_key_in(directory.path(), &raw);
        assert_eq!(keys(&world, shape), expected());
        run(&world, shape, directory.path(), |mover| {
            let (tally, standing) = mover.roll_back().unwrap();
            assert_eq!(
                tally.of(&Outcome::Restored),
                ITEMS as u64,
                "{shape:?} {tally:?}"
            );
            assert_eq!((standing.raw, standing.references), (ITEMS as u64, 0));
        });
        let mut now = world.items("keys");
        let mut then: Vec<_> = (0..ITEMS).map(|number| item(shape, number)).collect();
        now.sort_by_key(|item| json!(item).to_string());
        then.sort_by_key(|item| json!(item).to_string());
        assert_eq!(now, then, "{shape:?}");
    }
}

#[test]
fn after_the_end_there_is_no_way_back_and_digests_hold_nothing() {
    for shape in SHAPES {
        let world = world(shape, 20);
        let directory = tempfile::tempdir().unwrap();
        run(&world, shape, directory.path(), |mover| {
            let (_, standing) = mover.finish().unwrap();
            assert_eq!((standing.raw, standing.unlike), (0, 0), "{shape:?}");
            assert!(matches!(mover.roll_back(), Err(MoveError::Finished)));
        });
        let kept = usize::from(shape.in_key || shape.target == Target::Hmac);
        let expected = match shape.target {
            Target::SecretsManager | Target::ParameterStore => 20 + kept,
            // The pepper alone.
            Target::Kms | Target::Hmac => kept,
        };
        assert_eq!(world.kept(), expected, "{shape:?}");
        // What comes late is moved too.
        let late = json!({"TableName": "keys", "Item": item(shape, 50)});
        world.plain("dynamodb:PutItem", &late).unwrap();
        run(&world, shape, directory.path(), |mover| {
            assert_eq!(mover.apply().unwrap().0.of(&Outcome::Moved), 1);
            assert!(matches!(mover.roll_back(), Err(MoveError::Finished)));
        });
    }
}

#[test]
fn a_lost_journal_costs_nothing_but_itself() {
    let shape = SHAPES[0];
    let world = world(shape, 30);
    let first = tempfile::tempdir().unwrap();
    run(&world, shape, first.path(), |mover| {
        mover.apply().unwrap();
    });
    let second = tempfile::tempdir().unwrap();
    run(&world, shape, second.path(), |mover| {
        let (tally, standing) = mover.apply().unwrap();
        assert_eq!(tally.of(&Outcome::Already), 30);
        assert_eq!((standing.unlike, standing.absent), (0, 0));
        mover.roll_back().unwrap();
    });
    assert_eq!(keys(&world, shape).len(), 30);
    assert_eq!(
        world.items("keys")[0]["meta"]["M"]
            .as_object()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_service_that_is_down_stops_the_run_and_harms_nothing() {
    let shape = SHAPES[0];
    let world = world(shape, 60);
    let directory = tempfile::tempdir().unwrap();
    run(&world, shape, directory.path(), |mover| {
        world.watch({
            let world = world.clone();
            move |operation, _| {
                if operation == "CreateSecret" {
                    world.go_wrong(
                        Faults {
                            broken_before: 1.0,
                            ..Faults::default()
                        },
                        3,
                    );
                }
            }
        });
        assert!(matches!(mover.apply(), Err(MoveError::Tired { .. })));
    });
    world.unwatch();
    world.go_wrong(Faults::default(), 3);
    run(&world, shape, directory.path(), |mover| {
        assert_eq!(mover.apply().unwrap().1.raw, 0);
    });
    assert_eq!(keys(&world, shape).len(), 60);
}

#[test]
fn what_is_no_key_stays_and_is_told() {
    let shape = SHAPES[0];
    let world = world(shape, 2);
    for (id, value) in [
        ("n", json!({"N": "7"})),
        ("e", json!({"S": ""})),
        ("l", json!({"S": "x".repeat(5000)})),
    ] {
        let item = json!({"id": {"S": id}, "meta": {"M": {"api_key": value}}});
        let put = json!({"TableName": "keys", "Item": item});
        world.plain("dynamodb:PutItem", &put).unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    run(&world, shape, directory.path(), |mover| {
        let (tally, standing) = mover.apply().unwrap();
        assert_eq!(tally.of(&Outcome::Left("no text")), 1);
        assert_eq!(tally.of(&Outcome::Left("empty")), 1);
        assert_eq!(tally.of(&Outcome::Left("longer than 4096 bytes")), 1);
        assert_eq!((tally.of(&Outcome::Moved), standing.raw), (2, 0));
    });
}
