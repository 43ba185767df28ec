//! Keys in the history of a repository: every blob that any commit, stash or tag ever held, and
//! those that nothing holds any more.
//!
//! Each blob is decoded once, in the order in which packs keep them, and searched once; of a blob
//! that a pack tells as a delta only what differs is searched. Where a key was, and since when, is
//! found out for those blobs only in which there is one. Objects are read from the disk by this
//! process: no hook, filter or remote of the repository has a part in it.

mod attribute;
mod cache;
mod commits;
mod delta;
mod objects;
mod pack;
mod packed;
mod repository;
mod scan;
mod trees;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use keytrail_detect::Detector;
use keytrail_model::{
    Collected, Committed, Coverage, CoverageStatus, Fact, Fingerprinter, Keyring, Problem, Progress,
};

use self::attribute::Attribution;
use self::cache::Cache;
use self::commits::Commits;
use self::objects::Objects;
use self::pack::Kind;
use self::repository::Repository;
use self::scan::BlobScanner;
use self::trees::Trees;

/// How a history is read.
#[derive(Clone, Debug)]
pub struct HistoryOptions {
    /// Larger objects are not decoded; the coverage says so. In bytes.
    pub largest: usize,
    /// Full name of a commit: only it and those that it comes from count.
    pub until: Option<String>,
    /// Directory in which is kept which objects were searched and hold nothing, a file a repository.
    pub cache: Option<PathBuf>,
    /// Where keys go whose vendors are to be asked.
    pub keyring: Option<Arc<Keyring>>,
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self {
            largest: 64 * 1024 * 1024,
            until: None,
            cache: None,
            keyring: None,
        }
    }
}

/// Searches the history of the repository that holds `root`, as far as it lies under `root`, and
/// those of its submodules.
pub fn history(
    root: &Path,
    detector: &Detector,
    prints: &Fingerprinter,
    progress: &Progress,
    options: &HistoryOptions,
) -> Collected {
    let Some(repository) = Repository::holding(root) else {
        return nothing("it is in no git repository");
    };
    let cache = Cache::open(options.cache.as_deref(), &repository.objects, detector);
    let mut run = Run {
        cache: &cache,
        searched: Vec::new(),
        detector,
        prints,
        progress,
        options,
        facts: Vec::new(),
        counts: BTreeMap::new(),
        problems: Vec::new(),
    };
    run.repository(&repository, "");
    for module in &repository.modules {
        let name = module
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        run.repository(
            &Repository::open(module, String::new()),
            &format!("{name}/"),
        );
    }
    run.finish()
}

struct Run<'a> {
    detector: &'a Detector,
    prints: &'a Fingerprinter,
    progress: &'a Progress,
    options: &'a HistoryOptions,
    cache: &'a Cache,
    /// Objects that were searched now and hold nothing.
    searched: Vec<cache::Record>,
    facts: Vec<Committed>,
    counts: BTreeMap<String, u64>,
    problems: Vec<Problem>,
}

