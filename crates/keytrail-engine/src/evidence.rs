//! The collectors, side by side, and what they bring home.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use keytrail_detect::Detector;
use keytrail_files::{Commit, ExportOptions, Exports, FilesOptions, HistoryOptions};
use keytrail_http::Coloured;
use keytrail_infra::{AccessModel, HeldOff, Infra, InfraOptions, TableTarget};
use keytrail_model::{
    Collected, Coverage, CoverageStatus, Environment, Fact, Fingerprinter, Keyring, Location,
    Progress, Tree,
};

use crate::aws::{self, Aws};
use crate::cache::Cache;
use crate::chains;
use crate::forest::{Forest, under};
use crate::gateway;
use crate::http::{self, Http};
use crate::trail::{self, Trail};
use crate::{Config, Date, EngineError, LoginRecipe, SOURCES, Validate, Watch};

/// Sorted facts without repetition, and a record for every source.
pub(crate) struct Evidence {
    pub(crate) facts: Vec<Fact>,
    pub(crate) coverage: Vec<Coverage>,
    /// Principals with their policies, to be asked single questions: of the templates, then of
    /// each account.
    pub(crate) access: Vec<AccessModel>,
    /// Those whom only the key under a table holds off.
    pub(crate) held_off: Vec<HeldOff>,
    /// Requests that would be sent to the service.
    pub(crate) planned: Vec<String>,
    /// Where marked values came out of the service.
    pub(crate) coloured: Vec<Coloured>,
}

/// What is read.
pub(crate) struct Wanted<'r> {
    /// The files.
    pub(crate) tree: &'r Forest,
    /// The commits.
    pub(crate) until: Until<'r>,
    /// Where facts are kept from one run to the next.
    pub(crate) cache: Option<Kept<'r>>,
    /// These sources, or all that apply.
    pub(crate) only: Option<&'r [String]>,
    /// Where to keep how far reading exports is.
    pub(crate) resume: Option<&'r Path>,
    /// The account.
    pub(crate) aws: Option<Asked<'r>>,
    /// The files of a trail.
    pub(crate) trail: Option<&'r Trail>,
    /// The workspace of Terraform.
    pub(crate) workspace: Option<&'r str>,
    /// The running service, with the sign-ins that the configuration describes.
    pub(crate) http: Option<(&'r Http, &'r [LoginRecipe])>,
    /// The vendors of found keys, and the day on which they are asked.
    pub(crate) validate: Option<(&'r Validate, Date)>,
}

/// The directory of the cache, and the version that may read it.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'r> {
    pub(crate) directory: &'r Path,
    pub(crate) version: &'r str,
}

