//! Edits that close findings: proposed, made in memory, and believed only after a scan of the edited tree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use keytrail_graph::{Graph, Joined, Standings};
use keytrail_model::{Edit, Finding, FixSafety, Severity};
use keytrail_remedy::{
    Change, Closes, Edited, Least, Left, Made, Shown, Store, Target, Why, Wishes,
};
use keytrail_report::{PolicyPlace, Sources as _};

use super::cut::{CutEdit, Proposed};
use super::{Reading, considered, judge};
use crate::evidence::{Evidence, Until, Wanted};
use crate::forest::Forest;
use crate::redacted::Redacted;
use crate::{EngineError, Options, Watch, evidence, rules};

/// Which edits are wanted.
#[derive(Clone, Debug, Default)]
pub struct Fixing {
    /// For the findings of these rules; empty for all.
    pub rules: Vec<String>,
    /// Only those of the least cut.
    pub least_cut: bool,
    /// Those too that change more than the leak.
    pub allow_unsafe: bool,
    /// Where keys are read from that are taken out of the source.
    pub store: Store,
}

/// Edits, and what a scan of the edited tree says of them.
#[derive(Debug)]
pub struct Fixed {
    /// The files that change.
    pub files: Vec<Edited>,
    /// Findings that stay, and why there is no edit.
    pub left: Vec<Left>,
    /// Findings that count, as the tree is.
    pub before: Vec<Finding>,
    /// Findings that count, once the edits are made.
    pub after: Vec<Finding>,
    /// Findings that only the edited tree has.
    pub appeared: Vec<Closes>,
    /// Exposure paths that the edits close, and of how many.
    pub paths: (usize, usize),
    /// What becomes of the edits of the least cut, where that was asked for.
    pub cut: Option<Vec<CutEdit>>,
    /// True when the project has a salt of its own.
    pub project_salt: bool,
    /// True where a line of the difference is shown masked.
    roots: Vec<(PathBuf, String)>,
    was: Redacted,
    is: Redacted,
}

impl Fixed {
    /// The edits, by file and place.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.files.iter().flat_map(|file| &file.changes)
    }

    /// What changes in one file, with keys masked.
    pub fn diff(&self, file: &Edited) -> String {
        keytrail_remedy::diff(file, &|side, number| {
            let sources = match side {
                Shown::Before => &self.was,
                Shown::After => &self.is,
            };
            sources
                .line(&file.path, number)
                .map_or_else(|| "…".to_owned(), |line| line.text)
        })
    }

    /// Writes the files. Refuses where one of them changed, or has changes that are not committed.
    pub fn apply(&self, allow_dirty: bool) -> Result<(), EngineError> {
        let targets: Vec<Target> = self
            .files
            .iter()
            .map(|file| Target {
                file: on_disk(&self.roots, &file.path, file.is_new),
                before: file.before.clone(),
                after: file.after.clone(),
                is_new: file.is_new,
            })
            .collect();
        if !allow_dirty {
            let old = targets.iter().filter(|target| !target.is_new);
            let files: Vec<PathBuf> = old.map(|target| target.file.clone()).collect();
            let dirty = keytrail_remedy::uncommitted(&files)?;
            if !dirty.is_empty() {
                return Err(keytrail_remedy::RemedyError::Uncommitted(dirty).into());
            }
        }
        Ok(keytrail_remedy::write(&targets)?)
    }
}

/// Where an entry of the forest lies.
fn on_disk(roots: &[(PathBuf, String)], path: &Arc<str>, is_new: bool) -> PathBuf {
    let below = |(root, prefix): &(PathBuf, String)| {
        let rest = if prefix.is_empty() {
            &**path
        } else {
            path.strip_prefix(prefix.as_str())?.strip_prefix('/')?
        };
        if root.is_file() {
            let named = root.file_name()?.to_string_lossy() == rest;
            return named.then(|| root.clone());
        }
        Some(root.join(rest)).filter(|file| is_new || file.is_file())
    };
    let found = roots.iter().find_map(below);
    found.unwrap_or_else(|| PathBuf::from(&**path))
}

