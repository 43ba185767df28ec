//! ARNs against patterns of ARNs.

use super::{Request, value};
use crate::glob::{self, Atom, Fit};
use crate::text::Text;

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
}

impl ResourcePattern {
    /// A pattern, with further spellings of the same.
    pub fn new(shown: impl Into<String>, spellings: Vec<Text>) -> Self {
        Self {
            shown: shown.into(),
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
        let patterns = self
            .spellings
            .iter()
            .filter_map(|text| value::pattern(text, request, variables));
        let mut best = Fit::No;
        for pattern in patterns {
            for name in &request.resource.spellings {
                best = best.max(arn(&pattern, name));
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

fn segments(atoms: &[Atom]) -> Option<[&[Atom]; 6]> {
    let parts: Vec<&[Atom]> = atoms.splitn(6, |atom| *atom == Atom::Char(':')).collect();
    parts.try_into().ok()
}

/// A pattern with fewer parts that ends in `*` goes for all that could follow.
fn padded(atoms: &[Atom]) -> Option<[&[Atom]; 6]> {
    const ANY: &[Atom] = &[Atom::Many];
    let mut parts: Vec<&[Atom]> = atoms.splitn(6, |atom| *atom == Atom::Char(':')).collect();
    if parts.last().and_then(|last| last.last()) == Some(&Atom::Many) {
        parts.resize(6, ANY);
    }
    parts.try_into().ok()
}
