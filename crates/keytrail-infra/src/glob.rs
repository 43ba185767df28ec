//! Patterns of policies against names, where either may have parts that are not known.
//!
//! Three answers: it fits whatever the unknown parts are, it can't fit, or it depends on them.

use std::sync::Arc;

use crate::text::{Piece, RefKind, Text};

/// Whether a pattern fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It can't.
    No,
    /// It depends on what is not known.
    Maybe,
    /// It does, for certain.
    Yes,
}

/// One element of a pattern or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Atom {
    Char(char),
    /// `*`.
    Many,
    /// `?`.
    One,
    Hole(Option<Arc<str>>),
    Ref(Arc<str>, RefKind),
}

/// Longer patterns and names do not exist in IAM; what is longer never fits for certain.
const MOST_ATOMS: usize = 4096;

/// A name: every character stands for itself.
pub(crate) fn name(text: &Text) -> Vec<Atom> {
    atoms(text, Atom::Char)
}

/// A pattern: `*` and `?` are wildcards.
pub(crate) fn pattern(text: &Text) -> Vec<Atom> {
    atoms(text, wildcard)
}

pub(crate) fn wildcard(c: char) -> Atom {
    match c {
        '*' => Atom::Many,
        '?' => Atom::One,
        other => Atom::Char(other),
    }
}

fn atoms(text: &Text, one: impl Fn(char) -> Atom) -> Vec<Atom> {
    text.pieces()
        .iter()
        .flat_map(|piece| -> Vec<Atom> {
            match piece {
                Piece::Lit(text) => text.chars().map(&one).collect(),
                Piece::Hole(name) => vec![Atom::Hole(name.clone())],
                Piece::Ref(id, kind) => vec![Atom::Ref(Arc::clone(id), kind.clone())],
            }
        })
        .collect()
}

/// Plain text against a plain pattern.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<Atom> = pattern.chars().map(wildcard).collect();
    let text: Vec<Atom> = text.chars().map(Atom::Char).collect();
    certain(&pattern, &text)
}

/// Plain text against a plain pattern, without regard to the case of ASCII letters.
pub(crate) fn fits_without_case(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t += 1;
            }
            Some(byte) if byte.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after, taken)) => {
                    p = after;
                    t = taken + 1;
                    retry = Some((after, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Whether `pattern` fits `name`.
pub(crate) fn fit(pattern: &[Atom], name: &[Atom]) -> Fit {
    if pattern.len() > MOST_ATOMS || name.len() > MOST_ATOMS {
        return Fit::Maybe;
    }
    if certain(pattern, name) {
        return Fit::Yes;
    }
    let open = |atoms: &[Atom]| atoms.iter().any(|atom| matches!(atom, Atom::Hole(_)));
    if (open(pattern) || open(name)) && possible(pattern, name) {
        Fit::Maybe
    } else {
        Fit::No
    }
}

/// The usual wildcard match: after a mismatch the last `*` takes one more, so the time is at
/// most the product of the lengths.
fn certain(pattern: &[Atom], name: &[Atom]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&Atom::Many) {
            retry = Some((p + 1, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|atom| same(atom, &name[n])) {
            p += 1;
            n += 1;
        } else if let Some((after, taken)) = retry {
            p = after;
            n = taken + 1;
            retry = Some((after, taken + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|atom| *atom == Atom::Many)
}

/// True where the two are equal whatever the unknown parts are.
fn same(pattern: &Atom, name: &Atom) -> bool {
    match (pattern, name) {
        (Atom::One, Atom::Char(_)) => true,
        (Atom::Hole(Some(left)), Atom::Hole(Some(right))) => left == right,
        (Atom::Hole(None), _) | (_, Atom::Hole(None)) => false,
        (left, right) => left == right,
    }
}

/// Whether some text for the holes makes the pattern fit: both sides have wildcards then.
fn possible(pattern: &[Atom], name: &[Atom]) -> bool {
    let star = |atom: &Atom| matches!(atom, Atom::Many | Atom::Hole(_));
    let width = name.len() + 1;
    let mut row = vec![false; width];
    row[0] = true;
    close(&mut row, name);
    for atom in pattern {
        let mut next = vec![false; width];
        for n in 0..width {
            // A hole of the name takes in this element of the pattern.
            let taken = n < name.len() && matches!(name[n], Atom::Hole(_)) && row[n];
            let skipped = star(atom) && row[n];
            let stepped = n > 0
                && if star(atom) {
                    next[n - 1]
                } else {
                    row[n - 1] && same(atom, &name[n - 1])
                };
            next[n] = taken || skipped || stepped;
        }
        close(&mut next, name);
        row = next;
    }
    row[name.len()]
}

/// A hole of the name may be empty.
fn close(row: &mut [bool], name: &[Atom]) {
    for (n, atom) in name.iter().enumerate() {
        if matches!(atom, Atom::Hole(_)) && row[n] {
            row[n + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, without any cleverness.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                slow(rest, text) || (!text.is_empty() && slow(pattern, &text[1..]))
            }
            (Some(('?', rest)), Some((_, after))) => slow(rest, after),
            (Some((wanted, rest)), Some((found, after))) => wanted == found && slow(rest, after),
            _ => false,
        }
    }

    /// Text in which `#` is a hole.
    fn holed(text: &str) -> Text {
        Text::with_stars_unknown(&text.replace('#', "*"))
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = slow(&chars(&pattern), &chars(&text));
            prop_assert_eq!(fits(&pattern, &text), expected);
            prop_assert_eq!(fits_without_case(&pattern, &text.to_uppercase()), expected);
        }

        /// What a hole may be decides: `Yes` holds for every filling, `No` for none.
        #[test]
        fn holes_are_neither_guessed_nor_lost(pattern in "[ab*?]{0,6}", name in "[ab#]{0,6}", filling in "[ab]{0,3}") {
            let answer = fit(&super::pattern(&Text::literal(pattern.clone())), &super::name(&holed(&name)));
            let filled = fits(&pattern, &name.replace('#', &filling));
            match answer {
                Fit::Yes => prop_assert!(filled),
                Fit::No => prop_assert!(!filled),
                Fit::Maybe => {}
            }
        }

        #[test]
        fn holes_in_patterns_too(pattern in "[ab#]{0,6}", name in "[ab]{0,6}", filling in "[ab]{0,3}") {
            let answer = fit(&super::pattern(&holed(&pattern)), &super::name(&Text::literal(name.clone())));
            let filled = pattern.replace('#', &filling) == name;
            match answer {
                Fit::Yes => prop_assert!(filled),
                Fit::No => prop_assert!(!filled),
                Fit::Maybe => {}
            }
        }
    }

    #[test]
    fn named_holes_equal_themselves() {
        let named = |name: &str| {
            Text::from_pieces(vec![
                Piece::Hole(Some(Arc::from(name))),
                Piece::Lit("-keys".to_owned()),
            ])
        };
        let compare = |left: &Text, right: &Text| fit(&super::pattern(left), &super::name(right));
        assert_eq!(compare(&named("var.a"), &named("var.a")), Fit::Yes);
        assert_eq!(compare(&named("var.a"), &named("var.b")), Fit::Maybe);
        assert_eq!(compare(&named("var.a"), &Text::literal("x-other")), Fit::No);
    }
}
