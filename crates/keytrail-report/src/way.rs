//! Findings that end on the same way: it is shown once, with every rule that found something on it.
//!
//! A stored key, the index that copies it and the route that serves it are three findings and
//! one story. The worst story comes first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use keytrail_model::{Actor, Finding, Location, Severity};

use crate::Section;

/// A way with the findings on it, each with its number in the report.
#[derive(Debug)]
pub(crate) struct Way<'a> {
    /// The finding that tells it, nearest to the reader.
    pub(crate) lead: (usize, &'a Finding),
    /// The others on the same way.
    pub(crate) also: Vec<(usize, &'a Finding)>,
}

/// The ways of a report whose findings were [arranged](arrange), worst first.
pub(crate) fn ways(findings: &[Finding]) -> Vec<Way<'_>> {
    let mut ways: Vec<Way<'_>> = Vec::new();
    for (at, finding) in findings.iter().enumerate() {
        if Section::of(finding) != Section::Path {
            continue;
        }
        match ways.last_mut() {
            Some(way) if Ending::of(way.lead.1) == Ending::of(finding) => {
                way.also.push((at + 1, finding));
            }
            _ => ways.push(Way {
                lead: (at + 1, finding),
                also: Vec::new(),
            }),
        }
    }
    ways
}

/// Brings findings on one way together, the one that tells it before the others, and the ways
/// into the order in which a person should read them. What lies on no path keeps its place.
pub(crate) fn arrange(findings: &mut Vec<Finding>) {
    let paths = findings
        .iter()
        .take_while(|finding| Section::of(finding) == Section::Path)
        .count();
    let rest = findings.split_off(paths);
    let mut places = vec![0; paths];
    for (new, old) in reading_order(findings).into_iter().enumerate() {
        places[old] = new;
    }
    let mut numbered: Vec<(usize, Finding)> = places.into_iter().zip(findings.drain(..)).collect();
    numbered.sort_by_key(|(new, _)| *new);
    findings.extend(numbered.into_iter().map(|(_, finding)| finding));
    findings.extend(rest);
}

/// Which finding comes first, second and so on.
fn reading_order(findings: &[Finding]) -> Vec<usize> {
    let mut groups: BTreeMap<Ending<'_>, Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        groups.entry(Ending::of(finding)).or_default().push(at);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_by_key(|&at| {
            let finding = &findings[at];
            (is_door(finding), from_reader(finding), at)
        });
    }
    groups.sort_by_cached_key(|group| rank(findings, group));
    groups.into_iter().flatten().collect()
}

/// How a way ends: how bad, for whom, and over which last hops. Where it began, and by which
/// attribute of an item, does not make it another story.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ending<'a> {
    severity: Severity,
    actor: Option<&'a Actor>,
    hops: Vec<&'a Location>,
}

impl<'a> Ending<'a> {
    /// Enough to tell one route from another: where it is answered, where it is declared, and
    /// what lets the caller in.
    const HOPS: usize = 3;

    fn of(finding: &'a Finding) -> Self {
        let last = finding.path.iter().rev().take(Self::HOPS);
        Self {
            severity: finding.severity,
            actor: finding.actor.as_ref(),
            hops: last.map(|step| &step.location).collect(),
        }
    }
}

/// Rules about a door: that it is open is the last hop of the story of what passes it.
fn is_door(finding: &Finding) -> bool {
    ["debug-page-open", "open-endpoint", "open-write"].contains(&finding.rule)
}

/// How many hops lie between a finding's own place and the reader; one on no hop is farthest.
fn from_reader(finding: &Finding) -> usize {
    let mut hops = finding.path.iter().rev();
    hops.position(|step| step.location == finding.location)
        .unwrap_or(usize::MAX)
}

/// Under the severity: who gets it (the widest reach first), how sure, how much that should hold
/// it is missing, how much was found on it.
fn rank(findings: &[Finding], group: &[usize]) -> impl Ord + use<> {
    let lead = group.first().map(|&at| &findings[at]);
    let missing = lead.map_or(0, |finding| {
        let guards = finding.guards.iter();
        guards.filter(|guard| !guard.present).count()
    });
    (
        Reverse(lead.map(|finding| finding.severity)),
        lead.and_then(|finding| finding.actor.as_ref()).map(reach),
        Reverse(lead.map(|finding| finding.confidence)),
        Reverse(missing),
        Reverse(group.len()),
        group.iter().min().copied(),
    )
}

/// Anybody before a signed-in user before somebody inside; equals share a number.
fn reach(actor: &Actor) -> u8 {
    match actor {
        Actor::Anonymous => 0,
        Actor::AnyUser => 1,
        Actor::OtherTenant => 2,
        Actor::Outside(_) => 3,
        Actor::ThirdParty(_) => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use keytrail_model::{Confidence, Guard, Step};

    use super::*;
    use crate::json::tests::{code, finding};

    fn on_path(rule: &'static str, actor: Actor, lines: &[u32], at: u32) -> Finding {
        let step = |&line: &u32| Step::new("a hop", code("a.py", line, (1, 2), "a.f"));
        let mut found = finding(rule, Severity::Critical);
        found.confidence = Confidence::Likely;
        found.location = code("a.py", at, (1, 2), "a.f");
        found.actor = Some(actor);
        found.path = lines.iter().map(step).collect();
        found
    }

    fn arranged(mut findings: Vec<Finding>) -> Vec<Vec<&'static str>> {
        arrange(&mut findings);
        let rules = |way: Way<'_>| {
            let all = std::iter::once(way.lead).chain(way.also);
            all.map(|(_, finding)| finding.rule).collect()
        };
        ways(&findings).into_iter().map(rules).collect()
    }

    #[test]
    fn one_way_is_told_once_by_the_finding_nearest_to_the_reader() {
        let way = [1, 2, 3];
        let ways = arranged(vec![
            on_path("raw-key-stored", Actor::Anonymous, &way, 1),
            on_path("debug-page-open", Actor::Anonymous, &[1, 2, 9], 9),
            on_path("item-in-response", Actor::Anonymous, &way, 2),
            on_path("open-endpoint", Actor::Anonymous, &[8, 1, 2, 3], 3),
            on_path("key-in-log", Actor::LogReader, &way, 3),
            on_path("index-projects-key", Actor::Anonymous, &[7, 1, 2, 3], 1),
            finding("untagged-table", Severity::Low),
        ]);
        assert_eq!(
            ways,
            [
                vec![
                    "item-in-response",
                    "raw-key-stored",
                    "index-projects-key",
                    "open-endpoint"
                ],
                vec!["debug-page-open"],
                vec!["key-in-log"],
            ]
        );
    }

    #[test]
    fn what_nothing_holds_comes_before_what_needs_an_accident() {
        let mut open = on_path("item-in-response", Actor::Anonymous, &[5], 5);
        open.guards = vec![Guard {
            present: false,
            step: Step::new("no sign-in", code("a.py", 5, (1, 2), "a.f")),
        }];
        let accident = on_path("debug-page-open", Actor::Anonymous, &[1], 1);
        assert_eq!(
            arranged(vec![accident, open]),
            [vec!["item-in-response"], vec!["debug-page-open"]]
        );
    }
}
