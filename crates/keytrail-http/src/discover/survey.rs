//! One look round: the specification, the code's routes, pages, scripts, documents, older versions.

use std::collections::BTreeSet;

use super::html;
use super::openapi::Spec;
use super::{Baseline, graphql, places, route_of_pattern, specification};
use crate::client::{Answer, Ask, Client, Who};
use crate::debug;
use crate::error::HttpError;
use crate::json;
use crate::limits;
use crate::operation::{Found, Operation, Operations};
use crate::options::{HttpOptions, KnownRoute};

/// What there is.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) spec: Option<Spec>,
    pub(crate) operations: Operations,
    pub(crate) baseline: Baseline,
    /// Scripts that pages load, with their texts' answers.
    pub(crate) bundles: Vec<(Ask, Answer)>,
    /// The answer at the service's own URL.
    pub(crate) root: Option<(Ask, Answer)>,
    /// GraphQL introspection that answered anybody.
    pub(crate) introspection: Option<(Ask, Answer)>,
}

/// Looks.
pub(crate) fn survey(client: &mut Client, options: &HttpOptions) -> Result<Survey, HttpError> {
    let base = client.target.base.clone();
    let mut all = Survey {
        spec: specification::find(client, options.spec.as_deref())?,
        operations: Operations::default(),
        baseline: Baseline::default(),
        bundles: Vec::new(),
        root: None,
        introspection: None,
    };
    for operation in all.spec.iter().flat_map(|spec| &spec.operations) {
        all.operations.add(operation.clone());
    }
    for route in &options.routes {
        known(route, &mut all.operations);
    }
    all.baseline.of(client, &base);
    all.baseline.of(client, "/");
    if let Some((ask, answer, operations)) = graphql::find(client) {
        all.introspection = Some((ask, answer));
        for operation in operations {
            all.operations.add(operation);
        }
    }
    pages(client, &mut all);
    documents(client, &mut all);
    debug_routes(client, &mut all);
    answers(client, &mut all);
    Ok(all)
}

fn known(route: &KnownRoute, operations: &mut Operations) {
    let Some(path) = route_of_pattern(&route.pattern) else {
        return;
    };
    let method = match route.method.as_str() {
        "ANY" => "GET",
        method => method,
    };
    let mut operation = Operation::new(method, &path, Found::Code);
    operation.access = Some(route.access);
    operation.picks.clone_from(&route.picks);
    if route.acts && method == "GET" {
        operation.action = Some("its handler writes".to_owned());
    }
    operations.add(operation);
}

/// The root page and what it links to and loads.
fn pages(client: &mut Client, all: &mut Survey) {
    let base = client.target.base.clone();
    let mut asks = vec![Ask::get(&base, Who::Anonymous).header("accept", "text/html")];
    asks.extend(places::PAGES.iter().map(|place| {
        Ask::get(&format!("{base}{place}"), Who::Anonymous).header("accept", "text/html")
    }));
    if base != "/" {
        asks.push(Ask::get("/", Who::Anonymous).header("accept", "text/html"));
    }
    let outcomes = client.all(&asks);
    let mut scripts: BTreeSet<String> = BTreeSet::new();
    for (ask, outcome) in asks.iter().zip(&outcomes) {
        let Some(answer) = outcome.answer() else {
            continue;
        };
        if all.root.is_none() {
            all.root = Some((ask.clone(), answer.clone()));
        }
        if !answer.is_success()
            || !answer.is_html()
            || all.baseline.is_nothing(client, &ask.target, answer)
        {
            continue;
        }
        let text = answer.text().into_owned();
        for link in html::attributes(&text, "href")
            .into_iter()
            .take(limits::LINKS)
        {
            if let Some(local) = client.target.local(link, &ask.target) {
                add(all, &local, Found::Page);
            }
        }
        for source in html::attributes(&text, "src")
            .into_iter()
            .take(limits::LINKS)
        {
            let local = client.target.local(source, &ask.target);
            scripts.extend(local.filter(|path| {
                path.split('?')
                    .next()
                    .is_some_and(|path| ends(path, &[".js"]))
            }));
        }
    }
    let asks: Vec<Ask> = scripts
        .iter()
        .take(limits::LINKS)
        .map(|path| Ask::get(path, Who::Anonymous))
        .collect();
    let outcomes = client.all(&asks);
    for (ask, outcome) in asks.into_iter().zip(outcomes) {
        let Some(answer) = outcome.success().filter(|answer| !answer.is_html()) else {
            continue;
        };
        let text = answer.text().into_owned();
        for path in html::quoted_paths(&text).into_iter().take(limits::LINKS) {
            let route = template(path);
            let local = client.target.local(&route.replace(['{', '}'], "~"), "/");
            if local.is_some() {
                add(all, &route, Found::Bundle);
            }
        }
        all.bundles.push((ask, answer.clone()));
    }
}

