//! The protocol for one item, as a machine without a clock, a socket or a file: it says what is to be
//! done next and is told what came of it. Whoever drives it may die at any step; a new machine that
//! begins with what the table holds then comes to the same end.
//!
//! Why each step is safe is told in `docs/decisions/0031-moving-keys.md`.

use keytrail_model::{Fingerprint, Fingerprinter};
use serde_json::Value;

use crate::path::Item;
use crate::raw::Raw;
use crate::reference::{Reference, Target};
use crate::requests as ask;
use crate::setting::Setting;

/// What is to be done next.
#[derive(Debug)]
pub enum Act {
    /// Send this; it may be sent again as long as no answer came.
    Send {
        /// `service:Operation`.
        call: &'static str,
        /// The request. Holds raw keys: it is never shown.
        request: Value,
    },
    /// Write this down before going on.
    Note(Entry),
    /// Nothing more.
    Done(Outcome),
}

/// What came of it.
#[derive(Debug)]
pub enum Heard {
    /// The service's answer.
    Answer(Value),
    /// The service refuses, under this name.
    Refused(String),
    /// It is written down.
    Noted,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is about to happen, or has.
    pub step: &'static str,
    /// The item, as a keyed digest of its primary key.
    pub item: String,
    /// The name in the vault.
    pub name: String,
    /// Which version of it.
    pub version: String,
    /// The key's fingerprint, unless it could be guessed.
    pub print: Option<Fingerprint>,
}

/// How it ended for one item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The key is where it belongs, and the item refers to it.
    Moved,
    /// It was so already.
    Already,
    /// There is no key in it.
    Empty,
    /// What lies there can't be moved.
    Left(&'static str),
    /// Somebody deleted the item meanwhile.
    Gone,
    /// Somebody changed the item each time.
    Busy,
    /// A service refused.
    Failed(String),
    /// The key is back in the item.
    Restored,
    /// The way back is closed.
    Closed,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Out of the item.
    Forward,
    /// Back into the item.
    Back,
    /// What is held for the way back is let go.
    Close,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Intend,
    Store,
    Peek,
    Undelete,
    Put,
    Check,
    Fetch,
    Drop,
    LookThere,
    Switch,
    Reread,
    LookAfter,
    Note(Outcome),
    Done(Outcome),
}

/// How often an item that is changed under our hands is tried.
const ROUNDS: u32 = 12;

/// The protocol for one item.
pub struct Machine<'s> {
    setting: &'s Setting,
    prints: &'s Fingerprinter,
    job: Job,
    /// The item as it was last read.
    source: Item,
    /// What was read at the primary key where it goes, once that was needed.
    there: Option<Item>,
    raw: Option<Raw>,
    /// The key that is in the vault and was read back.
    stored: bool,
    reference: Reference,
    phase: Phase,
    rounds: u32,
}

impl std::fmt::Debug for Machine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Machine({:?}, {:?})", self.job, self.phase)
    }
}

impl<'s> Machine<'s> {
    /// Begins with an item as the table holds it.
    pub fn new(setting: &'s Setting, prints: &'s Fingerprinter, job: Job, item: Item) -> Self {
        let mut machine = Self {
            setting,
            prints,
            job,
            source: item,
            there: None,
            raw: None,
            stored: false,
            reference: Reference::new(setting.target, crate::raw::Kind::Text),
            phase: Phase::Done(Outcome::Empty),
            rounds: 0,
        };
        machine.begin();
        machine
    }

    /// Looks at the item, and decides what there is to do with it.
    fn begin(&mut self) {
        self.phase = match self.job {
            Job::Forward => self.begin_forward(),
            Job::Back => self.begin_back(),
            Job::Close => self.begin_close(),
        };
    }

