//! One run: what there is, what each caller is answered, the checks, and how far each got.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::{
    Answer as AnswerFact, Caller, Confidence, Fingerprinter, SeenKey, Surface, SurfaceCheck,
    SurfaceKind,
};

use crate::client::{Answer, Ask, Client, Outcome, Who};
use crate::discover::Survey;
use crate::fill::{self, Produced};
use crate::operation::{Operation, Security};
use crate::{json, keys};

/// Records of one answer whose fields are told.
const MOST_RECORDS: usize = 50;

/// Objects of one operation that are read beside the first.
const MORE_OBJECTS: usize = 2;

/// An operation with the target it was asked by.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) operation: Operation,
    pub(crate) target: String,
    /// The caller whose values fill the target.
    pub(crate) filled_for: Who,
    /// Further objects of that caller, for what differs from object to object.
    pub(crate) more: Vec<String>,
}

impl Read {
    /// The target, then those of further objects.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.target)
            .chain(&self.more)
            .map(String::as_str)
    }
}

/// How far a check got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reached {
    /// What it looked at, by name.
    pub(crate) looked: u64,
    /// What it could not look at, and why.
    pub(crate) missing: Vec<String>,
    /// Why it does not apply.
    pub(crate) not_applicable: Option<String>,
    /// Why it was not evaluated at all.
    pub(crate) not_evaluated: Option<String>,
}

/// Everything of a run.
pub(crate) struct Scan<'s> {
    pub(crate) client: Client,
    pub(crate) survey: Survey,
    pub(crate) prints: &'s Fingerprinter,
    pub(crate) produced: Produced,
    pub(crate) reads: Vec<Read>,
    pub(crate) seen: Vec<Surface>,
    pub(crate) answers: Vec<AnswerFact>,
    pub(crate) reached: BTreeMap<SurfaceCheck, Reached>,
}

/// An observation in the making: what tells it from others, and what shows it.
pub(crate) struct Sight<'a> {
    pub(crate) check: SurfaceCheck,
    pub(crate) kind: SurfaceKind,
    pub(crate) route: &'a str,
    pub(crate) ask: &'a Ask,
    pub(crate) answer: &'a Answer,
    pub(crate) subject: String,
    pub(crate) seen: String,
    pub(crate) compared: String,
    pub(crate) confidence: Confidence,
    pub(crate) worse: bool,
    pub(crate) key: Option<SeenKey>,
    /// Another method than that of the ask: the operation that it is about.
    pub(crate) method: Option<String>,
    /// The text that was sent to a language model.
    pub(crate) text: Option<String>,
}

impl<'a> Sight<'a> {
    pub(crate) fn new(
        check: SurfaceCheck,
        kind: SurfaceKind,
        route: &'a str,
        ask: &'a Ask,
        answer: &'a Answer,
    ) -> Self {
        Self {
            check,
            kind,
            route,
            ask,
            answer,
            subject: String::new(),
            seen: String::new(),
            compared: String::new(),
            confidence: Confidence::Observed,
            worse: false,
            key: None,
            method: None,
            text: None,
        }
    }

    pub(crate) fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    pub(crate) fn seen(mut self, seen: impl Into<String>) -> Self {
        self.seen = seen.into();
        self
    }

    pub(crate) fn compared(mut self, compared: impl Into<String>) -> Self {
        self.compared = compared.into();
        self
    }

    pub(crate) fn possible(mut self) -> Self {
        self.confidence = Confidence::Possible;
        self
    }

    pub(crate) fn likely(mut self) -> Self {
        self.confidence = Confidence::Likely;
        self
    }

    pub(crate) fn worse(mut self, worse: bool) -> Self {
        self.worse = worse;
        self
    }

    /// About a method that this crate does not send.
    pub(crate) fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// A text that was sent to a language model.
    pub(crate) fn post(mut self, text: &str) -> Self {
        self.method = Some("POST".to_owned());
        self.text = Some(text.to_owned());
        self
    }

    pub(crate) fn key(mut self, key: SeenKey) -> Self {
        self.key = Some(key);
        self
    }
}

