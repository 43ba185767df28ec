//! Makes changes in memory. What does not parse afterwards is not made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::Tree;

use crate::case::Files;
use crate::python::{Module, add_imports};
use crate::text::Text;
use crate::{Change, Import, Left, Piece, Why, hcl, template};

/// A file before and after its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Relative to the scanned root.
    pub path: Arc<str>,
    /// As it was read.
    pub before: Vec<u8>,
    /// As it is to be.
    pub after: Vec<u8>,
    /// What was made, by place.
    pub changes: Vec<Change>,
    /// There is no such file yet.
    pub is_new: bool,
}

/// What was made of a set of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// By path.
    pub files: Vec<Edited>,
    /// Findings whose changes could not be made.
    pub left: Vec<Left>,
}

/// Makes what can be made of `changes`; of two that touch one place the first wins.
pub fn edited(tree: &dyn Tree, changes: &[Change]) -> Made {
    let mut changes: Vec<&Change> = changes.iter().collect();
    let mut broken: Vec<Left> = Vec::new();
    loop {
        let mut made = all(tree, &changes);
        let kept: BTreeSet<&Change> = made.files.iter().flat_map(|file| &file.changes).collect();
        let groups: BTreeSet<&str> = changes
            .iter()
            .filter(|change| !change.group.is_empty() && !kept.contains(**change))
            .map(|change| change.group.as_str())
            .collect();
        if groups.is_empty() {
            made.left.append(&mut broken);
            made.left.sort();
            made.left.dedup();
            return made;
        }
        // What could be made of a group is taken back, and what it stood in the way of is made.
        let (out, rest): (Vec<&Change>, Vec<&Change>) = changes
            .iter()
            .partition(|change| groups.contains(change.group.as_str()));
        let (failed, sound): (Vec<&Change>, Vec<&Change>) =
            out.into_iter().partition(|change| !kept.contains(*change));
        let told = |change: &Change| {
            made.left
                .iter()
                .any(|left| change.closes.contains(&left.finding))
        };
        let reasons = made.left.iter().filter(|left| {
            failed
                .iter()
                .any(|change| change.closes.contains(&left.finding))
        });
        broken.extend(reasons.cloned());
        for change in sound.into_iter().filter(|change| !told(change)) {
            broken.extend(change.closes.iter().map(|finding| Left {
                finding: finding.clone(),
                why: Why::Together,
            }));
        }
        changes = rest;
    }
}

fn all(tree: &dyn Tree, changes: &[&Change]) -> Made {
    let files = Files::new(tree);
    let mut by_path: BTreeMap<&Arc<str>, Vec<&Change>> = BTreeMap::new();
    for &change in changes {
        by_path.entry(&change.path).or_default().push(change);
    }
    let mut made = Made::default();
    for (path, changes) in by_path {
        let creates = changes.iter().all(|change| change.creates);
        match files.text(path) {
            Ok(_) if creates => made.leave(&changes, &Why::Shape("the file is there already")),
            Ok(text) => one_file(path, &text, &changes, &mut made),
            Err(Why::Unreadable) if creates => match Text::read(&[]) {
                Ok(text) => one_file(path, &text, &changes, &mut made),
                Err(why) => made.leave(&changes, &why),
            },
            Err(why) => made.leave(&changes, &why),
        }
    }
    made
}

impl Made {
    fn leave(&mut self, changes: &[&Change], why: &Why) {
        let closes = changes.iter().flat_map(|change| &change.closes);
        self.left.extend(closes.map(|finding| Left {
            finding: finding.clone(),
            why: why.clone(),
        }));
    }
}

