//! Text from the tree becomes text of the page, never markup.

use crate::text::clean;

/// One line, escaped for content and for quoted attributes.
pub(super) fn esc(text: &str) -> String {
    entities(&clean(text))
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
