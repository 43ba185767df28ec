//! The collectors, side by side, and what they bring home.

use std::collections::BTreeSet;

use keytrail_detect::Detector;
use keytrail_files::FilesOptions;
use keytrail_infra::{AccessModel, TableTarget};
use keytrail_model::{Collected, Coverage, CoverageStatus, Environment, Fact, Fingerprinter, Tree};

use crate::forest::Forest;
use crate::{Config, SOURCES, Watch};

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
    watch: &Watch,
) -> Evidence {
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
    let (code, (files, infra)) = rayon::join(code, || rayon::join(files, infra));
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
    evidence.coverage.sort();
    if let Some(access) = access {
        let grants = access.grants(&targets(&evidence.facts));
        evidence.facts.extend(grants.into_iter().map(Fact::Grant));
        evidence.access = Some(access);
    }
    evidence.settle();
    evidence
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

fn not_evaluated(source: &str, reason: &str) -> Coverage {
    Coverage {
        source: source.to_owned(),
        status: CoverageStatus::NotEvaluated,
        reason: reason.to_owned(),
        counts: std::collections::BTreeMap::default(),
        problems: Vec::new(),
    }
}

/// Sources of the design that this version does not read (law 4: that is a result too).
fn later() -> [Coverage; 3] {
    [
        not_evaluated(
            "cloud",
            "this version does not ask the live AWS account; what differs from the templates is not seen. \
             Put the templates of what is deployed into the scanned tree",
        ),
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
