use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Location, Step};
use crate as model;

/// The value of [`Report::version`].
pub const VERSION: u32 = 1;

/// Everything that one scan says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of this form: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Who made it.
    pub tool: Tool,
    /// `A` to `F`; how it is reached is in `docs/grade.md`.
    pub grade: Grade,
    /// 0 to 100, the number behind the grade.
    #[schemars(range(min = 0, max = 100))]
    pub score: u32,
    /// What was read and what was not, one record a source.
    pub coverage: Vec<Coverage>,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// The fewest edits that close the most.
    pub least_cut: LeastCut,
    /// The twelve checks of a running service with a grade each; empty where none was asked.
    #[serde(default)]
    pub checks: Vec<Check>,
}

/// One of the twelve checks of a running service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// `authentication`, `object-level`, `function-level`, `property`, `input-validation`,
    /// `resource-consumption`, `data-exposure`, `encryption`, `ssrf`, `inventory`,
    /// `unsafe-consumption` or `llm`.
    pub check: String,
    /// `A` to `F`; null for a check that was not evaluated.
    pub grade: Option<Grade>,
    /// 0 to 100, the number behind the grade; null with it.
    #[schemars(range(min = 0, max = 100))]
    pub score: Option<u32>,
    /// Findings of the check that count.
    pub findings: u64,
}

/// Who made a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `keytrail`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// False when fingerprints were made under the fixed default salt, because the project has none.
    pub project_salt: bool,
}

/// A school grade.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Grade {
    /// 90 and above.
    A,
    /// 80 to 89.
    B,
    /// 70 to 79.
    C,
    /// 60 to 69.
    D,
    /// Below 60.
    F,
}

impl Grade {
    /// The letter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::F => "F",
        }
    }
}

/// How far a source was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoverageStatus {
    /// All of it.
    Evaluated,
    /// Not all; the problems say what is missing.
    Partial,
    /// Not at all; the reason says why and how to supply it.
    NotEvaluated,
    /// There is nothing of the kind.
    NotApplicable,
}

/// What was read of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// `code`, `files`, `infra`, `history`, `cloud`, `http`.
    pub source: String,
    /// How far.
    pub status: CoverageStatus,
    /// Why, and how to supply what is missing; empty when evaluated.
    pub reason: String,
    /// What was read, by name.
    pub counts: BTreeMap<String, u64>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The file, relative to the scanned root.
    pub path: String,
    /// The line, where one is known.
    pub line: Option<u32>,
    /// What happened and what to do.
    pub message: String,
}

/// How bad.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Hygiene.
    Low,
    /// A wrong reader needs a further step.
    Medium,
    /// A wrong reader inside the house, or one outside with a condition.
    High,
    /// Anybody, now.
    Critical,
}

/// How sure.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// One kind of evidence.
    Possible,
    /// Two that agree, or one that leaves no doubt.
    Likely,
    /// Seen live.
    Observed,
}

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Number in this report, `F1`, `F2`…; not stable from run to run.
    pub id: String,
    /// The rule's id.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Who gets the key, in words; null for a finding on no exposure path.
    pub actor: Option<String>,
    /// One or two plain sentences.
    pub message: String,
    /// The place to look at: the sink, setting or resource.
    pub location: Location,
    /// From the key to the actor; never empty.
    #[schemars(length(min = 1))]
    pub path: Vec<Step>,
    /// What to do, best first.
    pub fixes: Vec<Fix>,
    /// `CWE-312`…
    pub cwe: Vec<String>,
    /// Stays the same when lines move; the identity in a baseline.
    pub baseline_key: String,
    /// Set when an inline comment, the configuration or the baseline lets it pass; null otherwise.
    pub suppressed: Option<Suppression>,
    /// For what was seen from outside: by which of the twelve checks; null otherwise.
    #[serde(default)]
    pub check: Option<String>,
    /// For what was seen from outside: `OWASP API1:2023`, `PCI DSS 4.0 7.2.1`, `SOC 2 CC6.1`.
    #[serde(default)]
    pub standards: Vec<String>,
    /// For what was seen from outside: the request and its answer; null otherwise.
    #[serde(default)]
    pub exchange: Option<Exchange>,
    /// What the key's vendor says of it; null where it was not asked (`--validate`).
    #[serde(default)]
    pub validation: Option<Validation>,
}

/// What a vendor says of a key. The key was sent to this one host, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Validation {
    /// `live`, `refused` or `unknown`.
    pub result: String,
    /// Status of the answer; null without one.
    pub status: Option<u16>,
    /// The host that was asked.
    pub host: String,
    /// The request without the key, `GET https://api.github.com/user`.
    pub asked: String,
    /// Whose key it is, masked; null where the answer does not say.
    pub identity: Option<String>,
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// Why it is not known; empty otherwise.
    pub why: String,
}

impl From<&model::Validated> for Validation {
    fn from(validated: &model::Validated) -> Self {
        Self {
            result: validated.liveness.as_str().to_owned(),
            status: validated.status,
            host: validated.host.clone(),
            asked: validated.asked.clone(),
            identity: validated.identity.as_ref().map(ToString::to_string),
            day: validated.day.clone(),
            why: validated.why.clone(),
        }
    }
}

