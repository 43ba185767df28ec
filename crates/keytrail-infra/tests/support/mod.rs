//! Fixtures into trees, facts into lines that a person can check.

#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    reason = "each test takes what it needs; a failure to read or write a fixture is a failed test"
)]

use std::fmt::Write as _;
use std::path::Path;

use keytrail_infra::{Infra, TableTarget, collect};
use keytrail_model::{
    Asset, Decision, Fact, Grant, Location, MemoryTree, Opening, Principal, Progress, Right, Step,
    Table,
};

/// All files below `tests/fixtures/<case>/in`.
pub fn fixture(case: &str) -> MemoryTree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(case)
        .join("in");
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy();
                files.push((name.replace('\\', "/"), std::fs::read(&path).unwrap()));
            }
        }
    }
    MemoryTree::new(files)
}

pub fn run(tree: &MemoryTree) -> (Infra, Vec<Grant>) {
    let infra = collect(tree, &Progress::default());
    let tables: Vec<TableTarget> = infra
        .collected
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Table(table) => Some(TableTarget::of_table(table)),
            _ => None,
        })
        .collect();
    let grants = infra.access.grants(&tables);
    (infra, grants)
}

/// Everything that a fixture comes to.
pub fn shown(case: &str) -> String {
    let (infra, grants) = run(&fixture(case));
    let mut facts = infra.collected.facts.clone();
    facts.sort();
    let mut out = String::new();
    for fact in &facts {
        match fact {
            Fact::Table(one) => table(&mut out, one),
            Fact::Principal(one) => principal(&mut out, one),
            Fact::EnvBinding(one) => {
                let place = place(&one.location);
                writeln!(out, "env {} -> {} @ {place}", one.variable, one.table).unwrap();
            }
            Fact::Asset(one) => asset(&mut out, one),
            Fact::Right(one) => right(&mut out, one),
            Fact::Opening(one) => opening(&mut out, one),
            Fact::Endpoint(one) => {
                let (method, at) = (one.method.as_str(), place(&one.location));
                let answer = (one.function.as_ref(), one.handler.as_deref());
                writeln!(
                    out,
                    "endpoint {method} {} {answer:?} {:?} @ {at}",
                    one.path, one.access
                )
                .unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
    for one in &grants {
        grant(&mut out, one);
    }
    let coverage = &infra.collected.coverage;
    writeln!(out, "{}", coverage.status.as_str()).unwrap();
    for (name, count) in coverage.counts.iter().filter(|(_, count)| **count > 0) {
        writeln!(out, "  {name}: {count}").unwrap();
    }
    for problem in &coverage.problems {
        let line = problem.line.unwrap_or(0);
        writeln!(out, "  {}:{line}: {}", problem.path, problem.message).unwrap();
    }
    out
}

pub fn place(location: &Location) -> String {
    let span = location.span();
    format!(
        "{}:{}:{}-{}:{}",
        span.path, span.line, span.column, span.end_line, span.end_column
    )
}

fn steps(out: &mut String, name: &str, steps: &[Step]) {
    for step in steps {
        writeln!(out, "  {name}: {} @ {}", step.label, place(&step.location)).unwrap();
    }
}

fn table(out: &mut String, table: &Table) {
    writeln!(out, "table {} = {}", table.address, table.name).unwrap();
    writeln!(out, "  at {}", place(&table.location)).unwrap();
    if !table.also_named.is_empty() {
        writeln!(out, "  also {}", table.also_named.join(", ")).unwrap();
    }
    let keys: Vec<String> = table
        .keys
        .iter()
        .map(|key| format!("{} {:?}", key.attribute, key.role))
        .collect();
    writeln!(out, "  {:?}, keys {}", table.environment, keys.join(", ")).unwrap();
    writeln!(
        out,
        "  {:?}, recovery {:?}, protected {:?}, ttl {:?}, tags {:?}",
        table.encryption,
        table.point_in_time_recovery,
        table.deletion_protection,
        table.ttl,
        table.tags
    )
    .unwrap();
    for index in &table.indexes {
        let keys: Vec<&str> = index
            .keys
            .iter()
            .map(|key| key.attribute.as_str())
            .collect();
        writeln!(
            out,
            "  index {} {:?} ({}) {:?} @ {}",
            index.name,
            index.kind,
            keys.join(", "),
            index.projection,
            place(&index.location)
        )
        .unwrap();
    }
    if let Some(stream) = &table.stream {
        writeln!(
            out,
            "  stream {:?} @ {}",
            stream.view,
            place(&stream.location)
        )
        .unwrap();
        steps(out, "consumer", &stream.consumers);
    }
    for replica in &table.replicas {
        writeln!(
            out,
            "  replica {} {:?} recovery {:?} @ {}",
            replica.region,
            replica.encryption,
            replica.point_in_time_recovery,
            place(&replica.location)
        )
        .unwrap();
    }
    steps(out, "copy", &table.copies);
    for (attribute, location) in &table.seeded {
        writeln!(out, "  seeded {attribute} @ {}", place(location)).unwrap();
    }
}

fn asset(out: &mut String, asset: &Asset) {
    writeln!(
        out,
        "{} {} = {} ({:?}) @ {}",
        asset.kind.as_str(),
        asset.address,
        asset.name,
        asset.environment,
        place(&asset.location)
    )
    .unwrap();
    for posture in &asset.postures {
        writeln!(
            out,
            "  {:?} {:?} @ {}",
            posture.control,
            posture.state,
            place(&posture.location)
        )
        .unwrap();
    }
    if !asset.tables.is_empty() {
        writeln!(out, "  tables {}", asset.tables.join(", ")).unwrap();
    }
}

fn right(out: &mut String, right: &Right) {
    write!(
        out,
        "right {} {:?}: {}",
        right.principal, right.kind, right.way
    )
    .unwrap();
    if !right.conditions.is_empty() {
        write!(out, ", if {}", right.conditions.join(" and ")).unwrap();
    }
    out.push('\n');
    steps(out, "by", &right.statements);
}

fn opening(out: &mut String, opening: &Opening) {
    write!(
        out,
        "opening {} {} to {:?}{}: {}",
        opening.kind.as_str(),
        opening.address,
        opening.who,
        if opening.certain { "" } else { " (perhaps)" },
        opening.actions.join(", ")
    )
    .unwrap();
    if !opening.conditions.is_empty() {
        write!(out, ", if {}", opening.conditions.join(" and ")).unwrap();
    }
    if !opening.tables.is_empty() {
        write!(out, ", tables {}", opening.tables.join(", ")).unwrap();
    }
    writeln!(out, " @ {}", place(&opening.location)).unwrap();
}

fn principal(out: &mut String, principal: &Principal) {
    writeln!(
        out,
        "{:?} {} = {} ({:?}) @ {}",
        principal.kind,
        principal.address,
        principal.name,
        principal.environment,
        place(&principal.location)
    )
    .unwrap();
    steps(out, "runs", &principal.runs);
    if !principal.trusts.is_empty() {
        writeln!(out, "  trusts {}", principal.trusts.join(", ")).unwrap();
    }
}

fn grant(out: &mut String, grant: &Grant) {
    let index = grant
        .index
        .as_ref()
        .map(|index| format!("/{index}"))
        .unwrap_or_default();
    write!(
        out,
        "{} -> {}{index} {:?}",
        grant.principal, grant.table, grant.door
    )
    .unwrap();
    let flags = [
        (grant.wildcard_action, "wide action"),
        (grant.wildcard_resource, "wide resource"),
        (grant.leading_keys, "leading keys"),
    ];
    for (_, flag) in flags.iter().filter(|(set, _)| *set) {
        write!(out, ", {flag}").unwrap();
    }
    if let Some(attributes) = &grant.attributes {
        write!(out, ", only {}", attributes.join(" ")).unwrap();
    }
    if let Decision::AllowedIf(conditions) = &grant.decision {
        write!(out, ", if {}", conditions.join(" and ")).unwrap();
    }
    out.push('\n');
    for step in &grant.statements {
        let symbol = step.location.symbol().unwrap_or_default();
        writeln!(
            out,
            "    {} | {symbol} @ {}",
            step.label,
            place(&step.location)
        )
        .unwrap();
    }
}
