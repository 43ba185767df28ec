//! How names, paths into items and patterns compare, and what things are called in messages.

use keytrail_model::{Index, IndexProjection, Projection, Route, Table};

/// True when `path` into an item brings `attribute` with it: the whole item, the attribute
/// itself, a map that holds it, or a part of it.
pub fn covers(path: &str, attribute: &str) -> bool {
    path.is_empty() || path == attribute || within(attribute, path) || within(path, attribute)
}

/// True when a flow of `path` had `attribute` taken out on its way. What was taken out is named
/// from the item or from the path.
pub(crate) fn is_taken_out(excluded: &[String], path: &str, attribute: &str) -> bool {
    excluded.iter().any(|taken| {
        let from_path = format!("{path}.{taken}");
        [taken.as_str(), from_path.as_str()]
            .into_iter()
            .any(|name| name == attribute || within(attribute, name))
    })
}

fn within(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Whether something lets an attribute through; `None` when that is not known.
pub fn shows(projection: &Projection, attribute: &str) -> Option<bool> {
    match projection {
        Projection::Whole => Some(true),
        Projection::Count => Some(false),
        Projection::Attributes(paths) => Some(paths.iter().any(|path| covers(path, attribute))),
        Projection::Unknown => None,
    }
}

/// Whether an index holds an attribute; `None` when that is not known.
pub fn index_holds(table: &Table, index: &Index, attribute: &str) -> Option<bool> {
    let is_key = table
        .keys
        .iter()
        .chain(&index.keys)
        .any(|key| covers(&key.attribute, attribute));
    match &index.projection {
        IndexProjection::All => Some(true),
        IndexProjection::KeysOnly => Some(is_key),
        IndexProjection::Include(names) => {
            Some(is_key || names.iter().any(|name| covers(name, attribute)))
        }
        IndexProjection::Unknown if is_key => Some(true),
        IndexProjection::Unknown => None,
    }
}

/// `GET /api/keys/`.
pub fn route_name(route: &Route) -> String {
    format!("{} {}", route.method, route.pattern)
}

/// Matches `text` against `pattern`, where `*` in either stands for anything. Linear in the
/// product of the lengths; patterns are short.
pub(crate) fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut pos) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while pos < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, pos));
            at += 1;
        } else if pattern.get(at) == Some(&text[pos]) {
            at += 1;
            pos += 1;
        } else if let Some((back, from)) = star {
            at = back + 1;
            pos = from + 1;
            star = Some((back, from + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// How many characters of a pattern are known.
pub(crate) fn known_characters(pattern: &str) -> usize {
    pattern.chars().filter(|&c| c.is_alphanumeric()).count()
}

/// True where `named`, `GET /keys/<str:id>/` as the code tells it, is the route that a service was asked
/// by: the same path but for the names of its parameters, and no other method.
pub(crate) fn same_route(named: &str, method: &str, route: &str) -> bool {
    let Some((own, pattern)) = named.split_once(' ') else {
        return false;
    };
    (own == method || own == "ANY") && shape(pattern) == shape(route)
}

/// A pattern with its parameters alike, whichever way they are written.
fn shape(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut depth = 0_u32;
    for c in pattern.chars() {
        match c {
            '<' | '{' | '(' => {
                if depth == 0 {
                    out.push('*');
                }
                depth += 1;
            }
            '>' | '}' | ')' => depth = depth.saturating_sub(1),
            '^' | '$' | '\\' | '?' if depth == 0 => {}
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out.trim_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_the_same_whatever_their_parameters_are_called() {
        for named in [
            "GET /api/keys/<str:service>/",
            "ANY /api/keys/{pk}/",
            r"GET /^api/keys/(?P<id>[^/.]+)/$",
        ] {
            assert!(same_route(named, "GET", "/api/keys/{service}/"), "{named}");
        }
        assert!(!same_route("POST /api/keys/{a}/", "GET", "/api/keys/{a}/"));
        assert!(!same_route("GET /api/keys/", "GET", "/api/keys/{a}/"));
    }

    #[test]
    fn paths_cover_what_they_bring() {
        assert!(covers("", "api_key"));
        assert!(covers("api_key", "api_key"));
        assert!(covers("metadata", "metadata.api_key"));
        assert!(covers("api_key.value", "api_key"));
        assert!(!covers("label", "api_key"));
        assert!(!covers("api", "api_key"));
    }

    #[test]
    fn what_was_taken_out_is_gone() {
        let taken = ["api_key".to_owned()];
        assert!(is_taken_out(&taken, "", "api_key"));
        assert!(is_taken_out(&taken, "metadata", "metadata.api_key"));
        assert!(is_taken_out(
            &["metadata".to_owned()],
            "",
            "metadata.api_key"
        ));
        assert!(!is_taken_out(&taken, "", "secret"));
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(matches_pattern("*-keys", "prod-keys"));
        assert!(matches_pattern("a*c*", "abcd"));
        assert!(!matches_pattern("*-keys", "prod-users"));
        assert!(!matches_pattern("a", "ab"));
        assert!(matches_pattern("*", ""));
    }
}
