//! One run, from paths to an outcome.

mod cut;
mod diff;
mod fix;
mod fixes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use keytrail_detect::Detector;
use keytrail_graph::{Graph, Target};
use keytrail_model::{Coverage, CoverageStatus, Finding, Fingerprinter, Severity, Tree};
use keytrail_report::{
    Baseline, Gate, LeastCut, Report, RuleInfo, Sources, Standing, TableReaders, Verdict,
};
use keytrail_rules::{Context, Kind, NotEvaluated};

use crate::aws::{self, Difference};
use crate::evidence::{self, Evidence, Until, Wanted};
use crate::forest::Forest;
use crate::ignores::{self, Ignores};
use crate::redacted::Redacted;
use crate::{Config, EngineError, FailOn, Options, Watch, nearest, readers, rules};

pub use cut::{CutEdit, CutState};
pub use fix::{Fixed, Fixing, fix};
pub use fixes::fixes;

/// What a scan says.
#[derive(Debug)]
pub struct Outcome {
    /// Everything to show.
    pub report: Report,
    /// Pass or not.
    pub verdict: Verdict,
    /// The severity from which on a finding fails the run.
    pub fail_on: Option<Severity>,
    /// In a dry run: the requests that would be sent to the service.
    pub planned: Vec<String>,
    /// What the caller should know beside the report, a clause each.
    pub notes: Vec<String>,
    redacted: Redacted,
}

impl Outcome {
    /// Lines of the scanned files, keys masked.
    pub fn sources(&self) -> &dyn Sources {
        &self.redacted
    }
}

/// What `who` says.
#[derive(Debug)]
pub struct Answer {
    /// Everybody; `None` when no key is known by this name.
    pub standings: Option<Vec<Standing>>,
    /// Whom the policies let at the tables that are meant; empty when none is.
    pub readers: Vec<TableReaders>,
    /// What was meant, perhaps.
    pub nearest: Option<String>,
    /// What could be asked about.
    pub known: Vec<String>,
    /// True where what was asked for looks like a key itself: it is not to be repeated.
    pub asked_with_key: bool,
    redacted: Redacted,
}

impl Answer {
    /// Lines of the scanned files, keys masked.
    pub fn sources(&self) -> &dyn Sources {
        &self.redacted
    }
}

/// Scans.
pub fn scan(options: &Options, watch: &Watch) -> Result<Outcome, EngineError> {
    let table = rules();
    let read = Reading::of(options, &table, watch)?;
    let baseline = read.baseline(options)?;
    let before = diff::before(&read, options, &table, watch)?;
    let graph = Graph::build(&read.evidence.facts);
    let judged = judge(&read.evidence, &graph);
    let (mut findings, mut notes) =
        considered(judged.findings, &read.config, &*read.tree, options, &table)?;
    let passed: Vec<bool> = findings.iter().map(|it| it.suppressed.is_some()).collect();
    if let Some(before) = before {
        notes.push(before.apply(&mut findings, &*read.tree));
    }
    let gate = read.gate(options);
    let redacted = Redacted::new(read.tree, read.detector, &read.evidence.facts);
    if let Some(baseline) = baseline {
        let stale = baseline.apply(&mut findings, &redacted).len();
        if stale > 0 {
            notes.push(format!(
                "{stale} lines of the baseline are not needed any more; write it anew with `keytrail baseline`"
            ));
        }
    }

    if options.new_only {
        findings = unknown(findings, &passed, &mut notes);
    }

    // What is low is hygiene: it should not hide what has to be closed.
    let cut = graph.least_cut(Severity::Medium);
    let mut coverage = read.evidence.coverage;
    let outside_alone = options.paths.is_empty() && options.aws.is_none();
    coverage.push(rules_read(&judged.not_evaluated, outside_alone));
    let mut report = Report {
        tool_version: options.version.clone(),
        root: root_name(options),
        findings,
        coverage,
        least_cut: LeastCut {
            edits: cut.edits,
            closes: cut.closes,
            first_close: cut.first_close,
            of: cut.of,
        },
        project_salt: read.prints.has_project_salt(),
        rules: table,
    };
    report.sort();
    let verdict = gate.judge(&report.findings, &report.coverage);
    Ok(Outcome {
        verdict,
        fail_on: gate.fail_on,
        planned: read.evidence.planned,
        report,
        notes,
        redacted,
    })
}

/// The findings without those that only the baseline or the base of the change lets pass.
fn unknown(findings: Vec<Finding>, passed: &[bool], notes: &mut Vec<String>) -> Vec<Finding> {
    let all = findings.len();
    let kept = findings.into_iter().zip(passed);
    let kept: Vec<Finding> = kept
        .filter(|(finding, passed)| **passed || finding.suppressed.is_none())
        .map(|(finding, _)| finding)
        .collect();
    match all - kept.len() {
        0 => {}
        1 => notes.push("1 known finding is left out".to_owned()),
        known => notes.push(format!("{known} known findings are left out")),
    }
    kept
}

