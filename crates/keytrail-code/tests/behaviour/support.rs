//! Small trees in, terse lines out: what the tests compare.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use keytrail_code::collect;
use keytrail_detect::Detector;
use keytrail_model::{
    Comparison, Coverage, Fact, Fingerprinter, Location, MemoryTree, NameSource, Operation, Origin,
    Progress, Projection, RequestPart, Route, Sink, Source, TableRef, Transform,
};

/// What most views of the tests begin with.
const HEAD: &str = "\
import json, logging, os
import boto3
from boto3.dynamodb.conditions import Attr, Key
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
logger = logging.getLogger(__name__)
table = boto3.resource('dynamodb').Table('keys')
";

/// The facts of one tree.
pub(crate) struct Facts {
    pub(crate) facts: Vec<Fact>,
    pub(crate) coverage: Coverage,
    /// Operations as `scan keys`, by their places.
    names: BTreeMap<Location, String>,
}

/// Collects from files whose text is indented as a whole, as in the tests.
pub(crate) fn tree(files: &[(&str, &str)]) -> Facts {
    bytes(
        files
            .iter()
            .map(|(path, text)| (*path, dedent(text).into_bytes())),
    )
}

/// Collects from files as they are.
pub(crate) fn bytes<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Facts {
    static DETECTOR: OnceLock<Detector> = OnceLock::new();
    let collected = collect(
        &MemoryTree::new(files),
        DETECTOR.get_or_init(Detector::new),
        &Fingerprinter::default(),
        &Progress::default(),
    );
    let names = collected
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Operation(operation) => Some((
                operation.location.clone(),
                format!(
                    "{} {}",
                    operation.kind.as_str(),
                    table_name(&operation.table)
                ),
            )),
            _ => None,
        })
        .collect();
    Facts {
        facts: collected.facts,
        coverage: collected.coverage,
        names,
    }
}

/// One module `app/views.py`: the usual head, then `body`.
pub(crate) fn module(body: &str) -> Facts {
    tree(&[
        ("app/__init__.py", ""),
        ("app/views.py", &format!("{HEAD}{}", dedent(body))),
    ])
}

/// The flows of one module.
pub(crate) fn flows(body: &str) -> Vec<String> {
    module(body).flows()
}

/// The operations of one module.
pub(crate) fn operations(body: &str) -> Vec<String> {
    module(body).operations()
}

/// Routes of a project of one app: `views` behind the usual head, `urls` as `urlpatterns`.
pub(crate) fn site(views: &str, urls: &str) -> Facts {
    project(views, urls, "")
}

/// The same, with more settings.
pub(crate) fn project(views: &str, urls: &str, settings: &str) -> Facts {
    let settings = format!(
        "ROOT_URLCONF = 'app.urls'\nINSTALLED_APPS = []\nSECRET_KEY = get()\n{}",
        dedent(settings)
    );
    let urls = format!(
        "from django.urls import include, path, re_path\nfrom app import views\nfrom app.views import *\n{}",
        dedent(urls)
    );
    tree(&[
        ("app/__init__.py", ""),
        ("app/settings.py", &settings),
        ("app/urls.py", &urls),
        ("app/views.py", &format!("{HEAD}{}", dedent(views))),
    ])
}

impl Facts {
    /// `scan keys api_key -> response`, sorted; hides, exclusions and ties behind it.
    pub(crate) fn flows(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Flow(flow) => Some(flow),
                _ => None,
            })
            .map(|flow| {
                let mut line =
                    format!("{} -> {}", self.source(&flow.source), self.sink(&flow.sink));
                if flow.transform != Transform::None {
                    line += &format!(" [{:?}]", flow.transform).to_lowercase();
                }
                if !flow.excluded.is_empty() {
                    line += &format!(" without {}", flow.excluded.join(","));
                }
                if !flow.checks.is_empty() {
                    line += " tied";
                }
                line
            })
            .collect();
        lines.sort();
        lines.dedup();
        lines
    }

    /// `query keys by owner=identity via gsi gets alias,owner filter x limit paged`.
    pub(crate) fn operations(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Operation(operation) => Some(operation_line(operation)),
                _ => None,
            })
            .collect();
        lines.sort();
        lines.dedup();
        lines
    }

    /// `GET /keys/ views.list_keys Anonymous`.
    pub(crate) fn routes(&self) -> Vec<String> {
        self.all_routes()
            .map(|route| {
                let view = route.view.strip_prefix("app.").unwrap_or(&route.view);
                let view = view.strip_prefix("views.").unwrap_or(view);
                format!(
                    "{} {} {view} {:?}",
                    route.method, route.pattern, route.access
                )
            })
            .collect()
    }

    /// `GET /keys/ Anonymous` without the view.
    pub(crate) fn doors(&self) -> Vec<String> {
        self.all_routes()
            .map(|route| format!("{} {} {:?}", route.method, route.pattern, route.access))
            .collect()
    }

    pub(crate) fn all_routes(&self) -> impl Iterator<Item = &Route> {
        self.facts.iter().filter_map(|fact| match fact {
            Fact::Route(route) => Some(route),
            _ => None,
        })
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::Literal { provider, .. } => format!("literal {provider}"),
            Source::Setting(name) => format!("setting {name}"),
            Source::Environment(name) => format!("env {name}"),
            Source::WholeEnvironment => "environment".to_owned(),
            Source::Request(part, field) => request(*part, field),
            Source::Identity => "identity".to_owned(),
            Source::Item(at, path) if path.is_empty() => self.name(at),
            Source::Item(at, path) => format!("{} {path}", self.name(at)),
            Source::Vault(name) => format!("vault {name}").trim_end().to_owned(),
            Source::Decrypted(path) => format!("decrypted {path}"),
            Source::Generated(_) => "generated".to_owned(),
            Source::Exception(at) => {
                let names: Vec<String> = at.iter().map(|at| self.name(at)).collect();
                format!("exception({})", names.join(", "))
            }
        }
    }

    fn sink(&self, sink: &Sink) -> String {
        match sink {
            Sink::Store(at, path) => format!("{} {path}", self.name(at)).trim_end().to_owned(),
            Sink::Response => "response".to_owned(),
            Sink::Template(name, variable) => format!("{name} {variable}"),
            Sink::Log(level) => format!("log {level}"),
            Sink::Print => "print".to_owned(),
            Sink::ThirdParty(who) => who.clone(),
            Sink::Url => "url".to_owned(),
            Sink::AwsCredential => "aws credential".to_owned(),
            Sink::Compare => "==".to_owned(),
            Sink::CompareDigest => "compare_digest".to_owned(),
            Sink::Replay => "replay".to_owned(),
            Sink::KeyCondition(at, attribute) => format!("key of {} {attribute}", self.name(at)),
        }
    }

    fn name(&self, at: &Location) -> String {
        self.names
            .get(at)
            .cloned()
            .unwrap_or_else(|| at.to_string())
    }
}