    fn begin_forward(&mut self) -> Phase {
        let setting = self.setting;
        let known = setting.reference_in(&self.source);
        let in_key = setting.in_primary_key();
        let value = setting.path.get(&self.source);
        let value = match (value, known) {
            (_, Some(known)) if in_key => return self.already(known),
            (None, Some(known)) => return self.already(known),
            (None, None) => return Phase::Done(Outcome::Empty),
            (Some(value), _) => value,
        };
        let raw = match Raw::read(value) {
            Ok(raw) => raw,
            Err(why) => return Phase::Done(Outcome::Left(why)),
        };
        let same = self.raw.as_ref().is_some_and(|old| old.equals(&raw));
        if same && self.stored {
            self.raw = Some(raw);
            return if in_key {
                Phase::LookThere
            } else {
                Phase::Switch
            };
        }
        self.refer(&raw);
        self.raw = Some(raw);
        self.stored = false;
        Phase::Intend
    }

    fn already(&mut self, known: Reference) -> Phase {
        self.reference = known;
        self.as_wanted(Outcome::Already)
    }

    /// The item is as it should be. After a refusal that was our own doing, whose answer was lost,
    /// or somebody else's with the same end: it is written down.
    fn as_wanted(&self, otherwise: Outcome) -> Phase {
        if self.rounds > 0 {
            Phase::Note(self.good_end())
        } else {
            Phase::Done(otherwise)
        }
    }

    /// The reference as far as it is known before the vault has the key.
    fn refer(&mut self, raw: &Raw) {
        let setting = self.setting;
        let mut reference = Reference::new(setting.target, raw.kind);
        if setting.needs_pepper()
            && let Some(pepper) = &setting.pepper
        {
            reference.digest = setting.digest(raw);
            reference.pepper = (pepper.name.clone(), pepper.version.clone());
        }
        let key = self.key_after(raw);
        if setting.target != Target::Kms {
            reference.name = setting.name(&setting.id(&key));
        }
        self.reference = reference;
    }

    /// The primary key that the item has once its key is moved.
    fn key_after(&self, raw: &Raw) -> Item {
        if self.setting.in_primary_key() {
            let handle = self.setting.handle(raw);
            self.setting.key_with(&self.source, handle)
        } else {
            self.setting.key_of(&self.source)
        }
    }

    fn begin_back(&mut self) -> Phase {
        let setting = self.setting;
        let Some(reference) = setting.reference_in(&self.source) else {
            return self.as_wanted(Outcome::Empty);
        };
        let newer = !setting.in_primary_key() && setting.path.get(&self.source).is_some();
        let leads_back = reference.leads_back();
        self.reference = reference;
        self.raw = None;
        if newer {
            return Phase::Switch;
        }
        if leads_back {
            Phase::Fetch
        } else {
            Phase::Done(Outcome::Left("only a digest is kept"))
        }
    }

    fn begin_close(&mut self) -> Phase {
        match self.setting.reference_in(&self.source) {
            Some(known) if known.store == Target::Hmac && known.leads_back() => {
                self.reference = known;
                Phase::Drop
            }
            Some(known) => self.already(known),
            None => Phase::Done(Outcome::Empty),
        }
    }

    /// The item's name in the journal.
    pub fn id(&self) -> String {
        let setting = self.setting;
        match (&self.raw, self.job) {
            (Some(raw), Job::Forward) => setting.id(&self.key_after(raw)),
            _ => setting.id(&setting.key_of(&self.source)),
        }
    }

    /// What the item refers to, or will.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// What is to be done next.
    pub fn act(&self) -> Act {
        let setting = self.setting;
        let key = setting.key_of(&self.source);
        match (&self.phase, &self.raw) {
            (Phase::Intend, _) => Act::Note(self.entry("intent")),
            (Phase::Note(outcome), _) => Act::Note(self.entry(match outcome {
                Outcome::Restored => "restored",
                Outcome::Closed => "closed",
                _ => "moved",
            })),
            (Phase::Done(outcome), _) => Act::Done(outcome.clone()),
            (Phase::Store, Some(raw)) => {
                ask::store(setting, &self.reference.name, raw, &self.key_after(raw))
            }
            (Phase::Peek, _) => ask::peek(&self.reference.name),
            (Phase::Undelete, _) => ask::undelete(&self.reference.name),
            (Phase::Put, Some(raw)) => ask::put(setting, &self.reference.name, raw),
            (Phase::Check, Some(raw)) => ask::fetch(setting, &self.reference, &self.key_after(raw)),
            (Phase::Fetch, _) => ask::fetch(setting, &self.reference, &key),
            (Phase::Drop, _) => ask::drop_secret(&self.reference.name),
            (Phase::LookThere | Phase::LookAfter, _) => ask::read(setting, &self.key_there()),
            (Phase::Switch, _) => self.switch(),
            (Phase::Reread, _) => ask::read(setting, &key),
            (Phase::Store | Phase::Put | Phase::Check, None) => {
                Act::Done(Outcome::Failed("no key".to_owned()))
            }
        }
    }

