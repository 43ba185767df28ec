//! Sessions of identities: begun by their recipe, watched, renewed, or told to be over.

use std::sync::Arc;

use super::answer::Outcome;
use super::ask::{Ask, Method, Who};
use super::body::Bounds;
use super::job::run;
use super::login;
use super::send::Client;
use crate::limits;

impl Client {
    /// A request that an identity is answered and nobody is not tells later whether its session holds.
    pub(super) fn learn(&mut self, asks: &[Ask]) {
        for ask in asks {
            let Who::Identity(number) = ask.who else {
                continue;
            };
            if self.canaries[number].len() >= limits::CANARIES
                || self.canaries[number].contains(ask)
                || !ask.headers.is_empty()
                || ask.method != Method::Get
            {
                continue;
            }
            let succeeds = self
                .known(ask)
                .is_some_and(|outcome| outcome.success().is_some());
            let anonymous = Ask {
                who: Who::Anonymous,
                ..ask.clone()
            };
            let refused = self
                .known(&anonymous)
                .and_then(Outcome::answer)
                .is_some_and(|answer| answer.is_refused() || answer.status == 302);
            if succeeds && refused {
                self.canaries[number].push(ask.clone());
            }
        }
    }

    /// Refusals of an identity may mean that its session is over: then it is renewed and asked again, or
    /// told; never is the answer taken for what the identity may do.
    pub(super) fn watch_sessions(&mut self, asks: &[Ask]) {
        for number in 0..self.identities.len() {
            let refused: Vec<Ask> = asks
                .iter()
                .filter(|ask| ask.who == Who::Identity(number))
                .filter(|ask| {
                    let answer = self.known(ask).and_then(Outcome::answer);
                    answer.is_some_and(|answer| matches!(answer.status, 401 | 302 | 403))
                })
                .cloned()
                .collect();
            if refused.is_empty() || self.holds(number) {
                continue;
            }
            if self.sign_in(number) {
                for ask in &refused {
                    self.known.remove(ask);
                }
                let again = self.allowed(refused);
                self.send(&again);
            } else {
                self.expired[number] = true;
                for ask in refused {
                    self.known.insert(ask, Arc::new(Outcome::NotSent));
                }
            }
        }
    }

    /// Not over: none of what it was answered before is refused now. One alone may take any credential.
    fn holds(&mut self, number: usize) -> bool {
        let canaries = self.canaries[number].clone();
        let asked = canaries.iter().take_while(|_| self.pace.take());
        let jobs = asked
            .map(|canary| self.job(canary, Bounds::ANSWER))
            .enumerate();
        let outcomes = self.runtime.block_on(run(jobs.collect()));
        let mut answers = outcomes.iter().filter_map(|(outcome, _)| outcome.answer());
        !answers.any(|answer| matches!(answer.status, 401 | 302 | 403))
    }

    /// Signs in all identities that a recipe describes; the names of those that could not.
    pub(crate) fn sign_in_all(&mut self) -> Vec<String> {
        let named: Vec<String> = self.logins.iter().map(|login| login.name.clone()).collect();
        let mut failed = Vec::new();
        for name in named {
            let Some(number) = self
                .identities
                .iter()
                .position(|identity| identity.name == name)
            else {
                continue;
            };
            if !self.dry_run && !self.sign_in(number) {
                self.expired[number] = true;
                failed.push(name);
            }
        }
        failed
    }

    fn sign_in(&mut self, number: usize) -> bool {
        if self.renewals >= limits::RENEWALS || !self.pace.take() {
            return false;
        }
        let name = &self.identities[number].name;
        let Some(login) = self.logins.iter().find(|login| login.name == *name) else {
            return false;
        };
        self.renewals += 1;
        let answer = self.runtime.block_on(self.post(
            &login.path,
            &login.content_type,
            login.body.with_bytes(<[u8]>::to_vec),
        ));
        let header = answer.and_then(|answer| login::credential(login, &answer));
        match header {
            Some(header) => {
                self.identities[number].headers = vec![header];
                true
            }
            None => false,
        }
    }
}
