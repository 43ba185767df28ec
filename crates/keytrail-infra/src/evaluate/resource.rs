//! ARNs against patterns of ARNs.

use super::{Request, is_account, value};
use crate::glob::{self, Atom, Fit};
use crate::text::{Piece, Text};

/// A resource that is asked for, in every spelling that means it (by identity, by name).
#[derive(Clone, Debug)]
pub struct Resource {
    spellings: Vec<Vec<Atom>>,
    account: Option<String>,
    /// A key of KMS or a role: see [`Self::decides_alone`].
    guarded: Option<Guarded>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guarded {
    Key,
    Role,
}

impl Resource {
    /// From its ARNs, of which parts may not be known.
    pub fn new(arns: &[Text]) -> Self {
        let first = arns.first().map_or_else(String::new, Text::pattern);
        let mut parts = first.splitn(6, ':').skip(2);
        let service = parts.next().unwrap_or_default();
        let account = parts.nth(1).filter(|account| is_account(account));
        let rest = parts.next().unwrap_or_default();
        Self {
            spellings: arns.iter().map(glob::name).collect(),
            account: account.map(str::to_owned),
            guarded: match service {
                // Of a key or role that is not known in whole, the policy is not either.
                _ if arns.first().and_then(Text::known).is_none() => None,
                "kms" if rest.starts_with("key/") => Some(Guarded::Key),
                "iam" if rest.starts_with("role/") => Some(Guarded::Role),
                _ => None,
            },
        }
    }

    /// In this account, whatever the ARN says; `None` leaves it.
    #[must_use]
    pub fn in_account(mut self, account: Option<&str>) -> Self {
        if let Some(account) = account {
            self.account = Some(account.to_owned());
        }
        self
    }

    /// A key of KMS of which the whole policy is known, though its ARN is not.
    #[must_use]
    pub(crate) fn with_key_policy(mut self) -> Self {
        self.guarded = Some(Guarded::Key);
        self
    }

    /// A role of which the whole trust policy is known, though its ARN is not.
    #[must_use]
    pub(crate) fn with_trust_policy(mut self) -> Self {
        self.guarded = Some(Guarded::Role);
        self
    }

    /// The account that owns it, where known.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Where identity policies alone give nothing: a KMS key's own policy has to hand the right to
    /// the account first, and a role's trust policy has to let be assumed.
    pub(crate) fn decides_alone(&self, action: &str) -> bool {
        match self.guarded {
            Some(Guarded::Key) => starts(action, "kms:"),
            Some(Guarded::Role) => starts(action, "sts:"),
            None => false,
        }
    }

    /// From an ARN in which everything stands for itself.
    pub fn arn(arn: &str) -> Self {
        Self::new(&[Text::literal(arn)])
    }
}

fn starts(action: &str, service: &str) -> bool {
    let start = action.get(..service.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(service))
}

/// One entry of `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub struct ResourcePattern {
    /// As written.
    pub shown: String,
    /// Patterns that all mean it; more than one where it refers to a resource of the templates.
    spellings: Vec<Text>,
    /// Those of them without a policy variable, ready to be compared.
    ready: Vec<Option<Vec<Atom>>>,
}

impl ResourcePattern {
    /// A pattern, with further spellings of the same.
    pub fn new(shown: impl Into<String>, spellings: Vec<Text>) -> Self {
        let plain = |text: &Text| {
            let variable = text
                .pieces()
                .iter()
                .any(|piece| matches!(piece, Piece::Lit(text) if text.contains("${")));
            (!variable).then(|| glob::pattern(text))
        };
        Self {
            shown: shown.into(),
            ready: spellings.iter().map(plain).collect(),
            spellings,
        }
    }

    /// A pattern that is known in whole.
    pub fn literal(pattern: &str) -> Self {
        Self::new(pattern, vec![Text::literal(pattern)])
    }

    pub(crate) fn spellings(&self) -> &[Text] {
        &self.spellings
    }