    fn entry(&self, step: &'static str) -> Entry {
        let raw = self.raw.as_ref();
        Entry {
            step,
            item: self.id(),
            name: self.reference.name.clone(),
            version: self.reference.version.clone(),
            print: raw.and_then(|raw| self.prints.fingerprint(&raw.secret())),
        }
    }

    /// The primary key where the item goes.
    fn key_there(&self) -> Item {
        match (&self.raw, self.job) {
            (Some(raw), Job::Forward) => self.key_after(raw),
            (Some(raw), _) => self.setting.key_with(&self.source, raw.value()),
            (None, _) => self.setting.key_of(&self.source),
        }
    }

    fn switch(&self) -> Act {
        let setting = self.setting;
        match (self.job, &self.raw) {
            (Job::Close, _) => {
                let mut less = self.reference.clone();
                less.name.clear();
                less.version.clear();
                ask::close(setting, &self.source, &less)
            }
            _ if setting.in_primary_key() => {
                let content = self.content();
                ask::exchange(setting, &self.source, self.there.as_ref(), &content)
                    .unwrap_or(Act::Done(Outcome::Left("too many attributes")))
            }
            (Job::Forward, Some(raw)) => ask::switch(setting, &self.source, raw, &self.reference),
            (_, raw) => ask::restore(setting, &self.source, raw.as_ref()),
        }
    }

    /// What the item becomes under its other primary key. What was written last wins: a record under
    /// the raw key beside one that is moved already is a late write.
    fn content(&self) -> Item {
        let setting = self.setting;
        let mut content = match (self.job, &self.there) {
            (Job::Forward, Some(there)) => there.clone(),
            _ => Item::new(),
        };
        content.extend(self.source.clone());
        if self.job == Job::Back {
            content.remove(&setting.reference);
            content.extend(self.there.clone().unwrap_or_default());
        } else {
            content.insert(setting.reference.clone(), self.reference.value());
        }
        content.extend(self.key_there());
        content
    }

    /// What came of the last act.
    pub fn hear(&mut self, heard: Heard) {
        self.phase = match heard {
            Heard::Noted => match self.phase.clone() {
                Phase::Intend => Phase::Store,
                Phase::Note(outcome) => Phase::Done(outcome),
                other => other,
            },
            Heard::Answer(answer) => self.answered(&answer),
            Heard::Refused(code) => self.refused(&code),
        };
        if self.phase == Phase::Reread {
            self.rounds += 1;
            if self.rounds > ROUNDS {
                self.phase = Phase::Done(Outcome::Busy);
            }
        }
    }

    fn answered(&mut self, answer: &Value) -> Phase {
        match self.phase.clone() {
            Phase::Store | Phase::Put => self.now_stored(answer),
            Phase::Undelete => Phase::Put,
            Phase::Peek => self.peeked(answer),
            Phase::Check => self.checked(answer),
            Phase::Fetch => self.fetched(answer),
            Phase::Drop => Phase::Switch,
            Phase::LookThere => {
                self.there = item(answer);
                Phase::Switch
            }
            Phase::Switch => Phase::Note(self.good_end()),
            Phase::Reread => self.reread(answer),
            Phase::LookAfter => self.looked_after(answer),
            other => other,
        }
    }

    fn good_end(&self) -> Outcome {
        match self.job {
            Job::Forward => Outcome::Moved,
            Job::Back => Outcome::Restored,
            Job::Close => Outcome::Closed,
        }
    }