/// Runs the collectors of what is wanted, all at once.
pub(crate) fn collect(
    wanted: &Wanted<'_>,
    detector: &Detector,
    prints: &Fingerprinter,
    watch: &Watch,
) -> Result<Evidence, EngineError> {
    let Wanted {
        tree,
        ref until,
        cache,
        only,
        resume,
        aws,
        trail,
        workspace,
        http,
        validate,
    } = *wanted;
    let wanted = |source: &str| only.is_none_or(|only| only.iter().any(|name| name == source));
    let keyring = validate.map(|(asked, _)| Arc::new(asked.keyring(detector)));
    let files_options = FilesOptions {
        keyring: keyring.clone(),
        listing: tree.listing().clone(),
        exports: if wanted("files") {
            Exports::find(tree)
        } else {
            Exports::default()
        },
        ..FilesOptions::default()
    };
    let found = &files_options.exports;
    let exports = || exports(tree, found, resume, detector, prints, &watch.files);
    let code = || wanted("code").then(|| code(tree, until, cache, detector, prints, watch));
    let files = || {
        wanted("files")
            .then(|| keytrail_files::collect(tree, detector, prints, &watch.files, &files_options))
    };
    let infra = || wanted("infra").then(|| templates(tree, workspace, watch));
    // A part of a repository is scanned for what is in it; its history belongs to the whole.
    let whole = || {
        tree.roots()
            .iter()
            .any(|(root, _)| root.join(".git").exists())
    };
    let history = || {
        if !wanted("history") {
            None
        } else if only.is_some() || whole() {
            let asked = History {
                tree,
                until,
                cache: cache.map(|kept| kept.directory),
                keyring: keyring.clone(),
            };
            Some(history(&asked, detector, prints, &watch.history))
        } else {
            Some(history_of_another())
        }
    };
    let (((code, (files, exports)), (infra, history)), cloud) = std::thread::scope(|scope| {
        // The account answers while the files are read.
        let cloud = scope.spawn(|| live(aws, prints, watch));
        let here = rayon::join(
            || rayon::join(code, || rayon::join(files, exports)),
            || rayon::join(infra, history),
        );
        (here, cloud.join())
    });
    let cloud = cloud
        .unwrap_or_else(|_| Some(Err(aws::broken())))
        .transpose()?;
    let (infra, access) = infra.map_or((None, None), |infra| {
        (Some(infra.collected), Some(infra.access))
    });

    let mut evidence = Evidence {
        facts: Vec::new(),
        coverage: Vec::new(),
        access: Vec::new(),
        held_off: Vec::new(),
        planned: Vec::new(),
        coloured: Vec::new(),
    };
    for (source, collected) in SOURCES.into_iter().zip([code, files, infra, history]) {
        evidence.add(source, collected, tree.roots().is_empty());
    }
    if let Some(mut exports) = exports? {
        evidence.facts.append(&mut exports.facts);
        evidence.coverage.push(exports.coverage);
    }
    evidence.add_service(http, (detector, prints), watch)?;
    if let Some(access) = access {
        let readers = access.readers(&targets(&evidence.facts));
        let grants = readers.grants.into_iter().map(Fact::Grant);
        evidence.facts.extend(grants);
        evidence.held_off = readers.held_off;
        evidence.access.push(access);
    }
    evidence.add_cloud(cloud);
    chains::add(&mut evidence);
    evidence.add_trail(trail, watch)?;
    gateway::join(&mut evidence.facts);
    if let (Some((asked, today)), Some(keyring)) = (validate, keyring) {
        evidence.add_vendors(asked, today, &keyring, detector, watch)?;
    }
    evidence.coverage.sort();
    evidence.settle();
    Ok(evidence)
}

/// The facts of the code, those of the last run where it is the same.
fn code(
    tree: &Forest,
    until: &Until<'_>,
    cache: Option<Kept<'_>>,
    detector: &Detector,
    prints: &Fingerprinter,
    watch: &Watch,
) -> Collected {
    let read = |tree: &dyn Tree| keytrail_code::collect(tree, detector, prints, &watch.code);
    let Some(kept) = cache else {
        return read(tree);
    };
    let commits = until.ids();
    Cache::new(kept.directory, prints, kept.version, tree.roots(), &commits).code(tree, read)
}

/// What the templates say.
fn templates(tree: &Forest, workspace: Option<&str>, watch: &Watch) -> Infra {
    let options = InfraOptions {
        workspace: workspace.map(str::to_owned),
    };
    keytrail_infra::collect_with(tree, &watch.infra, &options)
}

/// Which commits of the history count.
pub(crate) enum Until<'c> {
    /// All.
    Now,
    /// For each path those from which a commit comes, and itself.
    Commits(&'c [Commit]),
}

impl Until<'_> {
    fn ids(&self) -> Vec<&str> {
        match self {
            Self::Now => Vec::new(),
            Self::Commits(commits) => commits.iter().map(Commit::id).collect(),
        }
    }
}

fn history_of_another() -> Collected {
    let reason = "the path is no repository of its own. Scan the whole repository, or name the \
                  sources (`--only code,files,infra,history`), to have its history read";
    Collected {
        facts: Vec::new(),
        coverage: not_evaluated("history", reason),
    }
}

/// The items of exports, where there are any.
fn exports(
    tree: &Forest,
    found: &Exports,
    resume: Option<&Path>,
    detector: &Detector,
    prints: &Fingerprinter,
    progress: &Progress,
) -> Result<Option<Collected>, EngineError> {
    if found.is_empty() {
        return Ok(None);
    }
    let options = ExportOptions {
        state: resume.map(Path::to_owned),
    };
    let read = keytrail_files::exports(tree, found, detector, prints, progress, &options)?;
    Ok(Some(read))
}

/// Which history.
struct History<'r> {
    tree: &'r Forest,
    until: &'r Until<'r>,
    cache: Option<&'r Path>,
    keyring: Option<Arc<Keyring>>,
}

