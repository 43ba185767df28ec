//! Answers, with the statements and conditions that made them.

use std::fmt;

use super::{Condition, Policy, ResourcePattern, Statement};

/// What kind of policy a statement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Attached to the caller.
    Identity,
    /// Its permissions boundary.
    Boundary,
    /// Handed over when the session began.
    Session,
    /// Held by the resource.
    Resource,
    /// A service control policy, of this level from the root of the organisation.
    ServiceControl(usize),
    /// A resource control policy, likewise.
    ResourceControl(usize),
}

impl Layer {
    /// True where a statement gives rights; the others only limit them.
    pub fn grants(self) -> bool {
        matches!(self, Self::Identity | Self::Resource)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("identity policy"),
            Self::Boundary => f.write_str("permissions boundary"),
            Self::Session => f.write_str("session policy"),
            Self::Resource => f.write_str("resource policy"),
            Self::ServiceControl(level) => write!(f, "service control policy, level {}", level + 1),
            Self::ResourceControl(level) => {
                write!(f, "resource control policy, level {}", level + 1)
            }
        }
    }
}

/// A statement that decided, with what of it fitted.
#[derive(Clone, Debug)]
pub struct Deciding<'p> {
    /// What kind of policy it is from.
    pub layer: Layer,
    /// The policy that holds it.
    pub policy: &'p Policy,
    /// The statement.
    pub statement: &'p Statement,
    /// The action as written that fitted; `None` for `NotAction`.
    pub action: Option<String>,
    /// The resource as written that fitted; `None` for `NotResource`.
    pub resource: Option<&'p ResourcePattern>,
}

/// A condition that could not be settled with what is known.
#[derive(Clone, Debug)]
pub struct Remaining<'p> {
    /// `None` where a whole statement could not be resolved.
    pub condition: Option<&'p Condition>,
    /// True where it must *not* hold: it comes from a `Deny`.
    pub unless: bool,
    /// In plain words.
    pub text: String,
}

/// One way to be allowed: these statements, when all these conditions hold.
#[derive(Clone, Debug, Default)]
pub struct Alternative<'p> {
    /// What allows, and what limits and lets it through.
    pub by: Vec<Deciding<'p>>,
    /// All must hold; empty where it is allowed outright.
    pub conditions: Vec<Remaining<'p>>,
}

/// The answer.
#[derive(Clone, Debug)]
pub enum Decision<'p> {
    /// Allowed whatever is not known. No statement is needed for a root user in its own account.
    Allow(Vec<Deciding<'p>>),
    /// Allowed in these ways.
    AllowedIf(Vec<Alternative<'p>>),
    /// A `Deny` fits; it wins over everything.
    ExplicitDeny(Deciding<'p>),
    /// Nothing allows it in this layer, where something would have to.
    ImplicitDeny(Layer),
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(_) => f.write_str("allow"),
            Self::ExplicitDeny(_) => f.write_str("explicit deny"),
            Self::ImplicitDeny(_) => f.write_str("implicit deny"),
            Self::AllowedIf(ways) => {
                let ways: Vec<String> = ways
                    .iter()
                    .map(|way| {
                        let texts = way
                            .conditions
                            .iter()
                            .map(|condition| condition.text.as_str());
                        texts.collect::<Vec<_>>().join(" and ")
                    })
                    .collect();
                write!(f, "allowed if {}", ways.join("; or if "))
            }
        }
    }
}
