//! Drives the protocol over a whole table: a scan hands items to workers, each of which takes one
//! item through the machine at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use keytrail_model::{Fingerprinter, Progress};

use crate::error::MoveError;
use crate::journal::{Journal, Window};
use crate::machine::{Act, Entry, Heard, Job, Machine, Outcome};
use crate::pace::Pace;
use crate::path::Item;
use crate::setting::Setting;
use crate::wire::Wire;
use crate::{patience, scan};

/// Passes over the table before we say that somebody keeps writing raw keys.
const MOST_PASSES: u32 = 12;
/// Items in a row for which nobody answered, after which the service is taken to be down.
const MOST_TIRED: u32 = 32;
/// Items that wait for a worker.
const WAITING: usize = 512;

/// One migration with everything it needs.
pub struct Mover<'a> {
    /// The world.
    pub wire: &'a dyn Wire,
    /// What it is about.
    pub setting: &'a Setting,
    /// What was done.
    pub journal: &'a Journal,
    /// The project's fingerprints.
    pub prints: &'a Fingerprinter,
    /// How fast.
    pub pace: &'a Pace,
    /// Items under way at a time.
    pub workers: usize,
    /// Parts in which the table is read.
    pub parts: u32,
    /// Whoever watches.
    pub progress: &'a Progress,
}

impl std::fmt::Debug for Mover<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mover({:?})", self.setting.table)
    }
}

/// How many items ended how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<Outcome, u64>);

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        *self.0.entry(outcome).or_default() += 1;
    }

    /// So many ended so.
    pub fn of(&self, outcome: &Outcome) -> u64 {
        self.0.get(outcome).copied().unwrap_or(0)
    }

    /// Items that a service refused.
    pub fn failed(&self) -> u64 {
        let failed = self
            .0
            .iter()
            .filter(|(outcome, _)| matches!(outcome, Outcome::Failed(_)));
        failed.map(|(_, count)| count).sum()
    }

    /// What was done is added up over passes; what was seen is that of the last one.
    fn then(&mut self, later: Self) {
        self.0.retain(|outcome, _| done(outcome));
        for (outcome, count) in later.0 {
            *self.0.entry(outcome).or_default() += count;
        }
    }

    fn moved_something(&self) -> bool {
        self.0.iter().any(|(outcome, _)| done(outcome))
    }
}

fn done(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Moved | Outcome::Restored | Outcome::Closed | Outcome::Gone
    )
}

/// What the table holds, beside what the journal says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Items.
    pub items: u64,
    /// With a raw key.
    pub raw: u64,
    /// With a reference.
    pub references: u64,
    /// With a reference that the journal has otherwise, or not.
    pub unlike: u64,
    /// In the journal as moved, and not in the table: deleted since.
    pub absent: u64,
    /// In the journal as begun, neither moved nor in the table: what lies in the vault for them has
    /// no item.
    pub orphans: u64,
}

/// What workers share.
struct Shared {
    tally: Mutex<Tally>,
    stop: AtomicBool,
    tired: AtomicU32,
    error: Mutex<Option<MoveError>>,
}

impl Shared {
    fn fail(&self, error: MoveError) {
        self.stop.store(true, Ordering::Relaxed);
        let mut slot = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(error);
    }

    fn count(&self, outcome: Outcome) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.count(outcome);
    }
}

