//! Byte offsets into lines and columns.

use std::ops::Range;
use std::sync::Arc;

use keytrail_model::FileSpan;

/// Where the lines of one file start.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'t> {
    path: Arc<str>,
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(path: &Arc<str>, text: &'t str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        Self {
            path: Arc::clone(path),
            text,
            starts: std::iter::once(0).chain(ends.map(|end| end + 1)).collect(),
        }
    }

    /// Line and column, both from 1, of a byte offset.
    pub(crate) fn position(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|&start| start <= offset).max(1) - 1;
        let before = self.text.get(self.starts[line]..offset).unwrap_or("");
        (number(line + 1), number(before.chars().count() + 1))
    }

    pub(crate) fn span(&self, range: Range<usize>) -> FileSpan {
        let (line, column) = self.position(range.start);
        let (end_line, end_column) = self.position(range.end);
        FileSpan {
            path: Arc::clone(&self.path),
            line,
            column,
            end_line,
            end_column,
        }
    }
}

/// Lines and columns beyond four thousand million do not occur: files are capped long before.
pub(crate) fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// From the start of one span to the end of another of the same file.
pub(crate) fn join(first: &FileSpan, last: &FileSpan) -> FileSpan {
    FileSpan {
        end_line: last.end_line,
        end_column: last.end_column,
        ..first.clone()
    }
}
