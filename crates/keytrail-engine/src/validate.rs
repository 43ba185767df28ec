//! The vendors of found keys, asked whether each still works: only where the user says so.

mod partners;
mod tally;

use std::collections::BTreeMap;
use std::path::PathBuf;

use keytrail_detect::{Detector, Provider, Validation};
use keytrail_http::{Question, Reply, ValidateOptions, Validator};
use keytrail_model::{
    Coverage, Fact, Fingerprint, Kept, Keyring, Liveness, Masked, Progress, Secret, Validated,
};

use self::partners::{Partners, SESSION};
use self::tally::{Left, Tally};
use crate::http::refused;
use crate::{Date, EngineError};

/// Partners of one key that are tried.
const MOST_PARTNERS: usize = 3;

/// How vendors are asked.
#[derive(Clone, Debug)]
pub struct Validate {
    /// Keys in all.
    pub most: usize,
    /// Requests a second.
    pub rate: u32,
    /// A proxy.
    pub proxy: Option<String>,
    /// Further certificate authorities.
    pub ca: Option<PathBuf>,
    /// Ask nobody; tell who would be asked what.
    pub dry_run: bool,
    /// A double in place of every vendor, for tests; the command line has no word for it.
    pub double: Option<String>,
}

/// What came of it.
pub(crate) struct Told {
    pub(crate) facts: Vec<Validated>,
    pub(crate) coverage: Coverage,
    pub(crate) planned: Vec<String>,
}

impl Validate {
    /// For keys whose vendors can be asked, and for their partners.
    pub(crate) fn keyring(&self, detector: &Detector) -> Keyring {
        let asked = detector.providers().iter();
        let asked = asked.filter_map(|it| Some((it.id.clone(), it.validation.as_ref()?)));
        let mut wanted = vec![SESSION.to_owned()];
        for (id, validation) in asked {
            wanted.push(id);
            wanted.extend(validation.pair.clone());
        }
        // A key with its partner and its session.
        Keyring::new(wanted, self.most.saturating_mul(3))
    }

    /// Asks about every key once.
    pub(crate) fn ask(
        &self,
        today: Date,
        keyring: &Keyring,
        facts: &[Fact],
        detector: &Detector,
        progress: &Progress,
    ) -> Result<Told, EngineError> {
        let keys = keyring.take();
        let mut run = Run {
            keys: &keys,
            validator: self.validator()?,
            today: today.to_string(),
            tally: Tally::default(),
            facts: Vec::new(),
            planned: Vec::new(),
        };
        let providers: BTreeMap<&str, &Provider> = detector
            .providers()
            .iter()
            .map(|provider| (provider.id.as_str(), provider))
            .collect();
        progress.expect(keys.len() as u64);
        for (&print, kept) in &keys {
            progress.advance(1);
            if let Some(provider) = providers.get(kept.provider.as_str())
                && let Some(validation) = &provider.validation
            {
                run.key(print, kept, (provider, validation), self.most);
            }
        }
        run.tally.without_way(facts, &run.facts);
        Ok(Told {
            coverage: run.tally.coverage(self.dry_run),
            facts: run.facts,
            planned: run.planned,
        })
    }

    /// `None` in a dry run: there is nothing that could send.
    fn validator(&self) -> Result<Option<Validator>, EngineError> {
        if self.dry_run {
            return Ok(None);
        }
        let options = ValidateOptions {
            rate: self.rate,
            proxy: self.proxy.clone(),
            ca: self.ca.clone(),
        };
        let made = match &self.double {
            Some(origin) => Validator::against(&options, origin),
            None => Validator::new(&options),
        };
        made.map(Some).map_err(|error| refused(&error))
    }
}

struct Run<'r> {
    keys: &'r BTreeMap<Fingerprint, Kept>,
    validator: Option<Validator>,
    today: String,
    tally: Tally,
    facts: Vec<Validated>,
    planned: Vec<String>,
}

impl Run<'_> {
    fn key(
        &mut self,
        print: Fingerprint,
        kept: &Kept,
        (provider, validation): (&Provider, &Validation),
        most: usize,
    ) {
        if !kept.sure {
            return self.tally.leave(Left::Unsure);
        }
        if !kept.secret.with_bytes(|bytes| validation.fits(bytes)) {
            return self.tally.leave(Left::Form);
        }
        let partners = Partners::of(self.keys, kept, validation);
        if validation.pair.is_some() && partners.ids.is_empty() {
            return self.tally.leave(Left::Partner);
        }
        if self.tally.asked >= most {
            return self.tally.leave(Left::Limit);
        }
        self.tally.asked += 1;
        if self.validator.is_none() {
            let masked = Masked::of(&kept.secret, provider.public_prefix);
            let (shown, title) = (validation.shown(), &provider.title);
            let line = format!("{shown}  with {title} {masked}, {print}");
            return self.planned.push(line);
        }
        let (reply, by) = self.reply(kept, validation, &partners);
        self.tally.count(&reply);
        self.keep(print, &kept.provider, validation, &reply);
        // The id of a pair works, or does not, with its secret.
        if let Some((id, partner)) = by.filter(|_| reply.liveness != Liveness::Unknown) {
            self.keep(id, &partner.provider, validation, &reply);
        }
    }

    /// With each partner until one works. Where several are refused nobody knows which was the right one.
    fn reply<'k>(
        &mut self,
        kept: &Kept,
        validation: &Validation,
        partners: &Partners<'k>,
    ) -> (Reply, Option<(Fingerprint, &'k Kept)>) {
        if validation.pair.is_none() {
            return (self.send(validation, &kept.secret, None, None), None);
        }
        let mut last = unknown("no partner stands beside it");
        for &(print, partner) in partners.ids.iter().take(MOST_PARTNERS) {
            let session = partners.session_of(partner);
            last = self.send(validation, &kept.secret, Some(&partner.secret), session);
            if last.liveness == Liveness::Live || partners.ids.len() == 1 {
                return (last, Some((print, partner)));
            }
        }
        if last.liveness == Liveness::Refused {
            let why = "the file has several ids, and which belongs to it is not known";
            last = Reply {
                status: last.status,
                ..unknown(why)
            };
        }
        (last, None)
    }

    fn send(
        &mut self,
        validation: &Validation,
        key: &Secret,
        pair: Option<&Secret>,
        session: Option<&Secret>,
    ) -> Reply {
        let Some(validator) = &mut self.validator else {
            return unknown("it was a dry run");
        };
        let signed = match (validation.signed.is_some(), pair) {
            (true, Some(id)) => match crate::aws::sign(validation, id, key, session) {
                Some(signed) => signed,
                None => return unknown("this build can't sign a request to AWS"),
            },
            _ => Vec::new(),
        };
        validator.ask(&Question {
            validation,
            key,
            pair,
            signed: &signed,
        })
    }

    fn keep(
        &mut self,
        fingerprint: Fingerprint,
        provider: &str,
        validation: &Validation,
        reply: &Reply,
    ) {
        self.facts.push(Validated {
            fingerprint,
            provider: provider.to_owned(),
            liveness: reply.liveness,
            status: reply.status,
            asked: validation.shown(),
            host: validation.host().to_owned(),
            identity: reply.identity.clone(),
            day: self.today.clone(),
            why: reply.why.clone(),
        });
    }
}

fn unknown(why: &str) -> Reply {
    Reply {
        liveness: Liveness::Unknown,
        status: None,
        identity: None,
        why: why.to_owned(),
    }
}
