//! The collector: a tree in, facts out.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_detect::Detector;
use keytrail_model::{
    Collected, Coverage, CoverageStatus, Entry, Fact, Fingerprinter, Problem, Progress, Tree,
};
use rayon::prelude::*;

use crate::django::access::Doors;
use crate::django::around::Around;
use crate::django::settings::SettingsIndex;
use crate::django::templates::Templates;
use crate::django::{settings, urls};
use crate::emit::Emitter;
use crate::interp::{Memo, Shared};
use crate::known::{KnownTable, Words};
use crate::mappers::{self, Models};
use crate::program::{ModuleId, Program};
use crate::resolve::Resolver;
use crate::sources::Sources;
use crate::symbols::Symbols;
use crate::syntax::{self, SyntaxProblem, ir::Module};
use crate::{fixpoint, limits, sources, tables};

/// Larger files are generated or hostile.
const LARGEST_SOURCE: u64 = 4 << 20;
const LARGEST_TEMPLATE: u64 = 1 << 20;

/// Reads all Python (and Django templates) of `tree`.
pub fn collect(
    tree: &dyn Tree,
    detector: &Detector,
    prints: &Fingerprinter,
    progress: &Progress,
) -> Collected {
    let sources = sources::of(tree);
    let mut counts = BTreeMap::new();
    counts.insert("test_files_left_out".to_owned(), sources.tests);
    counts.insert("library_files_left_out".to_owned(), sources.libraries);
    if sources.files.is_empty() {
        return nothing(counts);
    }
    let (modules, mut problems) = parse_all(tree, &sources.files, progress);
    if modules.is_empty() {
        return none_read(counts, problems);
    }
    counts.insert("files".to_owned(), modules.len() as u64);
    let mut templates = Templates::new(&pages(tree, &sources));
    let mut symbols = Symbols::default();
    let known = KnownTable::new(&mut symbols);
    let words = Words::new(&mut symbols);
    for name in templates.names() {
        symbols.intern(name);
    }
    let program = Program::link(modules, symbols);
    let resolver = Resolver::new(&program);
    let settings_modules = settings::modules(&program);
    templates.set_settings_modules(settings_modules.clone());
    let settings = SettingsIndex::new(&program, &resolver, &settings_modules, detector, prints);
    let roots = url_roots(&program, &settings);
    let mut bindings = urls::bindings(&program, &resolver, &roots, settings.debug_off());
    let around = Around::new(&program, &resolver, &settings);
    bindings.extend(urls::of_lambdas(&program, &around.gateway()));
    let views = bindings.iter().map(|binding| binding.view).collect();
    let url_first = urls::with_url_first(&program, &bindings);
    let models = Models::new(&program, &resolver);
    let memo = Memo::new(&program);
    let shared = Shared {
        models: &models,
        memo: &memo,
        program: &program,
        resolver: &resolver,
        known: &known,
        words: &words,
        detector,
        templates: &templates,
        around: &around,
        views: &views,
        url_first: &url_first,
    };
    let fixpoint = fixpoint::run(&shared, progress);
    let doors = Doors::new(&program, &resolver, &settings);
    let mut emitter = Emitter::new(&shared, prints, &fixpoint);
    emitter.routes(&bindings, &doors);
    emitter.facts();
    let mut facts = emitter.finish();
    facts.extend(tables::created(&shared, &fixpoint));
    facts.extend(mappers::declared(&shared, &fixpoint));
    counts.insert("functions".to_owned(), fixpoint.functions.len() as u64);
    count_kinds(&facts, &mut counts);
    counts.insert("settings_modules".to_owned(), settings_modules.len() as u64);
    counts.insert("rounds".to_owned(), fixpoint.rounds as u64);
    counts.insert("functions_cut_short".to_owned(), fixpoint.unfinished as u64);
    let limits = limits::told(&program, &fixpoint);
    counts.insert("places_not_followed".to_owned(), limits.count);
    facts.extend(settings.into_facts().into_iter().map(Fact::Setting));
    problems.sort();
    let (status, reason) = Read {
        problems: &problems,
        mappers: mappers::not_followed(&program),
        limits: limits.count,
        limits_touch_data: limits.touch_data,
        cut_short: fixpoint.unfinished,
        libraries: sources.libraries,
    }
    .verdict();
    problems.extend(limits.first);
    Collected {
        facts,
        coverage: Coverage {
            source: "code".to_owned(),
            status,
            reason,
            counts,
            problems,
        },
    }
}

