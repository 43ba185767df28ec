//! Byte offsets → lines and columns, after the source itself is gone.

/// Line starts of one file, and where its columns differ from its bytes.
#[derive(Debug)]
pub(crate) struct LineIndex {
    starts: Vec<u32>,
    /// Offset of each character of more than one byte, with the bytes beyond the first.
    wide: Vec<(u32, u8)>,
}

impl LineIndex {
    pub(crate) fn new(source: &str) -> Self {
        let bytes = source.as_bytes();
        let mut starts = vec![0];
        // `\r\n` ends at its `\n`; a `\r` alone ends a line too
        starts.extend(
            memchr::memchr2_iter(b'\n', b'\r', bytes)
                .filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
                .map(|at| offset(at + 1)),
        );
        let wide = if source.is_ascii() {
            Vec::new()
        } else {
            source
                .char_indices()
                .filter(|(_, c)| c.len_utf8() > 1)
                .map(|(at, c)| (offset(at), u8::try_from(c.len_utf8() - 1).unwrap_or(0)))
                .collect()
        };
        Self { starts, wide }
    }

    /// Line and column, both from 1; the column counts Unicode scalar values.
    pub(crate) fn position(&self, at: u32) -> (u32, u32) {
        let line = self.starts.partition_point(|&start| start <= at);
        let start = line.checked_sub(1).map_or(0, |index| self.starts[index]);
        let from = self.wide.partition_point(|&(wide, _)| wide < start);
        let to = self.wide.partition_point(|&(wide, _)| wide < at);
        let beyond: u32 = self.wide[from..to]
            .iter()
            .map(|&(_, more)| u32::from(more))
            .sum();
        (offset(line), at - start - beyond.min(at - start) + 1)
    }
}

/// Sources over 4 GiB are refused before they get here.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_line_counts_once() {
        let index = LineIndex::new("a\r\nb\rc\nd");
        let at: Vec<_> = [0, 3, 5, 7].map(|at| index.position(at)).into();
        assert_eq!(at, [(1, 1), (2, 1), (3, 1), (4, 1)]);
    }

    #[test]
    fn columns_count_characters() {
        let index = LineIndex::new("a = 'é'; b\nc\n");
        assert_eq!(index.position(0), (1, 1));
        assert_eq!(index.position(10), (1, 10));
        assert_eq!(index.position(12), (2, 1));
    }
}
