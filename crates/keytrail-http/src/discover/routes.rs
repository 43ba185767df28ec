//! Routes as Django writes them, as routes of this crate.

/// `/api/<str:service>/` and `^api/(?P<service>[^/]+)/$` are `/api/{service}/`; `None` for a pattern that
/// no one path stands for.
pub(crate) fn route_of_pattern(pattern: &str) -> Option<String> {
    let mut out = String::from("/");
    let mut rest = pattern.trim_start_matches('/');
    while let Some(c) = rest.chars().next() {
        match c {
            '<' => {
                let end = rest.find('>')?;
                let name = rest[1..end].rsplit(':').next()?;
                if rest[1..end].contains("format_suffix") || name == "format" {
                    return None;
                }
                out.push('{');
                out.push_str(name);
                out.push('}');
                rest = &rest[end + 1..];
            }
            '(' => {
                let end = closing(rest)?;
                let name = rest
                    .strip_prefix("(?P<")
                    .and_then(|named| named.split('>').next())
                    .unwrap_or("value");
                if name == "format" {
                    return None;
                }
                out.push('{');
                out.push_str(name);
                out.push('}');
                rest = rest[end + 1..].trim_start_matches(['?', '+', '*']);
            }
            '^' | '$' => rest = &rest[1..],
            '\\' => {
                rest = rest[1..]
                    .strip_prefix(['Z', 'z', 'A'])
                    .unwrap_or(&rest[1..]);
            }
            '/' if rest[1..].starts_with('?') => {
                out.push('/');
                rest = &rest[2..];
            }
            '[' | '*' | '+' | '|' => return None,
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Some(out)
}

/// Where the group that opens a text closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut class = false;
    for (at, c) in text.char_indices() {
        match c {
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_django() {
        for (pattern, route) in [
            ("/api/keys/<str:service>/", Some("/api/keys/{service}/")),
            ("api/<int:pk>", Some("/api/{pk}")),
            (r"^api/(?P<id>[^/.]+)/items/$", Some("/api/{id}/items/")),
            (r"^v1/items/(?P<id>\d+)/?$", Some("/v1/items/{id}/")),
            (r"^api\.json\Z", Some("/api.json")),
            ("/api/keys<drf_format_suffix:format>", None),
            ("^static/[a-z]+$", None),
        ] {
            assert_eq!(route_of_pattern(pattern).as_deref(), route, "{pattern}");
        }
    }
}
