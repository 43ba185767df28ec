//! One request on its way: redirects on the same host, waiting where the service asks for it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::answer::{Answer, Outcome};
use super::ask::{Ask, Method, Who};
use super::body::{self, Bounds};
use super::build::Target;
use super::pace::Pace;
use crate::actions;
use crate::error::CERTIFICATE;
use crate::limits::{self, Breach};

/// One request on its way.
pub(super) struct Job {
    pub(super) http: reqwest::Client,
    pub(super) pace: Arc<Pace>,
    pub(super) target: Target,
    pub(super) ask: Ask,
    pub(super) headers: HeaderMap,
    pub(super) bounds: Bounds,
}

impl Job {
    pub(super) fn patient(&mut self, patient: bool) {
        if !patient {
            self.bounds.patience = 0;
        }
    }

    async fn run(self) -> (Outcome, Option<String>) {
        let mut target = self.ask.target.clone();
        let mut redirects = Vec::new();
        loop {
            let mut answer = match self.patiently(&target).await {
                Ok(answer) => answer,
                Err(why) => return (Outcome::Failed(why), None),
            };
            let next = self.next(&answer, &target);
            let may_follow = self.ask.method == Method::Get && self.ask.who == Who::Anonymous;
            match next {
                Some(Next::Here(next)) if may_follow => {
                    if redirects.len() >= limits::REDIRECTS || redirects.contains(&next) {
                        answer.breaches.push(Breach::Redirects);
                    } else if actions::word(&next).is_none() && self.pace.take() {
                        redirects.push(next.clone());
                        target = next;
                        continue;
                    }
                    return (done(answer, redirects), None);
                }
                Some(Next::Elsewhere(url)) => return (done(answer, redirects), Some(url)),
                _ => return (done(answer, redirects), None),
            }
        }
    }

    fn next(&self, answer: &Answer, from: &str) -> Option<Next> {
        if !(300..400).contains(&answer.status) {
            return None;
        }
        let to = answer.header("location")?;
        Some(match self.target.local(to, from) {
            Some(local) => Next::Here(local),
            None => Next::Elsewhere(to.to_owned()),
        })
    }

    /// Again after 429, when and as long as the service asks for.
    async fn patiently(&self, target: &str) -> Result<Answer, &'static str> {
        let mut waited = 0;
        loop {
            let mut answer = self.once(target).await?;
            answer.waited = waited > 0;
            let Some(wait) = wait(&answer) else {
                return Ok(answer);
            };
            if waited >= self.bounds.patience || wait > limits::LONGEST_WAIT {
                if self.bounds.patience > 0 {
                    answer.breaches.push(Breach::Refused);
                }
                return Ok(answer);
            }
            waited += 1;
            self.pace.pause(wait);
            if !self.pace.take() {
                return Ok(answer);
            }
        }
    }

    async fn once(&self, target: &str) -> Result<Answer, &'static str> {
        let url = self
            .target
            .url(target, self.ask.plain)
            .ok_or("it would leave the host")?;
        self.pace.slot().await;
        let method = match self.ask.method {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Options => reqwest::Method::OPTIONS,
        };
        let sent = self
            .http
            .request(method, url)
            .headers(self.headers.clone())
            .send()
            .await;
        let response = sent.map_err(|error| why(&error))?;
        Ok(body::read(response, self.bounds).await)
    }
}

enum Next {
    Here(String),
    Elsewhere(String),
}

fn done(mut answer: Answer, redirects: Vec<String>) -> Outcome {
    answer.redirects = redirects;
    if answer.content_type().contains("json")
        || answer
            .body
            .first()
            .is_some_and(|&byte| matches!(byte, b'{' | b'['))
    {
        answer.json = serde_json::from_slice(&answer.body).ok();
    }
    Outcome::Answer(answer)
}

/// How long the service asks to be left alone.
fn wait(answer: &Answer) -> Option<Duration> {
    /// Without a word from the service.
    const UNTOLD: Duration = Duration::from_secs(1);
    match (answer.status, answer.header("retry-after")) {
        (429, None) => Some(UNTOLD),
        (429 | 503, Some(told)) => Some(told.trim().parse().map_or(UNTOLD, Duration::from_secs)),
        _ => None,
    }
}

/// In a few words; the chain of causes may quote addresses.
fn why(error: &reqwest::Error) -> &'static str {
    let mut causes = Vec::new();
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        let inner = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .map(|inner| inner as &(dyn std::error::Error + 'static));
        if inner.or(Some(cause)).is_some_and(|it| {
            matches!(
                it.downcast_ref::<rustls::Error>(),
                Some(rustls::Error::InvalidCertificate(_))
            )
        }) {
            return CERTIFICATE;
        }
        causes.push(cause.to_string());
        next = cause.source();
    }
    let all = causes.join(" ").to_ascii_lowercase();
    let told = [
        (
            "too large",
            "the headers are longer, or more, than are read",
        ),
        (
            "message head",
            "the headers are longer, or more, than are read",
        ),
        ("dns", "its name is not known"),
        ("refused", "the connection was refused"),
        ("tls", "no TLS connection could be made"),
        ("certificate", CERTIFICATE),
        ("handshake", "no TLS connection could be made"),
        ("corrupt", "no TLS connection could be made"),
        ("invalid", "what it sends is no HTTP"),
    ];
    if error.is_timeout() {
        return "no answer came within 15 seconds";
    }
    told.iter()
        .find(|(word, _)| all.contains(word))
        .map_or("the connection broke off", |(_, told)| told)
}

/// Runs jobs, some at once; outcomes in the order of the jobs.
pub(super) async fn run(jobs: Vec<(usize, Job)>) -> Vec<(Outcome, Option<String>)> {
    let room = Arc::new(Semaphore::new(limits::IN_FLIGHT));
    let mut set = JoinSet::new();
    let count = jobs.len();
    for (number, job) in jobs {
        let room = Arc::clone(&room);
        set.spawn(async move {
            let _place = room.acquire_owned().await;
            (number, job.run().await)
        });
    }
    let mut outcomes: Vec<(Outcome, Option<String>)> = (0..count)
        .map(|_| (Outcome::Failed("it broke off"), None))
        .collect();
    while let Some(done) = set.join_next().await {
        if let Ok((number, outcome)) = done {
            outcomes[number] = outcome;
        }
    }
    outcomes
}
