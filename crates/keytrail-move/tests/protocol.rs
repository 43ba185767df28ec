//! The protocol, stopped at every step and disturbed at every step.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::Fingerprinter;
use keytrail_move::{Act, Heard, Item, Job, Machine, Outcome, Refusal, Seal, Setting, Wire as _};
use keytrail_twin::World;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Direct, SHAPES, Shape, item, keys, no_raw_key, raw_key, setting, world};

/// Does what the machine asks for; what came of it is told or, where the process dies, not.
fn perform(wire: &Direct, act: Act) -> Option<Heard> {
    match act {
        Act::Done(_) => None,
        Act::Note(_) => Some(Heard::Noted),
        Act::Send { call, request } => Some(match wire.send(call, &request) {
            Ok(answer) => Heard::Answer(answer),
            Err(Refusal::Code(code)) => Heard::Refused(code),
            Err(other) => panic!("{other:?}"),
        }),
    }
}

/// To the end, or to the step at which it dies: before it is done, or before it is heard of.
fn drive(machine: &mut Machine<'_>, wire: &Direct, dies: Option<(usize, bool)>) -> Option<Outcome> {
    for step in 0..200 {
        let act = machine.act();
        if let Act::Done(outcome) = act {
            return Some(outcome);
        }
        if dies == Some((step, false)) {
            return None;
        }
        let heard = perform(wire, act).unwrap();
        if dies == Some((step, true)) {
            return None;
        }
        machine.hear(heard);
    }
    panic!("the machine does not end: {machine:?}");
}

fn all(wire: &Direct, setting: &Setting, job: Job) -> Vec<Outcome> {
    let prints = Fingerprinter::default();
    let items = wire.0.items("keys");
    let run =
        |item: Item| drive(&mut Machine::new(setting, &prints, job, item), wire, None).unwrap();
    items.into_iter().map(run).collect()
}

fn expected(count: usize) -> BTreeMap<String, String> {
    (0..count)
        .map(|n| (format!("owner-{n}"), raw_key(n)))
        .collect()
}

#[test]
fn a_run_that_dies_at_any_step_is_made_good_by_the_next() {
    let prints = Fingerprinter::default();
    for shape in SHAPES {
        for step in 0..12 {
            for done in [false, true] {
                let wire = Direct(world(shape, 1));
                let setting = setting(&wire, shape, Seal::new(b"nonce"));
                let mut first = Machine::new(&setting, &prints, Job::Forward, item(shape, 0));
                drive(&mut first, &wire, Some((step, done)));
                assert_eq!(
                    keys(&wire.0, shape),
                    expected(1),
                    "{shape:?} died at {step}"
                );
                all(&wire, &setting, Job::Forward);
                assert_eq!(keys(&wire.0, shape), expected(1), "{shape:?} after {step}");
                no_raw_key(&wire.0, &BTreeSet::from([raw_key(0)]));
                let moved = wire.0.items("keys").remove(0);
                let mut back = Machine::new(&setting, &prints, Job::Back, moved);
                drive(&mut back, &wire, Some((step, done)));
                assert_eq!(
                    keys(&wire.0, shape),
                    expected(1),
                    "{shape:?} back, died at {step}"
                );
                all(&wire, &setting, Job::Back);
                let rest = wire.0.items("keys");
                assert_eq!(rest, [item(shape, 0)], "{shape:?} back after {step}");
            }
        }
    }
}

#[test]
fn a_call_that_is_sent_twice_does_no_harm() {
    let prints = Fingerprinter::default();
    for shape in SHAPES {
        for job in [Job::Forward, Job::Back] {
            for twice in 0..12 {
                let wire = Direct(world(shape, 1));
                let setting = setting(&wire, shape, Seal::new(b"nonce"));
                if job == Job::Back {
                    all(&wire, &setting, Job::Forward);
                }
                let before = wire.0.items("keys").remove(0);
                let mut machine = Machine::new(&setting, &prints, job, before);
                for step in 0..200 {
                    let act = machine.act();
                    if matches!(act, Act::Done(_)) {
                        break;
                    }
                    // The first answer is lost.
                    if step == twice {
                        let _ = perform(&wire, machine.act());
                    }
                    let heard = perform(&wire, act).unwrap();
                    machine.hear(heard);
                }
                let good = matches!(machine.act(), Act::Done(Outcome::Moved | Outcome::Restored));
                assert!(good, "{shape:?} {job:?} {twice}: {machine:?}");
                assert_eq!(keys(&wire.0, shape), expected(1));
            }
        }
    }
}

