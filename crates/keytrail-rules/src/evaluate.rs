//! Runs all rules; one finding is kept for one place.

use std::collections::BTreeMap;

use keytrail_model::{Finding, Location};

use crate::{Context, RULES};

/// A rule that could not be evaluated, and what would help (law 4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotEvaluated {
    /// The rule.
    pub rule: &'static str,
    /// What is missing.
    pub reason: String,
    /// How to supply it.
    pub how: String,
}

/// What the rules say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The worst first.
    pub findings: Vec<Finding>,
    /// By rule.
    pub not_evaluated: Vec<NotEvaluated>,
}

/// Runs every rule whose evidence is there.
pub fn evaluate(cx: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    for rule in RULES {
        let meta = rule.meta();
        if meta.needs.iter().any(|&kind| cx.has(kind)) {
            rule.check(cx, &mut outcome.findings);
        } else if let Some(kind) = meta.needs.first() {
            let (reason, how) = kind.missing();
            outcome.not_evaluated.push(NotEvaluated {
                rule: meta.id,
                reason: reason.to_owned(),
                how: how.to_owned(),
            });
        }
    }
    outcome.findings = merged(outcome.findings);
    outcome
}

/// One finding of a rule for one place, the worst; sorted by severity, place and rule.
fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: BTreeMap<(&'static str, Location, String), Finding> = BTreeMap::new();
    for finding in findings {
        // One answer may show several things of one kind.
        let apart = if finding.outside.is_some() {
            finding.subject.clone()
        } else {
            String::new()
        };
        let place = (finding.rule, finding.location.clone(), apart);
        match kept.get(&place) {
            Some(known) if !outranks(&finding, known) => {}
            _ => {
                kept.insert(place, finding);
            }
        }
    }
    let mut findings: Vec<Finding> = kept.into_values().collect();
    findings.sort_by(|one, other| {
        (
            other.severity,
            other.confidence,
            one.location.span(),
            one.rule,
        )
            .cmp(&(
                one.severity,
                one.confidence,
                other.location.span(),
                other.rule,
            ))
    });
    findings
}

fn outranks(new: &Finding, known: &Finding) -> bool {
    (new.severity, new.confidence)
        .cmp(&(known.severity, known.confidence))
        .then_with(|| known.path.len().cmp(&new.path.len()))
        .then_with(|| known.cmp(new))
        .is_gt()
}
