//! Which edits close which findings.

use std::collections::BTreeMap;

use keytrail_model::{Fact, Finding, Tree};

use crate::case::{Case, Files};
use crate::facts::Facts;
use crate::remedies::{REMEDIES, Remedy};
use crate::{Change, Closes, Left, Store, Why, variables};

/// What could be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Edits, those of the worst findings first; equal ones are one.
    pub changes: Vec<Change>,
    /// Findings without an edit.
    pub left: Vec<Left>,
}

/// Which edits are wanted, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'w> {
    /// Edits of the exposure graph, by id: only changes that make one of them, whatever rule they come from.
    pub cut: Option<&'w [String]>,
    /// Where keys are read from that are taken out of the source.
    pub store: Store,
    /// The rights that the code needs, where they are known.
    pub least: Option<Least<'w>>,
}

/// What the code needs of AWS.
#[derive(Clone, Copy, Debug)]
pub struct Least<'w> {
    /// Blocks of an `aws_iam_policy_document`, indented by two.
    pub statements: &'w str,
    /// The addresses of the principals that are the application.
    pub principals: &'w [String],
}

/// Proposes edits for these findings.
pub fn plan(findings: &[Finding], facts: &[Fact], tree: &dyn Tree, wishes: Wishes<'_>) -> Plan {
    let (facts, files) = (Facts::new(facts), Files::new(tree));
    let mut plan = Plan::default();
    let mut known: BTreeMap<Change, usize> = BTreeMap::new();
    for finding in findings {
        match proposed(finding, &facts, &files, wishes) {
            Ok(changes) => {
                for change in changes {
                    plan.add(change, &mut known);
                }
            }
            Err(why) => plan.left.push(Left {
                finding: Closes::of(finding),
                why,
            }),
        }
    }
    let apart = variables::told_apart(&mut plan.changes, &files);
    plan.left.extend(apart);
    plan.left.sort();
    plan
}

impl Plan {
    /// One change for all the findings that it closes.
    fn add(&mut self, mut change: Change, known: &mut BTreeMap<Change, usize>) {
        let closes = std::mem::take(&mut change.closes);
        let edits = std::mem::take(&mut change.edits);
        let at = *known.entry(change.clone()).or_insert(self.changes.len());
        if at == self.changes.len() {
            self.changes.push(change);
        }
        let kept = &mut self.changes[at];
        kept.closes.extend(closes);
        kept.closes.sort();
        kept.closes.dedup();
        kept.edits.extend(edits);
        kept.edits.sort();
        kept.edits.dedup();
    }
}

fn proposed(
    finding: &Finding,
    facts: &Facts<'_>,
    files: &Files<'_>,
    wishes: Wishes<'_>,
) -> Result<Vec<Change>, Why> {
    let ask = |remedy: &dyn Remedy| {
        remedy.propose(&Case {
            finding,
            facts,
            files,
            remedy: remedy.name(),
            store: wishes.store,
            least: wishes.least,
        })
    };
    let mut why = Why::NoRemedy;
    if let Some(cut) = wishes.cut {
        let remedies = REMEDIES.iter().filter(|remedy| serves(**remedy, finding));
        let all: Vec<Change> = remedies
            .filter_map(|remedy| ask(*remedy).ok())
            .flatten()
            .collect();
        let made = all
            .into_iter()
            .filter(|change| change.edits.iter().any(|edit| cut.contains(edit)));
        let made: Vec<Change> = made.collect();
        return if made.is_empty() {
            Err(Why::NotInCut)
        } else {
            Ok(made)
        };
    }
    for remedy in REMEDIES
        .iter()
        .filter(|it| it.rules().contains(&finding.rule))
    {
        match ask(*remedy) {
            Ok(changes) if !changes.is_empty() => return Ok(changes),
            // What one remedy knows of it is told, though another has nothing to say.
            Ok(_) | Err(Why::NoRemedy) => {}
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

/// By the rule, or because the finding's path has an edit of its kind.
fn serves(remedy: &dyn Remedy, finding: &Finding) -> bool {
    let kinds = || {
        finding
            .edits
            .iter()
            .filter_map(|edit| edit.id.split(':').next())
    };
    remedy.rules().contains(&finding.rule) || kinds().any(|kind| remedy.edits().contains(&kind))
}
