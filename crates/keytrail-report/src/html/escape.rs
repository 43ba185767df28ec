//! Text from the tree becomes text of the page, never markup.

use crate::text::clean;

/// One line, escaped for content and for quoted attributes.
pub(super) fn esc(text: &str) -> String {
    entities(&clean(text))
}

/// One line, escaped, with what stands between backticks as code.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else {
            break;
        };
        out.push_str(&esc(before));
        out.push_str("<code>");
        out.push_str(&esc(code));
        out.push_str("</code>");
        rest = after;
    }
    out.push_str(&esc(rest));
    out
}

/// Several lines, each cleaned, line ends kept.
pub(super) fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(esc).collect();
    lines.join("\n")
}

fn entities(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
