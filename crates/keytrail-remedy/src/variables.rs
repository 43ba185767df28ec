//! Two keys never share a name: of changes that would read different keys from one environment variable or one secret,
//! each is given a name of its own.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::Fingerprinter;

use crate::case::Files;
use crate::{Change, Left, Why};

/// What the changes that take a key out of the source are called.
const REMEDY: &str = "from-environment";

/// Renames what meets. What stays ambiguous is taken out of `changes` and returned.
pub(crate) fn told_apart(changes: &mut Vec<Change>, files: &Files<'_>) -> Vec<Left> {
    let mut keys: BTreeMap<String, BTreeMap<Digest, Vec<usize>>> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate() {
        if let Some((name, key)) = named(change, files) {
            let of_name = keys.entry(name).or_default();
            of_name.entry(key).or_default().push(at);
        }
    }
    let mut taken: BTreeSet<String> = keys.keys().cloned().collect();
    let mut refused = BTreeSet::new();
    for (name, of_name) in keys.iter().filter(|(_, of_name)| of_name.len() > 1) {
        for members in of_name.values() {
            // One key in several places keeps one name, that of the first place.
            let first = members.iter().map(|&at| &*changes[at].path).min();
            let other = apart(name, first.unwrap_or_default());
            let free = taken.insert(other.clone());
            for &at in members {
                if free {
                    rename(&mut changes[at], name, &other);
                } else {
                    refused.insert(at);
                }
            }
        }
    }
    let mut left = Vec::new();
    for at in refused.into_iter().rev() {
        let change = changes.remove(at);
        left.extend(change.closes.into_iter().map(|finding| Left {
            finding,
            why: Why::Shape(
                "another key of this file would be read by the same name: give its variable another one first",
            ),
        }));
    }
    left
}

/// Of a key, to tell it from others.
type Digest = [u8; 32];

/// The name under which a change reads a key, and which key.
fn named(change: &Change, files: &Files<'_>) -> Option<(String, Digest)> {
    if change.remedy != REMEDY {
        return None;
    }
    let mut pieces = change.pieces.iter();
    let (piece, name) = pieces.find_map(|piece| Some((piece, read_name(&piece.text)?)))?;
    let text = files.text(&change.path).ok()?;
    let literal = text.as_str().get(piece.range())?;
    let prefix = |c: char| c.is_ascii_alphabetic();
    let quotes = |c: char| matches!(c, '"' | '\'');
    let key = literal.trim_start_matches(prefix).trim_matches(quotes);
    let digest = Fingerprinter::default().digest([key.as_bytes()]);
    Some((name.to_owned(), digest))
}

/// `NAME` of `os.environ["NAME"]` and of `_secret("NAME")`.
fn read_name(expression: &str) -> Option<&str> {
    let inner = expression
        .strip_prefix("os.environ[")
        .and_then(|rest| rest.strip_suffix(']'))
        .or_else(|| expression.strip_prefix("_secret(")?.strip_suffix(')'))?;
    let quotes = |c: char| matches!(c, '"' | '\'');
    Some(inner.trim_matches(quotes))
}

/// `BILLING_MAIL_API_KEY` for `MAIL_API_KEY` in `billing/mail.py`.
fn apart(name: &str, path: &str) -> String {
    let path = path.trim_end_matches(".py");
    let (directories, stem) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = upper(stem);
    let own = name
        .strip_prefix(&stem)
        .and_then(|rest| rest.strip_prefix('_'));
    let words = [upper(directories), stem, own.unwrap_or(name).to_owned()];
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|it| !it.is_empty())
        .collect();
    words.join("_")
}

fn upper(text: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    let upper: String = text.chars().map(letter).collect();
    upper.trim_matches('_').to_owned()
}

fn rename(change: &mut Change, name: &str, other: &str) {
    for piece in &mut change.pieces {
        if read_name(&piece.text) == Some(name) {
            piece.text = piece.text.replace(name, other);
        }
    }
    change.title = worded(&change.title, name, other);
    change.note = worded(&change.note, name, other);
}

