//! Which files of a tree are read, and what each turns out to be.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::{Entry, FileSpan, Location, Problem, Progress, Tree};
use rayon::prelude::*;

use crate::cloudformation::{self, Template};
use crate::error::{Error, MOST_BYTES, MOST_PLAN_BYTES};
use crate::json;
use crate::serverless;
use crate::stack::Stack;
use crate::terraform::source::Source;
use crate::terraform::{Files, hcl, json as terraform_json, plan};

/// `CloudFormation` takes no template beyond a megabyte, so larger YAML or JSON is none.
const MOST_TEMPLATE_BYTES: u64 = 1_536 * 1024;
/// Files that templates name by `file()`.
const MOST_NAMED_BYTES: u64 = 256 * 1024;
/// What a pod's service account says about its role.
const ANNOTATION: &str = "eks.amazonaws.com/role-arn:";

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) terraform: Vec<Source>,
    pub(crate) templates: Vec<Template>,
    /// Services of the Serverless Framework, as written.
    pub(crate) services: Vec<Template>,
    /// Plans and states of Terraform.
    pub(crate) plans: Vec<Stack>,
    /// Role ARNs in annotations of manifests.
    pub(crate) annotations: Vec<(String, Location)>,
    pub(crate) problems: Vec<Problem>,
}

impl Sources {
    /// Nothing of the kind was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.terraform.is_empty()
            && self.templates.is_empty()
            && self.services.is_empty()
            && self.plans.is_empty()
    }
}

/// What one file is.
#[derive(Default)]
struct One {
    terraform: Option<Source>,
    template: Option<Template>,
    service: Option<Template>,
    plan: Option<Stack>,
    annotations: Vec<(String, Location)>,
    problems: Vec<Problem>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hcl,
    TerraformJson,
    Variables,
    VariablesJson,
    Template,
    /// `serverless.yml`.
    Service,
    /// A state file, or JSON too large for a template.
    Plan,
}

/// Reads all files that may be templates, in parallel.
pub(crate) fn read(tree: &dyn Tree, progress: &Progress) -> Sources {
    let wanted: Vec<(&Entry, Kind)> = tree
        .entries()
        .iter()
        .filter_map(|entry| Some((entry, kind(entry)?)))
        .collect();
    progress.expect(wanted.len() as u64);
    let read: Vec<One> = wanted
        .par_iter()
        .map(|(entry, kind)| {
            let one = one(tree, entry, *kind);
            progress.advance(1);
            one
        })
        .collect();
    let mut all = Sources::default();
    for one in read {
        all.terraform.extend(one.terraform);
        all.templates.extend(one.template);
        all.services.extend(one.service);
        all.plans.extend(one.plan);
        all.annotations.extend(one.annotations);
        all.problems.extend(one.problems);
    }
    all
}

fn kind(entry: &Entry) -> Option<Kind> {
    let skipped = |part: &str| {
        matches!(
            part,
            ".terraform" | "node_modules" | "site-packages" | ".git"
        )
    };
    if entry.path.split('/').any(skipped) {
        return None;
    }
    let name = entry.file_name();
    let ends = |end: &str| name.ends_with(end);
    Some(if ends(".tf") || ends(".tofu") {
        Kind::Hcl
    } else if ends(".tf.json") || ends(".tofu.json") {
        Kind::TerraformJson
    } else if ends(".tfvars") {
        Kind::Variables
    } else if ends(".tfvars.json") {
        Kind::VariablesJson
    } else if ends(".tfstate") {
        Kind::Plan
    } else if name.starts_with("serverless.")
        && matches!(entry.extension(), "yaml" | "yml" | "json")
    {
        Kind::Service
    } else if matches!(entry.extension(), "yaml" | "yml" | "json" | "template") {
        if entry.size <= MOST_TEMPLATE_BYTES {
            Kind::Template
        } else if entry.extension() == "json" && (name.contains("plan") || name.contains("state")) {
            Kind::Plan
        } else {
            return None;
        }
    } else {
        return None;
    })
}

fn one(tree: &dyn Tree, entry: &Entry, kind: Kind) -> One {
    let mut one = One::default();
    if let Err((line, error)) = inner(tree, entry, kind, &mut one) {
        one.problems.push(error.problem(&entry.path, line));
    }
    one
}

fn inner(
    tree: &dyn Tree,
    entry: &Entry,
    kind: Kind,
    one: &mut One,
) -> Result<(), (Option<u32>, Error)> {
    let most = if kind == Kind::Plan {
        MOST_PLAN_BYTES
    } else {
        MOST_BYTES
    };
    if entry.size > most {
        return Err((None, Error::TooLarge(most)));
    }
    let bytes = tree.read(entry).map_err(|_| (None, Error::Unreadable))?;
    if bytes.len() as u64 > most {
        return Err((None, Error::TooLarge(most)));
    }
    match kind {
        Kind::Template => return template(entry, &bytes, one),
        Kind::Plan => return plan(entry, &bytes, one),
        Kind::Service => return service(entry, &bytes, one),
        _ => {}
    }
    let text = utf8(&bytes)?;
    let body = match kind {
        Kind::Hcl | Kind::Variables => {
            let (body, bad) = hcl::file(&entry.path, text);
            for bad in bad {
                let problem = Error::Hcl(bad.expected).problem(&entry.path, Some(bad.line));
                one.problems.push(problem);
            }
            body
        }
        _ => {
            let root =
                json::file(&entry.path, text).map_err(|bad| (Some(bad.line), Error::Json))?;
            if kind == Kind::VariablesJson {
                terraform_json::attributes(&root)
            } else {
                terraform_json::file(&root)
            }
        }
    };
    one.terraform = Some(Source {
        path: Arc::clone(&entry.path),
        body,
        is_variables: matches!(kind, Kind::Variables | Kind::VariablesJson),
    });
    Ok(())
}