    pub(crate) fn fit(&self, request: &Request<'_>, variables: bool) -> Fit {
        let mut best = Fit::No;
        for (text, ready) in self.spellings.iter().zip(&self.ready) {
            let filled;
            let pattern = if let Some(ready) = ready {
                ready
            } else {
                match value::pattern(text, request, variables) {
                    Some(pattern) => {
                        filled = pattern;
                        &filled
                    }
                    None => continue,
                }
            };
            for name in &request.resource.spellings {
                best = best.max(across_colons(pattern, name));
                if best == Fit::Yes {
                    return best;
                }
            }
        }
        best
    }
}

/// A `*` at the end of a part may also take in what follows the colon, says the documentation of
/// `Resource`; so `arn:aws:dynamodb:*:table/keys` means tables of every region and account.
fn across_colons(pattern: &[Atom], name: &[Atom]) -> Fit {
    let fit = arn(pattern, name);
    let plain = |atom: &Atom| matches!(atom, Atom::Char(_));
    if fit != Fit::No || !name.iter().all(plain) || !ends_parts(pattern) {
        return fit;
    }
    glob::fit(pattern, name)
}

/// True where the first five parts have a `*`, each at the end of its part, and no `?`; the service
/// may have neither.
fn ends_parts(pattern: &[Atom]) -> bool {
    let (parts, count) = split(pattern);
    let first = &parts[..count.min(5)];
    let early = |part: &[Atom]| {
        let inner = &part[..part.len().saturating_sub(1)];
        part.contains(&Atom::One) || inner.contains(&Atom::Many)
    };
    first.iter().any(|part| part.last() == Some(&Atom::Many))
        && !parts[2].contains(&Atom::Many)
        && !first.iter().any(|part| early(part))
}

/// Partition, service, region and account are compared part by part, where a part that is not
/// known on either side fits: templates seldom know them. Everything after the fifth colon is the
/// resource and may hold colons.
pub(crate) fn arn(pattern: &[Atom], name: &[Atom]) -> Fit {
    if *pattern == [Atom::Many] {
        return Fit::Yes;
    }
    let Some(name) = segments(name) else {
        return glob::fit(pattern, name);
    };
    let Some(pattern) = padded(pattern) else {
        let open = pattern.iter().any(|atom| matches!(atom, Atom::Hole(_)));
        return if open { Fit::Maybe } else { Fit::No };
    };
    let unknown = |atoms: &[Atom]| atoms.iter().any(|atom| matches!(atom, Atom::Hole(_)));
    for (pattern, name) in pattern.iter().zip(&name).take(5) {
        let fits = unknown(pattern) || unknown(name) || glob::fit(pattern, name) == Fit::Yes;
        if !fits {
            return Fit::No;
        }
    }
    glob::fit(pattern[5], name[5])
}

/// The six parts of an ARN; fewer give `None`.
fn segments(atoms: &[Atom]) -> Option<[&[Atom]; 6]> {
    let (parts, count) = split(atoms);
    (count == 6).then_some(parts)
}

/// IAM fills an ARN with fewer than six parts up with `*`.
fn padded(atoms: &[Atom]) -> Option<[&[Atom]; 6]> {
    let (parts, count) = split(atoms);
    (count > 1 || atoms.last() == Some(&Atom::Many)).then_some(parts)
}

/// Up to six parts, and how many there are; the others are `*`.
fn split(atoms: &[Atom]) -> ([&[Atom]; 6], usize) {
    const ANY: &[Atom] = &[Atom::Many];
    let mut parts = [ANY; 6];
    let mut rest = atoms;
    for number in 0..5 {
        let Some(end) = rest.iter().position(|atom| *atom == Atom::Char(':')) else {
            parts[number] = rest;
            return (parts, number + 1);
        };
        parts[number] = &rest[..end];
        rest = &rest[end + 1..];
    }
    parts[5] = rest;
    (parts, 6)
}
