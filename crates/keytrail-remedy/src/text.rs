//! A file as text: what its positions mean in bytes, and how its lines end.

use std::ops::Range;

use keytrail_model::FileSpan;

use crate::Why;

/// Larger files are generated; nobody reads a diff of them.
const LARGEST: usize = 4 << 20;

/// UTF-8 text without its byte-order mark, which is put back when the file is made again.
#[derive(Debug)]
pub(crate) struct Text {
    mark: bool,
    content: String,
    starts: Vec<usize>,
}

impl Text {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Why> {
        if bytes.len() > LARGEST {
            return Err(Why::TooLarge);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| Why::NotUtf8)?;
        let text = whole.strip_prefix('\u{feff}');
        let mark = text.is_some();
        let text = text.unwrap_or(whole).to_owned();
        Ok(Self {
            mark,
            starts: line_starts(&text),
            content: text,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.content
    }

    /// What stands in `range`.
    pub(crate) fn slice(&self, range: Range<usize>) -> &str {
        self.content.get(range).unwrap_or_default()
    }

    /// The bytes of `text`, with the byte-order mark that this file had.
    pub(crate) fn bytes_of(&self, text: &str) -> Vec<u8> {
        let mark = if self.mark { "\u{feff}" } else { "" };
        [mark, text].concat().into_bytes()
    }

    /// Line ends of this file; `\n` where lines end in several ways.
    pub(crate) fn newline(&self) -> &'static str {
        let all = self.content.matches('\n').count();
        let windows = self.content.matches("\r\n").count();
        if all > 0 && all == windows {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// Line and column, both from 1, to a byte.
    pub(crate) fn offset(&self, line: u32, column: u32) -> Option<usize> {
        let line = usize::try_from(line).ok()?.checked_sub(1)?;
        let column = usize::try_from(column).ok()?.checked_sub(1)?;
        let start = *self.starts.get(line)?;
        let rest = self.content.get(start..)?;
        let mut at = rest.char_indices().map(|(at, _)| at);
        let within = at
            .nth(column)
            .or_else(|| (rest.chars().count() == column).then_some(rest.len()))?;
        Some(start + within)
    }

    pub(crate) fn range(&self, span: &FileSpan) -> Option<Range<usize>> {
        let range =
            self.offset(span.line, span.column)?..self.offset(span.end_line, span.end_column)?;
        (range.start <= range.end).then_some(range)
    }

    /// Where the line that holds `at` begins.
    pub(crate) fn line_start(&self, at: usize) -> usize {
        let line = self.starts.partition_point(|&start| start <= at);
        line.checked_sub(1).map_or(0, |line| self.starts[line])
    }

    /// Where the line after the one that holds `at` begins, or the end of the text.
    pub(crate) fn next_line(&self, at: usize) -> usize {
        let line = self.starts.partition_point(|&start| start <= at);
        self.starts.get(line).copied().unwrap_or(self.content.len())
    }

    /// The line, from 1.
    pub(crate) fn line(&self, at: usize) -> u32 {
        let line = self.starts.partition_point(|&start| start <= at);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The white space at the beginning of the line that holds `at`.
    pub(crate) fn indent(&self, at: usize) -> &str {
        let start = self.line_start(at);
        let rest = &self.content[start..];
        let end = rest.find(|c| c != ' ' && c != '\t').unwrap_or(rest.len());
        &rest[..end]
    }

    /// One more level: a tab where the line is indented with tabs, `width` spaces otherwise.
    pub(crate) fn deeper(&self, at: usize, width: usize) -> String {
        let indent = self.indent(at);
        let unit = if indent.contains('\t') {
            "\t".to_owned()
        } else {
            " ".repeat(width)
        };
        format!("{indent}{unit}")
    }

    /// What stands in `at`'s line before it is white space only.
    pub(crate) fn begins_line(&self, at: usize) -> bool {
        self.content[self.line_start(at)..at].trim().is_empty()
    }
}

/// As the collectors count: `\r\n` is one end, a `\r` alone is one too.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
            starts.push(at + 1);
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_every_end_of_line_once() {
        let text = Text::read("\u{feff}a = 'é'\r\nb\rc\n".as_bytes()).unwrap();
        assert_eq!(text.offset(1, 1), Some(0));
        assert_eq!(text.offset(1, 7), Some(7));
        assert_eq!(text.offset(2, 1), Some(10));
        assert_eq!(text.offset(3, 1), Some(12));
        assert_eq!(text.offset(9, 1), None);
        assert_eq!(text.newline(), "\n", "mixed");
        assert_eq!(text.bytes_of("x"), "\u{feff}x".as_bytes());
    }

    #[test]
    fn another_encoding_is_left_alone() {
        assert_eq!(Text::read(b"# caf\xe9\n").unwrap_err(), Why::NotUtf8);
    }
}
