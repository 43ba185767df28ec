//! Batches of requests: in the order they were asked, at the allowed rate, each at most once.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use keytrail_detect::Detector;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::answer::{Answer, Outcome};
use super::ask::{Ask, Method, Who, Wrong};
use super::body::{self, Bounds};
use super::build::{self, Target};
use super::job::{Job, run};
use super::pace::Pace;
use super::secrets;
use crate::error::HttpError;
use crate::identity::Identity;
use crate::limits::{self, Breach};
use crate::options::{HttpOptions, Login};
use crate::{actions, token};

/// Asks one service.
pub(crate) struct Client {
    pub(crate) target: Target,
    pub(crate) identities: Vec<Identity>,
    pub(crate) detector: Detector,
    http: reqwest::Client,
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) pace: Arc<Pace>,
    pub(super) logins: Vec<Login>,
    allow_actions: bool,
    pub(super) dry_run: bool,
    pub(super) known: BTreeMap<Ask, Arc<Outcome>>,
    /// For each identity a few requests that it is answered and nobody is not.
    pub(super) canaries: Vec<Vec<Ask>>,
    pub(super) expired: Vec<bool>,
    pub(super) renewals: u32,
    limited: bool,
    /// What was not sent because it looks like an action, with the word that says so.
    pub(crate) actions: BTreeMap<String, String>,
    /// What would be sent, in a dry run.
    pub(crate) planned: Vec<String>,
    /// Bounds that answers ran into, by request.
    pub(crate) breaches: BTreeMap<(String, Breach), u64>,
    /// Requests that got no answer, by reason.
    pub(crate) failures: BTreeMap<&'static str, u64>,
    /// Where redirects to other hosts led; none was followed.
    pub(crate) elsewhere: BTreeMap<String, String>,
    /// Requests that were left out for the budget.
    pub(crate) over_budget: u64,
}

