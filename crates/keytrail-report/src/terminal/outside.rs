//! The running service at the terminal: the exchange behind a finding, and a grade for each check.

use keytrail_model::Finding;

use super::Page;
use crate::Report;
use crate::text::clean;

/// Lines of a body that are shown.
const BODY_LINES: usize = 6;

impl Page<'_> {
    /// How to see it oneself, what was compared, and with `verbose` the exchange.
    pub(super) fn outside(&mut self, finding: &Finding) {
        let Some(outside) = &finding.outside else {
            return;
        };
        let title = self.paint.bold("compared:") + "    ";
        self.hanging(&format!("   {title}"), 16, &clean(&outside.compared));
        let title = self.paint.bold("repeat:") + "      ";
        self.line(&format!("   {title}{}", clean(&outside.exchange.curl)));
        if !self.verbose {
            return;
        }
        let exchange = &outside.exchange;
        let lines = exchange.request.iter().map(|line| ("> ", line.as_str()));
        let lines = lines.chain(exchange.response.iter().map(|line| ("< ", line.as_str())));
        let body = exchange
            .body
            .lines()
            .take(BODY_LINES)
            .map(|line| ("  ", line));
        for (mark, line) in lines.chain(body) {
            let line = self.paint.dim(&format!("{mark}{}", clean(line)));
            self.line(&format!("                {line}"));
        }
    }

    /// One line a check.
    pub(super) fn checks(&mut self, report: &Report) {
        let checks = crate::checks::checks(&report.findings, &report.coverage);
        if checks.is_empty() {
            return;
        }
        self.heading("Checks of the running service");
        for line in crate::checks::lines(&checks) {
            self.line(&format!("  {line}"));
        }
    }
}
