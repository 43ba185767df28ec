//! What ties a read to its caller: the difference between "my key" and "anybody's".

use keytrail_model::{Check, Location, Operation, Origin, Step, names_a_secret};

use crate::Joined;

/// How a read is tied to whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tie {
    /// The key comes from the caller's own identity.
    Identity(Step),
    /// The code compares the owner with the caller.
    Checked(Step),
    /// The caller names the item by the secret itself, so has it already.
    Possession(Step),
    /// Not tied, as far as the code tells.
    None {
        /// The caller's own words choose the item: where they are read.
        chosen: Option<Step>,
        /// Some part of the key is not understood, or a filter names an owner.
        doubtful: bool,
    },
}

impl Tie {
    /// True when only the owner (or a holder of the secret) gets the item.
    pub fn holds(&self) -> bool {
        !matches!(self, Self::None { .. })
    }

    /// What ties it, for messages.
    pub fn step(&self) -> Option<&Step> {
        match self {
            Self::Identity(step) | Self::Checked(step) | Self::Possession(step) => Some(step),
            Self::None { .. } => None,
        }
    }

    /// Reads it off an operation and the checks on the way to a sink.
    pub fn of(joined: &Joined<'_>, operation: &Operation, checks: &[Check]) -> Self {
        Self::at_depth(joined, operation, checks, 0)
    }

    fn at_depth(joined: &Joined<'_>, operation: &Operation, checks: &[Check], depth: u8) -> Self {
        if let Some(check) = operation.checks.iter().chain(checks).min() {
            return Self::Checked(check.step.clone());
        }
        let mut chosen: Option<Step> = None;
        let mut doubtful = operation.filter.iter().any(|name| names_an_owner(name));
        for key in &operation.keys {
            let secret = key.attribute.as_deref().is_some_and(names_a_secret);
            let mut identity = None;
            let mut others = false;
            for origin in &key.origins {
                match origin {
                    Origin::Identity(step) => identity = identity.or(Some(step)),
                    Origin::Caller(_, step) if secret => {
                        return Self::Possession(step.clone());
                    }
                    Origin::Caller(_, step) => {
                        others = true;
                        chosen = chosen.or_else(|| Some(step.clone()));
                    }
                    Origin::Item(location, _) => {
                        if let Some(tie) = of_source(joined, location, depth) {
                            return tie;
                        }
                        doubtful = true;
                    }
                    Origin::Unknown => doubtful = true,
                    Origin::Constant | Origin::Configuration | Origin::Generated => {}
                }
            }
            // `request.GET.get("team", request.user.team)`: the caller may still choose.
            if let (Some(step), false) = (identity, others) {
                return Self::Identity(step.clone());
            }
        }
        Self::None { chosen, doubtful }
    }
}

/// A key taken from an item is tied if that item's own read was.
fn of_source(joined: &Joined<'_>, location: &Location, depth: u8) -> Option<Tie> {
    const DEEP_ENOUGH: u8 = 3;
    if depth >= DEEP_ENOUGH {
        return None;
    }
    let sources = joined.operations_at(location);
    let mut ties = sources
        .iter()
        .map(|&number| Tie::at_depth(joined, joined.operations[number], &[], depth + 1));
    let first = ties.next()?;
    (first.holds() && ties.all(|tie| tie.holds())).then_some(first)
}

/// True for attributes that say whose an item is.
pub fn names_an_owner(name: &str) -> bool {
    const OWNERS: &[&str] = &[
        "owner",
        "user",
        "userid",
        "username",
        "tenant",
        "team",
        "account",
        "customer",
        "org",
        "organization",
        "organisation",
        "workspace",
        "member",
        "author",
        "client",
    ];
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| OWNERS.contains(&word.to_ascii_lowercase().as_str()))
        || name.to_ascii_lowercase().starts_with("owner")
        || name.to_ascii_lowercase().starts_with("user")
}
