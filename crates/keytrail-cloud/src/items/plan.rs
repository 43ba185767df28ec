//! Into how many parts a table is cut, and how large a page is.

use std::path::PathBuf;

use super::estimate::number;

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct ItemsOptions {
    /// Tables, by name.
    pub tables: Vec<String>,
    /// Read units a second, over all tables.
    pub read_units: Option<f64>,
    /// Read units in all; the scan stops there.
    pub max_units: Option<f64>,
    /// Read about so many items of each table, spread over it.
    pub sample: Option<u64>,
    /// Attributes to read; all where there is none. What is left out costs the same units.
    pub attributes: Vec<String>,
    /// Where to keep how far the scan is.
    pub state: Option<PathBuf>,
}

/// Requests under way at a time.
pub(crate) const WORKERS: usize = 8;
/// `DynamoDB` takes no more segments.
const MOST_SEGMENTS: u64 = 1_000_000;
/// Items of a page of a sample.
const SAMPLE_PAGE: u64 = 100;
/// Bytes of items below which a segment is not worth it.
const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;

/// How one table is read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Segments that the table is cut into.
    pub(crate) segments: u64,
    /// Those that are read.
    pub(crate) read: Vec<u64>,
    /// `Limit` of a page.
    pub(crate) limit: Option<u64>,
    /// Only the first page of each.
    pub(crate) first_only: bool,
}

impl Plan {
    pub(crate) fn new(items: u64, bytes: u64, options: &ItemsOptions) -> Self {
        if let Some(sample) = options.sample.filter(|sample| *sample < items) {
            return Self::sample(items, sample);
        }
        let segments = (bytes / SEGMENT_BYTES).clamp(WORKERS as u64, 4096);
        Self {
            segments,
            read: (0..segments).collect(),
            limit: page(items, bytes, options.read_units),
            first_only: false,
        }
    }

    /// Pages spread evenly over the table: where an item lies is decided by a hash of its key, so that
    /// they are a random sample.
    fn sample(items: u64, sample: u64) -> Self {
        let segments = (items / SAMPLE_PAGE).clamp(1, MOST_SEGMENTS);
        let pages = sample.div_ceil(SAMPLE_PAGE).clamp(1, segments);
        Self {
            segments,
            read: (0..pages).map(|page| page * segments / pages).collect(),
            limit: Some(SAMPLE_PAGE),
            first_only: true,
        }
    }
}

/// Under a budget, pages are so small that all workers together take half a second's units at most.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and 10,000"
)]
fn page(items: u64, bytes: u64, rate: Option<f64>) -> Option<u64> {
    let rate = rate?;
    let each = if items == 0 {
        1024.0
    } else {
        (number(bytes) / number(items)).max(64.0)
    };
    let units = rate * 0.5 / number(WORKERS as u64);
    Some((units * 8192.0 / each).clamp(1.0, 10_000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_table() {
        let options = ItemsOptions {
            sample: Some(1000),
            ..ItemsOptions::default()
        };
        let plan = Plan::new(100_000, 100_000_000, &options);
        assert_eq!(plan.segments, 1000);
        assert_eq!(plan.read.len(), 10);
        assert_eq!(plan.read[9], 900);
        // A sample larger than the table is the table.
        assert!(!Plan::new(500, 500_000, &options).first_only);
    }

    #[test]
    fn pages_are_small_under_a_small_budget() {
        let options = ItemsOptions {
            read_units: Some(16.0),
            ..ItemsOptions::default()
        };
        assert_eq!(Plan::new(1000, 1_024_000, &options).limit, Some(8));
    }
}
