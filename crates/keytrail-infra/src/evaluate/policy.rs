//! Policies as the evaluator reads them.

use std::sync::Arc;

use keytrail_model::Location;

use super::{Condition, Principals, Request, ResourcePattern};
use crate::glob::{self, Atom, Fit};
use crate::text::Text;

/// A document attached to somebody.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `aws_iam_policy.app`, the logical id, or the ARN of a managed policy.
    pub address: Arc<str>,
    /// In the order of the document.
    pub statements: Vec<Statement>,
}

/// `Allow` or `Deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It may.
    Allow,
    /// It may not, whatever else is said.
    Deny,
}

impl Effect {
    /// As policies spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its `Sid`, or its number from 1.
    pub name: String,
    /// Allow or deny.
    pub effect: Effect,
    /// Whom it is about; `None` where the policy is attached to them.
    pub principals: Option<Principals>,
    /// `Action` or `NotAction`.
    pub actions: Actions,
    /// `Resource` or `NotResource`.
    pub resources: Resources,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// True for version 2012-10-17: `${…}` in it are policy variables.
    pub variables: bool,
    /// True where it stands in one branch of a condition of the template: it may not be there.
    pub maybe: bool,
    /// Some part of it could not be read: it may say less than it seems to.
    pub open: bool,
    /// Where it stands.
    pub location: Location,
}

impl Statement {
    /// `aws_iam_policy.app#ReadKeys`.
    pub fn name(&self, policy: &Policy) -> String {
        format!("{}#{}", policy.address, self.name)
    }
}

/// What a statement is about. Patterns compare without regard to case.
#[derive(Clone, Debug)]
pub enum Actions {
    /// `Action`.
    Only(Vec<Text>),
    /// `NotAction`.
    AllBut(Vec<Text>),
}

impl Actions {
    /// Whether it covers an action, and the pattern that does.
    pub(crate) fn fit(&self, action: &str) -> (Fit, Option<&Text>) {
        match self {
            Self::Only(patterns) => {
                let best = best(patterns, action);
                best.map_or((Fit::No, None), |(fit, pattern)| (fit, Some(pattern)))
            }
            Self::AllBut(patterns) => {
                let fit = best(patterns, action).map_or(Fit::No, |(fit, _)| fit);
                (inverted(fit), None)
            }
        }
    }
}

/// The best fit of all patterns.
fn best<'p>(patterns: &'p [Text], action: &str) -> Option<(Fit, &'p Text)> {
    let mut best: Option<(Fit, &Text)> = None;
    for pattern in patterns {
        let fit = match pattern.known() {
            Some(known) if glob::fits_without_case(known, action) => Fit::Yes,
            Some(_) => Fit::No,
            None => {
                let name = action.to_ascii_lowercase();
                let name: Vec<Atom> = name.chars().map(Atom::Char).collect();
                glob::fit(&lower(pattern), &name)
            }
        };
        if fit != Fit::No && best.is_none_or(|(other, _)| other < fit) {
            best = Some((fit, pattern));
        }
    }
    best
}

fn lower(pattern: &Text) -> Vec<Atom> {
    let mut atoms = glob::pattern(pattern);
    for atom in &mut atoms {
        if let Atom::Char(c) = atom {
            c.make_ascii_lowercase();
        }
    }
    atoms
}

pub(crate) fn inverted(fit: Fit) -> Fit {
    match fit {
        Fit::No => Fit::Yes,
        Fit::Maybe => Fit::Maybe,
        Fit::Yes => Fit::No,
    }
}

/// What a statement may be done to. Patterns compare with regard to case.
#[derive(Clone, Debug)]
pub enum Resources {
    /// `Resource`.
    Only(Vec<ResourcePattern>),
    /// `NotResource`.
    AllBut(Vec<ResourcePattern>),
}

impl Resources {
    pub(crate) fn patterns(&self) -> &[ResourcePattern] {
        match self {
            Self::Only(patterns) | Self::AllBut(patterns) => patterns,
        }
    }

    pub(crate) fn fit(
        &self,
        request: &Request<'_>,
        variables: bool,
    ) -> (Fit, Option<&ResourcePattern>) {
        let mut best = Fit::No;
        let mut found = None;
        for pattern in self.patterns() {
            let fit = pattern.fit(request, variables);
            if fit > best {
                best = fit;
                found = Some(pattern);
            }
            if best == Fit::Yes {
                break;
            }
        }
        match self {
            Self::Only(_) => (best, found),
            Self::AllBut(_) => (inverted(best), None),
        }
    }
}
