//! Templates: which variables a page shows.

use rustc_hash::FxHashMap;

use crate::program::ModuleId;

/// Paths of variables that each template shows, by the template's name.
#[derive(Debug, Default)]
pub(crate) struct Templates {
    shown: FxHashMap<String, Vec<Vec<String>>>,
    settings: Vec<ModuleId>,
}

/// Where engines look for templates.
const FOLDERS: [&str; 2] = ["templates/", "jinja2/"];
const MOST_PATHS: usize = 200;
/// Pages that one page is made of.
const MOST_INCLUDED: usize = 100;

impl Templates {
    /// From paths relative to the root and their text. Templates have the name that follows
    /// the last of the folders that hold them.
    pub(crate) fn new(files: &[(String, String)]) -> Self {
        let mut parsed: FxHashMap<String, Page> = FxHashMap::default();
        for (path, text) in files {
            let name = FOLDERS
                .iter()
                .filter_map(|folder| Some(path.rfind(folder)? + folder.len()))
                .max();
            if let Some(at) = name {
                parsed.insert(path[at..].to_owned(), Page::new(text));
            }
        }
        let mut shown = FxHashMap::default();
        for name in parsed.keys() {
            let mut paths = collect(name, &parsed);
            paths.sort();
            paths.dedup();
            paths.truncate(MOST_PATHS);
            shown.insert(name.clone(), paths);
        }
        Self {
            shown,
            settings: Vec::new(),
        }
    }

    pub(crate) fn set_settings_modules(&mut self, modules: Vec<ModuleId>) {
        self.settings = modules;
    }

    /// The settings modules of the tree.
    pub(crate) fn settings_modules(&self) -> &[ModuleId] {
        &self.settings
    }

    /// Paths of variables that the template shows; `None` for a template that is not in the tree.
    pub(crate) fn shown(&self, name: &str) -> Option<&[Vec<String>]> {
        self.shown.get(name).map(Vec::as_slice)
    }

    /// Pages that show a variable, with its path in each; by name.
    pub(crate) fn showing(&self, variable: &str) -> Vec<(&str, &[String])> {
        let mut found: Vec<(&str, &[String])> = self
            .shown
            .iter()
            .flat_map(|(name, paths)| paths.iter().map(move |path| (name.as_str(), &**path)))
            .filter(|(_, path)| path.first().is_some_and(|first| first == variable))
            .collect();
        found.sort_unstable();
        found.truncate(MOST_PATHS);
        found
    }

    /// Every name in any path, for the symbol table.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .shown
            .values()
            .flatten()
            .flatten()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[derive(Debug)]
struct Page {
    paths: Vec<Vec<String>>,
    /// Other pages, with the names under which they see what is here.
    included: Vec<(String, Aliases)>,
}

/// Names, and what each stands for.
type Aliases = Vec<(String, Vec<String>)>;

/// What a page shows, with all that it includes or extends, each once: pages may include each
/// other.
fn collect(name: &str, pages: &FxHashMap<String, Page>) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut seen: Vec<(&str, Aliases)> = vec![(name, Vec::new())];
    let mut next = 0;
    while let Some((name, aliases)) = seen.get(next).cloned() {
        next += 1;
        let Some(page) = pages.get(name) else {
            continue;
        };
        let here = |path: &[String]| aliased(path, &aliases);
        paths.extend(page.paths.iter().map(|path| here(path)));
        for (included, own) in &page.included {
            let mut own: Aliases = own
                .iter()
                .map(|(name, path)| (name.clone(), here(path)))
                .collect();
            // what has another name there is still seen under its own
            for (name, path) in &aliases {
                if own.iter().all(|(other, _)| other != name) {
                    own.push((name.clone(), path.clone()));
                }
            }
            let known = seen
                .iter()
                .any(|(name, aliases)| name == included && *aliases == own);
            if seen.len() < MOST_INCLUDED && !known {
                seen.push((included, own));
            }
        }
    }
    paths
}

/// A path whose first name stands for another one.
fn aliased(path: &[String], aliases: &[(String, Vec<String>)]) -> Vec<String> {
    let Some((first, rest)) = path.split_first() else {
        return Vec::new();
    };
    match aliases.iter().rev().find(|(name, _)| name == first) {
        Some((_, whole)) => {
            let mut whole = whole.clone();
            whole.extend(rest.iter().cloned());
            whole.truncate(5);
            whole
        }
        None => path.to_vec(),
    }
}

