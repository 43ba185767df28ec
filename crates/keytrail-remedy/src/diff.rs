//! The difference as a person reads it.
//!
//! Lines are not taken from the files but asked for, so that whoever shows them can mask keys. A diff with a
//! masked line is for reading and not for `patch`.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use crate::Edited;

/// Which text a line is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The file as it was.
    Before,
    /// The file as it is to be.
    After,
}

/// A unified diff with three lines round each change. `line` is asked for a line of the file by number, from 1.
pub fn diff(edited: &Edited, line: &dyn Fn(Shown, u32) -> String) -> String {
    let before = String::from_utf8_lossy(&edited.before);
    let after = String::from_utf8_lossy(&edited.after);
    let differences = TextDiff::from_lines(&*before, &*after);
    let old = if edited.is_new {
        "/dev/null".to_owned()
    } else {
        format!("a/{}", edited.path)
    };
    let mut out = format!("--- {old}\n+++ b/{path}\n", path = edited.path);
    for group in differences.grouped_ops(3) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let old = first.old_range().start..last.old_range().end;
        let new = first.new_range().start..last.new_range().end;
        let _ = writeln!(out, "@@ -{} +{} @@", hunk(&old), hunk(&new));
        for change in group.iter().flat_map(|op| differences.iter_changes(op)) {
            let (sign, side, index) = match change.tag() {
                ChangeTag::Equal => (' ', Shown::Before, change.old_index()),
                ChangeTag::Delete => ('-', Shown::Before, change.old_index()),
                ChangeTag::Insert => ('+', Shown::After, change.new_index()),
            };
            let number = index.map_or(0, |index| u32::try_from(index + 1).unwrap_or(u32::MAX));
            let _ = writeln!(out, "{sign}{}", line(side, number));
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn hunk(range: &std::ops::Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        more => format!("{},{more}", range.start + 1),
    }
}
