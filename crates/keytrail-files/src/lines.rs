//! From byte offsets to lines and columns.

use std::sync::Arc;

use keytrail_model::FileSpan;

/// Counts on from the last asked place, so that many places in one long line stay cheap.
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    column: u32,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            line: 1,
            column: 1,
        }
    }

    /// Goes on at `at`, where line and column are known.
    pub(crate) fn resume(bytes: &'a [u8], at: usize, place: (u32, u32)) -> Self {
        Self {
            bytes,
            at,
            line: place.0,
            column: place.1,
        }
    }

    /// Line and column of `to`, behind every place asked for so far.
    pub(crate) fn place(&mut self, to: usize) -> (u32, u32) {
        self.advance(to)
    }

    /// Places must be asked for in ascending order of their starts, without overlaps.
    pub(crate) fn span(&mut self, path: &Arc<str>, range: &std::ops::Range<usize>) -> FileSpan {
        let (line, column) = self.advance(range.start);
        let (end_line, end_column) = self.advance(range.end);
        FileSpan {
            path: Arc::clone(path),
            line,
            column,
            end_line,
            end_column,
        }
    }

    fn advance(&mut self, to: usize) -> (u32, u32) {
        let passed = self.bytes.get(self.at..to).unwrap_or_default();
        let line_ends = memchr::memchr_iter(b'\n', passed).count();
        let last = match memchr::memrchr(b'\n', passed) {
            Some(end) => {
                self.column = 1;
                &passed[end + 1..]
            }
            None => passed,
        };
        self.line = self.line.saturating_add(count(line_ends));
        self.column = self.column.saturating_add(count(characters(last)));
        self.at = self.at.max(to);
        (self.line, self.column)
    }
}

/// Unicode scalar values: bytes that continue none. Bytes that are no UTF-8 count one each
/// unless they look like continuations.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a\nüö key\n".as_bytes();
        let path: Arc<str> = Arc::from("f");
        let at = text.windows(3).position(|part| part == b"key").unwrap();
        let span = Lines::new(text).span(&path, &(at..at + 3));
        assert_eq!(
            (span.line, span.column, span.end_line, span.end_column),
            (2, 4, 2, 7)
        );
    }
}
