//! The line that a step points at, with the part to look at.

use keytrail_model::Location;
use unicode_width::UnicodeWidthChar;

use crate::{Sources, text};

/// A tab's width in snippets.
const TAB: &str = "    ";

/// One line of source and what to underline in it, in characters of `text`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Snippet {
    /// Cleaned, tabs expanded, left margin cut.
    pub(crate) text: String,
    /// First character to underline, from 0.
    pub(crate) from: usize,
    /// One past the last.
    pub(crate) to: usize,
    /// True when the span goes on below this line.
    pub(crate) goes_on: bool,
}

impl Snippet {
    /// The first line of the place; `None` where there is nothing to show. What a commit had is
    /// not what the file has today.
    pub(crate) fn of(location: &Location, sources: &dyn Sources) -> Option<Self> {
        if matches!(
            location,
            Location::Commit { .. } | Location::Exchange { .. }
        ) {
            return None;
        }
        let span = location.span();
        let line = sources.line(&span.path, span.line)?;
        if line.text.trim().is_empty() {
            return None;
        }
        let goes_on = span.end_line > span.line;
        let marked = if line.redacted {
            None // Columns no longer fit.
        } else {
            let end = if goes_on { u32::MAX } else { span.end_column };
            (end > span.column).then_some((span.column, end))
        };
        Some(Self::marked(&line.text, marked, goes_on))
    }

    /// `columns` count from 1; without them all but the margins is marked.
    fn marked(line: &str, columns: Option<(u32, u32)>, goes_on: bool) -> Self {
        let margin = line.chars().take_while(|c| c.is_whitespace()).count();
        let mut text = String::new();
        let mut length = 0;
        let (mut from, mut to) = (None, 0);
        for (at, c) in line.trim_end().chars().enumerate().skip(margin) {
            let inside = columns.is_none_or(|(first, end)| {
                let column = u32::try_from(at + 1).unwrap_or(u32::MAX);
                column >= first && column < end
            });
            if inside {
                from.get_or_insert(length);
            }
            let shown = if c == '\t' {
                TAB.to_owned()
            } else {
                text::clean(c.encode_utf8(&mut [0; 4]))
            };
            length += shown.chars().count();
            text.push_str(&shown);
            if inside {
                to = length;
            }
        }
        Self {
            from: from.unwrap_or(0),
            to: if from.is_some() { to } else { length },
            text,
            goes_on,
        }
    }

    /// The same, cut to `width` characters round the marked part.
    pub(crate) fn fit(self, width: usize) -> Self {
        let length = self.text.chars().count();
        if length <= width {
            return self;
        }
        let start = self.from.saturating_sub(width / 4);
        let start = if self.to <= width { 0 } else { start };
        let mut text: String = self.text.chars().skip(start).take(width).collect();
        if start > 0 {
            text = std::iter::once('…').chain(text.chars().skip(1)).collect();
        }
        if start + width < length {
            text.pop();
            text.push('…');
        }
        let shown = text.chars().count();
        Self {
            from: self.from.saturating_sub(start).min(shown),
            to: self.to.saturating_sub(start).min(shown),
            text,
            goes_on: self.goes_on,
        }
    }

    /// Columns of the terminal before the mark, and under it.
    pub(crate) fn mark_columns(&self) -> (usize, usize) {
        let columns = |from: usize, to: usize| {
            self.text
                .chars()
                .skip(from)
                .take(to.saturating_sub(from))
                .map(|c| c.width().unwrap_or(0))
                .sum::<usize>()
        };
        (columns(0, self.from), columns(self.from, self.to).max(1))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use keytrail_model::FileSpan;

    use super::*;
    use crate::SourceLine;

    struct One(&'static str, bool);

    impl Sources for One {
        fn line(&self, _path: &str, _line: u32) -> Option<SourceLine> {
            Some(SourceLine {
                text: self.0.to_owned(),
                redacted: self.1,
            })
        }
    }

    fn snippet(sources: &One, columns: (u32, u32)) -> Option<Snippet> {
        let span = FileSpan {
            path: Arc::from("a"),
            line: 1,
            column: columns.0,
            end_line: 1,
            end_column: columns.1,
        };
        Snippet::of(&Location::File { span }, sources)
    }

    #[test]
    fn the_marked_part_moves_with_the_margin_and_tabs() {
        let found = snippet(&One("\tab\tcd", false), (5, 7)).unwrap();
        assert_eq!(found.text, "ab    cd");
        assert_eq!((found.from, found.to), (6, 8));
        assert_eq!(found.mark_columns(), (6, 2));
    }

    #[test]
    fn a_redacted_line_is_marked_whole() {
        let found = snippet(&One("  KEY = 'sk_…'", true), (9, 12)).unwrap();
        assert_eq!((found.from, found.to), (0, found.text.chars().count()));
    }

    #[test]
    fn blank_lines_show_nothing() {
        assert_eq!(snippet(&One("   ", false), (1, 1)), None);
    }

    proptest! {
        #[test]
        fn any_span_over_any_line_is_within_the_text(line in ".{0,60}", from in 0..80_u32, to in 0..80_u32, width in 1..50_usize) {
            let found = Snippet::marked(&line, Some((from, to)), false).fit(width);
            let length = found.text.chars().count();
            prop_assert!(found.from <= length && found.to <= length);
            prop_assert!(length <= width);
        }
    }
}