/// Proposes edits and checks them; nothing is written.
pub fn fix(options: &Options, fixing: &Fixing, watch: &Watch) -> Result<Fixed, EngineError> {
    // Nothing in the history can be edited, and reading it again would take its time twice.
    let only = ["code", "files", "infra"].map(str::to_owned).to_vec();
    let options = Options {
        only: options.only.clone().or(Some(only)),
        aws: None,
        ..options.clone()
    };
    let read = Reading::of(&options, &rules(), watch)?;
    let graph = Graph::build(&read.evidence.facts);
    let before = live(&read, &read.evidence, &read.tree, &graph, &options)?;
    let least_cut = fixing
        .least_cut
        .then(|| graph.least_cut(Severity::Medium).edits);
    let ids = |edits: &[Edit]| edits.iter().map(|edit| edit.id.clone()).collect();
    let cut: Option<Vec<String>> = least_cut.as_deref().map(ids);
    let wanted: Vec<Finding> = before
        .iter()
        .filter(|it| fixing.rules.is_empty() || fixing.rules.iter().any(|rule| rule == it.rule))
        .cloned()
        .collect();
    let facts = &read.evidence.facts;
    let raw = wanted.iter().any(|it| it.rule == "raw-key-stored");
    let rights = if raw { None } else { least_rights(&read) };
    let wishes = Wishes {
        cut: cut.as_deref(),
        store: fixing.store,
        least: rights.as_ref().map(|(statements, principals)| Least {
            statements,
            principals,
        }),
    };
    let mut plan = keytrail_remedy::plan(&wanted, facts, &*read.tree, wishes);
    let mut left = std::mem::take(&mut plan.left);
    let proposed = Proposed::of(&plan.changes, fixing.allow_unsafe);
    let (changes, held) = plan
        .changes
        .into_iter()
        .partition(|change| fixing.allow_unsafe || change.safety == FixSafety::Safe);
    for change in held as Vec<Change> {
        let why = Why::Unsafe(change.note.clone());
        left.extend(change.closes.into_iter().map(|finding| Left {
            finding,
            why: why.clone(),
        }));
    }
    let proved = proved(&read, changes, &before, &options, watch)?;
    left.extend(proved.made.left);
    // What another edit closed along with its own is not left.
    let there = counted(&proved.after);
    left.retain(|left| there.contains_key(&identity(&left.finding)));
    left.sort();
    left.dedup();
    let open = graph
        .exposure_paths()
        .into_iter()
        .filter(|path| path.severity >= Severity::Medium)
        .count();
    let detector = keytrail_detect::Detector::new();
    let roots = read.tree.roots().to_vec();
    Ok(Fixed {
        cut: least_cut.map(|cut| proposed.settle(cut, &proved.made.files)),
        project_salt: read.prints.has_project_salt(),
        left,
        paths: (open.saturating_sub(proved.open), open),
        appeared: appeared(&before, &proved.after),
        before,
        after: proved.after,
        roots,
        is: Redacted::new(proved.tree, detector, &proved.evidence.facts),
        was: Redacted::new(read.tree, read.detector, &read.evidence.facts),
        files: proved.made.files,
    })
}

/// Statements for what the code does, and whose they are. Nothing until keys are sealed that are to
/// be: sealing needs rights too.
fn least_rights(read: &Reading) -> Option<(String, Vec<String>)> {
    let joined = Joined::new(&read.evidence.facts);
    let standings = Standings::decide(&joined);
    let principals: Vec<String> = standings.application().map(str::to_owned).collect();
    let mut policy = crate::least::of(read, None);
    // What else a policy grants is left as it is.
    policy.statements.retain(|statement| {
        let mut resources = statement.resources.iter();
        resources.all(|it| keytrail_remedy::LEAST_SERVICES.contains(&it.service.as_str()))
    });
    if principals.is_empty() || policy.statements.is_empty() {
        return None;
    }
    let place = PolicyPlace {
        partition: "aws",
        region: "*",
        account: "*",
    };
    let text = keytrail_report::policy_terraform(&policy, place);
    let statements = text.split_once('\n')?.1.strip_suffix("}\n")?;
    Some((statements.to_owned(), principals))
}

/// The findings that count.
fn live(
    read: &Reading,
    evidence: &Evidence,
    tree: &Rc<Forest>,
    graph: &Graph,
    options: &Options,
) -> Result<Vec<Finding>, EngineError> {
    let judged = judge(evidence, graph);
    let (mut findings, _) = considered(judged.findings, &read.config, &**tree, options, &rules())?;
    if let Some(baseline) = read.baseline(options)? {
        let sources = Rc::<Forest>::clone(tree);
        let sources = Redacted::new(sources, keytrail_detect::Detector::new(), &evidence.facts);
        baseline.apply(&mut findings, &sources);
    }
    findings.retain(|finding| finding.suppressed.is_none());
    Ok(findings)
}