/// `text` with the word `name` replaced, and no longer word of which it is a part.
fn worded(text: &str, name: &str, other: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split_inclusive(|c| !part(c));
    words
        .map(|word| match word.trim_end_matches(|c| !part(c)) {
            whole if whole == name => word.replacen(name, other, 1),
            _ => word.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keytrail_model::{FixSafety, MemoryTree};

    use super::*;
    use crate::{Closes, Piece, Store};

    fn change(path: &str, text: &str, name: &str) -> Change {
        let at = text.find('"').unwrap();
        let length = text[at + 1..].find('"').unwrap() + 2;
        let closes = Closes {
            rule: "hard-coded-key",
            path: Arc::from(path),
            symbol: String::new(),
            subject: name.to_owned(),
            line: 1,
        };
        Change {
            path: Arc::from(path),
            line: 1,
            remedy: REMEDY,
            title: format!("Take the key from {}", Store::Environment.place(name)),
            safety: FixSafety::Unsafe,
            note: Store::Environment.to_do(name),
            pieces: vec![Piece::new(
                at..at + length,
                format!("os.environ[\"{name}\"]"),
            )],
            imports: Vec::new(),
            closes: vec![closes],
            edits: Vec::new(),
            group: String::new(),
            creates: false,
        }
    }

    /// What each file reads then, and how many are refused.
    fn names(files: &[(&str, &str, &str)]) -> (Vec<String>, usize) {
        let tree = MemoryTree::new(files.iter().map(|(path, text, _)| (*path, *text)));
        let mut changes: Vec<Change> = files
            .iter()
            .map(|(path, text, name)| change(path, text, name))
            .collect();
        let left = told_apart(&mut changes, &Files::new(&tree));
        for change in &changes {
            let name = read_name(&change.pieces[0].text).unwrap();
            assert!(
                change.title.contains(&format!("from {name} of")),
                "{}",
                change.title
            );
            assert!(
                change.note.contains(&format!("set {name}, from")),
                "{}",
                change.note
            );
        }
        let names = changes
            .iter()
            .map(|it| read_name(&it.pieces[0].text).unwrap().to_owned());
        (names.collect(), left.len())
    }

    #[test]
    fn two_keys_of_one_name_are_told_apart_by_their_files() {
        let files = [
            ("billing/mail.py", "API_KEY = \"one\"", "MAIL_API_KEY"),
            ("shop/mail.py", "API_KEY = \"two\"", "MAIL_API_KEY"),
            ("shop/pay.py", "STRIPE = \"three\"", "STRIPE"),
        ];
        let told = ["BILLING_MAIL_API_KEY", "SHOP_MAIL_API_KEY", "STRIPE"];
        assert_eq!(names(&files), (told.map(str::to_owned).to_vec(), 0));
        let plain = [
            ("a.py", "STRIPE = \"one\"", "STRIPE"),
            ("b.py", "STRIPE = \"two\"", "STRIPE"),
        ];
        assert_eq!(names(&plain).0, ["A_STRIPE", "B_STRIPE"]);
    }

    #[test]
    fn one_key_in_two_files_keeps_one_name() {
        let files = [
            ("a.py", "STRIPE = \"one\"", "STRIPE"),
            ("b.py", "STRIPE = 'x' or \"one\"", "STRIPE"),
        ];
        assert_eq!(names(&files), (vec!["STRIPE".to_owned(); 2], 0));
        let three = [files[0], files[1], ("c.py", "STRIPE = \"two\"", "STRIPE")];
        assert_eq!(names(&three).0, ["A_STRIPE", "A_STRIPE", "C_STRIPE"]);
    }

    #[test]
    fn two_keys_of_one_name_in_one_file_are_refused_but_for_one() {
        let tree = MemoryTree::new([("a.py", "KEY_ = \"one\"\nKEY_ = \"two\"")]);
        let mut second = change("a.py", "KEY_ = \"one\"", "STRIPE");
        second.pieces[0].at = (20, 5);
        let first = change("a.py", "KEY_ = \"one\"", "STRIPE");
        let mut changes = vec![first, second];
        let left = told_apart(&mut changes, &Files::new(&tree));
        assert_eq!((changes.len(), left.len()), (1, 1));
        assert!(left[0].why.to_string().contains("by the same name"));
    }

    #[test]
    fn a_name_is_replaced_as_a_word() {
        assert_eq!(
            worded("set KEY, MY_KEY and KEY", "KEY", "A_KEY"),
            "set A_KEY, MY_KEY and A_KEY"
        );
    }
}
