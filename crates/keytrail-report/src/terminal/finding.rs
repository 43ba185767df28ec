//! One finding at the terminal: in full with every hop, as a weakness, or in a line.

use keytrail_model::{Finding, FixSafety, Guard, Location, Rightful, Severity, Step};
use unicode_width::UnicodeWidthStr as _;

use super::{FULL_PER_RULE, Page};
use crate::snippet::Snippet;
use crate::text::{clean, count, crop};
use crate::way::Way;
use crate::who::Standing;

impl Page<'_> {
    /// A way with every hop, told by one finding; the others on it beneath.
    pub(super) fn way(&mut self, way: &Way<'_>) {
        let (number, finding) = way.lead;
        self.title(number, finding);
        self.hanging("  ", 2, &finding.message);
        self.hops(&finding.path);
        if let Some(actor) = &finding.actor {
            let actor = self
                .paint
                .severity(finding.severity, &clean(&actor.to_string()));
            self.line(&format!("   ──► {actor}"));
        }
        self.guards(&finding.guards);
        self.outside(finding);
        self.fixes(finding);
        self.also(way);
    }

    /// What else was found on a way: rule and place; in full with `verbose`, with the hops where
    /// they differ.
    fn also(&mut self, way: &Way<'_>) {
        const MOST: usize = 6;
        let shown = if self.verbose { way.also.len() } else { MOST };
        let mut title = self.paint.bold("also here:") + "   ";
        for &(number, finding) in way.also.iter().take(shown) {
            let place = self.paint.cyan(&place(&finding.location));
            self.line(&format!("   {title}F{number} {}  {place}", finding.rule));
            title = " ".repeat(13);
            if self.verbose {
                self.hanging(&" ".repeat(16), 16, &finding.message);
                if finding.path != way.lead.1.path {
                    self.hops(&finding.path);
                }
                self.fixes(finding);
            }
        }
        if way.also.len() > shown {
            let more = way.also.len() - shown;
            self.line(&format!("   {title}{more} more (shown with --verbose)"));
        }
    }

    /// A finding on no path: message, place, what to do.
    pub(super) fn weakness(&mut self, number: usize, finding: &Finding) {
        self.title(number, finding);
        self.hanging("  ", 2, &finding.message);
        let place = self.paint.cyan(&place(&finding.location));
        self.line(&format!("   at {place}"));
        self.snippet(&finding.location);
        if finding.path.len() > 1 {
            self.hops(&finding.path);
        }
        self.guards(&finding.guards);
        self.outside(finding);
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
    pub(super) fn short(&mut self, number: usize, finding: &Finding, also: usize) {
        let severity = self
            .paint
            .severity(finding.severity, &format!("{:<8}", finding.severity));
        let actor = finding
            .actor
            .as_ref()
            .map_or_else(String::new, |actor| format!(" ──► {actor}"));
        let id = format!("F{number}");
        let also = match also {
            0 => String::new(),
            more => format!(" (+{more})"),
        };
        let text = clean(&format!(
            "{}{also}  {}{actor}",
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
            self.hops(&standing.steps);
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

    /// Every hop with its place; the line of code too, unless the hop only hands the value on or
    /// the hop before showed the same line.
    fn hops(&mut self, path: &[Step]) {
        let mut shown: Option<(&str, u32)> = None;
        for (at, step) in path.iter().enumerate() {
            self.hop(at + 1, step);
            let span = step.location.span();
            let line = Some((&*span.path, span.line));
            if self.verbose || !(hands_on(step) || shown == line) {
                self.snippet(&step.location);
                shown = line;
            }
        }
    }

    /// What happens and where, in one line where both fit.
    fn hop(&mut self, number: usize, step: &Step) {
        let (label, place) = (clean(&step.label), place(&step.location));
        let painted = self.paint.cyan(&place);
        if 8 + label.width() + place.width() <= self.width {
            self.line(&format!("  {number:>2}. {label}  {painted}"));
            return;
        }
        self.hanging(&format!("  {number:>2}. "), 6, &label);
        self.line(&format!("      {painted}"));
    }

    fn snippet(&mut self, location: &Location) {
        let span = location.span();
        let Some(snippet) = Snippet::of(location, self.sources) else {
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

/// A hop on which nothing happens to the value: an argument, an assignment, a return.
fn hands_on(step: &Step) -> bool {
    ["is passed to ", "is assigned to ", "is returned by "]
        .iter()
        .any(|start| step.label.starts_with(start))
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
