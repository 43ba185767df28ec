//! Which live thing a declaration means.

use keytrail_model::{Principal, Table};

/// True where `name` fits a declared name; `*` stands for a part that is not known.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(at) = rest.find(part) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
    }
    match last {
        Some(end) => rest.ends_with(end),
        None => rest.is_empty(),
    }
}

fn says_nothing(pattern: &str) -> bool {
    pattern.chars().all(|c| c == '*')
}

/// How well a declaration fits a live table: exact names before patterns.
pub(super) fn table(declared: &Table, live: &Table) -> Option<bool> {
    let names = || std::iter::once(&declared.name).chain(&declared.also_named);
    if names().any(|name| *name == live.name) {
        return Some(true);
    }
    names()
        .any(|name| !says_nothing(name) && name.contains('*') && fits(name, &live.name))
        .then_some(false)
}

pub(super) fn principal(declared: &Principal, live: &Principal) -> Option<bool> {
    if declared.kind != live.kind {
        return None;
    }
    if declared.name == live.name {
        return Some(true);
    }
    let open = !says_nothing(&declared.name) && declared.name.contains('*');
    (open && fits(&declared.name, &live.name)).then_some(false)
}

/// The declaration that a live thing belongs to: exactly named, or the only one that fits.
pub(super) fn owner<'d, D, L>(
    declared: &[&'d D],
    live: &L,
    fit: impl Fn(&D, &L) -> Option<bool>,
) -> Option<&'d D> {
    let exact = declared.iter().find(|one| fit(one, live) == Some(true));
    if let Some(exact) = exact {
        return Some(exact);
    }
    let mut open = declared.iter().filter(|one| fit(one, live).is_some());
    let first = open.next()?;
    open.next().is_none().then_some(*first)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns() {
        assert!(fits("keys", "keys"));
        assert!(!fits("keys", "keys2"));
        assert!(fits("shop-*-keys", "shop-prod-keys"));
        assert!(!fits("shop-*-keys", "shop-keys"));
        assert!(fits("*-keys-*", "a-keys-b"));
        assert!(!fits("*-keys-*", "keys"));
        assert!(fits("a*", "a"));
        assert!(!fits("ab*ba", "aba"));
    }
}