impl Page {
    fn new(text: &str) -> Self {
        let mut page = Self {
            paths: Vec::new(),
            included: Vec::new(),
        };
        let mut aliases: Vec<(String, Vec<String>)> = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            rest = &rest[open..];
            let (kind, close) = match rest.as_bytes().get(1) {
                Some(b'{') => ('v', "}}"),
                Some(b'%') => ('t', "%}"),
                Some(b'#') => ('#', "#}"),
                _ => {
                    rest = &rest[1..];
                    continue;
                }
            };
            let Some(end) = rest.find(close) else { break };
            let inside = rest[2..end].trim();
            rest = &rest[end + 2..];
            match kind {
                'v' => page.variable(inside, &aliases),
                't' if inside.starts_with("comment") => {
                    rest = rest.find("endcomment").map_or("", |at| &rest[at..]);
                }
                't' => page.tag(inside, &mut aliases),
                _ => {}
            }
        }
        page
    }

    fn variable(&mut self, inside: &str, aliases: &[(String, Vec<String>)]) {
        let filters: Vec<&str> = inside.split('|').skip(1).map(str::trim).collect();
        // a length or a few characters show no key
        if filters.iter().any(|filter| {
            filter.starts_with("length")
                || filter.starts_with("slice:")
                || filter.starts_with("truncatechars:")
                || filter.starts_with("yesno")
                || filter.starts_with("date")
                || filter.contains("mask")
        }) {
            return;
        }
        if let Some(path) = resolved(inside, aliases)
            && self.paths.len() < MOST_PATHS
        {
            self.paths.push(path);
        }
    }

    fn tag(&mut self, inside: &str, aliases: &mut Vec<(String, Vec<String>)>) {
        let words: Vec<&str> = inside.split_whitespace().collect();
        match words.as_slice() {
            ["for", names @ ..] if names.contains(&"in") => {
                let at = names.iter().position(|word| *word == "in").unwrap_or(0);
                let source = names.get(at + 1).copied().unwrap_or("");
                if let Some(path) = resolved(source, aliases) {
                    let path = if path.last().is_some_and(|last| last == "items") {
                        path[..path.len() - 1].to_vec()
                    } else {
                        path
                    };
                    // of `key, value in x.items` the last is what the page shows
                    if let Some(name) = names[..at].last() {
                        aliases.push((name.trim_matches(',').to_owned(), path));
                    }
                }
            }
            ["with", source, "as", name] => {
                if let Some(path) = resolved(source, aliases) {
                    aliases.push(((*name).to_owned(), path));
                }
            }
            ["with", assignments @ ..] => {
                for assignment in assignments {
                    if let Some((name, source)) = assignment.split_once('=')
                        && let Some(path) = resolved(source, aliases)
                    {
                        aliases.push((name.to_owned(), path));
                    }
                }
            }
            ["include" | "extends", name, rest @ ..] => {
                let mut own: Aliases = aliases.clone();
                for assignment in rest {
                    if let Some((name, source)) = assignment.split_once('=')
                        && let Some(path) = resolved(source, aliases)
                    {
                        own.push((name.to_owned(), path));
                    }
                }
                let name = name.trim_matches(['"', '\'']).to_owned();
                self.included.push((name, own));
            }
            _ => {}
        }
    }
}

/// `item.key|upper` → the path behind its aliases; `None` for literals.
fn resolved(text: &str, aliases: &[(String, Vec<String>)]) -> Option<Vec<String>> {
    let name = text.split(['|', ' ']).next()?.trim();
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let mut parts: Vec<String> = name
        .split('.')
        .filter(|part| part.parse::<u32>().is_err())
        .map(str::to_owned)
        .collect();
    let first = parts.first()?.clone();
    if matches!(
        first.as_str(),
        "forloop" | "block" | "csrf_token" | "True" | "False" | "None"
    ) {
        return None;
    }
    if let Some((_, path)) = aliases.iter().rev().find(|(alias, _)| *alias == first) {
        let mut whole = path.clone();
        whole.extend(parts.drain(1..));
        parts = whole;
    }
    parts.truncate(5);
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_and_aliases_lead_to_the_context() {
        let files = vec![
            ("app/templates/a.html".to_owned(), "{% extends \"b.html\" %}{% for k in keys %}{{ k.api_key }}{{ k.service|length }}{% endfor %}".to_owned()),
            ("app/templates/b.html".to_owned(), "{{ title }}{% with t=user.token %}{{ t }}{% endwith %}".to_owned()),
        ];
        let templates = Templates::new(&files);
        let shown: Vec<String> = templates
            .shown("a.html")
            .unwrap()
            .iter()
            .map(|path| path.join("."))
            .collect();
        assert_eq!(shown, ["keys.api_key", "title", "user.token"]);
        assert!(templates.shown("missing.html").is_none());
    }
}
