//! Findings: what a rule says, with the way that shows it.

use std::fmt;
use std::str::FromStr;

use crate::{Actor, Edit, Exchange, Guard, Location, Step, SurfaceCheck, Validated};

/// How bad it is if nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Hygiene: on no path from a key to a wrong reader.
    Low,
    /// A wrong reader needs a further step.
    Medium,
    /// A wrong reader inside the house, or one outside with a condition.
    High,
    /// Anybody, now.
    Critical,
}

impl Severity {
    /// From the mildest to the worst.
    pub const ALL: [Self; 5] = [
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// As in JSON v1: `info`, `low`, `medium`, `high`, `critical`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| {
                format!("`{text}` is no severity; use info, low, medium, high or critical")
            })
    }
}

/// How sure: by how many kinds of evidence that agree.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Confidence {
    /// One kind of evidence, or a step that was assumed.
    Possible,
    /// Two kinds that agree, or one that leaves no doubt (a resolved flow, a setting).
    Likely,
    /// Seen live.
    Observed,
}

impl Confidence {
    /// As in JSON v1: `possible`, `likely`, `observed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Observed => "observed",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether a fix keeps behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FixSafety {
    /// Behaviour is kept but for the leak.
    Safe,
    /// Something else changes; the title says what.
    Unsafe,
}

/// What to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fix {
    /// An imperative sentence.
    pub title: String,
    /// Whether behaviour is kept.
    pub safety: FixSafety,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suppression {
    /// The reason that a person wrote, or `baseline`.
    pub reason: String,
    /// `YYYY-MM-DD`, the last day on which it holds.
    pub until: Option<String>,
}

/// One thing that a rule found.
///
/// Built by [`Finding::at`]; there is no other way, so that none lacks a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule's id, `raw-key-stored`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Who gets the key, where the finding lies on an exposure path.
    pub actor: Option<Actor>,
    /// One or two plain sentences.
    pub message: String,
    /// The place to look at: the sink, setting or resource.
    pub location: Location,
    /// From the key to the actor; at least the location itself.
    pub path: Vec<Step>,
    /// What holds the path, and what was looked for and is missing.
    pub guards: Vec<Guard>,
    /// What to do, best first.
    pub fixes: Vec<Fix>,
    /// Edits of the exposure graph that would close the path.
    pub edits: Vec<Edit>,
    /// CWE numbers.
    pub cwe: &'static [u32],
    /// What tells two findings of one rule in one symbol apart and stays when lines move:
    /// a table and attribute, a setting's name.
    pub subject: String,
    /// Set when an inline comment or the baseline lets it pass.
    pub suppressed: Option<Suppression>,
    /// For what was seen from outside: by which check, with the exchange.
    pub outside: Option<Box<Outside>>,
    /// What the key's vendor says of it, where it was asked.
    pub validation: Option<Box<Validated>>,
}

/// What a finding from outside holds beside the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outside {
    /// The check that saw it.
    pub check: SurfaceCheck,
    /// What was compared with what.
    pub compared: String,
    /// The request and its answer.
    pub exchange: Exchange,
}

impl Finding {
    /// Begins a finding of `rule` at `location`.
    pub fn at(rule: &'static str, location: Location) -> FindingBuilder {
        FindingBuilder(Self {
            rule,
            severity: Severity::Low,
            confidence: Confidence::Possible,
            actor: None,
            message: String::new(),
            location,
            path: Vec::new(),
            guards: Vec::new(),
            fixes: Vec::new(),
            edits: Vec::new(),
            cwe: &[],
            subject: String::new(),
            suppressed: None,
            outside: None,
            validation: None,
        })
    }
}

/// Fills in a [`Finding`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct FindingBuilder(Finding);

impl FindingBuilder {
    /// How bad; `Low` when not said.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }

    /// How sure; `Possible` when not said.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.0.confidence = confidence;
        self
    }

    /// Who gets the key.
    pub fn actor(mut self, actor: Actor) -> Self {
        self.0.actor = Some(actor);
        self
    }

    /// One or two plain sentences.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// From the key to the actor.
    pub fn path(mut self, path: Vec<Step>) -> Self {
        self.0.path = path;
        self
    }

    /// What holds the path, and what doesn't.
    pub fn guards(mut self, guards: Vec<Guard>) -> Self {
        self.0.guards = guards;
        self
    }

    /// Adds a thing to do.
    pub fn fix(mut self, safety: FixSafety, title: impl Into<String>) -> Self {
        self.0.fixes.push(Fix {
            title: title.into(),
            safety,
        });
        self
    }

    /// Edits of the graph that close the path.
    pub fn edits(mut self, edits: Vec<Edit>) -> Self {
        self.0.edits = edits;
        self
    }

    /// The exchange that shows it.
    pub fn outside(mut self, outside: Outside) -> Self {
        self.0.outside = Some(Box::new(outside));
        self
    }

    /// What the key's vendor says of it.
    pub fn validation(mut self, validation: Validated) -> Self {
        self.0.validation = Some(Box::new(validation));
        self
    }

    /// CWE numbers.
    pub fn cwe(mut self, cwe: &'static [u32]) -> Self {
        self.0.cwe = cwe;
        self
    }

    /// What the finding is about, in words that stay when lines move.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.0.subject = subject.into();
        self
    }

    /// The finding; a path that was left empty becomes the location itself.
    pub fn build(mut self) -> Finding {
        if self.0.path.is_empty() {
            let step = Step::new(self.0.message.clone(), self.0.location.clone());
            self.0.path.push(step);
        }
        self.0
    }
}
