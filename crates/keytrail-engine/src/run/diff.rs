//! What a change adds: the findings of the tree without those of the commit it started from.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use keytrail_graph::Graph;
use keytrail_model::{Fact, Finding, Location, Suppression, Tree};
use keytrail_report::{FindingIdentity, RuleInfo, identity};

use super::{Reading, considered, judge};
use crate::evidence::{Until, Wanted};
use crate::forest::Forest;
use crate::{EngineError, Options, Watch, evidence};

/// What was there before the change.
pub(super) struct Before {
    /// For each identity the source lines it was found on, as digests.
    known: BTreeMap<FindingIdentity, Vec<u64>>,
    /// The first commits of keys in the history, with the files.
    committed: BTreeSet<Location>,
    /// The commit, or the commits where the paths lie in several repositories.
    commits: String,
}

/// Scans the commit that the change starts from, if a change is asked about.
pub(super) fn before(
    read: &Reading,
    options: &Options,
    table: &[RuleInfo],
    watch: &Watch,
) -> Result<Option<Before>, EngineError> {
    let Some(base) = &options.diff else {
        return Ok(None);
    };
    let (tree, commits) = Forest::before_change(&options.paths, &read.exclude, base)?;
    let wanted = Wanted {
        tree: &tree,
        until: Until::Commits(&commits),
        cache: options.kept(),
        only: read.only.as_deref(),
        // The account has no state before the change to ask for.
        resume: None,
        aws: None,
        trail: None,
        workspace: options.workspace.as_deref(),
        http: None,
        validate: None,
    };
    let evidence = evidence::collect(&wanted, &read.detector, &read.prints, watch)?;
    let evidence = evidence.with_environments(&read.config);
    let graph = Graph::build(&evidence.facts);
    let findings = judge(&evidence, &graph).findings;
    let (findings, _) = considered(findings, &read.config, &tree, options, table)?;
    let mut names: Vec<&str> = commits.iter().map(keytrail_files::Commit::short).collect();
    names.dedup();
    let mut known: BTreeMap<FindingIdentity, Vec<u64>> = BTreeMap::new();
    let live: Vec<Finding> = findings
        .into_iter()
        .filter(|finding| finding.suppressed.is_none())
        .collect();
    for (finding, line) in live.iter().zip(lines(&tree, &live)) {
        known.entry(identity(finding)).or_default().push(line);
    }
    let committed = evidence.facts.iter().filter_map(|fact| match fact {
        Fact::Committed(committed) => Some(committed.sighting.location.clone()),
        _ => None,
    });
    Ok(Some(Before {
        committed: committed.collect(),
        known,
        commits: names.join(", "),
    }))
}

impl Before {
    /// Lets pass what was there already; says how much that is, and what is gone.
    pub(super) fn apply(mut self, findings: &mut [Finding], tree: &dyn Tree) -> String {
        let lines = lines(tree, findings);
        let mut old = vec![false; findings.len()];
        // Of several that are alike the one on an unchanged line is the old one.
        for exact in [true, false] {
            for ((finding, line), old) in findings.iter().zip(&lines).zip(&mut old) {
                if !*old && finding.suppressed.is_none() {
                    *old = self.take(finding, exact.then_some(*line));
                }
            }
        }
        let mut there = 0;
        for (finding, _) in findings.iter_mut().zip(old).filter(|(_, old)| *old) {
            there += 1;
            finding.suppressed = Some(Suppression {
                reason: format!("in {} already", self.commits),
                until: None,
            });
        }
        let gone: usize = self.known.values().map(Vec::len).sum();
        format!(
            "compared with {}: {there} findings were there already, {gone} are gone",
            self.commits
        )
    }

    fn take(&mut self, finding: &Finding, line: Option<u64>) -> bool {
        // Taking a key out of a file leaves it in the history: the change did not bring it there.
        if self.committed.contains(&finding.location) {
            return true;
        }
        let Some(known) = self.known.get_mut(&identity(finding)) else {
            return false;
        };
        let at = match line {
            Some(line) => known.iter().position(|held| *held == line),
            None => known.len().checked_sub(1),
        };
        at.map(|at| known.remove(at)).is_some()
    }
}

/// For each finding a digest of the source line it stands on, space around it left out.
fn lines(tree: &dyn Tree, findings: &[Finding]) -> Vec<u64> {
    let mut files: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let digests = |path: &str| -> Vec<u64> {
        let at = tree
            .entries()
            .binary_search_by(|entry| (*entry.path).cmp(path));
        let bytes = at.ok().and_then(|at| tree.read(&tree.entries()[at]).ok());
        bytes.map_or_else(Vec::new, |bytes| {
            bytes.split(|byte| *byte == b'\n').map(digest).collect()
        })
    };
    let mut all = Vec::with_capacity(findings.len());
    for finding in findings {
        let span = finding.location.span();
        let file = files
            .entry(&span.path)
            .or_insert_with(|| digests(&span.path));
        let line = (span.line as usize).saturating_sub(1);
        all.push(file.get(line).copied().unwrap_or_default());
    }
    all
}

fn digest(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.trim_ascii().hash(&mut hasher);
    hasher.finish()
}
