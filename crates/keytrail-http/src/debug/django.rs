//! Django's technical 404 and 500, as HTML and as text, from 2.2 to 5.2.

use super::{Page, sorted};
use crate::discover::html;

/// Lists that are read of one page.
const MOST: usize = 2_000;

pub(crate) fn page(text: &str) -> Option<Page> {
    not_found(text)
        .or_else(|| error_html(text))
        .or_else(|| error_text(text))
}

/// `Using the URLconf defined in …, Django tried these URL patterns`.
fn not_found(text: &str) -> Option<Page> {
    let start = text.find("Django tried these URL patterns")?;
    let rest = &text[start..];
    let list = html::between(rest, "<ol>", "</ol>").into_iter().next()?;
    let routes = html::between(list, "<li>", "</li>")
        .into_iter()
        .take(MOST)
        .map(route)
        .collect();
    Some(Page {
        framework: "Django".to_owned(),
        full: true,
        exception: "Http404".to_owned(),
        routes: sorted(routes),
        ..Page::default()
    })
}

/// Pieces of one pattern, each in its own tag, without its name.
fn route(item: &str) -> String {
    let text = html::text(item);
    let text = text.split("[name=").next().unwrap_or(&text);
    text.split_whitespace().collect()
}

fn error_html(text: &str) -> Option<Page> {
    let is_page = text.contains("id=\"traceback\"")
        || text.contains("id=\"summary\"") && text.contains("Exception Type:");
    if !is_page || !text.contains("Django Version:") {
        return None;
    }
    let version = cell(text, "Django Version:");
    let frames = html::between(text, "<code class=\"fname\">", "</li>")
        .into_iter()
        .take(MOST)
        .filter_map(frame_html)
        .collect();
    let settings = text
        .split("id=\"settings-info\"")
        .nth(1)
        .or_else(|| text.split("<h2 id=\"settings\"").nth(1))
        .unwrap_or_default();
    let settings = html::between(settings, "<tr>", "</tr>")
        .into_iter()
        .filter_map(|row| html::between(row, "<td>", "</td>").into_iter().next())
        .map(html::text)
        .filter(|name| is_setting(name))
        .take(MOST)
        .collect();
    let locals = html::between(text, "<table class=\"vars\"", "</table>")
        .into_iter()
        .flat_map(|table| html::between(table, "<tr>", "</tr>"))
        .filter_map(|row| html::between(row, "<td>", "</td>").into_iter().next())
        .map(html::text)
        .filter(|name| is_name(name))
        .take(MOST)
        .collect();
    Some(Page {
        framework: format!("Django {version}").trim().to_owned(),
        full: true,
        exception: cell(text, "Exception Type:"),
        routes: Vec::new(),
        settings: sorted(settings),
        frames,
        locals: sorted(locals),
    })
}

/// The cell after a heading of the summary table.
fn cell(text: &str, title: &str) -> String {
    let rest = text.split(title).nth(1).unwrap_or_default();
    let end = rest.find("</tr>").unwrap_or(rest.len().min(300));
    let rest = rest.get(..end).unwrap_or_default();
    html::text(rest).chars().take(80).collect()
}

/// `/app/shop/views.py</code>, line 12, in get`.
fn frame_html(piece: &str) -> Option<String> {
    let file = piece.split("</code>").next()?;
    let rest = html::text(
        piece
            .get(file.len()..)?
            .get(..300.min(piece.len() - file.len()))
            .unwrap_or_default(),
    );
    let line: String = rest
        .split("line ")
        .nth(1)?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let function = rest
        .split(" in ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or("?");
    Some(format!("{}:{line} in {function}", short(file)))
}

/// What follows the environment's packages or the project's directory.
pub(super) fn short(file: &str) -> String {
    let file = html::unescape(file);
    let parts: Vec<&str> = file.split('/').collect();
    let from = parts.len().saturating_sub(3);
    parts[from..].join("/")
}

/// What a client that accepts no HTML is answered.
fn error_text(text: &str) -> Option<Page> {
    let is_page = text.contains("Request Method:")
        && text.contains("Django Version:")
        && !text.contains("<html");
    if !is_page {
        return None;
    }
    let line = |title: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(title));
        lines
            .next()
            .map(|rest| rest.trim().to_owned())
            .unwrap_or_default()
    };
    let settings = text
        .split("Using settings module")
        .nth(1)
        .unwrap_or_default();
    let settings = settings
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.trim().to_owned())
        .filter(|name| is_setting(name))
        .take(MOST)
        .collect();
    Some(Page {
        framework: format!("Django {}", line("Django Version:"))
            .trim()
            .to_owned(),
        full: true,
        exception: line("Exception Type:"),
        settings: sorted(settings),
        frames: super::traces::python_frames(text),
        ..Page::default()
    })
}

fn is_setting(name: &str) -> bool {
    name.len() > 2
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 60
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_for_no_such_path_in_its_forms() {
        let new = "<p>Using the URLconf defined in <code>config.urls</code>,\n Django tried these URL patterns, in this order:</p><ol>\n<li>\n<code>\n api/\n \n</code>\n<code>\n keys/&lt;int:pk&gt;/\n [name=&#x27;key&#x27;]\n</code>\n</li><li><code>admin/</code></li></ol>";
        let old = "Django tried these URL patterns, in this order:\n<ol>\n<li>\n api/\n \n keys/&lt;int:pk&gt;/ [name='key']\n</li>\n<li>admin/</li></ol>";
        for text in [new, old] {
            let page = page(text).unwrap();
            assert_eq!(page.routes, ["admin/", "api/keys/<int:pk>/"]);
        }
    }

    #[test]
    fn an_error_as_text() {
        let text = "KeyError at /api/\n'x'\n\nRequest Method: GET\nRequest URL: http://h/api/\n\nDjango Version: 4.2.11\nPython Version: 3.11\n\nTraceback (most recent call last):\n  File \"/srv/app/shop/views.py\", line 12, in get\n    return x\n\nException Type: KeyError at /api/\n\nSettings:\nUsing settings module config.settings\nALLOWED_HOSTS = []\nDEBUG = True\nSECRET_KEY = '********************'\n";
        let page = page(text).unwrap();
        assert_eq!(page.framework, "Django 4.2.11");
        assert_eq!(page.frames, ["app/shop/views.py:12 in get"]);
        assert_eq!(page.settings, ["ALLOWED_HOSTS", "DEBUG", "SECRET_KEY"]);
    }

    #[test]
    fn ordinary_pages_are_none() {
        assert_eq!(
            page("<html><body>Django Version: we like it</body></html>"),
            None
        );
        assert_eq!(page("{\"detail\":\"Not found.\"}"), None);
    }
}