/// The findings with what configuration and comments say of them, and what there is to note.
fn considered(
    mut findings: Vec<Finding>,
    config: &Config,
    tree: &dyn Tree,
    options: &Options,
    table: &[RuleInfo],
) -> Result<(Vec<Finding>, Vec<String>), EngineError> {
    apply_severities(config, &mut findings);
    let ids: Vec<&str> = table.iter().map(|rule| rule.id).collect();
    let comments = Ignores::read(tree);
    findings.extend(comments.findings(&ids, options.today));
    comments.apply(&mut findings, options.today);
    let notes = ignores::apply_configured(&config.ignore, &mut findings, options.today)
        .map_err(|source| EngineError::Glob { source })?;
    Ok((findings, notes))
}

/// Asks who can get at `target`.
pub fn who(options: &Options, target: &str, watch: &Watch) -> Result<Answer, EngineError> {
    let read = Reading::of(options, &rules(), watch)?;
    let graph = Graph::build(&read.evidence.facts);
    let standings = Target::find(&graph, target).map(|target| {
        graph
            .who(&target)
            .into_iter()
            .map(|standing| Standing {
                actor: standing.actor,
                rightful: standing.rightful,
                confidence: standing.confidence,
                steps: standing.steps,
                guards: standing.guards,
            })
            .collect()
    });
    let readers = readers::of(&read.evidence, target);
    let mut known = Target::known(&graph);
    known.extend(read.evidence.table_names());
    let known: Vec<String> = known.into_iter().collect();
    Ok(Answer {
        standings,
        readers,
        asked_with_key: read.detector.examine(target, Some("api_key")).is_some(),
        nearest: nearest(target, known.iter().map(String::as_str)).map(str::to_owned),
        known,
        redacted: Redacted::new(read.tree, read.detector, &read.evidence.facts),
    })
}

/// Compares the templates with the live account.
pub fn drift(options: &Options, watch: &Watch) -> Result<Vec<Difference>, EngineError> {
    let aws = options.aws.clone().unwrap_or_default();
    let only = Some(vec!["infra".to_owned()]);
    let aside = Options {
        aws: None,
        trail: None,
        only,
        ..options.clone()
    };
    let read = Reading::of(&aside, &rules(), watch)?;
    let mut live = aws::collect(&aws, &watch.cloud)?;
    live.unread.readers = read.evidence.has_open_readers();
    let facts = &read.evidence.facts;
    Ok(aws::drift(facts, &live.collected.facts, &live.unread))
}

/// The part that every command shares: configuration, tree, facts.
pub(crate) struct Reading {
    config: Config,
    exclude: Vec<String>,
    only: Option<Vec<String>>,
    pub(crate) tree: Rc<Forest>,
    detector: Detector,
    pub(crate) prints: Fingerprinter,
    pub(crate) evidence: Evidence,
}

impl Reading {
    pub(crate) fn of(
        options: &Options,
        table: &[RuleInfo],
        watch: &Watch,
    ) -> Result<Self, EngineError> {
        let ids: Vec<&str> = table.iter().map(|rule| rule.id).collect();
        let root = options
            .paths
            .first()
            .map_or(Path::new("."), PathBuf::as_path);
        // A path that is not there is told as such, before anything about configuration.
        let mut exclude = options.exclude.clone();
        let config = Config::load(options.config.as_deref(), root, &ids)?;
        exclude.extend(config.exclude.iter().cloned());
        let tree = Rc::new(Forest::open(&options.paths, &exclude)?);
        if evidence::is_empty(&*tree) && options.http.is_none() {
            return Err(EngineError::Nothing {
                reason: format!("there is no file in {}", root_name(options)),
            });
        }
        let prints = options
            .salt
            .as_ref()
            .or(config.salt.as_ref())
            .map_or_else(Fingerprinter::default, |salt| {
                Fingerprinter::with_salt(salt.as_bytes())
            });
        let only = options.only.clone().or_else(|| config.only.clone());
        let detector = Detector::new();
        let wanted = Wanted {
            tree: &tree,
            until: Until::Now,
            cache: options.kept(),
            only: if options.paths.is_empty() {
                Some(&[])
            } else {
                only.as_deref()
            },
            resume: options.resume.as_deref(),
            aws: options.aws.as_ref().map(|aws| (aws, options.tell)),
            trail: options.trail.as_ref(),
            workspace: options.workspace.as_deref(),
            http: options
                .http
                .as_ref()
                .map(|http| (http, config.login.as_slice())),
            validate: options.validate.as_ref().map(|it| (it, options.today)),
        };
        let evidence =
            evidence::collect(&wanted, &detector, &prints, watch)?.with_environments(&config);
        // A dry run asks for nothing to be read, and reads nothing.
        if let Some(reason) = evidence.nothing().filter(|_| evidence.planned.is_empty()) {
            return Err(EngineError::Nothing { reason });
        }
        Ok(Self {
            config,
            exclude,
            only,
            tree,
            detector,
            prints,
            evidence,
        })
    }