/// How far the code was read.
struct Read<'a> {
    problems: &'a [Problem],
    mappers: Vec<&'static str>,
    limits: u64,
    limits_touch_data: bool,
    cut_short: usize,
    libraries: u64,
}

impl Read<'_> {
    /// The status, and what is missing.
    fn verdict(&self) -> (CoverageStatus, String) {
        let places = |count: u64, one: &str, many: &str| match count {
            1 => one.to_owned(),
            count => many.replace("{}", &count.to_string()),
        };
        let reason = if !self.problems.is_empty() {
            let files = files(self.problems);
            format!("{files} could not be read whole; what could is evaluated")
        } else if !self.mappers.is_empty() {
            format!(
                "tables are reached through {}, whose models this version does not follow: what \
                 they store and read is not seen",
                self.mappers.join(" and ")
            )
        } else if self.limits_touch_data {
            format!(
                "everything is read, and {} decided while the program runs: what goes there is \
                 not seen",
                places(
                    self.limits,
                    "there is 1 place whose way is",
                    "there are {} places whose ways are"
                )
            )
        } else if self.cut_short > 0 {
            let functions = places(self.cut_short as u64, "1 function", "{} functions");
            format!(
                "everything is read, and what {functions} tell their callers was not settled \
                 after {} rounds: a way round through all of them may be missing",
                fixpoint::MOST_ROUNDS
            )
        } else {
            return (CoverageStatus::Evaluated, self.left_out());
        };
        let reason = match self.left_out() {
            left_out if left_out.is_empty() => reason,
            left_out => format!("{reason}; {left_out}"),
        };
        (CoverageStatus::Partial, reason)
    }

    fn left_out(&self) -> String {
        let files = match self.libraries {
            0 => return String::new(),
            1 => "1 file".to_owned(),
            many => format!("{many} files"),
        };
        format!(
            "{files} of installed packages and of Python's own library are known by their \
             interfaces, and not followed; scan a package by itself to have it followed"
        )
    }
}

fn none_read(counts: BTreeMap<String, u64>, problems: Vec<Problem>) -> Collected {
    let mut collected = nothing(counts);
    collected.coverage.status = CoverageStatus::Partial;
    "no Python file could be read".clone_into(&mut collected.coverage.reason);
    collected.coverage.problems = problems;
    collected
}

/// The modules that could be read, by path, and what could not.
fn parse_all(
    tree: &dyn Tree,
    sources: &[&Entry],
    progress: &Progress,
) -> (Vec<(Arc<str>, Module)>, Vec<Problem>) {
    progress.expect(sources.len() as u64);
    let read: Vec<ReadFile> = sources
        .par_iter()
        .map(|entry| {
            let read = parse(tree, entry);
            progress.advance(1);
            read
        })
        .collect();
    let mut problems = Vec::new();
    let mut modules = Vec::new();
    for one in read {
        problems.extend(one.problems);
        modules.extend(one.module.map(|module| (one.path, module)));
    }
    (modules, problems)
}

fn count_kinds(facts: &[Fact], counts: &mut BTreeMap<String, u64>) {
    for name in ["routes", "operations", "flows"] {
        counts.insert(name.to_owned(), 0);
    }
    for fact in facts {
        let name = match fact {
            Fact::Route(_) => "routes",
            Fact::Operation(_) => "operations",
            Fact::Flow(_) => "flows",
            _ => continue,
        };
        *counts.entry(name.to_owned()).or_default() += 1;
    }
}