fn operation_line(operation: &Operation) -> String {
    let mut line = format!(
        "{} {}",
        operation.kind.as_str(),
        table_name(&operation.table)
    );
    if !operation.keys.is_empty() {
        let keys: Vec<String> = operation
            .keys
            .iter()
            .map(|key| {
                let origins: Vec<String> = key.origins.iter().map(origin).collect();
                format!(
                    "{}{}{}",
                    key.attribute.as_deref().unwrap_or("?"),
                    if key.comparison == Comparison::Equal {
                        "="
                    } else {
                        "~"
                    },
                    origins.join("|")
                )
            })
            .collect();
        line += &format!(" by {}", keys.join(","));
    }
    if let Some(index) = &operation.index {
        line += &format!(" via {index}");
    }
    match &operation.projection {
        Projection::Whole => {}
        Projection::Attributes(names) => line += &format!(" gets {}", names.join(",")),
        Projection::Count => line += " counts",
        Projection::Unknown => line += " gets ?",
    }
    if !operation.writes.is_empty() {
        line += &format!(" writes {}", operation.writes.join(","));
    }
    if !operation.filter.is_empty() {
        line += &format!(" filter {}", operation.filter.join(","));
    }
    for (set, word) in [
        (operation.limit, "limit"),
        (operation.paginated, "paged"),
        (operation.consistent, "consistent"),
        (operation.conditional, "conditional"),
        (operation.shaped_by_caller.is_some(), "shaped"),
        (!operation.checks.is_empty(), "tied"),
    ] {
        if set {
            line += &format!(" {word}");
        }
    }
    line
}

fn table_name(table: &TableRef) -> String {
    let via = table.via.iter().map(|via| match via {
        NameSource::Setting(name) => format!("settings.{name}"),
        NameSource::Environment(name) => format!("${name}"),
    });
    let names: Vec<String> = table.names.iter().cloned().chain(via).collect();
    if names.is_empty() {
        "?".to_owned()
    } else {
        names.join("|")
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Constant => "constant".to_owned(),
        Origin::Caller(part, _) => request(*part, ""),
        Origin::Identity(_) => "identity".to_owned(),
        Origin::Configuration => "configuration".to_owned(),
        Origin::Item(_, path) => format!("item {path}"),
        Origin::Generated => "generated".to_owned(),
        Origin::Unknown => "unknown".to_owned(),
    }
}

fn request(part: RequestPart, field: &str) -> String {
    let part = format!("{part:?}").to_lowercase();
    if field.is_empty() {
        part
    } else {
        format!("{part} {field}")
    }
}

/// Takes the indentation of the first line off all of them.
pub(crate) fn dedent(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let margin: String = text.chars().take_while(|c| *c == ' ').collect();
    text.lines()
        .map(|line| {
            line.strip_prefix(&*margin)
                .unwrap_or(line.trim_start_matches(' '))
        })
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// Comparisons of many cases in one test: all that differ are told at its end.
#[derive(Default)]
pub(crate) struct Cases(Vec<String>);

impl Cases {
    /// Compares one case.
    pub(crate) fn same<L, R>(&mut self, case: &str, got: &L, wanted: &R)
    where
        L: std::fmt::Debug + PartialEq<R>,
        R: std::fmt::Debug,
    {
        if got != wanted {
            self.0
                .push(format!("{case}\n    got    {got:?}\n    wanted {wanted:?}"));
        }
    }
}

impl Drop for Cases {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(
                self.0.is_empty(),
                "{} differ:\n{}",
                self.0.len(),
                self.0.join("\n")
            );
        }
    }
}