    fn baseline(&self, options: &Options) -> Result<Option<Baseline>, EngineError> {
        let usual = PathBuf::from("keytrail-baseline.txt");
        let usual = (options.new_only && options.diff.is_none()).then_some(&usual);
        let path = options
            .baseline
            .as_ref()
            .or(self.config.baseline.as_ref())
            .or(usual);
        let Some(path) = path.filter(|_| !options.without_baseline) else {
            return Ok(None);
        };
        let bytes = std::fs::read(path).map_err(|source| EngineError::BaselineUnreadable {
            path: path.clone(),
            source,
        })?;
        let baseline = Baseline::parse(&bytes).map_err(|source| EngineError::Baseline {
            path: path.clone(),
            source,
        })?;
        Ok(Some(baseline))
    }

    fn gate(&self, options: &Options) -> Gate {
        let fail_on = options
            .fail_on
            .or(self.config.fail_on)
            .unwrap_or(FailOn::Severity(Severity::High));
        let mut required: Vec<String> = options.require.clone();
        required.extend(self.config.require.iter().cloned());
        required.sort();
        required.dedup();
        Gate {
            fail_on: match fail_on {
                FailOn::Never => None,
                FailOn::Severity(severity) => Some(severity),
            },
            required,
        }
    }
}

/// Runs the rules; those whose source was read may say "not there".
fn judge(evidence: &Evidence, graph: &Graph) -> keytrail_rules::Outcome {
    let mut cx = Context::new(&evidence.facts, graph);
    for kind in [
        Kind::Code,
        Kind::Files,
        Kind::Infra,
        Kind::History,
        Kind::Http,
        Kind::Items,
    ] {
        let read = evidence.coverage.iter().any(|record| {
            let exported = kind == Kind::Items && record.source == "exports";
            (exported || record.source == kind.as_str())
                && matches!(
                    record.status,
                    CoverageStatus::Evaluated | CoverageStatus::Partial
                )
        });
        if read {
            cx = cx.reading(kind);
        }
    }
    keytrail_rules::evaluate(&cx)
}

/// Law 4 for rules: which could not be evaluated, grouped by what is missing. Where nothing but a running
/// service was asked, that is one sentence: what else could be read is told by the other records.
fn rules_read(missing: &[NotEvaluated], outside_alone: bool) -> Coverage {
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for one in missing {
        groups
            .entry((&one.reason, &one.how))
            .or_default()
            .push(one.rule);
    }
    let told: Vec<String> = groups
        .into_iter()
        .map(|((reason, how), rules)| {
            format!(
                "{reason}; {how}. {} rules are left out: {}",
                rules.len(),
                rules.join(", ")
            )
        })
        .collect();
    let evaluated = keytrail_rules::RULES.len() - missing.len();
    let reason = if outside_alone && !missing.is_empty() {
        format!(
            "{} rules about code, templates, files and accounts are left out: only the service was asked",
            missing.len()
        )
    } else {
        told.join(" | ")
    };
    Coverage {
        source: "rules".to_owned(),
        status: if missing.is_empty() {
            CoverageStatus::Evaluated
        } else {
            CoverageStatus::Partial
        },
        reason,
        counts: BTreeMap::from([
            ("evaluated".to_owned(), evaluated as u64),
            ("left_out".to_owned(), missing.len() as u64),
        ]),
        problems: Vec::new(),
    }
}

fn apply_severities(config: &Config, findings: &mut [Finding]) {
    for finding in findings {
        if let Some(&severity) = config.severity.get(finding.rule) {
            finding.severity = severity;
        }
    }
}

/// What was scanned, as a person calls it.
fn root_name(options: &Options) -> String {
    if let (true, Some(http)) = (options.paths.is_empty(), &options.http) {
        let bare = http
            .url
            .split_once("://")
            .map_or(&*http.url, |(_, rest)| rest);
        return bare
            .split('/')
            .next()
            .unwrap_or_default()
            .rsplit('@')
            .next()
            .unwrap_or_default()
            .to_owned();
    }
    let names: Vec<String> = options
        .paths
        .iter()
        .map(|path| {
            let real = path.canonicalize();
            let real = real.as_deref().unwrap_or(path);
            real.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            )
        })
        .collect();
    names.join(", ")
}
