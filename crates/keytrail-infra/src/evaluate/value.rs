//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`.

use std::sync::Arc;

use super::{ContextValue, Request};
use crate::glob::{Atom, wildcard};
use crate::text::{Piece, Text};

/// A pattern with its variables put in. `None` where a variable has no value: then nothing fits.
pub(crate) fn pattern(text: &Text, request: &Request<'_>, variables: bool) -> Option<Vec<Atom>> {
    atoms(text, request, variables, wildcard)
}

/// The same where `*` and `?` stand for themselves.
pub(crate) fn plain(text: &Text, request: &Request<'_>, variables: bool) -> Option<Vec<Atom>> {
    atoms(text, request, variables, Atom::Char)
}

fn atoms(
    text: &Text,
    request: &Request<'_>,
    variables: bool,
    one: fn(char) -> Atom,
) -> Option<Vec<Atom>> {
    let mut out = Vec::new();
    for piece in text.pieces() {
        match piece {
            Piece::Lit(text) if variables => literal(text, request, one, &mut out)?,
            Piece::Lit(text) => out.extend(text.chars().map(one)),
            Piece::Hole(name) => out.push(Atom::Hole(name.clone())),
            Piece::Ref(id, kind) => out.push(Atom::Ref(Arc::clone(id), kind.clone())),
        }
    }
    Some(out)
}

fn literal(
    text: &str,
    request: &Request<'_>,
    one: fn(char) -> Atom,
    out: &mut Vec<Atom>,
) -> Option<()> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        out.extend(before.chars().map(one));
        variable(name, request, out)?;
        rest = after;
    }
    out.extend(rest.chars().map(one));
    Some(())
}

fn variable(name: &str, request: &Request<'_>, out: &mut Vec<Atom>) -> Option<()> {
    if let "*" | "?" | "$" = name {
        out.extend(name.chars().map(Atom::Char));
        return Some(());
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\''))),
        None => (name.trim(), None),
    };
    let found = request.lookup(key);
    let known = match found.as_deref() {
        None => {
            out.push(Atom::Hole(Some(Arc::from(format!("${{{key}}}")))));
            return Some(());
        }
        // A key with several values can't stand in a variable.
        Some(ContextValue::Values(values)) => match values.as_slice() {
            [only] => Some(only.as_str()),
            _ => default,
        },
        Some(ContextValue::Absent) => default,
    };
    out.extend(known?.chars().map(Atom::Char));
    Some(())
}