/// A plan or a state; JSON that is neither is no problem of ours.
fn plan(entry: &Entry, bytes: &[u8], one: &mut One) -> Result<(), (Option<u32>, Error)> {
    if !plan::looks_like(bytes) {
        return Ok(());
    }
    let text = utf8(bytes)?;
    let root = json::file(&entry.path, text).map_err(|bad| (Some(bad.line), Error::Json))?;
    one.plan = plan::stack(&entry.path, &root);
    Ok(())
}

fn service(entry: &Entry, bytes: &[u8], one: &mut One) -> Result<(), (Option<u32>, Error)> {
    let text = utf8(bytes)?;
    let root = if entry.extension() == "json" {
        json::file(&entry.path, text).map_err(|bad| (Some(bad.line), Error::Json))?
    } else {
        cloudformation::yaml_file(&entry.path, text).map_err(|(line, error)| (Some(line), error))?
    };
    if serverless::is_service(&root) {
        one.service = Some(Template {
            path: Arc::clone(&entry.path),
            root,
        });
    }
    Ok(())
}

fn template(entry: &Entry, bytes: &[u8], one: &mut One) -> Result<(), (Option<u32>, Error)> {
    if memchr::memmem::find(bytes, ANNOTATION.as_bytes()).is_some()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        one.annotations = annotations(&entry.path, text);
    }
    if entry.extension() == "json" && plan::looks_like(bytes) {
        return plan(entry, bytes, one);
    }
    if !cloudformation::looks_like_template(bytes) {
        return Ok(());
    }
    // A file that only mentions such words (a chart, a document) and can't be read is no problem
    // of ours; one that says that it is a template is.
    let says_so = ["AWSTemplateFormatVersion", "AWS::Serverless-2016-10-31"]
        .iter()
        .any(|word| memchr::memmem::find(bytes, word.as_bytes()).is_some())
        || declares(bytes);
    let text = match utf8(bytes) {
        Ok(text) => text,
        Err(_) if !says_so => return Ok(()),
        Err(error) => return Err(error),
    };
    match cloudformation::parse(&entry.path, text) {
        Ok(found) => one.template = found,
        Err((line, error)) if says_so => return Err((Some(line), error)),
        Err(_) => {}
    }
    Ok(())
}

/// A line that begins with `Resources`, and one that gives a resource its type: no chart, whose
/// braces would make anything of it, but a template that somebody broke.
fn declares(bytes: &[u8]) -> bool {
    let mut resources = false;
    let mut typed = false;
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.starts_with(b"{{") || memchr::memmem::find(line, b"{{ .").is_some() {
            return false;
        }
        resources |= line.starts_with(b"Resources:")
            || memchr::memmem::find(line, b"\"Resources\"").is_some();
        typed |= line.starts_with(b"Type: AWS::")
            || memchr::memmem::find(line, b"\"Type\": \"AWS::").is_some();
    }
    resources && typed
}

/// UTF-8 text, without a byte order mark.
fn utf8(bytes: &[u8]) -> Result<&str, (Option<u32>, Error)> {
    let text = std::str::from_utf8(bytes).map_err(|_| (None, Error::NotUtf8))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn annotations(path: &Arc<str>, text: &str) -> Vec<(String, Location)> {
    text.lines()
        .zip(1..)
        .filter_map(|(line, number)| {
            let (_, value) = line.split_once(ANNOTATION)?;
            let arn = value.trim().trim_matches(['"', '\'']);
            let span = FileSpan::line(path, number);
            arn.starts_with("arn:")
                .then(|| (arn.to_owned(), Location::File { span }))
        })
        .collect()
}

/// Files of the tree by path.
pub(crate) struct TreeFiles<'t> {
    tree: &'t dyn Tree,
    by_path: BTreeMap<&'t str, &'t Entry>,
}

impl<'t> TreeFiles<'t> {
    pub(crate) fn new(tree: &'t dyn Tree) -> Self {
        let entries = tree.entries().iter();
        Self {
            tree,
            by_path: entries.map(|entry| (&*entry.path, entry)).collect(),
        }
    }
}

impl Files for TreeFiles<'_> {
    fn text(&self, path: &str) -> Option<(Arc<str>, String)> {
        let entry = self.by_path.get(path)?;
        if entry.size > MOST_NAMED_BYTES {
            return None;
        }
        let bytes = self.tree.read(entry).ok()?;
        Some((Arc::clone(&entry.path), String::from_utf8(bytes).ok()?))
    }

    fn below(&self, dir: &str) -> Vec<String> {
        let start = if dir.is_empty() {
            String::new()
        } else {
            format!("{dir}/")
        };
        let from = self.by_path.range(start.as_str()..);
        from.map_while(|(path, _)| path.strip_prefix(start.as_str()))
            .take(crate::value::MAX_ITEMS)
            .map(str::to_owned)
            .collect()
    }
}
