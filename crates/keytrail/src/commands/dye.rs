//! `keytrail dye`: 10 where a colour comes out to somebody who should not have it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use keytrail_engine::{Dyed, Watch};
use serde_json::{Value, json};

use super::options;
use crate::cli::{Dye, Global, RulesFormat};
use crate::progress::Shown;
use crate::{output, talk};

const FOUND: u8 = 10;

pub(super) fn run(global: &Global, dye: &Dye) -> anyhow::Result<u8> {
    let aws = super::aws::of(&dye.account);
    if dye.clean {
        return clean(&aws, dye);
    }
    let mut options = options(&dye.paths, &dye.reading);
    options.http = dye.url.as_deref().map(|url| dye.asking.of(url));
    let wanted = keytrail_engine::Dye {
        tables: dye.tables.clone(),
        attributes: dye.attributes.clone(),
        logs: dye.logs.clone(),
        exports: dye.exports.clone(),
        stream: dye.stream,
        hold: Duration::from_secs(dye.hold),
        journal: dye.journal.clone(),
        apply: dye.apply,
        aws,
    };
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let dyed = keytrail_engine::dye(&options, &wanted, &watch);
    drop(shown);
    let dyed = dyed?;
    output::print(&match dye.format {
        RulesFormat::Terminal => terminal(&dyed),
        RulesFormat::Json => format!("{:#}\n", document(&dyed)),
    })?;
    for note in &dyed.notes {
        talk::note(global, &format!("note: {note}"));
    }
    if !dyed.applied {
        talk::note(
            global,
            "nothing was written; add --apply to plant these, in a test environment",
        );
    }
    let reached = dyed.places.iter().any(|place| place.actor.is_some());
    Ok(if reached { FOUND } else { 0 })
}

fn clean(aws: &keytrail_engine::Aws, dye: &Dye) -> anyhow::Result<u8> {
    let left = keytrail_engine::clean_dye(aws, &dye.journal)?;
    let Some(left) = left else {
        talk::say("there is nothing to clean up: no journal");
        return Ok(0);
    };
    for note in &left {
        talk::say(&format!("note: {note}"));
    }
    talk::say("what was planted is removed");
    Ok(0)
}

fn terminal(dyed: &Dyed) -> String {
    let mut text = String::new();
    let planted = if dyed.applied {
        "Planted, and removed again"
    } else {
        "Would be planted"
    };
    let _ = writeln!(text, "{planted}");
    for (table, item, attributes) in &dyed.planted {
        let _ = writeln!(
            text,
            "  {table}: {item}, coloured: {}",
            attributes.join(", ")
        );
    }
    if !dyed.applied {
        return text;
    }
    let wrong = dyed.places.iter().filter(|place| place.actor.is_some());
    let _ = writeln!(text, "\nWhere the colour came out ({})", dyed.places.len());
    for place in wrong {
        let actor = place.actor.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "\n  observed  {} to {actor}\n    {} {}{}{}, {}",
            place.attribute,
            place.kind.as_str(),
            place.place,
            callers(&place.callers),
            field(&place.field),
            place.form
        );
        for step in &place.steps {
            let _ = writeln!(text, "      {} · {}", step.label, step.location.span());
        }
    }
    let own: Vec<_> = dyed
        .places
        .iter()
        .filter(|place| place.actor.is_none())
        .collect();
    if !own.is_empty() {
        let _ = writeln!(text, "\nTo its owner");
    }
    for place in own {
        let _ = writeln!(
            text,
            "  {}  {}{}{}",
            place.attribute,
            place.place,
            callers(&place.callers),
            field(&place.field)
        );
    }
    text
}

fn callers(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!(", asked by {}", names.join(", "))
}

fn field(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!(" in `{name}`")
    }
}

fn document(dyed: &Dyed) -> Value {
    let places: Vec<Value> = dyed
        .places
        .iter()
        .map(|place| {
            let steps: Vec<Value> = place
                .steps
                .iter()
                .map(|step| json!({"label": step.label, "kind": step.location.kind(), "at": step.location.span().to_string()}))
                .collect();
            json!({
                "kind": place.kind.as_str(),
                "attribute": place.attribute,
                "place": place.place,
                "field": place.field,
                "callers": place.callers,
                "form": place.form,
                "actor": place.actor,
                "confidence": "observed",
                "path": steps,
            })
        })
        .collect();
    let planted: Vec<Value> = dyed
        .planted
        .iter()
        .map(|(table, item, attributes)| json!({"table": table, "item": item, "attributes": attributes}))
        .collect();
    json!({
        "version": 1,
        "applied": dyed.applied,
        "planted": planted,
        "places": places,
        "notes": dyed.notes,
    })
}
