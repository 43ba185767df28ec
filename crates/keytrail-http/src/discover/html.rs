//! What is taken from pages and scripts: attributes, texts, paths in quotes. No tree is built, so that a
//! broken page costs no more than its bytes.

/// Values of an attribute, in order.
pub(crate) fn attributes<'h>(html: &'h str, name: &str) -> Vec<&'h str> {
    let mut out = Vec::new();
    let needle = format!("{name}=");
    let mut rest = html;
    while let Some(at) = rest.find(&needle) {
        let before = rest[..at].chars().next_back();
        rest = &rest[at + needle.len()..];
        if before.is_some_and(|c| c.is_alphanumeric() || c == '-') {
            continue;
        }
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].split(quote).next(),
            _ => rest.split([' ', '>', '\n']).next(),
        };
        if let Some(value) = value.filter(|value| !value.is_empty() && value.len() < 2_000) {
            out.push(value);
        }
    }
    out
}

/// The text of a piece of HTML, entities undone, white space in one.
pub(crate) fn text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    let plain = unescape(&out);
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The entities that frameworks write.
pub(crate) fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (entity, plain)| {
        if text.contains(entity) {
            text.replace(entity, plain)
        } else {
            text
        }
    })
}

/// What stands between two marks, each time.
pub(crate) fn between<'h>(html: &'h str, start: &str, end: &str) -> Vec<&'h str> {
    let mut out = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(start) {
        rest = &rest[at + start.len()..];
        let Some(to) = rest.find(end) else { break };
        out.push(&rest[..to]);
        rest = &rest[to + end.len()..];
    }
    out
}

/// Paths in quotes that a script calls.
pub(crate) fn quoted_paths(script: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = script;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let quote = rest.as_bytes()[at] as char;
        rest = &rest[at + 1..];
        let Some(end) = rest.find(quote) else {
            continue;
        };
        let value = &rest[..end];
        if is_path(value) {
            out.push(value);
            rest = &rest[end + 1..];
        }
        // Else the quote may have been an apostrophe: what follows is looked at again.
    }
    out
}

fn is_path(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-.{}:$?=&".contains(&byte);
    value.len() > 2
        && value.len() < 200
        && value.starts_with('/')
        && !value.starts_with("//")
        && value.bytes().all(plain)
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && ![
            ".js", ".css", ".png", ".svg", ".jpg", ".ico", ".woff", ".woff2", ".map",
        ]
        .iter()
        .any(|end| value.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_and_texts() {
        let html = r#"<a href="/a">x</a><a data-href='/n' href='/b'>&lt;y&gt;</a><script src=/c.js></script>"#;
        assert_eq!(attributes(html, "href"), ["/a", "/b"]);
        assert_eq!(attributes(html, "src"), ["/c.js"]);
        assert_eq!(text(html), "x <y>");
    }

    #[test]
    fn paths_of_scripts() {
        let script =
            r#"don't; fetch("/api/keys/"); x='/static/a.js'; y=`/api/items/${id}`; z="//cdn/x""#;
        assert_eq!(quoted_paths(script), ["/api/keys/", "/api/items/${id}"]);
    }
}
