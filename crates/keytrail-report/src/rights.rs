//! Answers about single rights, at a terminal: may it, and what may it read.

use std::collections::BTreeMap;

use keytrail_model::{Decision, Door, Grant, Right, Step};

use crate::text::{clean, count};

/// The answer to one question for one principal.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// The principal.
    pub principal: String,
    /// `allowed`, `allowed if …`, `denied`, `not allowed`.
    pub word: &'static str,
    /// Each way with its statements and the conditions that are left.
    pub ways: Vec<(Vec<Step>, Vec<String>)>,
    /// Which kind of policy lacks an `Allow`.
    pub missing: Option<String>,
}

/// Answers to `can`, one after another.
pub fn allowances(action: &str, resource: &str, all: &[Allowance]) -> String {
    let mut out = String::new();
    for one in all {
        let (who, action, resource) = (clean(&one.principal), clean(action), clean(resource));
        line(
            &mut out,
            0,
            &format!("{who}, {action} on {resource}: {}", one.word),
        );
        if let Some(missing) = &one.missing {
            line(&mut out, 2, &clean(missing));
        }
        for (number, (steps, conditions)) in one.ways.iter().enumerate() {
            if one.ways.len() > 1 {
                line(&mut out, 2, &format!("way {}", number + 1));
            }
            for condition in conditions {
                line(&mut out, 2, &format!("if {}", clean(condition)));
            }
            for step in steps {
                line(&mut out, 2, &told(step));
            }
        }
    }
    out
}

/// What a principal may read: table by table, door by door, with the statements.
pub fn reads(principal: &str, grants: &[Grant], rights: &[Right]) -> String {
    let mut tables: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    for grant in grants {
        tables.entry(&grant.table).or_default().push(grant);
    }
    let mut out = String::new();
    let reached = tables
        .values()
        .filter(|grants| grants.iter().any(|grant| grant.door != Door::Write))
        .count();
    let tables_read = count(reached, "table", "tables");
    line(
        &mut out,
        0,
        &format!("{} may read {tables_read}", clean(principal)),
    );
    for (table, grants) in tables {
        out.push('\n');
        line(&mut out, 0, &clean(table));
        for (grant, doors) in by_statement(&grants) {
            line(&mut out, 2, &doors.join(", "));
            if let Decision::AllowedIf(conditions) = &grant.decision {
                for condition in conditions {
                    line(&mut out, 4, &format!("if {}", clean(condition)));
                }
            }
            if let Some(attributes) = &grant.attributes {
                line(
                    &mut out,
                    4,
                    &format!("only {}", clean(&attributes.join(", "))),
                );
            }
            for step in &grant.statements {
                line(&mut out, 4, &told(step));
            }
        }
    }
    for right in rights {
        out.push('\n');
        line(&mut out, 0, &format!("also {}", clean(&right.way)));
        for condition in &right.conditions {
            line(&mut out, 4, &format!("if {}", clean(condition)));
        }
        for step in &right.statements {
            line(&mut out, 4, &told(step));
        }
    }
    out
}

/// Grants that one decision gives, with the doors it opens.
fn by_statement<'g>(grants: &[&'g Grant]) -> Vec<(&'g Grant, Vec<String>)> {
    let mut all: Vec<(&Grant, Vec<String>)> = Vec::new();
    for grant in grants {
        let index = grant.index.as_ref();
        let door = index.map_or_else(
            || grant.door.action().to_owned(),
            |index| format!("{} on index {}", grant.door.action(), clean(index)),
        );
        let same = all.iter_mut().find(|(other, _)| {
            other.decision == grant.decision
                && other.attributes == grant.attributes
                && places(other) == places(grant)
        });
        match same {
            Some((_, doors)) => doors.push(door),
            None => all.push((grant, vec![door])),
        }
    }
    all
}

fn places(grant: &Grant) -> Vec<&keytrail_model::Location> {
    grant.statements.iter().map(|step| &step.location).collect()
}

fn told(step: &Step) -> String {
    let symbol = step.location.symbol().unwrap_or_default();
    let span = step.location.span();
    format!(
        "{}  {}:{}  {}",
        clean(&step.label),
        clean(&span.path),
        span.line,
        clean(symbol)
    )
}

fn line(out: &mut String, indent: usize, text: &str) {
    out.push_str(&" ".repeat(indent));
    out.push_str(text.trim_end());
    out.push('\n');
}
