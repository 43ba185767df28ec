//! The collectors, side by side, and what they bring home.

use std::collections::BTreeSet;

use keytrail_detect::Detector;
use keytrail_files::FilesOptions;
use keytrail_infra::{AccessModel, TableTarget};
use keytrail_model::{Collected, Coverage, CoverageStatus, Environment, Fact, Fingerprinter, Tree};

use crate::aws::{self, Aws};
use crate::forest::Forest;
use crate::{Config, EngineError, SOURCES, Watch};

/// Sorted facts without repetition, and a record for every source.
pub(crate) struct Evidence {
    pub(crate) facts: Vec<Fact>,
    pub(crate) coverage: Vec<Coverage>,
    /// Principals with their policies, to be asked single questions.
    pub(crate) access: Option<AccessModel>,
}

/// Runs the collectors of `only`, all at once.
pub(crate) fn collect(
    tree: &Forest,
    detector: &Detector,
    prints: &Fingerprinter,
    only: &[String],
    aws: Option<&Aws>,
    watch: &Watch,
) -> Result<Evidence, EngineError> {
    let wanted = |source: &str| only.iter().any(|name| name == source);
    let files_options = FilesOptions {
        listing: tree.listing().clone(),
        ..FilesOptions::default()
    };
    let code =
        || wanted("code").then(|| keytrail_code::collect(tree, detector, prints, &watch.code));
    let files = || {
        wanted("files")
            .then(|| keytrail_files::collect(tree, detector, prints, &watch.files, &files_options))
    };
    let infra = || wanted("infra").then(|| keytrail_infra::collect(tree, &watch.infra));
    let ((code, (files, infra)), cloud) = std::thread::scope(|scope| {
        // The account answers while the files are read.
        let cloud = scope.spawn(|| aws.map(|aws| aws::collect(aws, &watch.cloud)));
        let here = rayon::join(code, || rayon::join(files, infra));
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
        access: None,
    };
    for (source, collected) in SOURCES.into_iter().zip([code, files, infra]) {
        evidence.add(source, collected);
    }
    evidence.coverage.extend(later());
    if let Some(access) = access {
        let grants = access.grants(&targets(&evidence.facts));
        evidence.facts.extend(grants.into_iter().map(Fact::Grant));
        evidence.access = Some(access);
    }
    match cloud {
        Some(live) => evidence.add_live(live),
        None => evidence.coverage.push(aws::not_asked()),
    }
    evidence.coverage.sort();
    evidence.settle();
    Ok(evidence)
}

impl Evidence {
    fn add(&mut self, source: &str, collected: Option<Collected>) {
        match collected {
            Some(mut collected) => {
                self.facts.append(&mut collected.facts);
                self.coverage.push(collected.coverage);
            }
            None => self.coverage.push(not_evaluated(
                source,
                "left out by --only or `only`; leave that out to have it read",
            )),
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
        let mut coverage = live.collected.coverage;
        let found = differences.len() as u64;
        coverage.counts.insert("drift".to_owned(), found);
        self.coverage.push(coverage);
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

/// Sources of the design that this version does not read (law 4: that is a result too).
fn later() -> [Coverage; 2] {
    [
        not_evaluated(
            "history",
            "this version reads the working tree only; keys in earlier commits are not seen. \
             Rotate every key that was ever committed",
        ),
        not_evaluated(
            "http",
            "this version does not call the running API; routes and their guards are read from the code. \
             Check on the deployed service what a proxy before it lets through",
        ),
    ]
}

/// Whether anything can be read at all.
pub(crate) fn is_empty(tree: &dyn Tree) -> bool {
    tree.entries().is_empty()
}
