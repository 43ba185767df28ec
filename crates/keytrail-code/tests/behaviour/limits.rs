//! What is not followed is told, by place.

use keytrail_model::CoverageStatus;

use crate::support::{Facts, module};

fn told(facts: &Facts) -> Vec<(u32, String)> {
    let problems = facts.coverage.problems.iter();
    problems
        .map(|problem| {
            let words: Vec<&str> = problem.message.split_whitespace().take(4).collect();
            (problem.line.unwrap_or_default(), words.join(" "))
        })
        .collect()
}

/// Lines of the head that every module of the tests has.
const HEAD: u32 = 8;

#[test]
fn names_that_are_computed_on_data_are_limits() {
    let facts = module(
        "
        class Box:
            def __init__(self, item):
                self.item = item
            def __getattr__(self, name):
                return self.item[name]
        def view(request, name):
            item = table.get_item(Key={'id': 1})['Item']
            getattr(Box(item), name)
            setattr(settings, name, item)
            eval('item.' + name)
            Box(item).label
        ",
    );
    let first = [
        (8, "`getattr` with a computed"),
        (9, "`setattr` with a computed"),
        (10, "`exec` or `eval` of"),
        (11, "an attribute is answered"),
    ];
    let first = first.map(|(line, text)| (HEAD + line, text.to_owned()));
    assert_eq!(told(&facts), first);
    assert_eq!(facts.coverage.counts["places_not_followed"], 4);
    assert_eq!(facts.coverage.status, CoverageStatus::Partial);
    assert!(facts.coverage.reason.contains("4 places"));
}

#[test]
fn names_that_are_written_out_are_none() {
    let facts = module(
        "
        def view(request, name):
            item = table.get_item(Key={'id': 1})['Item']
            getattr(item, 'label')
            setattr(settings, 'ITEM', item)
            eval('1 + 1')
            getattr(name, request)
        ",
    );
    assert_eq!(told(&facts), []);
    assert_eq!(facts.coverage.status, CoverageStatus::Evaluated);
}

#[test]
fn a_computed_import_is_told_and_leaves_the_rest_evaluated() {
    let facts =
        module("from importlib import import_module\nimport_module('app.' + settings.NAME)");
    assert_eq!(facts.coverage.counts["places_not_followed"], 1);
    assert_eq!(told(&facts).len(), 1);
    assert_eq!(facts.coverage.status, CoverageStatus::Evaluated);
}

#[test]
fn every_place_is_counted_and_the_first_are_told() {
    let lines: String = (0..12)
        .map(|index| format!("def f{index}(x):\n    eval(x)\n    exec(x + 'a')\n"))
        .collect();
    let facts = module(&lines);
    assert_eq!(facts.coverage.counts["places_not_followed"], 24);
    assert_eq!(facts.coverage.problems.len(), 20);
}