    fn now_stored(&mut self, answer: &Value) -> Phase {
        let text = |field: &str| answer.get(field).and_then(Value::as_str);
        match self.setting.target {
            Target::SecretsManager | Target::Hmac => {
                if let (Some(raw), None) = (&self.raw, text("VersionId")) {
                    self.reference.version = self.setting.token(&self.reference.name, raw);
                }
                if let Some(version) = text("VersionId") {
                    version.clone_into(&mut self.reference.version);
                }
            }
            Target::ParameterStore => {
                let version = answer.get("Version").and_then(Value::as_u64);
                self.reference.version = version.unwrap_or(0).to_string();
            }
            Target::Kms => text("CiphertextBlob")
                .unwrap_or_default()
                .clone_into(&mut self.reference.blob),
        }
        Phase::Check
    }

    fn same(&self, answer: &Value) -> bool {
        let Some(raw) = &self.raw else { return false };
        ask::fetched(self.setting.target, raw.kind, answer).is_some_and(|kept| kept.equals(raw))
    }

    /// What lies under the name of a parameter already: the same key, or another one.
    fn peeked(&mut self, answer: &Value) -> Phase {
        if !self.same(answer) {
            return Phase::Put;
        }
        let version = answer.get("Parameter").and_then(|it| it.get("Version"));
        let version = version.and_then(Value::as_u64).unwrap_or(0);
        self.reference.version = version.to_string();
        self.stored = true;
        Phase::Switch
    }

    fn checked(&mut self, answer: &Value) -> Phase {
        if self.same(answer) {
            self.stored = true;
            Phase::Switch
        } else {
            Phase::Done(Outcome::Failed(
                "the vault gave another key back".to_owned(),
            ))
        }
    }

    fn fetched(&mut self, answer: &Value) -> Phase {
        let store = self.reference.store;
        self.raw = ask::fetched(store, self.reference.kind, answer);
        match self.raw {
            // After a refusal it matters what is where the item goes.
            Some(_) if self.setting.in_primary_key() && self.rounds > 0 => Phase::LookThere,
            Some(_) => Phase::Switch,
            None => Phase::Done(Outcome::Failed("the vault gave no key".to_owned())),
        }
    }

    fn reread(&mut self, answer: &Value) -> Phase {
        let in_key = self.setting.in_primary_key();
        match item(answer) {
            Some(found) => {
                self.setting.learn(&found);
                self.source = found;
                self.begin();
                self.phase.clone()
            }
            None if in_key && self.raw.is_some() && self.job != Job::Close => Phase::LookAfter,
            None => Phase::Done(Outcome::Gone),
        }
    }

    /// The item is no longer where it was: our own transaction may have been carried out though
    /// its answer was lost.
    fn looked_after(&mut self, answer: &Value) -> Phase {
        let found = item(answer);
        let reference = found.as_ref().and_then(|it| self.setting.reference_in(it));
        match (self.job, found, reference) {
            (Job::Forward, Some(_), Some(known)) => {
                self.reference = known;
                Phase::Note(Outcome::Moved)
            }
            (Job::Back, Some(_), None) => Phase::Note(Outcome::Restored),
            _ => Phase::Done(Outcome::Gone),
        }
    }

    fn refused(&mut self, code: &str) -> Phase {
        let fails = || Phase::Done(Outcome::Failed(code.to_owned()));
        match (self.phase.clone(), code) {
            (Phase::Store, "ResourceExistsException") => Phase::Put,
            (Phase::Store | Phase::Put, "InvalidRequestException") => {
                self.rounds += 1;
                if self.rounds > ROUNDS {
                    fails()
                } else {
                    Phase::Undelete
                }
            }
            (Phase::Store, "ParameterAlreadyExists") => Phase::Peek,
            (Phase::Peek, "ParameterNotFound") => Phase::Store,
            (Phase::Drop, "ResourceNotFoundException" | "InvalidRequestException") => Phase::Switch,
            (Phase::Switch, "ConditionalCheckFailedException" | "TransactionCanceledException") => {
                Phase::Reread
            }
            _ => fails(),
        }
    }
}

fn item(answer: &Value) -> Option<Item> {
    answer.get("Item").and_then(Value::as_object).cloned()
}
