//! What is granted against what is needed.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_graph::{Joined, Standings};
use keytrail_infra::{Question, TableTarget, Verdict};
use keytrail_model::{Actor, Door, Grant};
use keytrail_report::Difference;

use super::needs::{Limits, Need};
use crate::evidence::{Evidence, targets};

/// Compares for every principal that is the application.
pub(super) fn difference(
    evidence: &Evidence,
    joined: &Joined<'_>,
    needs: &BTreeMap<Need, Limits>,
) -> Difference {
    let standings = Standings::decide(joined);
    let own: Vec<&Grant> = joined
        .grants
        .iter()
        .copied()
        .filter(|grant| matches!(standings.actor(joined, grant), Actor::Application(_)))
        .collect();
    let principals: BTreeSet<&str> = own.iter().map(|grant| &*grant.principal).collect();
    let mut out = Difference {
        compared: !principals.is_empty(),
        ..Difference::default()
    };
    if principals.is_empty() {
        return out;
    }
    out.not_granted = not_granted(evidence, joined, needs, &principals);
    let mut wide = BTreeSet::new();
    let mut unused: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for grant in own {
        let used = is_used(joined, needs, grant);
        let place = place(grant);
        let patterns: Vec<&str> = grant
            .statements
            .iter()
            .map(|step| step.label.as_str())
            .collect();
        if grant.wildcard_action || grant.wildcard_resource {
            wide.insert(format!(
                "{}: {}{place}",
                grant.principal,
                patterns.join("; ")
            ));
        }
        if !used {
            for table in joined.tables.addressed(&grant.table) {
                let name = joined.tables.node(table).name.to_string();
                let right = (format!("{}{place}", grant.principal), name);
                unused.entry(right).or_default().insert(action(grant));
            }
        }
    }
    let line = |((principal, table), actions): ((String, String), BTreeSet<String>)| {
        let actions: Vec<String> = actions.into_iter().collect();
        format!("{principal}, on {table}: {}", actions.join(", "))
    };
    out.not_used = unused.into_iter().map(line).collect();
    out.too_wide = wide.into_iter().collect();
    out
}

fn place(grant: &Grant) -> String {
    grant.statements.first().map_or_else(String::new, |step| {
        let span = step.location.span();
        format!(", {}:{}", span.path, span.line)
    })
}

fn action(grant: &Grant) -> String {
    match &grant.index {
        Some(index) => format!("{} on index {index}", grant.door.action()),
        None => grant.door.action().to_owned(),
    }
}

/// Some need passes this door of this table.
fn is_used(joined: &Joined<'_>, needs: &BTreeMap<Need, Limits>, grant: &Grant) -> bool {
    let tables = joined.tables.addressed(&grant.table);
    needs.keys().any(|need| {
        let through = match grant.door {
            Door::Write => {
                const WRITES: &[&str] = &["Put", "Update", "Delete", "BatchWrite", "PartiQL"];
                let name = need.action.trim_start_matches("dynamodb:");
                WRITES.iter().any(|write| name.starts_with(write))
            }
            door => need.action == door.action() && need.index == grant.index,
        };
        through && tables.contains(&need.table)
    })
}

fn not_granted(
    evidence: &Evidence,
    joined: &Joined<'_>,
    needs: &BTreeMap<Need, Limits>,
    principals: &BTreeSet<&str>,
) -> Vec<String> {
    let Some(access) = evidence.access.first() else {
        return Vec::new();
    };
    let tables: Vec<TableTarget> = targets(&evidence.facts);
    let mut out = Vec::new();
    for (need, limits) in needs {
        let node = joined.tables.node(need.table);
        let name = node.main().map_or(&node.name, |table| &table.address);
        let end = need
            .index
            .as_ref()
            .map_or_else(String::new, |index| format!("/index/{index}"));
        let may = principals.iter().any(|principal| {
            let question = Question {
                principal: (*principal).to_owned(),
                action: need.action.to_owned(),
                resource: format!("{name}{end}"),
                context: Vec::new(),
                complete: false,
            };
            let replies = access.ask(&question, &tables);
            let allowed = |verdict| matches!(verdict, Verdict::Allowed | Verdict::AllowedIf);
            replies.iter().any(|reply| allowed(reply.verdict))
        });
        if !may {
            out.push(format!(
                "{} on {}{end}, {}",
                need.action, node.name, limits.place
            ));
        }
    }
    out
}