/// A request to the running service with its answer, keys masked, credentials by the name of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// Request line and headers.
    pub request: Vec<String>,
    /// Status line and telling headers.
    pub response: Vec<String>,
    /// The start of the body.
    pub body: String,
    /// A `curl` line that repeats the request.
    pub curl: String,
    /// What was compared with what.
    pub compared: String,
}

impl From<&model::Outside> for Exchange {
    fn from(outside: &model::Outside) -> Self {
        let exchange = outside.exchange.clone();
        Self {
            request: exchange.request,
            response: exchange.response,
            body: exchange.body,
            curl: exchange.curl,
            compared: outside.compared.clone(),
        }
    }
}

/// What to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// An imperative sentence.
    pub title: String,
    /// Whether behaviour is kept.
    pub safety: Safety,
}

/// Whether a fix keeps behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Safety {
    /// Behaviour is kept but for the leak.
    Safe,
    /// Something else changes; the title says what.
    Unsafe,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suppression {
    /// The reason that a person wrote, or `baseline`.
    pub reason: String,
    /// `YYYY-MM-DD`, the last day on which it holds.
    pub until: Option<String>,
}

/// The fewest edits that close the most paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeastCut {
    /// How many exposure paths the edits close together.
    pub closes: u64,
    /// Of how many.
    pub of: u64,
    /// The edits, cheapest first among equals.
    pub edits: Vec<Edit>,
}

/// One edit of a least cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// Stable.
    pub id: String,
    /// An imperative sentence.
    pub title: String,
    /// Where.
    pub location: Location,
    /// Relative effort: 1 a line, 2 a few lines, 4 infrastructure with a deployment, 10 a migration of data.
    pub cost: u32,
}

impl From<model::Severity> for Severity {
    fn from(severity: model::Severity) -> Self {
        match severity {
            model::Severity::Info => Self::Info,
            model::Severity::Low => Self::Low,
            model::Severity::Medium => Self::Medium,
            model::Severity::High => Self::High,
            model::Severity::Critical => Self::Critical,
        }
    }
}

impl From<model::Confidence> for Confidence {
    fn from(confidence: model::Confidence) -> Self {
        match confidence {
            model::Confidence::Possible => Self::Possible,
            model::Confidence::Likely => Self::Likely,
            model::Confidence::Observed => Self::Observed,
        }
    }
}

impl From<model::CoverageStatus> for CoverageStatus {
    fn from(status: model::CoverageStatus) -> Self {
        match status {
            model::CoverageStatus::Evaluated => Self::Evaluated,
            model::CoverageStatus::Partial => Self::Partial,
            model::CoverageStatus::NotEvaluated => Self::NotEvaluated,
            model::CoverageStatus::NotApplicable => Self::NotApplicable,
        }
    }
}

impl From<&model::Coverage> for Coverage {
    fn from(coverage: &model::Coverage) -> Self {
        Self {
            source: coverage.source.clone(),
            status: coverage.status.into(),
            reason: coverage.reason.clone(),
            counts: coverage.counts.clone(),
            problems: coverage.problems.iter().map(Problem::from).collect(),
        }
    }
}

impl From<&model::Problem> for Problem {
    fn from(problem: &model::Problem) -> Self {
        Self {
            path: problem.path.to_string(),
            line: problem.line,
            message: problem.message.clone(),
        }
    }
}

impl From<&model::Fix> for Fix {
    fn from(fix: &model::Fix) -> Self {
        Self {
            title: fix.title.clone(),
            safety: match fix.safety {
                model::FixSafety::Safe => Safety::Safe,
                model::FixSafety::Unsafe => Safety::Unsafe,
            },
        }
    }
}

impl From<&model::Suppression> for Suppression {
    fn from(suppression: &model::Suppression) -> Self {
        Self {
            reason: suppression.reason.clone(),
            until: suppression.until.clone(),
        }
    }
}

impl From<&model::Edit> for Edit {
    fn from(edit: &model::Edit) -> Self {
        Self {
            id: edit.id.clone(),
            title: edit.title.clone(),
            location: (&edit.location).into(),
            cost: edit.cost,
        }
    }
}

impl Finding {
    /// The form of `finding`, under the number and baseline key that the report gave it.
    pub fn new(finding: &model::Finding, id: String, baseline_key: String) -> Self {
        let outside = finding.outside.as_deref();
        Self {
            id,
            rule: finding.rule.to_owned(),
            severity: finding.severity.into(),
            confidence: finding.confidence.into(),
            actor: finding.actor.as_ref().map(ToString::to_string),
            message: finding.message.clone(),
            location: (&finding.location).into(),
            path: finding.path.iter().map(Step::from).collect(),
            fixes: finding.fixes.iter().map(Fix::from).collect(),
            cwe: finding
                .cwe
                .iter()
                .map(|number| format!("CWE-{number}"))
                .collect(),
            baseline_key,
            suppressed: finding.suppressed.as_ref().map(Suppression::from),
            check: outside.map(|outside| outside.check.as_str().to_owned()),
            standards: outside.map_or_else(Vec::new, |outside| {
                let names = ["OWASP", "PCI DSS 4.0", "SOC 2"].into_iter();
                let each = names.zip(outside.check.standards());
                each.map(|(name, number)| format!("{name} {number}"))
                    .collect()
            }),
            exchange: outside.map(Exchange::from),
            validation: finding.validation.as_deref().map(Validation::from),
        }
    }
}
