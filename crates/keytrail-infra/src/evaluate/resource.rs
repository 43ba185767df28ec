//! ARNs against patterns of ARNs.

use super::{Request, value};
use crate::glob::{self, Atom, Fit};
use crate::text::{Piece, Text};

/// A resource that is asked for, in every spelling that means it (by identity, by name).
#[derive(Clone, Debug)]
pub struct Resource {
    spellings: Vec<Vec<Atom>>,
}

impl Resource {
    /// From its ARNs, of which parts may not be known.
    pub fn new(arns: &[Text]) -> Self {
        Self {
            spellings: arns.iter().map(glob::name).collect(),
        }
    }

    /// From an ARN in which everything stands for itself.
    pub fn arn(arn: &str) -> Self {
        Self::new(&[Text::literal(arn)])
    }
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
                best = best.max(arn(pattern, name));
                if best == Fit::Yes {
                    return best;
                }
            }
        }
        best
    }
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

/// A pattern with fewer parts that ends in `*` goes for all that could follow.
fn padded(atoms: &[Atom]) -> Option<[&[Atom]; 6]> {
    let (parts, count) = split(atoms);
    (count == 6 || atoms.last() == Some(&Atom::Many)).then_some(parts)
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