/// `/items/${id}` and `/items/:id` are `/items/{id}`.
fn template(path: &str) -> String {
    let parts: Vec<String> = path
        .split('?')
        .next()
        .unwrap_or(path)
        .split('/')
        .map(
            |part| match (part.strip_prefix(':'), part.strip_prefix("${")) {
                (Some(name), _) => format!("{{{name}}}"),
                (_, Some(name)) => format!(
                    "{{{}}}",
                    name.trim_end_matches('}')
                        .rsplit('.')
                        .next()
                        .unwrap_or("id")
                ),
                _ => part.to_owned(),
            },
        )
        .collect();
    parts.join("/")
}

/// Adds a target that something names; files and pages of documentation are no operations.
fn add(all: &mut Survey, target: &str, found: Found) {
    const FILES: &[&str] = &[
        ".js",
        ".css",
        ".png",
        ".svg",
        ".jpg",
        ".jpeg",
        ".gif",
        ".ico",
        ".woff",
        ".woff2",
        ".map",
        ".txt",
        ".xml",
        ".html",
        ".pdf",
        ".zip",
        ".webmanifest",
    ];
    let path = target.split('?').next().unwrap_or(target);
    let is_file = ends(path, FILES);
    let is_spec = ends(path, &["openapi.json", "swagger.json", ".yaml"]);
    if is_file || is_spec || path == "/" || path.contains("/static/") {
        return;
    }
    let mut operation = Operation::new("GET", path, found);
    if target.contains('?') {
        operation.concrete = Some(target.to_owned());
    }
    all.operations.add(operation);
}

/// True where a path ends in one of these, whatever its case.
fn ends(path: &str, all: &[&str]) -> bool {
    let lower = path.to_ascii_lowercase();
    all.iter().any(|end| lower.ends_with(end))
}

/// robots.txt, the sitemap, well-known documents.
fn documents(client: &mut Client, all: &mut Survey) {
    let asks: Vec<Ask> = places::DOCUMENTS
        .iter()
        .map(|place| Ask::get(&format!("/{place}"), Who::Anonymous))
        .collect();
    let outcomes = client.all(&asks);
    for (ask, outcome) in asks.iter().zip(&outcomes) {
        let Some(answer) = outcome.success() else {
            continue;
        };
        if all.baseline.is_nothing(client, &ask.target, answer) {
            continue;
        }
        let text = answer.text().into_owned();
        if ask.target.ends_with("robots.txt") {
            for line in text.lines().take(500) {
                let path = line
                    .split_once(':')
                    .filter(|(name, _)| name.to_ascii_lowercase().ends_with("allow"));
                if let Some(path) = path
                    .map(|(_, path)| path.trim())
                    .filter(|path| path.starts_with('/') && !path.contains('*'))
                {
                    add(all, path, Found::Robots);
                }
            }
        } else if ask.target.ends_with("sitemap.xml") {
            for link in html::between(&text, "<loc>", "</loc>")
                .into_iter()
                .take(limits::LINKS)
            {
                if let Some(local) = client.target.local(link, "/") {
                    add(all, &local, Found::Sitemap);
                }
            }
        }
    }
}

/// Directories whose debug pages are asked for.
const MOST_DIRECTORIES: usize = 30;

/// Routes that debug pages of paths that are not there tell. Such a page lists what lies in its own directory, and
/// the directories below: those are asked next.
fn debug_routes(client: &mut Client, all: &mut Survey) {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    loop {
        let pages: Vec<debug::Page> = all
            .baseline
            .known()
            .filter_map(|(_, answer)| debug::page(answer))
            .collect();
        let routes: BTreeSet<String> = pages
            .iter()
            .flat_map(|page| &page.routes)
            .filter_map(|pattern| route_of_pattern(pattern))
            .collect();
        let next: Vec<String> = routes
            .iter()
            .filter(|route| route.ends_with('/') && !route.contains('{'))
            .filter(|route| !asked.contains(*route))
            .take(MOST_DIRECTORIES.saturating_sub(asked.len()))
            .cloned()
            .collect();
        for route in &routes {
            all.operations
                .add(Operation::new("GET", route, Found::DebugPage));
        }
        if pages.is_empty() || next.is_empty() {
            return;
        }
        for directory in next {
            all.baseline.of(client, &directory);
            asked.insert(directory);
        }
    }
}

/// Links to the same host in the answers of what is known so far: roots of APIs name their collections.
fn answers(client: &mut Client, all: &mut Survey) {
    let roots: Vec<String> = ["", "api/", "api", "v1/", "api/v1/", "v2/", "api/v2/"]
        .iter()
        .map(|place| format!("{}{place}", client.target.base))
        .collect();
    let asks: Vec<Ask> = roots
        .iter()
        .map(|path| Ask::get(path, Who::Anonymous))
        .collect();
    let outcomes = client.all(&asks);
    for (ask, outcome) in asks.iter().zip(&outcomes) {
        let Some(value) = outcome.success().and_then(|answer| answer.json.as_ref()) else {
            continue;
        };
        for leaf in json::leaves(value).into_iter().take(limits::LINKS * 4) {
            let Some(text) = leaf.value.as_str() else {
                continue;
            };
            if !(text.starts_with('/') || text.starts_with("http")) {
                continue;
            }
            if let Some(local) = client.target.local(text, &ask.target) {
                add(all, &local, Found::Answer);
            }
        }
    }
}
