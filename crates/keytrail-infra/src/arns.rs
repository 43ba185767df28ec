//! ARNs of which partition, region and account are not known.

use crate::stack::Index;
use crate::text::{Piece, RefKind, Text};

/// `arn:?:service:?:?:kind`, to be followed by a name.
pub(crate) fn arn(service: &str, kind: &str) -> Text {
    Text::from_pieces(vec![
        Piece::Lit("arn:".to_owned()),
        Piece::Hole(None),
        Piece::Lit(format!(":{service}:")),
        Piece::Hole(None),
        Piece::Lit(":".to_owned()),
        Piece::Hole(None),
        Piece::Lit(format!(":{kind}")),
    ])
}

/// A pattern of a policy in every spelling: references to tables by identity and by name.
pub(crate) fn spellings(text: &Text, tables: &Index) -> Vec<Text> {
    let by_identity = expand(text, tables);
    let referred = by_identity.pieces().iter().find_map(|piece| match piece {
        Piece::Ref(id, RefKind::Name) => tables.get(id),
        _ => None,
    });
    let mut all = Vec::new();
    if let Some(entry) = referred {
        for name in &entry.names {
            all.push(with_name(&by_identity, &entry.id, name));
        }
    }
    all.insert(0, by_identity);
    all
}

/// ARNs of tables become text round their identity.
fn expand(text: &Text, tables: &Index) -> Text {
    let mut out = Text::default();
    for piece in text.pieces() {
        match piece {
            Piece::Ref(id, kind @ (RefKind::Arn | RefKind::StreamArn))
                if tables.get(id).is_some() =>
            {
                out.append(&arn("dynamodb", "table/"));
                out.push(Piece::Ref(id.clone(), RefKind::Name));
                if *kind == RefKind::StreamArn {
                    out.push(Piece::Lit("/stream/*".to_owned()));
                }
            }
            other => out.push(other.clone()),
        }
    }
    out
}

fn with_name(text: &Text, id: &str, name: &Text) -> Text {
    let mut out = Text::default();
    for piece in text.pieces() {
        match piece {
            Piece::Ref(other, RefKind::Name) if **other == *id => out.append(name),
            other => out.push(other.clone()),
        }
    }
    out
}
