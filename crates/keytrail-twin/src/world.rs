//! All services together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value};

use crate::dynamo::Tables;
use crate::faults::{Dice, Faults, Moment};
use crate::kms::Keys;
use crate::parameters::Parameters;
use crate::reply::{Refused, Reply, refused};
use crate::secrets::Secrets;

/// Who is told of calls: by the operation's name and the moment.
type Watcher = Box<dyn Fn(&str, Moment) + Send + Sync>;

/// An account; copies are the same one.
#[derive(Clone, Default)]
pub struct World(Arc<Inner>);

#[derive(Default)]
struct Inner {
    tables: Mutex<Tables>,
    secrets: Mutex<Secrets>,
    parameters: Mutex<Parameters>,
    keys: Mutex<Keys>,
    faults: Mutex<(Faults, Option<Dice>)>,
    buckets: Mutex<BTreeMap<&'static str, (f64, Option<Instant>)>>,
    counts: Mutex<BTreeMap<String, u64>>,
    watcher: Mutex<Option<Arc<Watcher>>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Well,
    Throttled,
    BrokenBefore,
    BrokenAfter,
    Lost,
}

impl World {
    /// From now on, these things go wrong, in an order that the seed decides.
    pub fn go_wrong(&self, faults: Faults, seed: u64) {
        *held(&self.0.faults) = (faults, Some(Dice::new(seed)));
    }

    /// From now on, this is told of every call.
    pub fn watch(&self, watcher: impl Fn(&str, Moment) + Send + Sync + 'static) {
        *held(&self.0.watcher) = Some(Arc::new(Box::new(watcher)));
    }

    /// Nobody is told any longer.
    pub fn unwatch(&self) {
        *held(&self.0.watcher) = None;
    }

    /// Calls so far, by operation, those that were refused too.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        held(&self.0.counts).clone()
    }

    /// Every item of a table.
    pub fn items(&self, table: &str) -> Vec<Map<String, Value>> {
        held(&self.0.tables).items(table)
    }

    /// Secrets and parameters together.
    pub fn kept(&self) -> usize {
        held(&self.0.secrets).count() + held(&self.0.parameters).count()
    }

    /// Carries a call out with nothing that can go wrong, for whoever sets the scene or checks it.
    pub fn plain(&self, target: &str, request: &Value) -> Result<Value, Value> {
        self.done(target, request)
    }

    /// Carries a call out, as `X-Amz-Target` names it; `service:Operation` is understood too.
    pub fn answer(&self, target: &str, request: &Value) -> Reply {
        let operation = operation(target);
        *held(&self.0.counts)
            .entry(operation.to_owned())
            .or_default() += 1;
        self.tell(operation, Moment::Before);
        let fate = self.fate(target);
        let reply = match fate {
            Fate::Throttled => Reply::of(Err(refused("ThrottlingException"))),
            Fate::BrokenBefore => Reply::broken(),
            Fate::Well => Reply::of(self.done(target, request)),
            Fate::BrokenAfter => {
                let _ = self.done(target, request);
                Reply::broken()
            }
            Fate::Lost => {
                let mut reply = Reply::of(self.done(target, request));
                reply.lost = true;
                reply
            }
        };
        self.tell(operation, Moment::Done);
        reply
    }

    pub(crate) fn answered(&self, target: &str) {
        self.tell(operation(target), Moment::Answered);
    }

    fn tell(&self, operation: &str, moment: Moment) {
        let watcher = held(&self.0.watcher).clone();
        if let Some(watcher) = watcher {
            watcher(operation, moment);
        }
    }

    fn fate(&self, target: &str) -> Fate {
        let (faults, roll) = {
            let mut held = held(&self.0.faults);
            let roll = held.1.as_mut().map_or(1.0, Dice::roll);
            (held.0.clone(), roll)
        };
        if !faults.latency.is_zero() {
            std::thread::sleep(faults.latency);
        }
        if !self.admitted(target, &faults) {
            return Fate::Throttled;
        }
        let mut below = 0.0;
        for (share, fate) in [
            (faults.throttled, Fate::Throttled),
            (faults.broken_before, Fate::BrokenBefore),
            (faults.broken_after, Fate::BrokenAfter),
            (faults.lost, Fate::Lost),
        ] {
            below += share;
            if roll < below {
                return fate;
            }
        }
        Fate::Well
    }

    /// Whether the service's rate allows one call more.
    fn admitted(&self, target: &str, faults: &Faults) -> bool {
        let (name, rate) = if is_table(target) {
            ("table", faults.table_rate)
        } else {
            ("vault", faults.vault_rate)
        };
        let Some(rate) = rate else { return true };
        let now = Instant::now();
        let mut buckets = held(&self.0.buckets);
        let (saved, at) = buckets.entry(name).or_default();
        let passed = at.map_or(0.0, |at| now.duration_since(at).as_secs_f64());
        *at = Some(now);
        // A tenth of a second may be saved up.
        *saved = (*saved + passed * rate).min((rate * 0.1).max(1.0));
        let admitted = *saved >= 1.0;
        if admitted {
            *saved -= 1.0;
        }
        admitted
    }

    fn done(&self, target: &str, request: &Value) -> Result<Value, Refused> {
        let operation = operation(target);
        if is_table(target) {
            held(&self.0.tables).answer(operation, request)
        } else if target.starts_with("secretsmanager") {
            held(&self.0.secrets).answer(operation, request)
        } else if target.starts_with("AmazonSSM") || target.starts_with("ssm:") {
            held(&self.0.parameters).answer(operation, request)
        } else if target.starts_with("TrentService") || target.starts_with("kms:") {
            held(&self.0.keys).answer(operation, request)
        } else {
            Err(refused("UnknownOperationException"))
        }
    }
}

fn is_table(target: &str) -> bool {
    target.starts_with("DynamoDB") || target.starts_with("dynamodb:")
}

fn operation(target: &str) -> &str {
    target.rsplit(['.', ':']).next().unwrap_or(target)
}
