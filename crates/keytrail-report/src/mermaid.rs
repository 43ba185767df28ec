//! The worst path as a Mermaid flowchart: what GitHub and GitLab draw in a job's summary and in a comment, where an SVG
//! of one's own is not shown.

use std::fmt::Write as _;

use keytrail_model::{Finding, Location, Step};

use crate::text::{clean, crop};

/// Hops that are drawn; of a longer way the first and the last.
const MOST: usize = 9;
/// Characters of a hop's words and of its place.
const WORDS: usize = 90;
const PLACE: usize = 60;

/// A fenced block, with a final newline. Nothing of the scanned tree has a meaning in it.
pub(crate) fn picture(finding: &Finding) -> String {
    let mut out = String::from("```mermaid\nflowchart TB\n");
    let hops = hops(&finding.path);
    for (at, hop) in hops.iter().enumerate() {
        let _ = writeln!(out, "  h{at}[\"{hop}\"]");
    }
    let actor = finding
        .actor
        .as_ref()
        .map_or_else(|| "nobody yet".to_owned(), ToString::to_string);
    let end = hops.len();
    let _ = writeln!(out, "  h{end}([\"{}\"])", plain(&actor));
    let ids: Vec<String> = (0..=end).map(|at| format!("h{at}")).collect();
    let _ = writeln!(out, "  {}", ids.join(" --> "));
    out.push_str("  classDef key stroke:#b8860b,stroke-width:3px\n");
    out.push_str("  classDef reader fill:#b3122e,color:#ffffff,stroke:#b3122e\n");
    let _ = writeln!(out, "  class h0 key\n  class h{end} reader\n```");
    out
}

fn hops(path: &[Step]) -> Vec<String> {
    let hop = |step: &Step| {
        let place = place(&step.location);
        format!("{}<br/>{}", plain(&crop(&step.label, WORDS)), plain(&place))
    };
    if path.len() <= MOST {
        return path.iter().map(hop).collect();
    }
    let (first, last) = (MOST / 2, MOST - 1 - MOST / 2);
    let between = format!("{} more hops", path.len() - first - last);
    let head = path.iter().take(first).map(hop);
    let tail = path.iter().skip(path.len() - last).map(hop);
    head.chain([between]).chain(tail).collect()
}

fn place(location: &Location) -> String {
    let span = location.span();
    if let Location::Exchange { method, .. } = location {
        return crop(&format!("{method} {}", span.path), PLACE);
    }
    // In a path the end tells most.
    let place = format!("{}:{}", span.path, span.line);
    let length = place.chars().count();
    if length <= PLACE {
        return place;
    }
    let kept: String = place.chars().skip(length - PLACE + 1).collect();
    format!("…{kept}")
}

/// Letters and digits as they are, and what has no meaning in Mermaid, Markdown or HTML; the rest by its number.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        if c.is_alphanumeric() || " .,_-/:…".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use keytrail_model::{Actor, Severity};

    use super::*;
    use crate::json::tests::{code, finding, report};

    #[test]
    fn a_path_is_drawn_from_the_key_to_the_reader() {
        let report = report();
        let worst = report.findings.iter().find(|it| it.path.len() > 1).unwrap();
        insta::assert_snapshot!(picture(worst));
    }

    #[test]
    fn nothing_of_the_tree_ends_the_text_the_block_or_the_line() {
        let mut hostile = finding("x", Severity::High);
        hostile.actor = Some(Actor::Anonymous);
        let label = "a\"]; click h0 \"javascript:x\"\n```\n<script> %% end & `x`";
        hostile.path = vec![Step::new(label, code("a\"b.py", 1, (1, 2), "s"))];
        let text = picture(&hostile);
        assert_eq!(text.matches("```").count(), 2, "{text}");
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(!text.contains("<script") && !text.contains('%'), "{text}");
        let quotes = text.lines().filter(|it| it.contains('"'));
        assert!(
            quotes.clone().all(|it| it.matches('"').count() == 2),
            "{text}"
        );
        assert_eq!(quotes.count(), 2);
    }

    #[test]
    fn a_long_way_is_drawn_by_its_ends() {
        let step = |line| Step::new(format!("hop {line}"), code("a.py", line, (1, 2), "s"));
        let hops = hops(&(1..=40).map(step).collect::<Vec<_>>());
        assert_eq!(hops.len(), MOST);
        assert_eq!(hops[4], "32 more hops");
        assert!(hops[3].starts_with("hop 4<") && hops[5].starts_with("hop 37<"));
    }
}
