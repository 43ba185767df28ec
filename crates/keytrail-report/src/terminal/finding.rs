//! One finding at the terminal: in full with every hop, as a weakness, or in a line.

use keytrail_model::{Finding, FixSafety, Guard, Location, Rightful, Severity, Step};

use super::{FULL_PER_RULE, Page};
use crate::snippet::Snippet;
use crate::text::{clean, count, crop};
use crate::who::Standing;

impl Page<'_> {
    /// A path with every hop.
    pub(super) fn path(&mut self, number: usize, finding: &Finding) {
        self.title(number, finding);
        self.hanging("  ", 2, &finding.message);
        for (at, step) in finding.path.iter().enumerate() {
            self.hop(at + 1, step);
        }
        if let Some(actor) = &finding.actor {
            let actor = self
                .paint
                .severity(finding.severity, &clean(&actor.to_string()));
            self.line(&format!("   ──► {actor}"));
        }
        self.guards(&finding.guards);
        self.fixes(finding);
    }

    /// A finding on no path: message, place, what to do.
    pub(super) fn weakness(&mut self, number: usize, finding: &Finding) {
        self.title(number, finding);
        self.hanging("  ", 2, &finding.message);
        let place = self.paint.cyan(&place(&finding.location));
        self.line(&format!("   at {place}"));
        self.snippet(&finding.location);
        if let [first, second, ..] = finding.path.as_slice() {
            self.hop(1, first);
            self.hop(2, second);
            for (at, step) in finding.path.iter().enumerate().skip(2) {
                self.hop(at + 1, step);
            }
        }
        self.guards(&finding.guards);
        self.fixes(finding);
    }

    /// Findings of one rule, with the first places.
    pub(super) fn group(&mut self, rule: &str, title: &str, findings: &[&Finding]) {
        let Some(worst) = findings.iter().map(|one| one.severity).max() else {
            return;
        };
        let severity = self.paint.severity(worst, &format!("{worst:<8}"));
        let name = self.paint.bold(rule);
        self.hanging(
            &format!("{severity}  {name}  "),
            12 + rule.len(),
            &match findings.len() {
                1 => title.to_owned(),
                number => format!("{title} ({number})"),
            },
        );
        for one in findings.iter().take(FULL_PER_RULE) {
            let place = self.paint.cyan(&place(&one.location));
            self.line(&format!("          {place}"));
        }
        if findings.len() > FULL_PER_RULE {
            let more = findings.len() - FULL_PER_RULE;
            self.line(&format!("          {more} more (shown with --verbose)"));
        }
    }

    /// A finding in a line.
    pub(super) fn short(&mut self, number: usize, finding: &Finding) {
        let severity = self
            .paint
            .severity(finding.severity, &format!("{:<8}", finding.severity));
        let actor = finding
            .actor
            .as_ref()
            .map_or_else(String::new, |actor| format!(" ──► {actor}"));
        let id = format!("F{number}");
        let text = clean(&format!(
            "{}  {}{actor}",
            finding.rule,
            place(&finding.location)
        ));
        self.line(&format!("  {severity}  {id:<4}  {text}"));
    }

    /// An actor with the way to them.
    pub(crate) fn standing(&mut self, standing: &Standing, full: bool) {
        let actor = clean(&standing.actor.to_string());
        let actor = match standing.rightful {
            Rightful::No => self.paint.severity(Severity::High, &actor),
            Rightful::Yes => self.paint.green(&actor),
        };
        let confidence = self.paint.dim(&standing.confidence.to_string());
        self.line("");
        self.line(&format!("{actor}  {confidence}"));
        if full {
            for (at, step) in standing.steps.iter().enumerate() {
                self.hop(at + 1, step);
            }
            self.guards(&standing.guards);
        } else if let Some(last) = standing.steps.last() {
            let hops = count(standing.steps.len(), "hop", "hops");
            let place = self.paint.cyan(&place(&last.location));
            self.line(&format!("   {hops}, the last at {place}"));
        }
    }

    fn title(&mut self, number: usize, finding: &Finding) {
        let severity = self
            .paint
            .severity(finding.severity, &format!("{:<8}", finding.severity));
        let rule = self.paint.bold(finding.rule);
        let rest = self
            .paint
            .dim(&format!("{} · F{number}", finding.confidence));
        self.line(&format!("{severity}  {rule}  {rest}"));
    }

    fn hop(&mut self, number: usize, step: &Step) {
        let label = clean(&step.label);
        self.hanging(&format!("  {number:>2}. "), 6, &label);
        let place = self.paint.cyan(&place(&step.location));
        self.line(&format!("      {place}"));
        self.snippet(&step.location);
    }

    fn snippet(&mut self, location: &Location) {
        let span = location.span();
        let Some(snippet) = Snippet::of(span, self.sources) else {
            return;
        };
        let gutter = span.line.to_string();
        let room = self.width.saturating_sub(9 + gutter.len()).max(10);
        let snippet = snippet.fit(room);
        let (before, under) = snippet.mark_columns();
        let bar = self.paint.dim("│");
        let number = self.paint.dim(&gutter);
        self.line(&format!("      {number} {bar} {}", snippet.text));
        let more = if snippet.goes_on {
            format!(" to line {}", span.end_line)
        } else {
            String::new()
        };
        let mark = self.paint.red(&"^".repeat(under));
        self.line(&format!(
            "      {} {bar} {}{mark}{}",
            " ".repeat(gutter.len()),
            " ".repeat(before),
            self.paint.dim(&more)
        ));
    }

    fn guards(&mut self, guards: &[Guard]) {
        for (present, title) in [(false, "not held by"), (true, "held by")] {
            for guard in guards.iter().filter(|guard| guard.present == present) {
                let title = format!("{title}:");
                let painted = if present {
                    self.paint.green(&title)
                } else {
                    self.paint.red(&title)
                };
                let pad = " ".repeat(13 - title.len());
                let text = format!("{} ({})", guard.step.label, place(&guard.step.location));
                self.hanging(&format!("   {painted}{pad}"), 16, &text);
            }
        }
    }

    fn fixes(&mut self, finding: &Finding) {
        let mut title = self.paint.bold("mend:") + "        ";
        for fix in &finding.fixes {
            let note = match fix.safety {
                FixSafety::Safe => "",
                FixSafety::Unsafe => " (changes behaviour)",
            };
            self.hanging(&format!("   {title}"), 16, &format!("{}{note}", fix.title));
            title = " ".repeat(13);
        }
    }
}

/// `path:line:column`, with the resource or symbol where it helps.
pub(super) fn place(location: &Location) -> String {
    let span = clean(&location.to_string());
    let name = match location {
        Location::Resource { address, .. } => Some(address),
        Location::Statement { policy, .. } => Some(policy),
        _ => None,
    };
    match name {
        Some(name) => format!("{span}  {}", crop(&clean(name), 60)),
        None => span,
    }
}