/// The histories of the paths, named as their files are.
fn history(
    asked: &History<'_>,
    detector: &Detector,
    prints: &Fingerprinter,
    progress: &Progress,
) -> Collected {
    let mut all: Option<Collected> = None;
    for (at, (root, prefix)) in asked.tree.roots().iter().enumerate() {
        let options = HistoryOptions {
            cache: asked.cache.map(Path::to_owned),
            keyring: asked.keyring.clone(),
            until: match asked.until {
                Until::Now => None,
                Until::Commits(commits) => commits.get(at).map(|commit| commit.id().to_owned()),
            },
            ..HistoryOptions::default()
        };
        let mut one = keytrail_files::history(root, detector, prints, progress, &options);
        for fact in &mut one.facts {
            if let Fact::Committed(committed) = fact
                && let Location::Commit { span, .. } = &mut committed.sighting.location
            {
                span.path = under(prefix, &span.path);
            }
        }
        match &mut all {
            Some(all) => join(all, one),
            None => all = Some(one),
        }
    }
    all.unwrap_or_else(|| Collected {
        facts: Vec::new(),
        coverage: not_evaluated("history", "no path was given"),
    })
}

/// Of two histories the one that was read less speaks for both.
fn join(all: &mut Collected, one: Collected) {
    all.facts.extend(one.facts);
    for (name, count) in one.coverage.counts {
        *all.coverage.counts.entry(name).or_default() += count;
    }
    all.coverage.problems.extend(one.coverage.problems);
    if all.coverage.status == CoverageStatus::NotApplicable
        || one.coverage.status == CoverageStatus::Partial
    {
        all.coverage.status = one.coverage.status;
        all.coverage.reason = one.coverage.reason;
    }
}

/// An account, and who is told what reading its items costs.
pub(crate) type Asked<'a> = (&'a Aws, fn(&str));

type Live = (aws::Account, Option<Collected>);

/// The account, then the items that were asked for.
fn live(
    aws: Option<Asked<'_>>,
    prints: &Fingerprinter,
    watch: &Watch,
) -> Option<Result<Live, EngineError>> {
    let (aws, tell) = aws?;
    let read = || {
        let account = aws::collect(aws, &watch.cloud)?;
        let wanted = aws.items.as_ref();
        let items = wanted.map(|wanted| aws::items(aws, wanted, prints, &watch.cloud, tell));
        Ok((account, items.transpose()?))
    };
    Some(read())
}

impl Evidence {
    fn add(&mut self, source: &str, collected: Option<Collected>, without_path: bool) {
        match collected {
            Some(mut collected) => {
                self.facts.append(&mut collected.facts);
                self.coverage.push(collected.coverage);
            }
            None if without_path => self.coverage.push(not_evaluated(
                source,
                "no path was given; name the directory of the application to have it read too",
            )),
            None => self.coverage.push(not_evaluated(
                source,
                "left out by --only or `only`; leave that out to have it read",
            )),
        }
    }

    /// What the running service shows. The routes that the code has are asked, too: it comes after.
    fn add_service(
        &mut self,
        http: Option<(&Http, &[LoginRecipe])>,
        (detector, prints): (&Detector, &Fingerprinter),
        watch: &Watch,
    ) -> Result<(), EngineError> {
        let Some((http, recipes)) = http else {
            self.coverage.push(http::not_asked());
            return Ok(());
        };
        let service = http::collect(http, recipes, &self.facts, detector, prints, &watch.http);
        let mut service = service?;
        self.facts.append(&mut service.facts);
        self.coverage.append(&mut service.coverage);
        self.planned = service.planned;
        self.coloured = service.coloured;
        Ok(())
    }

    /// What the vendors of the found keys say of them.
    fn add_vendors(
        &mut self,
        asked: &Validate,
        today: Date,
        keyring: &Keyring,
        detector: &Detector,
        watch: &Watch,
    ) -> Result<(), EngineError> {
        let told = asked.ask(today, keyring, &self.facts, detector, &watch.validate)?;
        self.facts
            .extend(told.facts.into_iter().map(Fact::Validated));
        self.coverage.push(told.coverage);
        self.planned.extend(told.planned);
        Ok(())
    }

