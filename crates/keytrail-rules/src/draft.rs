//! A finding in the making.

use keytrail_model::{
    Actor, Confidence, Edit, ExposurePath, Finding, Fingerprint, FixSafety, Liveness, Location,
    Severity, Step, Validated,
};

use crate::{Context, Meta};

/// Fills in what most rules fill in alike; a path decides severity, actor and steps.
#[must_use = "call `add`"]
#[derive(Debug)]
pub struct Draft<'d> {
    cx: &'d Context<'d>,
    meta: &'static Meta,
    location: Location,
    severity: Severity,
    confidence: Confidence,
    message: String,
    subject: String,
    steps: Vec<Step>,
    path: Option<ExposurePath>,
    fixes: Vec<(FixSafety, String)>,
    validated: Option<&'d Validated>,
    local: bool,
}

impl<'d> Draft<'d> {
    /// Of this rule, at this place, with the rule's severity.
    pub fn new(cx: &'d Context<'d>, meta: &'static Meta, location: &Location) -> Self {
        Self {
            cx,
            meta,
            location: location.clone(),
            severity: meta.severity,
            confidence: Confidence::Likely,
            message: String::new(),
            subject: String::new(),
            steps: Vec::new(),
            path: None,
            fixes: Vec::new(),
            validated: None,
            local: false,
        }
    }

    /// What and where, who gets it, in one or two plain sentences.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// What stays when lines move.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// The path that the weakness lies on, if any.
    pub fn path(mut self, path: Option<ExposurePath>) -> Self {
        self.path = path;
        self
    }

    /// How bad off any path.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// How sure off any path.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Evidence where there is no path.
    pub fn steps(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.steps.extend(steps);
        self
    }

    /// A thing to do that keeps behaviour.
    pub fn fix(mut self, title: impl Into<String>) -> Self {
        self.fixes.push((FixSafety::Safe, title.into()));
        self
    }

    /// A thing to do that changes something else too.
    pub fn unsafe_fix(mut self, title: impl Into<String>) -> Self {
        self.fixes.push((FixSafety::Unsafe, title.into()));
        self
    }

    /// What the vendor says of the key, where it was asked. A key that works in a file that only this machine has
    /// is where it belongs, so that it is no worse for it.
    pub fn validated(mut self, key: Option<Fingerprint>, local: bool) -> Self {
        self.validated = key.and_then(|key| self.cx.joined.validated.get(&key).copied());
        self.local = local;
        self
    }

    /// Adds the finding.
    pub fn add(self, out: &mut Vec<Finding>) {
        let mut finding = Finding::at(self.meta.id, self.location)
            .cwe(self.meta.cwe)
            .subject(self.subject);
        let mut message = self.message;
        finding = match self.path {
            Some(path) => {
                if !path.actor_is_named_in(&message) {
                    let who = who(&path.actor);
                    message = format!("{message} It reaches {}.", who.trim_end_matches(','));
                }
                finding
                    .severity(path.severity)
                    .confidence(path.confidence)
                    .guards(self.cx.graph.guards(&path.edges))
                    .edits(edits(self.cx, &path))
                    .actor(path.actor)
                    .path(path.steps)
            }
            None => finding
                .severity(self.severity)
                .confidence(self.confidence)
                .path(self.steps),
        };
        if let Some(validated) = self.validated {
            message = format!("{validated} {message}");
            finding = finding.validation(validated.clone());
        }
        finding = finding.message(message);
        for (safety, title) in self.fixes {
            finding = finding.fix(safety, title);
        }
        let mut finding = finding.build();
        raise(&mut finding, self.local);
        out.push(finding);
    }
}

/// A key that works is seen live, and is worth a step at once.
fn raise(finding: &mut Finding, local: bool) {
    let live = finding.validation.as_ref().map(|it| it.liveness) == Some(Liveness::Live);
    if live {
        finding.confidence = Confidence::Observed;
    }
    if live && !local {
        finding.severity = finding.severity.max(Severity::High);
    }
}

trait Names {
    fn actor_is_named_in(&self, message: &str) -> bool;
}

impl Names for ExposurePath {
    fn actor_is_named_in(&self, message: &str) -> bool {
        message
            .to_lowercase()
            .contains(&who(&self.actor).to_lowercase())
    }
}

/// As messages say it.
pub(crate) fn who(actor: &Actor) -> String {
    match actor {
        Actor::Anonymous => "anybody without a sign-in".to_owned(),
        Actor::AnyUser => "any signed-in user".to_owned(),
        Actor::OtherTenant => "another tenant, by naming the item,".to_owned(),
        Actor::OtherRole(role) => format!("the role `{role}`"),
        Actor::Outside(name) => format!("`{name}`, outside this account"),
        Actor::LogReader => "whoever reads the logs".to_owned(),
        Actor::RepositoryReader => "whoever has the repository".to_owned(),
        Actor::CopyReader => "whoever reads copies of the table".to_owned(),
        Actor::NetworkObserver => "whoever sits on the network".to_owned(),
        Actor::OtherEnvironment => "whoever holds the other environment".to_owned(),
        Actor::ThirdParty(name) => format!("a third party ({name})"),
        Actor::Staff => "staff".to_owned(),
        Actor::Application(role) => format!("the application's role `{role}`"),
        Actor::Owner => "the key's owner".to_owned(),
    }
}

fn edits(cx: &Context<'_>, path: &ExposurePath) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for edit in path
        .edges
        .iter()
        .flat_map(|&edge| &cx.graph.edges()[edge].edits)
    {
        if !edits.iter().any(|known| known.id == edit.id) {
            edits.push(edit.clone());
        }
    }
    edits.sort_by(|one, other| (one.cost, &one.id).cmp(&(other.cost, &other.id)));
    edits
}
