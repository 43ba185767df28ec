//! Text of which some parts are known and others are not.
//!
//! What is not known stays in its place as a [`Piece::Hole`]; a hole that has a name
//! (`var.prefix`) equals itself, so that `${var.prefix}-keys` in a policy is known to be
//! `${var.prefix}-keys` of a table. A reference to a resource keeps the resource's identity.

use std::fmt;
use std::sync::Arc;

/// Longer results of interpolation are not worth keeping: no name, ARN or policy is.
pub(crate) const MAX_TEXT: usize = 256 * 1024;

/// More parts than this no text has on purpose.
const MAX_PIECES: usize = 4096;

/// The identity of a resource: root (directory or template), `|`, address.
pub(crate) type Id = Arc<str>;

/// Which attribute of a resource a reference means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefKind {
    /// Its name.
    Name,
    /// Its ARN.
    Arn,
    /// The ARN of its stream.
    StreamArn,
    /// Something else that is only known once it is created.
    Other(Arc<str>),
}

/// A part of a [`Text`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// Known characters.
    Lit(String),
    /// Not known; the expression it stands for, where that has a name.
    Hole(Option<Arc<str>>),
    /// An attribute of a resource of the templates.
    Ref(Arc<str>, RefKind),
}

/// Where text that spans lines (a heredoc, a file) begins, so that lines inside it are found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) path: Arc<str>,
    pub(crate) line: u32,
    pub(crate) indent: u32,
}

/// Text in pieces.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    pieces: Vec<Piece>,
    pub(crate) origin: Option<Arc<Origin>>,
}

impl Text {
    /// Text that is known in whole.
    pub fn literal(text: impl Into<String>) -> Self {
        Self::from_pieces(vec![Piece::Lit(text.into())])
    }

    /// Text of which nothing is known.
    pub fn hole(name: Option<Arc<str>>) -> Self {
        Self::from_pieces(vec![Piece::Hole(name)])
    }

    /// A reference.
    pub fn reference(id: &Arc<str>, kind: RefKind) -> Self {
        Self::from_pieces(vec![Piece::Ref(Arc::clone(id), kind)])
    }

    /// Text in which `*` stands for what is not known, as in names of facts.
    pub fn with_stars_unknown(name: &str) -> Self {
        let mut text = Self::default();
        for (number, part) in name.split('*').enumerate() {
            if number > 0 {
                text.push(Piece::Hole(None));
            }
            text.push(Piece::Lit(part.to_owned()));
        }
        text
    }

    pub(crate) fn from_pieces(pieces: Vec<Piece>) -> Self {
        let mut text = Self::default();
        for piece in pieces {
            text.push(piece);
        }
        text
    }

    /// Its parts in order; neighbouring literals are one, empty ones are left out.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub(crate) fn push(&mut self, piece: Piece) {
        let piece = match piece {
            Piece::Lit(more) if more.is_empty() => return,
            Piece::Lit(more) if self.len() + more.len() > MAX_TEXT => Piece::Hole(None),
            other => other,
        };
        match self.pieces.len() {
            count if count < MAX_PIECES => {}
            // The end of it is not known.
            MAX_PIECES => return self.pieces.push(Piece::Hole(None)),
            _ => return,
        }
        match (self.pieces.last_mut(), piece) {
            (Some(Piece::Lit(last)), Piece::Lit(more)) => last.push_str(&more),
            (_, piece) => self.pieces.push(piece),
        }
    }

    pub(crate) fn append(&mut self, other: &Self) {
        if self.len() + other.len() > MAX_TEXT {
            self.push(Piece::Hole(None));
            return;
        }
        other
            .pieces
            .iter()
            .cloned()
            .for_each(|piece| self.push(piece));
    }

    /// Bytes of the known parts.
    pub(crate) fn len(&self) -> usize {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Lit(text) => text.len(),
                _ => 1,
            })
            .sum()
    }

    /// The whole, where all of it is known.
    pub fn known(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Lit(text)] => Some(text),
            _ => None,
        }
    }

    /// The resource, where the text is nothing but a reference.
    pub(crate) fn as_reference(&self) -> Option<(&Id, &RefKind)> {
        match self.pieces.as_slice() {
            [Piece::Ref(id, kind)] => Some((id, kind)),
            _ => None,
        }
    }

    /// True where no character of it is known.
    pub(crate) fn is_hole(&self) -> bool {
        !self.pieces.is_empty()
            && self
                .pieces
                .iter()
                .all(|piece| matches!(piece, Piece::Hole(_)))
    }

    /// What is known, with `*` for the rest.
    pub(crate) fn pattern(&self) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Lit(text) => out.push_str(text),
                _ if out.ends_with('*') => {}
                _ => out.push('*'),
            }
        }
        out
    }

    /// As a person reads it: references by address, `*` for what is not known.
    pub fn shown(&self) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Lit(text) => out.push_str(text),
                Piece::Hole(None) => out.push('*'),
                Piece::Hole(Some(name)) => {
                    out.push_str("${");
                    out.push_str(name);
                    out.push('}');
                }
                Piece::Ref(id, kind) => {
                    let address = address_of(id);
                    out.push_str(address);
                    // CloudFormation's addresses have no dot, and its attributes capitals.
                    let cloudformation = !address.contains('.');
                    out.push_str(match kind {
                        RefKind::Name if cloudformation => "",
                        RefKind::Arn if cloudformation => ".Arn",
                        RefKind::StreamArn if cloudformation => ".StreamArn",
                        RefKind::Name => ".name",
                        RefKind::Arn => ".arn",
                        RefKind::StreamArn => ".stream_arn",
                        RefKind::Other(_) => ".",
                    });
                    if let RefKind::Other(attribute) = kind {
                        out.push_str(attribute);
                    }
                }
            }
        }
        out
    }
}

/// The address without its root.
pub(crate) fn address_of(id: &str) -> &str {
    id.split_once('|').map_or(id, |(_, address)| address)
}

/// Values of templates may hold keys: their text is not for `Debug` (law 1).
impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lit(text) => write!(f, "Lit({} bytes)", text.len()),
            Self::Hole(name) => write!(f, "Hole({name:?})"),
            Self::Ref(id, kind) => write!(f, "Ref({id}, {kind:?})"),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.pieces).finish()
    }
}
