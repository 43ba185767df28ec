//! An exposure path as a picture: the key, each hop, and who stands at the end.

use std::fmt::Write as _;

use keytrail_model::{Finding, Step};
use unicode_width::UnicodeWidthStr;

use super::escape::esc;
use crate::text::{clean, crop, wrap};

const PER_ROW: usize = 4;
const WIDTH: usize = 236;
const HEIGHT: usize = 96;
const GAP: usize = 40;
const ROW_GAP: usize = 34;
const MARGIN: usize = 10;
/// Characters in a line of a box, and lines of its label.
const COLUMNS: usize = 28;
const LINES: usize = 3;
/// Hops that are drawn; the list below has them all.
const MOST: usize = 23;

/// The picture, as inline SVG; colours come from the page's style.
pub(super) fn path(number: usize, finding: &Finding) -> String {
    let boxes = finding.path.len().min(MOST) + 1;
    let rows = boxes.div_ceil(PER_ROW);
    let columns = boxes.min(PER_ROW);
    let width = columns * WIDTH + (columns - 1) * GAP + 2 * MARGIN;
    let height = rows * HEIGHT + (rows - 1) * ROW_GAP + 2 * MARGIN;
    let mut out = format!(
        "<div class=\"scroll\"><svg class=\"drawn drawn-{columns}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">\n",
        esc(&in_words(finding))
    );
    for at in 1..boxes {
        out.push_str(&arrow(at));
    }
    for (at, step) in finding.path.iter().take(MOST).enumerate() {
        out.push_str(&hop(number, at, step));
    }
    out.push_str(&end(boxes - 1, finding));
    out.push_str("</svg></div>");
    out
}

fn in_words(finding: &Finding) -> String {
    let steps: Vec<&str> = finding
        .path
        .iter()
        .map(|step| step.label.as_str())
        .collect();
    let actor = finding
        .actor
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    format!(
        "The way of the key: {}; reached by {actor}",
        steps.join(", then ")
    )
}

/// Left and top of box `at`.
fn corner(at: usize) -> (usize, usize) {
    (
        MARGIN + (at % PER_ROW) * (WIDTH + GAP),
        MARGIN + (at / PER_ROW) * (HEIGHT + ROW_GAP),
    )
}

/// From the box before `at` to box `at`: straight, or round the end of the row.
fn arrow(at: usize) -> String {
    let (from_left, from_top) = corner(at - 1);
    let (left, top) = corner(at);
    let line = if from_top == top {
        let (x, y) = (from_left + WIDTH, top + HEIGHT / 2);
        format!("M{x} {y}H{}", left - 9)
    } else {
        let (x, y) = (from_left + WIDTH / 2, from_top + HEIGHT);
        let middle = y + ROW_GAP / 2;
        let to = left + WIDTH / 2;
        format!("M{x} {y}V{middle}H{to}V{}", top - 9)
    };
    let (x, y) = if from_top == top {
        (left - 1, top + HEIGHT / 2)
    } else {
        (left + WIDTH / 2, top - 1)
    };
    let head = if from_top == top {
        format!("M{x} {y}l-9 -5v10z")
    } else {
        format!("M{x} {y}l-5 -9h10z")
    };
    format!("<path class=\"wire\" d=\"{line}\"/><path class=\"head\" d=\"{head}\"/>\n")
}

fn hop(number: usize, at: usize, step: &Step) -> String {
    let (x, y) = corner(at);
    let first = if at == 0 { " first" } else { "" };
    let kind = step.location.kind();
    let span = step.location.span();
    let file = span.path.rsplit('/').next().unwrap_or(&span.path);
    let place = match &step.location {
        keytrail_model::Location::Exchange { method, .. } => format!("{method} {}", span.path),
        _ => format!("{file}:{}", span.line),
    };
    let place = tail(&clean(&place), COLUMNS - 4);
    let mut text = String::new();
    for (line, words) in label(&step.label).into_iter().enumerate() {
        let _ = write!(
            text,
            "<text x=\"{}\" y=\"{}\">{}</text>",
            x + 14,
            y + 24 + line * 17,
            esc(&words)
        );
    }
    format!(
        "<a href=\"#f{number}-{hop}\" class=\"node {kind}{first}\"><title>{title}</title>\
         <rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"9\"/>\
         <rect class=\"stripe\" x=\"{x}\" y=\"{y}\" width=\"5\" height=\"{HEIGHT}\" rx=\"2\"/>{text}\
         <text class=\"file\" x=\"{fx}\" y=\"{fy}\">{place}</text>{mark}</a>\n",
        hop = at + 1,
        title = esc(&format!("{} ({})", step.label, step.location)),
        fx = x + 14,
        fy = y + HEIGHT - 12,
        place = esc(&place),
        mark = mark(x, y, at),
    )
}

/// The hop's number, or a key for the first.
fn mark(x: usize, y: usize, at: usize) -> String {
    let (cx, cy) = (x + WIDTH - 16, y + HEIGHT - 16);
    if at == 0 {
        return format!(
            "<g class=\"key\"><circle cx=\"{}\" cy=\"{cy}\" r=\"5\"/><path d=\"M{} {cy}h14m-3 0v5m-4 -5v4\"/></g>",
            cx - 12,
            cx - 7
        );
    }
    format!(
        "<text class=\"hop-no\" x=\"{cx}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        cy + 4,
        at + 1
    )
}

fn end(at: usize, finding: &Finding) -> String {
    let (x, y) = corner(at);
    let actor = finding
        .actor
        .as_ref()
        .map_or_else(|| "nobody yet".to_owned(), ToString::to_string);
    let middle = x + WIDTH / 2;
    let lines = label(&actor);
    let top = y + 66 - (lines.len() - 1) * 6;
    let mut text = String::new();
    for (line, words) in lines.into_iter().enumerate() {
        let _ = write!(
            text,
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            top + line * 16,
            esc(&words)
        );
    }
    format!(
        "<g class=\"node actor {}\"><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{}\"/>\
         <g class=\"person\"><circle cx=\"{middle}\" cy=\"{}\" r=\"7\"/><path d=\"M{} {}a13 12 0 0 1 26 0z\"/></g>{text}</g>\n",
        finding.severity,
        HEIGHT / 2,
        y + 18,
        middle - 13,
        y + 43,
    )
}

/// A label in at most three lines; what does not fit ends in `…`.
fn label(text: &str) -> Vec<String> {
    let mut lines = wrap(&text.replace('`', ""), COLUMNS);
    if lines.len() > LINES {
        let rest = lines.split_off(LINES - 1).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| crop(line, COLUMNS)).collect()
}

/// The last `width` columns: in a path the end tells most.
fn tail(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let length = text.chars().count();
    let kept: String = text
        .chars()
        .skip(length.saturating_sub(width - 1))
        .collect();
    format!("…{kept}")
}