/// Edits that hold, and the tree with them.
struct Proved {
    made: Made,
    tree: Rc<Forest>,
    evidence: Evidence,
    after: Vec<Finding>,
    open: usize,
}

/// Makes the changes in memory and scans again. Those that close nothing are taken back, and the
/// rest is looked at once more.
fn proved(
    read: &Reading,
    changes: Vec<Change>,
    before: &[Finding],
    options: &Options,
    watch: &Watch,
) -> Result<Proved, EngineError> {
    let mut changes = changes;
    let mut withdrawn: Vec<Left> = Vec::new();
    loop {
        let mut made = keytrail_remedy::edited(&*read.tree, &changes);
        let files = made
            .files
            .iter()
            .map(|file| (Arc::clone(&file.path), file.after.clone()));
        let tree = Forest::open(&options.paths, &read.exclude)?;
        let tree = Rc::new(tree.with(files.collect()));
        let wanted = Wanted {
            tree: &tree,
            until: Until::Now,
            only: read.only.as_deref(),
            aws: None,
            http: None,
            // what is kept is of the files as they are
            cache: None,
            trail: None,
            workspace: options.workspace.as_deref(),
            resume: None,
            validate: None,
        };
        let evidence = evidence::collect(&wanted, &read.detector, &read.prints, watch)?
            .with_environments(&read.config);
        let graph = Graph::build(&evidence.facts);
        let after = live(read, &evidence, &tree, &graph, options)?;
        let idle = idle(&made, before, &after);
        if idle.is_empty() {
            made.left.append(&mut withdrawn);
            let open = graph
                .exposure_paths()
                .into_iter()
                .filter(|path| path.severity >= Severity::Medium);
            return Ok(Proved {
                open: open.count(),
                made,
                tree,
                evidence,
                after,
            });
        }
        changes.retain(|change| !idle.contains(change));
        withdrawn.extend(
            idle.into_iter()
                .flat_map(|change| change.closes)
                .map(|finding| Left {
                    finding,
                    why: Why::Persists,
                }),
        );
    }
}

/// Changes after which no finding is gone that they were made for. In a graph edit's case, the
/// finding may have other ways and stay: there the way counts, not the finding.
fn idle(made: &Made, before: &[Finding], after: &[Finding]) -> BTreeSet<Change> {
    let (before, after) = (counted(before), counted(after));
    let gone = |finding: &Closes| {
        let count = |all: &BTreeMap<Identity, usize>| all.get(&identity(finding)).copied();
        count(&after).unwrap_or(0) < count(&before).unwrap_or(0)
    };
    let changes = || made.files.iter().flat_map(|file| &file.changes);
    let of_use: BTreeSet<&str> = changes()
        .filter(|change| change.closes.iter().any(gone))
        .map(|change| change.group.as_str())
        .collect();
    let together = |change: &Change| !change.group.is_empty() && of_use.contains(&*change.group);
    changes()
        .filter(|change| !together(change) && !change.closes.iter().any(gone))
        .cloned()
        .collect()
}

type Identity = (String, String, String, String);

fn identity(finding: &Closes) -> Identity {
    let (rule, path, symbol, subject) = finding.identity();
    (
        rule.to_owned(),
        path.to_owned(),
        symbol.to_owned(),
        subject.to_owned(),
    )
}

fn counted(findings: &[Finding]) -> BTreeMap<Identity, usize> {
    let mut counted = BTreeMap::new();
    for finding in findings {
        *counted.entry(identity(&Closes::of(finding))).or_default() += 1;
    }
    counted
}

/// Findings of the edited tree that the tree as it is does not have, in no severity.
fn appeared(before: &[Finding], after: &[Finding]) -> Vec<Closes> {
    let mut known = counted(before);
    let mut appeared = Vec::new();
    for finding in after.iter().map(Closes::of) {
        match known.get_mut(&identity(&finding)) {
            Some(count) if *count > 0 => *count -= 1,
            _ => appeared.push(finding),
        }
    }
    appeared.sort();
    appeared
}
