//! The running service: what of it is asked, with what the code knows of its routes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use keytrail_detect::Detector;
use keytrail_http::{
    Colour, HttpCollected, HttpError, HttpOptions, Identity, KnownRoute, LlmDepth, Login,
};
use keytrail_model::{
    Coverage, Fact, Fingerprinter, HttpMethod, KeyBinding, Origin, Progress, RequestPart, Secret,
};
use zeroize::Zeroizing;

use crate::EngineError;
use crate::evidence::not_evaluated;

/// Which service to ask, and how.
#[derive(Clone, Debug)]
pub struct Http {
    /// Its address.
    pub url: String,
    /// A file or URL with its specification.
    pub spec: Option<String>,
    /// As whom, beside nobody: `NAME=Header: value`.
    pub identities: Vec<Zeroizing<String>>,
    /// Requests a second.
    pub rate: u32,
    /// Requests in all.
    pub budget: u64,
    /// Send GETs that look like actions.
    pub allow_actions: bool,
    /// Send nothing.
    pub dry_run: bool,
    /// Repeat one request so many times.
    pub burst: u32,
    /// Send texts to language models.
    pub llm: Option<LlmDepth>,
    /// A proxy.
    pub proxy: Option<String>,
    /// Further certificate authorities.
    pub ca: Option<PathBuf>,
    /// A client certificate with its key.
    pub client_certificate: Option<PathBuf>,
    /// The address to dial.
    pub resolve: Option<IpAddr>,
    /// Marked values of our own to look for in everything that is answered.
    pub colours: Vec<Arc<Secret>>,
    /// Identifiers of our own, which are asked for before others.
    pub marks: Vec<String>,
}

/// A sign-in of the configuration, with `$NAME` for variables of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRecipe {
    /// The identity that it gives.
    pub name: String,
    /// The path on the service's host.
    pub url: String,
    /// Content type of the body.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// Where the token is in a JSON answer; cookies are taken without.
    pub token: Option<String>,
}

/// Asks it. Routes that the code has are asked too.
pub(crate) fn collect(
    http: &Http,
    recipes: &[LoginRecipe],
    facts: &[Fact],
    detector: &Detector,
    prints: &Fingerprinter,
    progress: &Progress,
) -> Result<HttpCollected, EngineError> {
    let identities: Result<Vec<Identity>, HttpError> = http
        .identities
        .iter()
        .map(|text| Identity::parse(text))
        .collect();
    let logins: Result<Vec<Login>, EngineError> = recipes.iter().map(login).collect();
    let options = HttpOptions {
        spec: http.spec.clone(),
        identities: identities.map_err(|error| refused(&error))?,
        logins: logins?,
        rate: http.rate,
        budget: http.budget,
        allow_actions: http.allow_actions,
        dry_run: http.dry_run,
        burst: http.burst,
        llm: http.llm,
        proxy: http.proxy.clone(),
        ca: http.ca.clone(),
        client_certificate: http.client_certificate.clone(),
        resolve: http.resolve,
        routes: routes(facts),
        colours: http
            .colours
            .iter()
            .map(|value| Colour {
                fingerprint: prints.fingerprint(value),
                value: value.with_bytes(Secret::new),
            })
            .collect(),
        marks: http.marks.clone(),
        ..HttpOptions::new(&http.url)
    };
    keytrail_http::collect(options, detector, prints, progress).map_err(|error| refused(&error))
}

pub(crate) fn refused(error: &HttpError) -> EngineError {
    EngineError::Http {
        hint: error.hint(),
        what: error.to_string(),
        answers: !matches!(error, HttpError::Unreachable { .. }),
    }
}

fn login(recipe: &LoginRecipe) -> Result<Login, EngineError> {
    let body = filled(&recipe.body).map_err(|name| EngineError::Http {
        what: format!("the sign-in of `{}` needs the variable {name}", recipe.name),
        hint: format!("set {name} in the environment"),
        answers: true,
    })?;
    Ok(Login {
        name: recipe.name.clone(),
        path: recipe.url.clone(),
        content_type: recipe.content_type.clone(),
        body: Secret::new(body.as_bytes()),
        token: recipe.token.clone(),
    })
}

