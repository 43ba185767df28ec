//! What was read, in numbers, and what was not.

use keytrail_model::{CoverageStatus, Problem};

use super::Page;
use crate::Report;

impl Page<'_> {
    pub(super) fn coverage(&mut self, report: &Report) {
        self.read(report);
        for (status, title) in [
            (CoverageStatus::Partial, "Read in part"),
            (CoverageStatus::NotApplicable, "Not applicable"),
            (CoverageStatus::NotEvaluated, "Not evaluated"),
        ] {
            let records: Vec<_> = report
                .coverage
                .iter()
                .filter(|record| record.status == status)
                .collect();
            if records.is_empty() {
                continue;
            }
            self.heading(title);
            for record in records {
                let name = self.paint.bold(&format!("{:<8}", record.source));
                self.hanging(&format!("  {name} "), 11, &record.reason);
                self.problems(&record.problems);
            }
        }
    }

    /// What was read, in numbers.
    fn read(&mut self, report: &Report) {
        let read: Vec<_> = report
            .coverage
            .iter()
            .filter(|record| !record.counts.is_empty())
            .filter(|record| {
                matches!(
                    record.status,
                    CoverageStatus::Evaluated | CoverageStatus::Partial
                )
            })
            .collect();
        if read.is_empty() {
            return;
        }
        self.heading("Read");
        for record in read {
            let name = self.paint.bold(&format!("{:<8}", record.source));
            let counts: Vec<String> = record
                .counts
                .iter()
                .filter(|&(_, &number)| number > 0)
                .map(|(name, &number)| counted(number, name))
                .collect();
            let mut told = counts.join(", ");
            // of what is read in part it stands below
            if record.status == CoverageStatus::Evaluated && !record.reason.is_empty() {
                told = format!("{told}; {}", record.reason);
            }
            self.hanging(&format!("  {name} "), 11, &told);
        }
    }

    fn problems(&mut self, problems: &[Problem]) {
        const SHOWN: usize = 10;
        let shown = if self.verbose { problems.len() } else { SHOWN };
        for problem in problems.iter().take(shown) {
            let line = problem
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            let text = format!("{}{line}: {}", problem.path, problem.message);
            self.hanging("           ", 11, &text);
        }
        if problems.len() > shown {
            let more = problems.len() - shown;
            self.line(&format!("           {more} more (shown with --verbose)"));
        }
    }
}

/// `1 file`, `23 skipped directories`.
fn counted(number: u64, name: &str) -> String {
    let plural = name.replace('_', " ");
    let singular = match plural.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => plural.strip_suffix('s').unwrap_or(&plural).to_owned(),
    };
    format!("{number} {}", if number == 1 { singular } else { plural })
}