fn one_file(path: &Arc<str>, text: &Text, changes: &[&Change], made: &mut Made) {
    let mut accepted: Vec<&Change> = Vec::new();
    for change in changes {
        if accepted.iter().any(|known| overlap(known, change)) {
            made.leave(&[change], &Why::Overlap);
        } else {
            accepted.push(change);
        }
    }
    let whole = with(path, text, &accepted);
    let after = whole.unwrap_or_else(|_| {
        accepted = sound(path, text, &accepted, made);
        with(path, text, &accepted).unwrap_or_else(|_| text.as_str().to_owned())
    });
    if after != text.as_str() {
        let mut changes: Vec<Change> = accepted.into_iter().cloned().collect();
        changes.sort_by(|one, other| one.pieces.cmp(&other.pieces));
        made.files.push(Edited {
            path: Arc::clone(path),
            before: text.bytes_of(text.as_str()),
            after: text.bytes_of(&after),
            is_new: changes.iter().all(|change| change.creates),
            changes,
        });
    }
}

/// One of them breaks the file: each is tried upon those that don't.
fn sound<'c>(
    path: &Arc<str>,
    text: &Text,
    changes: &[&'c Change],
    made: &mut Made,
) -> Vec<&'c Change> {
    let mut good: Vec<&Change> = Vec::new();
    for &change in changes {
        good.push(change);
        if let Err(why) = with(path, text, &good) {
            good.pop();
            made.leave(&[change], &why);
        }
    }
    good
}

/// Text that one puts in place of what the other touches.
fn overlap(one: &Change, other: &Change) -> bool {
    one.pieces.iter().any(|one| {
        let inside = |other: &Piece| {
            let (a, b) = (one.range(), other.range());
            one != other && a.start < b.end && b.start < a.end
        };
        // Both begin at one byte and both take something away.
        let same = |other: &Piece| {
            one != other && one.at.0 == other.at.0 && one.at.1 > 0 && other.at.1 > 0
        };
        other
            .pieces
            .iter()
            .any(|other| inside(other) || same(other))
    })
}

/// The text after these changes.
fn with(path: &str, text: &Text, changes: &[&Change]) -> Result<String, Why> {
    let mut pieces: Vec<Piece> = changes
        .iter()
        .flat_map(|change| change.pieces.iter().cloned())
        .collect();
    let imports: BTreeSet<Import> = changes
        .iter()
        .flat_map(|change| change.imports.iter().cloned())
        .collect();
    if !imports.is_empty() {
        let module = Module::parse(Text::read(&text.bytes_of(text.as_str()))?)?;
        // Before what else is put at the same place and may need them.
        pieces.splice(0..0, add_imports(&module, &imports)?);
    }
    pieces.sort_by_key(|piece| piece.at);
    let mut known = BTreeSet::new();
    pieces.retain(|piece| known.insert(piece.clone()));
    let after = join(text, &pieces)?;
    check(path, &after)?;
    Ok(after)
}

fn join(text: &Text, pieces: &[Piece]) -> Result<String, Why> {
    let newline = text.newline();
    let mut after = String::with_capacity(text.as_str().len() + 256);
    let mut at = 0;
    for piece in pieces {
        let range = piece.range();
        let between = text.as_str().get(at..range.start).ok_or(Why::Overlap)?;
        after.push_str(between);
        after.push_str(&piece.text.replace('\n', newline));
        at = range.end;
    }
    after.push_str(text.as_str().get(at..).ok_or(Why::Overlap)?);
    Ok(after)
}

/// Lines of their own each: what is left of them is what was there.
fn is_image(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    file == "Dockerfile" || file.starts_with("Dockerfile.")
}

/// Whether a file of this name can be read back.
fn check(path: &str, after: &str) -> Result<(), Why> {
    let extension = path.rsplit_once('.').map_or("", |(_, end)| end);
    let reads = match extension {
        "py" | "pyi" => Module::parse(Text::read(after.as_bytes())?).is_ok(),
        "tf" | "tfvars" => hcl::parses(after),
        _ if is_image(path) => true,
        _ => template::parses(after),
    };
    reads.then_some(()).ok_or(Why::Breaks)
}