#[test]
fn a_key_that_is_replaced_meanwhile_is_the_one_that_is_moved() {
    let prints = Fingerprinter::default();
    for shape in SHAPES.into_iter().filter(|shape| !shape.in_key) {
        for at in 0..8 {
            let wire = Direct(world(shape, 1));
            let setting = setting(&wire, shape, Seal::new(b"nonce"));
            let mut machine = Machine::new(&setting, &prints, Job::Forward, item(shape, 0));
            let mut step = 0;
            while let Some(heard) = perform(&wire, machine.act()) {
                machine.hear(heard);
                if step == at {
                    replace(&wire.0, 0, &raw_key(77));
                }
                step += 1;
            }
            all(&wire, &setting, Job::Forward);
            let only = BTreeMap::from([("owner-0".to_owned(), raw_key(77))]);
            let replaced = if step > at { only } else { expected(1) };
            assert_eq!(keys(&wire.0, shape), replaced, "{shape:?} {at}");
            no_raw_key(&wire.0, &BTreeSet::from([raw_key(0), raw_key(77)]));
        }
    }
}

/// An application that knows nothing of references writes a new raw key.
fn replace(world: &World, number: usize, key: &str) {
    let update = json!({
        "TableName": "keys", "Key": {"id": {"S": format!("owner-{number}")}},
        "UpdateExpression": "SET meta.api_key = :k", "ExpressionAttributeValues": {":k": {"S": key}},
    });
    world.plain("dynamodb:UpdateItem", &update).unwrap();
}

/// One more use, by an application that demands that the item is there.
fn used(world: &World, key: &Value) -> bool {
    let update = json!({
        "TableName": "keys", "Key": key, "UpdateExpression": "ADD uses :one",
        "ConditionExpression": "attribute_exists(uses)", "ExpressionAttributeValues": {":one": {"N": "1"}},
    });
    world.plain("dynamodb:UpdateItem", &update).is_ok()
}

fn uses(world: &World) -> i64 {
    let items = world.items("keys");
    let of = |item: &Item| item["uses"]["N"].as_str().unwrap().parse::<i64>().unwrap();
    items.iter().map(of).sum()
}

/// What may happen next.
#[derive(Clone, Debug)]
enum Event {
    /// A machine makes a step.
    Step(usize),
    /// It makes a step and never hears of it.
    Die(usize),
    /// Somebody uses the key of an item.
    Use(usize),
    /// A machine in the other direction, or the same, takes the item on.
    Begin(usize, bool),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = prop_oneof![
        6 => (0_usize..4).prop_map(Event::Step),
        1 => (0_usize..4).prop_map(Event::Die),
        2 => (0_usize..3).prop_map(Event::Use),
        2 => ((0_usize..3), any::<bool>()).prop_map(|(item, forward)| Event::Begin(item, forward)),
    ];
    prop::collection::vec(one, 1..120)
}

/// Four machines, on three items, in any order, with people using the keys.
fn play(shape: Shape, events: &[Event]) {
    let prints = Fingerprinter::default();
    let wire = Direct(world(shape, 3));
    let setting = setting(&wire, shape, Seal::new(b"nonce"));
    let mut machines: Vec<Machine<'_>> = Vec::new();
    let mut counted = 0;
    for event in events {
        match event {
            Event::Begin(number, forward) => {
                let owner = format!("owner-{number}");
                let name = if shape.in_key { "owner" } else { "id" };
                let items = wire.0.items("keys");
                let found = items
                    .into_iter()
                    .find(|item| item[name]["S"] == json!(owner));
                let job = if *forward { Job::Forward } else { Job::Back };
                machines.push(Machine::new(&setting, &prints, job, found.unwrap()));
            }
            Event::Step(which) | Event::Die(which) if !machines.is_empty() => {
                let which = which % machines.len();
                let heard = perform(&wire, machines[which].act());
                match (event, heard) {
                    (Event::Step(_), Some(heard)) => machines[which].hear(heard),
                    _ => drop(machines.remove(which)),
                }
            }
            Event::Use(number) => {
                // As a reader of both does: the new place, the old one, the new one again.
                let raw = json!({"S": raw_key(*number)});
                let places = if shape.in_key {
                    let digest = setting
                        .pepper
                        .as_ref()
                        .unwrap()
                        .seal
                        .digest(raw_key(*number).as_bytes());
                    let new = json!({"api_key": {"S": digest}});
                    vec![new.clone(), json!({"api_key": raw}), new]
                } else {
                    vec![json!({"id": {"S": format!("owner-{number}")}})]
                };
                let found = places.iter().any(|key| used(&wire.0, key));
                assert!(found, "the item of {number} was not to be found");
                counted += 1;
            }
            _ => {}
        }
        assert_eq!(keys(&wire.0, shape), expected(3), "{event:?}");
        assert_eq!(
            uses(&wire.0),
            counted,
            "a use was lost or counted twice: {event:?}"
        );
    }
    all(&wire, &setting, Job::Forward);
    assert_eq!(keys(&wire.0, shape), expected(3));
    no_raw_key(&wire.0, &(0..3).map(raw_key).collect());
    assert_eq!(uses(&wire.0), counted);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// No key is lost, no item is lost or doubled, and no use is lost, at any moment.
    #[test]
    fn machines_and_people_in_any_order(shape in 0_usize..SHAPES.len(), events in events()) {
        play(SHAPES[shape], &events);
    }
}