/// Modules that `ROOT_URLCONF` names in any settings module.
fn url_roots(program: &Program, settings: &SettingsIndex) -> Vec<ModuleId> {
    let named = settings.all("ROOT_URLCONF");
    let mut roots: Vec<ModuleId> = named
        .flat_map(|setting| settings::texts(&setting.value).unwrap_or_default())
        .filter_map(|dotted| program.module_named(dotted))
        .collect();
    roots.sort_unstable();
    roots.dedup();
    roots
}

fn files(problems: &[Problem]) -> String {
    let mut paths: Vec<&Arc<str>> = problems.iter().map(|problem| &problem.path).collect();
    paths.dedup();
    match paths.len() {
        1 => "1 file".to_owned(),
        many => format!("{many} files"),
    }
}

fn nothing(counts: BTreeMap<String, u64>) -> Collected {
    Collected {
        facts: Vec::new(),
        coverage: Coverage {
            source: "code".to_owned(),
            status: CoverageStatus::NotApplicable,
            reason: "there is no Python source here".to_owned(),
            counts,
            problems: Vec::new(),
        },
    }
}

struct ReadFile {
    path: Arc<str>,
    module: Option<Module>,
    problems: Vec<Problem>,
}

fn parse(tree: &dyn Tree, entry: &Entry) -> ReadFile {
    let problem = |line, message: String| Problem {
        path: Arc::clone(&entry.path),
        line,
        message,
    };
    let mut read = ReadFile {
        path: Arc::clone(&entry.path),
        module: None,
        problems: Vec::new(),
    };
    if entry.size > LARGEST_SOURCE {
        read.problems.push(problem(
            None,
            format!(
                "the file is larger than {} MB and was not parsed; its keys are still looked for",
                LARGEST_SOURCE >> 20
            ),
        ));
        return read;
    }
    let bytes = match tree.read(entry) {
        Ok(bytes) => bytes,
        Err(error) => {
            read.problems.push(problem(
                None,
                format!(
                    "the file cannot be read ({}); check its permissions",
                    error.kind()
                ),
            ));
            return read;
        }
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            // a declared Latin-1 source is Python too; the bytes beyond ASCII are text, not code
            let bytes = error.into_bytes();
            if bytes.contains(&0) {
                read.problems.push(problem(
                    None,
                    "the file is binary and was not parsed".to_owned(),
                ));
                return read;
            }
            bytes.iter().map(|&byte| char::from(byte)).collect()
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let parsed = syntax::parse(text);
    for complaint in parsed.problems {
        read.problems.push(match complaint {
            SyntaxProblem::Invalid { line, message } => problem(
                Some(line),
                format!("not valid Python: {message}; the rest of the file is still read"),
            ),
            SyntaxProblem::TooDeep => problem(
                None,
                "the file nests too deep and was not parsed; its keys are still looked for"
                    .to_owned(),
            ),
        });
    }
    read.module = Some(parsed.module);
    read
}

/// The application's templates under `templates/` directories.
fn pages(tree: &dyn Tree, sources: &Sources<'_>) -> Vec<(String, String)> {
    let entries: Vec<&Entry> = tree
        .entries()
        .iter()
        .filter(|entry| {
            (entry.path.contains("templates/") || entry.path.contains("jinja2/"))
                && matches!(
                    entry.extension(),
                    "html" | "txt" | "htm" | "xml" | "jinja" | "j2"
                )
                && entry.size <= LARGEST_TEMPLATE
                && !sources.leave_out(&entry.path)
        })
        .collect();
    entries
        .par_iter()
        .filter_map(|entry| {
            let bytes = tree.read(entry).ok()?;
            Some((
                entry.path.to_string(),
                String::from_utf8_lossy(&bytes).into_owned(),
            ))
        })
        .collect()
}