/// `$NAME` by the environment; the name of one that is not set as error.
fn filled(text: &str) -> Result<Zeroizing<String>, String> {
    let mut out = Zeroizing::new(String::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let end = after
            .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
            .unwrap_or(after.len());
        let (name, behind) = after.split_at(end);
        if name.is_empty() {
            out.push('$');
        } else {
            out.push_str(&Zeroizing::new(
                std::env::var(name).map_err(|_| name.to_owned())?,
            ));
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// Routes of the code. Those whose handlers write are told, so that no GET sets them off, and which parts of
/// the query pick the item that is read.
fn routes(facts: &[Fact]) -> Vec<KnownRoute> {
    let mut writers: BTreeSet<&str> = BTreeSet::new();
    let mut pickers: BTreeMap<&str, BTreeSet<(String, String)>> = BTreeMap::new();
    for fact in facts {
        if let Fact::Operation(operation) = fact {
            let kind = &operation.kind;
            if kind.writes() && !kind.reads() {
                writers.insert(&*operation.entry);
            } else if kind.reads() {
                let picks = pickers.entry(&*operation.entry).or_default();
                picks.extend(operation.keys.iter().flat_map(picks_of));
            }
        }
    }
    let mut acting: BTreeSet<&str> = writers.clone();
    let mut picking = pickers.clone();
    for fact in facts {
        if let Fact::Reach(reach) = fact {
            if writers.contains(&*reach.function) {
                acting.insert(&*reach.view);
            }
            if let Some(picks) = pickers.get(&*reach.function) {
                let all = picking.entry(&*reach.view).or_default();
                all.extend(picks.iter().cloned());
            }
        }
    }
    // Where one view answers GET and a method that writes, the writing is that method's.
    let divided: BTreeSet<(&str, &str)> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Route(route) if route.method.writes() && route.method != HttpMethod::Any => {
                Some((&*route.pattern, &*route.view))
            }
            _ => None,
        })
        .collect();
    let mut routes: Vec<KnownRoute> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Route(route) => Some(KnownRoute {
                pattern: route.pattern.clone(),
                method: route.method,
                access: route.access,
                acts: acting.contains(&*route.view)
                    && !divided.contains(&(&*route.pattern, &*route.view)),
                picks: picking
                    .get(&*route.view)
                    .map(|picks| picks.iter().cloned().collect())
                    .unwrap_or_default(),
            }),
            _ => None,
        })
        .collect();
    routes.sort();
    routes.dedup();
    routes
}

/// `team from the query string`, compared with `owner_id`.
fn picks_of(binding: &KeyBinding) -> Vec<(String, String)> {
    let Some(attribute) = &binding.attribute else {
        return Vec::new();
    };
    let named = binding.origins.iter().filter_map(|origin| match origin {
        Origin::Caller(part @ RequestPart::Query, step) => {
            let end = format!(" from {}", part.as_str());
            step.label.strip_suffix(&end).map(str::to_owned)
        }
        _ => None,
    });
    named.map(|name| (name, attribute.clone())).collect()
}

/// Law 4: nobody asked for it.
pub(crate) fn not_asked() -> Coverage {
    not_evaluated(
        "http",
        "no running service was asked; routes and their guards are read from the code only. \
         Name one with --url",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_fill_a_sign_in() {
        let path = std::env::var("PATH").unwrap();
        assert_eq!(*filled("a $PATH b").unwrap(), format!("a {path} b"));
        assert_eq!(*filled("costs 5$ a day").unwrap(), "costs 5$ a day");
        assert_eq!(
            filled("$KEYTRAIL_NO_SUCH"),
            Err("KEYTRAIL_NO_SUCH".to_owned())
        );
    }
}
