//! One finding on the page: an exposure path with its drawing, or a weakness.

use std::fmt::Write as _;

use keytrail_model::{Finding, FixSafety, Location, Step};

use super::draw;
use super::escape::{esc, prose};
use crate::snippet::Snippet;
use crate::way::Way;
use crate::{Section, Sources};

/// A way: what it says, the drawing, every hop with its line, and what else was found on it.
pub(super) fn way(way: &Way<'_>, sources: &dyn Sources, open: bool) -> String {
    let (number, finding) = way.lead;
    let actor = finding
        .actor
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let open = if open { " open" } else { "" };
    let more = match way.also.len() {
        0 => String::new(),
        more => format!("<span class=\"tag\">+ {more} more on this way</span>"),
    };
    format!(
        "<details class=\"finding {severity}\" id=\"f{number}\"{open}>\n<summary>{title}{more}\
         <span class=\"to\"><code class=\"place\">{at}</code> to <b>{actor}</b></span></summary>\n<p class=\"message\">{message}</p>\n\
         {drawing}\n<div class=\"two\"><div><h3>Hop by hop</h3>\n{hops}</div>\n<div class=\"side\">{guards}{fixes}{also}</div></div>\n{outside}</details>\n",
        outside = outside(finding),
        severity = finding.severity,
        title = title(number, finding),
        at = esc(&finding.location.to_string()),
        actor = esc(&actor),
        message = prose(&finding.message),
        drawing = draw::path(number, finding),
        hops = hops(number, &finding.path, sources),
        guards = guards(finding),
        fixes = fixes(finding),
        also = also(way, sources),
    )
}

/// The other findings on a way, with their hops where they differ; links from the table lead here.
fn also(way: &Way<'_>, sources: &dyn Sources) -> String {
    if way.also.is_empty() {
        return String::new();
    }
    let mut items = String::new();
    for &(number, finding) in &way.also {
        let mut mends = String::new();
        for fix in &finding.fixes {
            let _ = write!(mends, "<li>{}</li>", prose(&fix.title));
        }
        let way = if finding.path == way.lead.1.path {
            String::new()
        } else {
            let hops = hops(number, &finding.path, sources);
            format!("<details><summary>Its hops</summary>{hops}</details>")
        };
        let _ = writeln!(
            items,
            "<li id=\"f{number}\"><code class=\"rule-name\">{}</code> <span class=\"id\">F{number}</span>\
             <p>{}</p><p class=\"at\">{}</p><ul class=\"fixes\">{mends}</ul>{way}</li>",
            esc(finding.rule),
            prose(&finding.message),
            place(&finding.location),
        );
    }
    format!("<h3>Also on this way</h3><ul class=\"also\">\n{items}</ul>")
}

/// A weakness or a piece of hygiene.
pub(super) fn weakness(number: usize, finding: &Finding, sources: &dyn Sources) -> String {
    let open = if Section::of(finding) == Section::Weakness {
        " open"
    } else {
        ""
    };
    let steps = if finding.path.len() > 1 {
        hops(number, &finding.path, sources)
    } else {
        format!(
            "<p class=\"at\">{}</p>{}",
            place(&finding.location),
            snippet(&finding.location, sources)
        )
    };
    format!(
        "<details class=\"finding {severity}\" id=\"f{number}\"{open}>\n<summary>{title}\
         <span class=\"to\">{where_}</span></summary>\n<p class=\"message\">{message}</p>\n\
         <div class=\"two\"><div>{steps}</div>\n<div class=\"side\">{guards}{fixes}</div></div>\n{outside}</details>\n",
        outside = outside(finding),
        severity = finding.severity,
        title = title(number, finding),
        where_ = place(&finding.location),
        message = prose(&finding.message),
        guards = guards(finding),
        fixes = fixes(finding),
    )
}

