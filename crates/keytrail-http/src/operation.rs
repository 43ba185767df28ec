//! The operations of a service, whoever told of them.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::Access;
use serde_json::Value;

/// How an operation was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Found {
    Specification,
    Introspection,
    Code,
    Page,
    Bundle,
    Sitemap,
    Robots,
    Answer,
    DebugPage,
}

impl Found {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Specification => "the specification",
            Self::Introspection => "GraphQL introspection",
            Self::Code => "the code",
            Self::Page => "a page's links",
            Self::Bundle => "a JavaScript bundle",
            Self::Sitemap => "the sitemap",
            Self::Robots => "robots.txt",
            Self::Answer => "an answer's links",
            Self::DebugPage => "a debug page",
        }
    }
}

/// What a specification says about credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Security {
    /// Nothing.
    #[default]
    Untold,
    /// None are needed.
    Open,
    /// They may be given, `security: [{}, …]`.
    Optional,
    /// They are needed.
    Required,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum In {
    Path,
    Query,
    Other,
    Body,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) place: In,
    pub(crate) required: bool,
    /// `integer`, `string`; empty when not told.
    pub(crate) kind: String,
    pub(crate) format: String,
    /// Examples, defaults, the first of an enumeration.
    pub(crate) example: Option<String>,
}

/// A field that a request body may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BodyField {
    pub(crate) name: String,
    pub(crate) read_only: bool,
}

/// One method on one route.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// `GET`.
    pub(crate) method: String,
    /// The path from the root of the host, parameters in braces.
    pub(crate) route: String,
    pub(crate) found: BTreeSet<Found>,
    pub(crate) params: Vec<Param>,
    pub(crate) security: Security,
    pub(crate) deprecated: bool,
    /// The word that makes it an action.
    pub(crate) action: Option<String>,
    /// Schema of the successful answer, as written.
    pub(crate) response: Option<Value>,
    pub(crate) body: Vec<BodyField>,
    /// Who may call it, as the code tells.
    pub(crate) access: Option<Access>,
    /// A target that is known to exist: query and parameters filled.
    pub(crate) concrete: Option<String>,
    pub(crate) tags: Vec<String>,
    /// Parameters of the query that pick an item, and by which of its attributes; the code tells.
    pub(crate) picks: Vec<(String, String)>,
}

impl Operation {
    pub(crate) fn new(method: &str, route: &str, found: Found) -> Self {
        Self {
            method: method.to_ascii_uppercase(),
            route: route.to_owned(),
            found: BTreeSet::from([found]),
            params: Vec::new(),
            security: Security::Untold,
            deprecated: false,
            action: None,
            response: None,
            body: Vec::new(),
            access: None,
            concrete: None,
            tags: Vec::new(),
            picks: Vec::new(),
        }
    }

    pub(crate) fn is_declared(&self) -> bool {
        self.found.contains(&Found::Specification)
    }

    /// Can be asked by this crate at all.
    pub(crate) fn is_read(&self) -> bool {
        self.method == "GET"
    }

    /// `specification and code`.
    pub(crate) fn how(&self) -> String {
        let names: Vec<&str> = self.found.iter().map(|found| found.as_str()).collect();
        names.join(" and ")
    }

    /// Names of the parameters in the path, in order.
    pub(crate) fn path_params(&self) -> Vec<&str> {
        self.route
            .split('/')
            .filter_map(|part| {
                let start = part.find('{')?;
                let end = part[start..].find('}')?;
                Some(&part[start + 1..start + end])
            })
            .collect()
    }
}

/// All operations, each once.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    by_key: BTreeMap<(String, String), Operation>,
    /// How many were left out past the bound.
    pub(crate) left_out: u64,
}

impl Operations {
    /// Takes an operation in; what was known of it is kept and added to. A literal path that fits a
    /// route with parameters is that route.
    pub(crate) fn add(&mut self, operation: Operation) {
        let key = (operation.method.clone(), shape(&operation.route));
        let fitting = match self.by_key.get(&key) {
            Some(_) => Some(key.clone()),
            None => self.fitting(&operation),
        };
        if let Some(known) = fitting.and_then(|key| self.by_key.get_mut(&key)) {
            known.found.extend(operation.found);
            if known.route != operation.route
                && known.concrete.is_none()
                && !operation.route.contains('{')
            {
                known.concrete = Some(operation.route);
            }
            known.concrete = known.concrete.take().or(operation.concrete);
            known.access = known.access.or(operation.access);
            known.picks.extend(operation.picks);
            known.picks.sort();
            known.picks.dedup();
            known.action = known.action.take().or(operation.action);
            if known.params.is_empty() {
                known.params = operation.params;
            }
            return;
        }
        if self.by_key.len() >= crate::limits::OPERATIONS {
            self.left_out += 1;
            return;
        }
        self.by_key.insert(key, operation);
    }

    fn fitting(&self, operation: &Operation) -> Option<(String, String)> {
        if operation.route.contains('{') {
            return None;
        }
        self.by_key
            .iter()
            .find(|((method, _), known)| {
                *method == operation.method && fits(&known.route, &operation.route)
            })
            .map(|(key, _)| key.clone())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.by_key.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// The reads, with their numbers being their places here.
    pub(crate) fn reads(&self) -> Vec<Operation> {
        self.iter()
            .filter(|operation| operation.is_read())
            .cloned()
            .collect()
    }

    /// True where some method on this route is known from a specification.
    pub(crate) fn declares(&self, method: &str, route: &str) -> bool {
        self.by_key
            .get(&(method.to_owned(), shape(route)))
            .is_some_and(Operation::is_declared)
    }
}

/// A route with its parameters alike.
pub(crate) fn shape(route: &str) -> String {
    let parts: Vec<String> = route
        .split('/')
        .map(|part| match (part.find('{'), part.rfind('}')) {
            (Some(start), Some(end)) if start < end => {
                format!("{}{{}}{}", &part[..start], &part[end + 1..])
            }
            _ => part.to_owned(),
        })
        .collect();
    parts.join("/")
}

/// True where a literal path is an instance of a route with parameters.
fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) =
        (route.split('/').collect(), path.split('/').collect());
    let mut params = 0;
    let all = route.len() == path.len()
        && route.iter().zip(&path).all(|(part, value)| {
            if part.starts_with('{') && part.ends_with('}') && !value.is_empty() {
                params += 1;
                true
            } else {
                part == value
            }
        });
    all && params > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_the_route_that_it_is_an_instance_of() {
        let mut all = Operations::default();
        all.add(Operation::new("GET", "/keys/{id}/", Found::Specification));
        all.add(Operation::new("GET", "/keys/{key_id}/", Found::Code));
        all.add(Operation::new("GET", "/keys/7/", Found::Page));
        all.add(Operation::new("GET", "/keys/", Found::Page));
        assert_eq!(all.len(), 2);
        let one = all.iter().find(|it| it.route == "/keys/{id}/").unwrap();
        assert_eq!(one.concrete.as_deref(), Some("/keys/7/"));
        assert_eq!(one.found.len(), 3);
        assert_eq!(one.path_params(), ["id"]);
    }
}