impl Scan<'_> {
    /// What a caller is called.
    pub(crate) fn name(&self, who: Who) -> String {
        match who {
            Who::Anonymous | Who::Wrong(_) => "a caller without credentials".to_owned(),
            Who::Identity(number) => format!("`{}`", self.client.identities[number].name),
        }
    }

    pub(crate) fn caller(&self, who: Who) -> Caller {
        match who {
            Who::Anonymous | Who::Wrong(_) => Caller::Anonymous,
            Who::Identity(number) => Caller::Named(self.client.identities[number].name.clone()),
        }
    }

    /// By its name: an administrator may see what others may not.
    pub(crate) fn is_privileged(&self, who: Who) -> bool {
        let Who::Identity(number) = who else {
            return false;
        };
        let name = self.client.identities[number].name.to_ascii_lowercase();
        ["admin", "staff", "root", "super", "operator"]
            .iter()
            .any(|word| name.contains(word))
    }

    /// Nobody, and those identities that are nobody special.
    pub(crate) fn ordinary(&self) -> Vec<Who> {
        self.client
            .callers()
            .into_iter()
            .filter(|&who| !self.is_privileged(who))
            .collect()
    }

    /// Keeps what was seen, redacted.
    pub(crate) fn see(&mut self, sight: Sight<'_>) {
        let exchange = match &sight.text {
            Some(text) => self.client.exchange_of_text(sight.ask, sight.answer, text),
            None => self.client.exchange(sight.ask, sight.answer),
        };
        let method = sight.method.as_deref().unwrap_or(sight.ask.method.as_str());
        self.seen.push(Surface {
            location: self.client.location_of(method, sight.route, sight.ask),
            check: sight.check,
            kind: sight.kind,
            subject: sight.subject,
            seen: sight.seen,
            compared: sight.compared,
            worse: sight.worse,
            confidence: sight.confidence,
            caller: self.caller(sight.ask.who),
            key: sight.key,
            exchange,
        });
    }

    pub(crate) fn reached(&mut self, check: SurfaceCheck) -> &mut Reached {
        self.reached.entry(check).or_default()
    }

    pub(crate) fn looked(&mut self, check: SurfaceCheck) {
        self.reached(check).looked += 1;
    }

    /// The answer to a plain GET, if it was asked and answered.
    pub(crate) fn known(&self, target: &str, who: Who) -> Option<Answer> {
        self.client
            .known(&Ask::get(target, who))
            .and_then(Outcome::answer)
            .cloned()
    }

    /// As [`Self::known`], with content that is not what any path is answered.
    pub(crate) fn content(&mut self, target: &str, who: Who) -> Option<Answer> {
        let answer = self.known(target, who).filter(Answer::is_success)?;
        if answer.is_of_another(target) {
            return None;
        }
        let nothing = self
            .survey
            .baseline
            .is_nothing(&mut self.client, target, &answer);
        (!nothing && !is_empty(&answer)).then_some(answer)
    }

    /// The operation is said to need credentials, or answers an identity and not nobody.
    pub(crate) fn is_protected(&self, read: &Read) -> bool {
        use keytrail_model::Access;
        let declared = read.operation.security == Security::Required;
        let by_code = matches!(
            read.operation.access,
            Some(Access::Authenticated | Access::Privileged)
        );
        declared
            || by_code
            || self
                .known(&read.target, Who::Anonymous)
                .is_some_and(|answer| answer.is_refused())
    }

    /// Asks every operation as everybody: those whose targets are known first, then those whose
    /// parameters the answers give.
    pub(crate) fn read_all(&mut self) {
        let mut operations: Vec<Operation> = self.survey.operations.reads();
        operations.retain(|operation| !self.leave_out(operation));
        let (simple, rest): (Vec<_>, Vec<_>) = operations
            .into_iter()
            .partition(|operation| operation.path_params().is_empty());
        self.read(&simple);
        // Those that lie in a collection before those that lie in one of its objects.
        let mut by_depth: BTreeMap<usize, Vec<Operation>> = BTreeMap::new();
        for operation in rest {
            by_depth
                .entry(operation.path_params().len())
                .or_default()
                .push(operation);
        }
        for (_, operations) in by_depth {
            self.read(&operations);
        }
        self.tell_answers();
    }

    /// By what the specification or the code says of it; by its path the client itself leaves it out.
    fn leave_out(&mut self, operation: &Operation) -> bool {
        let Some(word) = operation
            .action
            .clone()
            .filter(|_| !self.client.allows_actions())
        else {
            return false;
        };
        let shown = format!("GET {}", self.client.target.at(&operation.route));
        self.client.actions.insert(shown, word);
        true
    }

    fn read(&mut self, operations: &[Operation]) {
        let callers = self.client.callers();
        let mut asks = Vec::new();
        let mut reads: Vec<Read> = Vec::new();
        for operation in operations {
            let filled: Vec<(Who, String)> = callers
                .iter()
                .rev()
                .map(|&who| (who, fill::target(operation, &self.produced, who)))
                .collect();
            // The target of the first identity is asked by everybody; the others' are asked by themselves.
            let first = filled
                .iter()
                .rev()
                .find(|(who, _)| *who != Who::Anonymous)
                .or(filled.first());
            let Some((filled_for, target)) = first.cloned() else {
                continue;
            };
            asks.extend(callers.iter().map(|&who| Ask::get(&target, who)));
            let more = self.more(operation, filled_for, &target);
            for other in &more {
                asks.extend([Who::Anonymous, filled_for].map(|who| Ask::get(other, who)));
            }
            for (who, own) in &filled {
                if *own != target {
                    asks.push(Ask::get(own, *who));
                }
            }
            reads.push(Read {
                operation: operation.clone(),
                target,
                filled_for,
                more,
            });
        }
        let outcomes = self.client.all(&asks);
        let by_ask: BTreeMap<&Ask, &Arc<Outcome>> = asks.iter().zip(&outcomes).collect();
        for read in &reads {
            for &who in &callers {
                let own = fill::target(&read.operation, &self.produced, who);
                let outcome = by_ask
                    .get(&Ask::get(&own, who))
                    .or_else(|| by_ask.get(&Ask::get(&read.target, who)));
                let value = outcome
                    .and_then(|outcome| outcome.success())
                    .and_then(|answer| answer.json.clone());
                if let Some(value) = value {
                    self.produced.add(&read.operation.route, who, &value);
                }
            }
        }
        self.reads.extend(reads);
    }

    /// Further objects of a caller, by the last parameter in the path.
    fn more(&self, operation: &Operation, who: Who, first: &str) -> Vec<String> {
        let Some(last) = operation.path_params().last().copied() else {
            return Vec::new();
        };
        let values = self.produced.values(&operation.route, last, who);
        let targets = values.into_iter().map(|value| {
            fill::with(operation, &|name| {
                if name == last {
                    return Some(value.clone());
                }
                let mut others = self
                    .produced
                    .values(&operation.route, name, who)
                    .into_iter();
                others.next()
            })
        });
        let mut more: Vec<String> = targets.filter(|target| target != first).collect();
        more.dedup();
        more.truncate(MORE_OBJECTS);
        more
    }

    /// What each operation answers to whom, with the keys in it.
    fn tell_answers(&mut self) {
        let callers = self.client.callers();
        for read in self.reads.clone() {
            for &who in &callers {
                for target in read.targets() {
                    self.tell_answer(&read.operation.route, target, who, false);
                }
            }
        }
    }

    /// What one target answers, where that is content of its own.
    pub(crate) fn tell_answer(&mut self, route: &str, target: &str, who: Who, of_another: bool) {
        let Some(answer) = self.content(target, who) else {
            return;
        };
        let records = answer.json.as_ref().map(json::records).unwrap_or_default();
        let mut fields: Vec<String> = records
            .into_iter()
            .take(MOST_RECORDS)
            .flat_map(|record| record.keys().cloned())
            .collect();
        fields.sort();
        fields.dedup();
        self.answers.push(AnswerFact {
            location: self.client.location(route, &Ask::get(target, who)),
            caller: self.caller(who),
            fields,
            keys: keys::seen(&self.client, who, &answer, self.prints),
            of_another,
        });
    }
}

/// No content at all, or none that says anything.
pub(crate) fn is_empty(answer: &Answer) -> bool {
    match &answer.json {
        Some(value) => json::leaves(value).is_empty(),
        None => answer.body.iter().all(u8::is_ascii_whitespace),
    }
}