impl Mover<'_> {
    /// Moves every key out of the table, passing over it until no raw one is left.
    pub fn apply(&self) -> Result<(Tally, Standing), MoveError> {
        self.passes(Job::Forward)
    }

    /// Moves every key back into its item.
    pub fn roll_back(&self) -> Result<(Tally, Standing), MoveError> {
        if self.journal.window() == Window::Closed {
            return Err(MoveError::Finished);
        }
        self.passes(Job::Back)
    }

    /// Moves what is left, and closes the way back; only where no raw key is in the table.
    pub fn finish(&self) -> Result<(Tally, Standing), MoveError> {
        let (mut tally, standing) = self.apply()?;
        if standing.raw > 0 || tally.failed() > 0 {
            let left = standing.raw.max(tally.failed());
            return Err(MoveError::NotDone { left });
        }
        self.journal.close()?;
        let (closed, standing) = self.passes(Job::Close)?;
        let count = closed.of(&Outcome::Closed);
        if count > 0 {
            tally.0.insert(Outcome::Closed, count);
        }
        Ok((tally, standing))
    }

    fn passes(&self, job: Job) -> Result<(Tally, Standing), MoveError> {
        let mut tally = Tally::default();
        for _ in 0..MOST_PASSES {
            let pass = self.pass(job)?;
            let moved = pass.moved_something();
            tally.then(pass);
            self.journal.sync()?;
            let standing = self.standing()?;
            let left = match job {
                Job::Forward => standing.raw,
                Job::Back => standing.references,
                Job::Close => 0,
            };
            if left == 0 || !moved {
                return Ok((tally, standing));
            }
        }
        let standing = self.standing()?;
        Ok((tally, standing))
    }

    /// One pass over the table.
    fn pass(&self, job: Job) -> Result<Tally, MoveError> {
        let shared = Shared {
            tally: Mutex::default(),
            stop: AtomicBool::new(false),
            tired: AtomicU32::new(0),
            error: Mutex::default(),
        };
        let (sender, receiver) = sync_channel(WAITING);
        let receiver = Mutex::new(receiver);
        std::thread::scope(|scope| {
            for _ in 0..self.workers.max(1) {
                scope.spawn(|| self.work(job, &receiver, &shared));
            }
            for part in 0..self.parts.max(1) {
                let sender = sender.clone();
                let shared = &shared;
                scope.spawn(move || self.read(job, part, &sender, shared));
            }
            drop(sender);
        });
        let error = shared.error.into_inner();
        match error.unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(shared
                .tally
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Hands the items of one part on for which there is something to do.
    fn read(&self, job: Job, part: u32, sender: &SyncSender<Item>, shared: &Shared) {
        let parts = (part, self.parts.max(1));
        let read = scan::pages(self.wire, self.pace, self.setting, parts, &mut |items| {
            if self.setting.in_primary_key() {
                for item in &items {
                    self.setting.learn(item);
                }
            }
            for item in items {
                if self.concerns(job, &item) {
                    if sender.send(item).is_err() {
                        return false;
                    }
                } else if let Err(error) = self.passed_by(&item, shared) {
                    shared.fail(error);
                }
            }
            !shared.stop.load(Ordering::Relaxed)
        });
        if let Err(error) = read {
            shared.fail(error);
        }
    }

    fn concerns(&self, job: Job, item: &Item) -> bool {
        match job {
            Job::Forward => {
                self.setting.reference_in(item).is_none() && self.setting.path.get(item).is_some()
                    || self.setting.raw_in(item)
            }
            Job::Back => self.setting.reference_in(item).is_some(),
            Job::Close => {
                let held = self.setting.reference_in(item);
                held.is_some_and(|it| it.store == crate::Target::Hmac && it.leads_back())
            }
        }
    }

    /// Nothing is to be done: a run that died between the update and the journal is caught up with.
    fn passed_by(&self, item: &Item, shared: &Shared) -> Result<(), MoveError> {
        let Some(reference) = self.setting.reference_in(item) else {
            shared.count(Outcome::Empty);
            return Ok(());
        };
        shared.count(Outcome::Already);
        let id = self.setting.id(&self.setting.key_of(item));
        let known = self.journal.known(&id);
        let agrees = known.is_some_and(|known| {
            known.step == "closed"
                || known.step != "intent"
                    && known.name == reference.name
                    && known.version == reference.version
        });
        if agrees {
            return Ok(());
        }
        self.journal.note(&Entry {
            step: "found",
            item: id,
            name: reference.name.clone(),
            version: reference.version.clone(),
            print: None,
        })
    }

    fn work(&self, job: Job, receiver: &Mutex<Receiver<Item>>, shared: &Shared) {
        loop {
            let next = {
                let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
                receiver.recv()
            };
            let Ok(item) = next else { return };
            // The reader may be waiting for room: what comes after a failure is drained.
            if shared.stop.load(Ordering::Relaxed) {
                continue;
            }
            self.pace.item();
            self.progress.advance(1);
            match self.one(job, item) {
                Ok(outcome) => {
                    shared.tired.store(0, Ordering::Relaxed);
                    shared.count(outcome);
                }
                Err(MoveError::Tired { call, times, why }) => {
                    let tired = shared.tired.fetch_add(1, Ordering::Relaxed);
                    shared.count(Outcome::Failed(why.clone()));
                    if tired >= MOST_TIRED {
                        shared.fail(MoveError::Tired { call, times, why });
                    }
                }
                Err(error) => shared.fail(error),
            }
        }
    }

    /// Takes one item through the machine.
    fn one(&self, job: Job, item: Item) -> Result<Outcome, MoveError> {
        let mut machine = Machine::new(self.setting, self.prints, job, item);
        loop {
            let heard = match machine.act() {
                Act::Done(outcome) => return Ok(outcome),
                Act::Note(entry) => {
                    self.journal.note(&entry)?;
                    Heard::Noted
                }
                Act::Send { call, request } => {
                    match patience::send(self.wire, self.pace, call, &request)? {
                        Ok(answer) => Heard::Answer(answer),
                        Err(code) => Heard::Refused(code),
                    }
                }
            };
            machine.hear(heard);
        }
    }

    /// Reads the table, and holds the journal against it.
    pub fn standing(&self) -> Result<Standing, MoveError> {
        let mut standing = Standing::default();
        let mut items = self.journal.items();
        scan::pages(self.wire, self.pace, self.setting, (0, 1), &mut |page| {
            for item in page {
                self.stand(&item, &mut items, &mut standing);
            }
            true
        })?;
        for known in items.into_values() {
            match known.step.as_str() {
                "moved" | "found" | "closed" => standing.absent += 1,
                "intent" if !known.name.is_empty() => standing.orphans += 1,
                _ => {}
            }
        }
        Ok(standing)
    }

    fn stand(
        &self,
        item: &Item,
        items: &mut BTreeMap<String, crate::journal::Known>,
        standing: &mut Standing,
    ) {
        standing.items += 1;
        standing.raw += u64::from(self.setting.raw_in(item));
        let id = self.setting.id(&self.setting.key_of(item));
        let known = items.remove(&id);
        let Some(reference) = self.setting.reference_in(item) else {
            // What was begun for it lies under the name that it will have.
            if let Some(id) = self.setting.id_after(item) {
                items.remove(&id);
            }
            return;
        };
        standing.references += 1;
        let agrees = known.is_some_and(|known| match known.step.as_str() {
            "moved" | "found" => known.name == reference.name && known.version == reference.version,
            // What is held is named until it is let go.
            "closed" => true,
            _ => false,
        });
        standing.unlike += u64::from(!agrees);
    }
}