/// The exchange with the running service, with the line that repeats it.
fn outside(finding: &Finding) -> String {
    let Some(outside) = &finding.outside else {
        return String::new();
    };
    let exchange = &outside.exchange;
    let mut lines: Vec<String> = exchange
        .request
        .iter()
        .map(|line| format!("> {line}"))
        .collect();
    lines.extend(exchange.response.iter().map(|line| format!("< {line}")));
    lines.push(exchange.body.clone());
    format!(
        "<h3>Exchange</h3>\n<p>{}</p>\n<pre class=\"code\">{}</pre>\n<pre class=\"code\">{}</pre>\n",
        esc(&outside.compared),
        esc(&exchange.curl),
        esc(&lines.join("\n")),
    )
}

fn title(number: usize, finding: &Finding) -> String {
    format!(
        "<span class=\"pill {severity}\">{severity}</span><code class=\"rule-name\">{rule}</code>\
         <span class=\"tag\">{confidence}</span><span class=\"id\">F{number}</span>",
        severity = finding.severity,
        rule = esc(finding.rule),
        confidence = finding.confidence,
    )
}

fn hops(number: usize, path: &[Step], sources: &dyn Sources) -> String {
    let mut out = String::from("<ol class=\"hops\">\n");
    for (at, step) in path.iter().enumerate() {
        let _ = writeln!(
            out,
            "<li id=\"f{number}-{hop}\"><p>{label}</p><p class=\"at\">{place}</p>{snippet}</li>",
            hop = at + 1,
            label = prose(&step.label),
            place = place(&step.location),
            snippet = snippet(&step.location, sources),
        );
    }
    out.push_str("</ol>\n");
    out
}

/// `path:line:column` with what lies there.
pub(super) fn place(location: &Location) -> String {
    let name = location.symbol().map_or_else(String::new, |symbol| {
        format!(" <span class=\"symbol\">{}</span>", esc(symbol))
    });
    format!(
        "<code class=\"place\">{}</code>{name}",
        esc(&location.to_string())
    )
}

fn snippet(location: &Location, sources: &dyn Sources) -> String {
    const WIDTH: usize = 160;
    let span = location.span();
    let Some(found) = Snippet::of(location, sources).map(|found| found.fit(WIDTH)) else {
        return String::new();
    };
    let part = |from: usize, to: usize| -> String {
        let chars = found.text.chars().skip(from);
        esc(&chars.take(to.saturating_sub(from)).collect::<String>())
    };
    let more = if found.goes_on {
        format!(" <span class=\"dim\">to line {}</span>", span.end_line)
    } else {
        String::new()
    };
    format!(
        "<pre class=\"code\"><span class=\"no\">{}</span>{}<mark>{}</mark>{}{more}</pre>",
        span.line,
        part(0, found.from),
        part(found.from, found.to),
        part(found.to, usize::MAX),
    )
}

fn guards(finding: &Finding) -> String {
    if finding.guards.is_empty() {
        return String::new();
    }
    let mut items = String::new();
    let (missing, there): (Vec<_>, Vec<_>) =
        finding.guards.iter().partition(|guard| !guard.present);
    for guard in missing.into_iter().chain(there) {
        let (class, word) = if guard.present {
            ("holds", "held by")
        } else {
            ("lacks", "not held by")
        };
        let _ = write!(
            items,
            "<li class=\"{class}\"><b>{word}</b> {} {}</li>",
            prose(&guard.step.label),
            place(&guard.step.location)
        );
    }
    format!("<h3>What holds it</h3><ul class=\"guards\">{items}</ul>")
}

fn fixes(finding: &Finding) -> String {
    if finding.fixes.is_empty() {
        return String::new();
    }
    let mut items = String::new();
    for fix in &finding.fixes {
        let note = match fix.safety {
            FixSafety::Safe => "",
            FixSafety::Unsafe => " <span class=\"tag\">changes behaviour</span>",
        };
        let _ = write!(items, "<li>{}{note}</li>", prose(&fix.title));
    }
    format!("<h3>What to do</h3><ul class=\"fixes\">{items}</ul>")
}
