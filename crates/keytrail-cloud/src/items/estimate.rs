//! What a scan will cost, told before it starts.

use std::fmt;

/// Eventually consistent: half a unit for every 4 KB.
const BYTES_A_UNIT: f64 = 8192.0;
/// On-demand read request units, USD a million, us-east-1.
const USD_A_MILLION: f64 = 0.125;

/// For one table.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The table's name.
    pub table: String,
    /// Items, as the service last counted them (every six hours or so).
    pub items: u64,
    /// Bytes, likewise.
    pub bytes: u64,
    /// Read units.
    pub units: f64,
    /// USD on demand; nothing beside provisioned capacity that is paid for already.
    pub usd: f64,
    /// Minutes at the given rate; `None` without one.
    pub minutes: Option<f64>,
}

impl Estimate {
    /// Of a table of that size, or of as many items of it.
    pub(crate) fn new(
        table: &str,
        items: u64,
        bytes: u64,
        sample: Option<u64>,
        rate: Option<f64>,
    ) -> Self {
        let share = match sample {
            Some(sample) if items > 0 => (number(sample) / number(items)).min(1.0),
            _ => 1.0,
        };
        let units = (number(bytes) * share / BYTES_A_UNIT).max(0.5);
        Self {
            table: table.to_owned(),
            items,
            bytes,
            units,
            usd: units * USD_A_MILLION / 1e6,
            minutes: rate.map(|rate| units / rate / 60.0),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate; sizes beyond 2^53 do not occur"
)]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "table {}: {} items, {:.1} MB; about {:.0} read units, {:.4} USD on demand, ",
            self.table,
            self.items,
            number(self.bytes) / 1e6,
            self.units,
            self.usd
        )?;
        match self.minutes {
            Some(minutes) => write!(f, "{minutes:.1} minutes at the given rate"),
            None => write!(f, "as fast as the table answers (--read-units limits it)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_items_of_a_kilobyte() {
        // facts: about 122,000 eventually consistent read units
        let estimate = Estimate::new("keys", 1_000_000, 1_000_000_000, None, Some(100.0));
        assert!((estimate.units - 122_070.0).abs() < 1.0);
        assert!((estimate.minutes.unwrap() - 20.3).abs() < 0.1);
        let sampled = Estimate::new("keys", 1_000_000, 1_000_000_000, Some(1000), None);
        assert!((sampled.units - 122.0).abs() < 0.1);
    }
}