impl Run<'_> {
    /// `shown` stands before the paths of a submodule.
    fn repository(&mut self, repository: &Repository, shown: &str) {
        let objects = Objects::list(&repository.objects, self.options.largest);
        let (commits, trees) = rayon::join(|| Commits::read(&objects), || Trees::read(&objects));
        self.progress.expect(objects.len() as u64);
        let scanner = BlobScanner {
            detector: self.detector,
            prints: self.prints,
            packed: std::sync::Mutex::default(),
            names: &trees.names,
            objects: &objects,
            cache: self.cache,
            empty: std::sync::Mutex::default(),
            progress: self.progress,
            found: std::sync::Mutex::default(),
            scanned: 0.into(),
            bytes: 0.into(),
            binary: 0.into(),
            large: 0.into(),
            unreadable: std::sync::Mutex::default(),
        };
        objects.walk(Kind::Blob, &scanner);
        self.tell(repository, &objects, &commits, &trees, &scanner);
        let empty = scanner.empty.into_inner();
        self.searched
            .extend(empty.unwrap_or_else(std::sync::PoisonError::into_inner));
        let found = scanner
            .found
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut attribution = Attribution::new(
            repository,
            &objects,
            &commits,
            &trees,
            found,
            self.detector,
            self.options,
        );
        let facts = attribution.facts(self.prints, shown);
        if attribution.cut {
            self.problem("more places of keys than can be told apart; the first are told");
        }
        self.facts.extend(facts);
    }

    fn count(&mut self, name: &str, number: u64) {
        *self.counts.entry(name.to_owned()).or_default() += number;
    }

    fn problem(&mut self, message: impl Into<String>) {
        self.problems.push(Problem {
            path: Arc::from(".git"),
            line: None,
            message: message.into(),
        });
    }

    fn tell(
        &mut self,
        repository: &Repository,
        objects: &Objects,
        commits: &Commits,
        trees: &Trees,
        scanner: &BlobScanner<'_>,
    ) {
        self.count("objects", objects.len() as u64);
        self.count("packs", objects.pack_paths().count() as u64);
        self.count("commits", commits.all.len() as u64);
        self.count("blobs", scanner.scanned.load(Ordering::Relaxed));
        let known = (0..objects.len())
            .filter(|&object| u32::try_from(object).is_ok_and(|object| scanner.is_known(object)));
        let known = known.count() as u64;
        if known > 0 {
            self.count("blobs_searched_before", known);
        }
        self.count("skipped_binary", scanner.binary.load(Ordering::Relaxed));
        self.count("bytes_searched", scanner.bytes.load(Ordering::Relaxed));
        self.tell_packed(scanner);
        for (path, why) in &objects.problems {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            self.problem(format!("{name} is not read: {why}"));
        }
        let large = scanner.large.load(Ordering::Relaxed);
        if large > 0 {
            let limit = self.options.largest / (1024 * 1024);
            self.problem(format!(
                "{large} objects are larger than {limit} MB and not read"
            ));
        }
        let damaged = self.damaged(objects, scanner) + commits.unreadable + trees.unreadable;
        let damaged = damaged + objects.lost;
        if damaged > 0 {
            self.problem(format!(
                "{damaged} objects are damaged and not read; `git fsck` tells more, another clone may have them"
            ));
        }
        if !trees.missing.is_empty() {
            let why = if repository.partial {
                "the clone is partial: `git fetch --refetch --no-filter` brings them"
            } else {
                "`git fsck` tells more, another clone may have them"
            };
            self.problem(format!(
                "{} objects are not here; {why}",
                trees.missing.len()
            ));
        }
        if commits.parents_missing > 0 {
            let why = if repository.shallow {
                "the clone is shallow: `git fetch --unshallow` brings the rest"
            } else {
                "`git fsck` tells more, another clone may have them"
            };
            self.problem(format!(
                "{} commits are not here; {why}",
                commits.parents_missing
            ));
        }
    }

    /// What lay inside of blobs, as for files of a tree.
    fn tell_packed(&mut self, scanner: &BlobScanner<'_>) {
        let packed = scanner.packed.lock();
        let packed = &*packed.unwrap_or_else(std::sync::PoisonError::into_inner);
        for (name, number) in [
            ("files_inside", packed.files),
            ("skipped_foreign_inside", packed.foreign),
        ] {
            if number > 0 {
                self.count(name, number);
            }
        }
        self.problems.extend(packed.problems.iter().cloned());
    }

    fn damaged(&mut self, objects: &Objects, scanner: &BlobScanner<'_>) -> usize {
        const NAMED: usize = 5;
        let mut all = scanner
            .unreadable
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        all.sort_unstable_by_key(|number| objects.id(*number));
        for number in all.iter().take(NAMED) {
            self.problem(format!("object {} is damaged", objects.id(*number)));
        }
        all.len()
    }

    fn finish(mut self) -> Collected {
        let searched = std::mem::take(&mut self.searched);
        if let Err(error) = self.cache.keep(searched) {
            self.problem(format!(
                "which objects were searched can't be kept for the next time: {}",
                error.kind()
            ));
        }
        self.facts.sort();
        self.facts.dedup();
        self.problems.sort();
        self.counts
            .insert("sightings".to_owned(), self.facts.len() as u64);
        let (status, reason) = if self.problems.is_empty() {
            (CoverageStatus::Evaluated, String::new())
        } else {
            let reason = "parts of the history could not be read; the rest is evaluated";
            (CoverageStatus::Partial, reason.to_owned())
        };
        Collected {
            facts: self.facts.into_iter().map(Fact::Committed).collect(),
            coverage: Coverage {
                source: "history".to_owned(),
                status,
                reason,
                counts: self.counts,
                problems: self.problems,
            },
        }
    }
}

fn nothing(reason: &str) -> Collected {
    Collected {
        facts: Vec::new(),
        coverage: Coverage {
            source: "history".to_owned(),
            status: CoverageStatus::NotApplicable,
            reason: reason.to_owned(),
            counts: BTreeMap::new(),
            problems: Vec::new(),
        },
    }
}
