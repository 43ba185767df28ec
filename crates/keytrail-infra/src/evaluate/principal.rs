//! `Principal` and `NotPrincipal` of a policy that a resource holds.

use super::caller::{account_of, is_account, same_account};
use super::{Caller, CallerKind};
use crate::glob::Fit;
use crate::text::Text;

/// One principal that a statement names.
#[derive(Clone, Debug)]
pub enum PrincipalPattern {
    /// `*` or `{"AWS": "*"}`.
    Everyone,
    /// An entry of `AWS`: an account, or an ARN, in which there are no wildcards.
    Aws(Text),
    /// `cloudtrail.amazonaws.com`.
    Service(Text),
    /// A provider of SAML or web identities.
    Federated(Text),
    /// The canonical id of an account, in policies of buckets: nothing here has one.
    Canonical,
}

/// Whom a statement is about.
#[derive(Clone, Debug)]
pub enum Principals {
    /// `Principal`.
    Only(Vec<PrincipalPattern>),
    /// `NotPrincipal`.
    AllBut(Vec<PrincipalPattern>),
}

/// How exactly a statement names a caller. The more exact, the fewer limits it is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// Its account: whoever the account itself allows.
    Account,
    /// The role, not the session: boundary and session policy limit it still.
    Role,
    /// The caller itself, or everybody.
    Itself,
}

impl Principals {
    /// The numbers of the accounts that it names as such.
    pub(crate) fn accounts(&self) -> Vec<&str> {
        let (Self::Only(patterns) | Self::AllBut(patterns)) = self;
        let named = patterns.iter().filter_map(|one| match one {
            PrincipalPattern::Aws(text) => text.known(),
            _ => None,
        });
        named
            .filter_map(|known| match known.strip_suffix(":root") {
                Some(arn) => arn.rsplit(':').next(),
                None => is_account(known).then_some(known),
            })
            .collect()
    }

    /// How it names a caller; `None` where it does not.
    pub(crate) fn names(&self, caller: &Caller) -> Option<(Named, Fit)> {
        match self {
            Self::Only(patterns) => {
                let found = patterns.iter().filter_map(|one| one.names(caller));
                found.max_by_key(|(named, fit)| (*fit, *named))
            }
            Self::AllBut(patterns) => {
                let found = patterns.iter().filter_map(|one| one.names(caller));
                let spared = found
                    .filter(|(named, _)| spares(*named, caller))
                    .map(|(_, fit)| fit)
                    .max();
                match spared {
                    Some(Fit::Yes) => None,
                    Some(_) => Some((Named::Itself, Fit::Maybe)),
                    None => Some((Named::Itself, Fit::Yes)),
                }
            }
        }
    }
}

/// Whether being named so spares a caller from `NotPrincipal`. The account alone does not, nor does
/// the role for a session: IAM asks for the account, the role and the session to be listed.
fn spares(named: Named, caller: &Caller) -> bool {
    match named {
        Named::Itself => true,
        Named::Role => caller.session.is_none(),
        Named::Account => false,
    }
}

impl PrincipalPattern {
    /// An entry below `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub fn of(kind: &str, text: Text) -> Self {
        match kind {
            _ if text.known() == Some("*") && kind != "Service" => Self::Everyone,
            "AWS" => Self::Aws(text),
            "Service" => Self::Service(text),
            "Federated" => Self::Federated(text),
            _ => Self::Canonical,
        }
    }

    fn names(&self, caller: &Caller) -> Option<(Named, Fit)> {
        let found = |named, fit| (fit != Fit::No).then_some((named, fit));
        let equals = |text: &Text| match (text.known(), &caller.name) {
            (Some(wanted), Some(name)) => {
                let last = wanted
                    .split_once("-provider/")
                    .map_or(wanted, |(_, last)| last);
                wanted.eq_ignore_ascii_case(name) || last == name
            }
            _ => false,
        };
        match (self, caller.kind) {
            (Self::Everyone, _) => Some((Named::Itself, Fit::Yes)),
            (Self::Service(text), CallerKind::Service)
            | (Self::Federated(text), CallerKind::Federated) => {
                equals(text).then_some((Named::Itself, Fit::Yes))
            }
            (Self::Aws(text), _) if caller.has_identity() => {
                if let Some(account) = account_of(text) {
                    let named = if caller.kind == CallerKind::Root {
                        Named::Itself
                    } else {
                        Named::Account
                    };
                    let fit = match &caller.account {
                        Some(own) => same_account(&account, own),
                        // A template that names no account means the one that it is for.
                        None if account.is_hole() => Fit::Yes,
                        None => Fit::Maybe,
                    };
                    return found(named, fit);
                }
                if caller.is_session(text) {
                    return Some((Named::Itself, Fit::Yes));
                }
                let named = if caller.kind == CallerKind::Role {
                    Named::Role
                } else {
                    Named::Itself
                };
                found(named, caller.is_spelled(text))
            }
            _ => None,
        }
    }
}