    /// What the account and its items say.
    fn add_cloud(&mut self, cloud: Option<Live>) {
        let Some((live, items)) = cloud else {
            self.coverage.push(aws::not_asked());
            return;
        };
        self.add_live(live);
        if let Some(mut items) = items {
            self.facts.append(&mut items.facts);
            self.coverage.push(items.coverage);
        }
    }

    /// What the account says, beside what the templates say; where both agree, the template's
    /// line is the place to look at.
    fn add_live(&mut self, mut live: aws::Account) {
        live.unread.readers = self.has_open_readers();
        let there = live.collected.facts;
        let differences = aws::drift(&self.facts, &there, &live.unread);
        let facts = aws::reconcile(&self.facts, there, &live.unread);
        self.facts.extend(facts);
        self.access.append(&mut live.access);
        self.held_off.append(&mut live.held_off);
        let mut coverage = live.collected.coverage;
        let found = differences.len() as u64;
        coverage.counts.insert("drift".to_owned(), found);
        self.coverage.push(coverage);
    }

    fn add_trail(&mut self, trail: Option<&Trail>, watch: &Watch) -> Result<(), EngineError> {
        if let Some(trail) = trail {
            let mut read = trail::read(trail, &watch.trail)?;
            self.facts.append(&mut read.facts);
            self.coverage.push(read.coverage);
        }
        Ok(())
    }

    /// Templates have readers of streams that could not be tied to a table.
    pub(crate) fn has_open_readers(&self) -> bool {
        let mut records = self.coverage.iter();
        records.any(|record| {
            record
                .counts
                .get("unresolved_streams")
                .is_some_and(|n| *n > 0)
        })
    }

    /// Law 6: whatever order the collectors ended in, the facts are the same.
    fn settle(&mut self) {
        self.facts.sort();
        self.facts.dedup();
    }

    /// With the deployments that the configuration tells of settings modules.
    pub(crate) fn with_environments(mut self, config: &Config) -> Self {
        if config.environments.is_empty() {
            return self;
        }
        for fact in &mut self.facts {
            if let Fact::Setting(setting) = fact
                && let Some(&environment) = config.environments.get(&*setting.module)
            {
                setting.environment = environment;
                setting.loaded |= environment != Environment::Unspecified;
            }
        }
        self.settle();
        self
    }

    /// What the declared tables are called.
    pub(crate) fn table_names(&self) -> impl Iterator<Item = String> {
        self.facts.iter().filter_map(|fact| match fact {
            Fact::Table(table) if !table.name.contains('*') => Some(table.name.clone()),
            _ => None,
        })
    }

    /// True when no source found anything of its kind, with the reasons.
    pub(crate) fn nothing(&self) -> Option<String> {
        let read: Vec<&Coverage> = self
            .coverage
            .iter()
            .filter(|record| record.status != CoverageStatus::NotEvaluated)
            .collect();
        let empty = read
            .iter()
            .all(|record| record.status == CoverageStatus::NotApplicable);
        empty.then(|| {
            let reasons: Vec<String> = read
                .iter()
                .map(|record| format!("{}: {}", record.source, record.reason))
                .collect();
            reasons.join("; ")
        })
    }
}

/// The tables that principals are asked about: those that are declared, and those that only
/// code names.
pub(crate) fn targets(facts: &[Fact]) -> Vec<TableTarget> {
    let mut targets: BTreeSet<TableTarget> = BTreeSet::new();
    let mut declared: BTreeSet<&str> = BTreeSet::new();
    for fact in facts {
        if let Fact::Table(table) = fact {
            targets.insert(TableTarget::of_table(table));
            declared.insert(&table.name);
            declared.extend(table.also_named.iter().map(String::as_str));
        }
    }
    for fact in facts {
        if let Fact::Operation(operation) = fact {
            let names = operation.table.names.iter();
            let only_in_code = names.filter(|name| !declared.contains(name.as_str()));
            targets.extend(only_in_code.map(|name| TableTarget::named(name)));
        }
    }
    targets.into_iter().collect()
}

pub(crate) fn not_evaluated(source: &str, reason: &str) -> Coverage {
    Coverage {
        source: source.to_owned(),
        status: CoverageStatus::NotEvaluated,
        reason: reason.to_owned(),
        counts: std::collections::BTreeMap::default(),
        problems: Vec::new(),
    }
}

/// Whether anything can be read at all.
pub(crate) fn is_empty(tree: &dyn Tree) -> bool {
    tree.entries().is_empty()
}