impl Client {
    pub(crate) fn new(options: &mut HttpOptions, detector: &Detector) -> Result<Self, HttpError> {
        let target = Target::parse(&options.url)?;
        let mut identities: Vec<Identity> = Vec::new();
        for identity in options.identities.drain(..) {
            match identities
                .iter_mut()
                .find(|known| known.name == identity.name)
            {
                Some(known) => known.join(identity),
                None => identities.push(identity),
            }
        }
        for login in &options.logins {
            if identities.iter().any(|known| known.name == login.name) {
                return Err(HttpError::TwoIdentities(login.name.clone()));
            }
            identities.push(Identity::empty(&login.name));
        }
        let http = build::client(options, &target)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|_| HttpError::Client)?;
        Ok(Self {
            http,
            runtime,
            pace: Arc::new(Pace::new(options.rate, options.budget)),
            logins: std::mem::take(&mut options.logins),
            allow_actions: options.allow_actions,
            dry_run: options.dry_run,
            known: BTreeMap::new(),
            canaries: vec![Vec::new(); identities.len()],
            expired: vec![false; identities.len()],
            renewals: 0,
            limited: false,
            actions: BTreeMap::new(),
            planned: Vec::new(),
            breaches: BTreeMap::new(),
            failures: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            over_budget: 0,
            detector: detector.clone(),
            target,
            identities,
        })
    }

    pub(crate) fn sent(&self) -> u64 {
        self.pace.sent()
    }

    /// Everybody that is asked as: nobody first.
    pub(crate) fn callers(&self) -> Vec<Who> {
        let named = (0..self.identities.len()).map(Who::Identity);
        std::iter::once(Who::Anonymous).chain(named).collect()
    }

    pub(crate) fn is_expired(&self, identity: usize) -> bool {
        self.expired.get(identity).copied().unwrap_or(false)
    }

    pub(crate) fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// The service refused for a while, at any time of the run.
    pub(crate) fn met_a_limit(&self) -> bool {
        self.limited
            || self
                .breaches
                .keys()
                .any(|(_, breach)| *breach == Breach::Refused)
    }

    pub(crate) fn allows_actions(&self) -> bool {
        self.allow_actions
    }

    /// Whether a target looks like an action to this run.
    pub(crate) fn is_action(&self, target: &str) -> Option<String> {
        if self.allow_actions {
            None
        } else {
            actions::word(target)
        }
    }

    /// Asks all, each at most once in a run; outcomes come in the order of the asks.
    pub(crate) fn all(&mut self, asks: &[Ask]) -> Vec<Arc<Outcome>> {
        for chunk in asks.chunks(limits::CHUNK) {
            self.chunk(chunk);
        }
        let none = || Arc::new(Outcome::NotSent);
        asks.iter()
            .map(|ask| self.known.get(ask).cloned().unwrap_or_else(none))
            .collect()
    }

    pub(crate) fn one(&mut self, ask: Ask) -> Arc<Outcome> {
        self.all(&[ask]).remove(0)
    }

    /// What was answered before, nothing sent.
    pub(crate) fn known(&self, ask: &Ask) -> Option<&Outcome> {
        self.known.get(ask).map(AsRef::as_ref)
    }

    /// Everything that was answered, in the order of the asks.
    pub(crate) fn answered(&self) -> impl Iterator<Item = (&Ask, &Answer)> {
        self.known
            .iter()
            .filter_map(|(ask, outcome)| Some((ask, outcome.answer()?)))
    }

    fn chunk(&mut self, asks: &[Ask]) {
        let mut fresh: Vec<Ask> = Vec::new();
        for ask in asks {
            if !self.known.contains_key(ask) && !fresh.contains(ask) {
                fresh.push(ask.clone());
            }
        }
        let fresh = self.allowed(fresh);
        self.send(&fresh);
        self.learn(&fresh);
        self.watch_sessions(&fresh);
    }

    /// Leaves out what must not be sent, and keeps why.
    pub(super) fn allowed(&mut self, asks: Vec<Ask>) -> Vec<Ask> {
        let (allowed, refused): (Vec<Ask>, Vec<Ask>) =
            asks.into_iter().partition(|ask| self.may_send(ask));
        for ask in refused {
            self.known.insert(ask, Arc::new(Outcome::NotSent));
        }
        allowed
    }

    fn may_send(&mut self, ask: &Ask) -> bool {
        let word = (ask.method != Method::Options)
            .then(|| self.is_action(&ask.target))
            .flatten();
        if let Some(word) = word {
            self.actions.insert(self.shown(ask), word);
            return false;
        }
        if matches!(ask.who, Who::Identity(number) if self.is_expired(number)) {
            return false;
        }
        if self.dry_run {
            let line = format!("{}{}", self.shown(ask), self.as_whom(ask.who));
            self.planned.push(line);
            return false;
        }
        let within = self.pace.take();
        self.over_budget += u64::from(!within);
        within
    }

    fn shown(&self, ask: &Ask) -> String {
        let target = secrets::redact(&self.identities, &self.detector, &ask.target);
        format!("{} {}", ask.method.as_str(), self.target.at(&target))
    }

    fn as_whom(&self, who: Who) -> String {
        match who {
            Who::Anonymous => String::new(),
            Who::Identity(number) => format!(" as {}", self.identities[number].name),
            Who::Wrong(_) => " with wrong credentials".to_owned(),
        }
    }

    /// Sends what is allowed, some at once.
    pub(super) fn send(&mut self, asks: &[Ask]) {
        let jobs: Vec<(usize, Job)> = asks
            .iter()
            .map(|ask| self.job(ask, Bounds::ANSWER))
            .enumerate()
            .collect();
        let outcomes = self.runtime.block_on(run(jobs));
        for (ask, (outcome, more)) in asks.iter().zip(outcomes) {
            self.note(ask, &outcome, more);
            self.known.insert(ask.clone(), Arc::new(outcome));
        }
    }

    fn note(&mut self, ask: &Ask, outcome: &Outcome, elsewhere: Option<String>) {
        let shown = self.shown(ask);
        match outcome {
            Outcome::Answer(answer) => {
                self.limited |= answer.waited || answer.status == 429;
                for breach in &answer.breaches {
                    *self.breaches.entry((shown.clone(), *breach)).or_default() += 1;
                }
            }
            Outcome::Failed(why) => *self.failures.entry(why).or_default() += 1,
            Outcome::NotSent => {}
        }
        if let Some(to) = elsewhere {
            let to = secrets::redact(&self.identities, &self.detector, &to);
            self.elsewhere.insert(shown, to);
        }
    }

    pub(super) fn job(&self, ask: &Ask, bounds: Bounds) -> Job {
        Job {
            http: self.http.clone(),
            pace: Arc::clone(&self.pace),
            target: self.target.clone(),
            ask: ask.clone(),
            headers: self.headers(ask),
            bounds,
        }
    }

    fn headers(&self, ask: &Ask) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("accept-encoding", HeaderValue::from_static("gzip, deflate"));
        if !ask.headers.contains_key("accept") {
            headers.insert(
                "accept",
                HeaderValue::from_static("application/json, */*;q=0.5"),
            );
        }
        for (name, value) in &ask.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        match ask.who {
            Who::Anonymous => {}
            Who::Identity(number) => {
                for (name, secret) in &self.identities[number].headers {
                    if let Some((name, value)) = secret.with_bytes(|bytes| sensitive(name, bytes)) {
                        headers.append(name, value);
                    }
                }
            }
            Who::Wrong(wrong) => {
                if let Some(line) = self.wrong(wrong)
                    && let Some((name, value)) = sensitive("authorization", line.as_bytes())
                {
                    headers.insert(name, value);
                }
            }
        }
        headers
    }

    fn wrong(&self, wrong: Wrong) -> Option<Zeroizing<String>> {
        let line = match wrong {
            Wrong::Empty => String::new(),
            Wrong::Malformed => "Bearer".to_owned(),
            Wrong::Unknown => format!("Bearer {}", token::STRANGER),
            Wrong::Stranger => "Basic a2V5dHJhaWw6bm9ib2R5".to_owned(),
            Wrong::Token(number, change) => self
                .identities
                .get(number)?
                .with_bearer(|token| token::changed(token, change))
                .flatten()
                .map(|token| format!("Bearer {token}"))?,
        };
        Some(Zeroizing::new(line))
    }

    pub(super) async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Option<Answer> {
        let url = self.target.url(path, false)?;
        self.pace.slot().await;
        let request = self
            .http
            .post(url)
            .header("content-type", content_type)
            .body(body);
        let mut answer = body::read(request.send().await.ok()?, Bounds::ANSWER).await;
        answer.json = serde_json::from_slice(&answer.body).ok();
        Some(answer)
    }

    /// A text for a language model: the only body that is not a sign-in, for opt-in probes.
    pub(crate) fn say(&mut self, path: &str, text: &serde_json::Value) -> Option<Answer> {
        if !self.pace.take() {
            self.over_budget += 1;
            return None;
        }
        let body = text.to_string().into_bytes();
        self.runtime
            .block_on(self.post(path, "application/json", body))
    }

    /// A specification, with its own bound.
    pub(crate) fn large(&mut self, ask: &Ask) -> Outcome {
        let allowed = self.allowed(vec![ask.clone()]);
        let Some(ask) = allowed.first() else {
            return Outcome::NotSent;
        };
        let job = self.job(ask, Bounds::SPECIFICATION);
        let outcomes = self.runtime.block_on(run(vec![(0, job)]));
        let Some((outcome, elsewhere)) = outcomes.into_iter().next() else {
            return Outcome::Failed("it broke off");
        };
        self.note(ask, &outcome, elsewhere);
        outcome
    }

    /// So many of the same, past what is known: status of each.
    pub(crate) fn burst(&mut self, ask: &Ask, times: u32) -> Vec<Answer> {
        let mut jobs = Vec::new();
        for number in 0..times as usize {
            if self.dry_run || !self.pace.take() {
                break;
            }
            let mut job = self.job(ask, Bounds::ANSWER);
            job.patient(false);
            jobs.push((number, job));
        }
        let outcomes = self.runtime.block_on(run(jobs));
        outcomes
            .into_iter()
            .filter_map(|(outcome, _)| outcome.answer().cloned())
            .collect()
    }

    /// Runs something on the client's own threads.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

fn sensitive(name: &str, bytes: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut value = HeaderValue::from_bytes(bytes).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}
