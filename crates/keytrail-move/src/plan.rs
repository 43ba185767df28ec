//! What a migration would do, what it costs, how long it takes, and what keeps the raw keys afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use keytrail_model::Fingerprinter;

use crate::error::MoveError;
use crate::pace::Pace;
use crate::raw::Raw;
use crate::reference::Target;
use crate::scan;
use crate::setting::Setting;
use crate::table::Table;
use crate::wire::Wire;

/// Prices and limits of us-east-1, November 2026; the plan says so.
mod price {
    /// USD a secret and month.
    pub(super) const SECRET: f64 = 0.40;
    /// USD for 10,000 calls to Secrets Manager, of which an item takes two.
    pub(super) const SECRET_CALLS: f64 = 0.05;
    /// USD an advanced parameter and month; standard ones cost nothing, up to 10,000.
    pub(super) const PARAMETER: f64 = 0.05;
    /// Standard parameters of an account and region.
    pub(super) const STANDARD_PARAMETERS: f64 = 10_000.0;
    /// USD a key of KMS and month.
    pub(super) const KEY: f64 = 1.0;
    /// USD for 10,000 calls to KMS, of which an item takes two.
    pub(super) const KEY_CALLS: f64 = 0.03;
    /// Secrets created or changed a second.
    pub(super) const SECRETS_A_SECOND: f64 = 50.0;
    /// Parameters put a second, unless higher throughput is switched on.
    pub(super) const PARAMETERS_A_SECOND: f64 = 3.0;
    /// Items a second otherwise: what one connection pool to DynamoDB brings.
    pub(super) const ITEMS_A_SECOND: f64 = 1500.0;
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Table and region.
    pub table: String,
    /// Where.
    pub region: String,
    /// The place of the key.
    pub attribute: String,
    /// Where the keys go.
    pub to: &'static str,
    /// Items that were read.
    pub items: u64,
    /// With a raw key.
    pub raw: u64,
    /// Different keys among them; equal ones are one key in several items.
    pub different: u64,
    /// Keys that could be guessed.
    pub weak: u64,
    /// Moved already.
    pub moved: u64,
    /// What lies there and can't be moved, by reason.
    pub left: BTreeMap<&'static str, u64>,
    /// USD a month afterwards.
    pub monthly: f64,
    /// USD a month while the way back is open, where that is more.
    pub monthly_while_open: f64,
    /// USD once.
    pub once: f64,
    /// Seconds, at the services' default quotas.
    pub seconds: f64,
    /// What is to be known before.
    pub notes: Vec<String>,
    /// What keeps the raw keys afterwards.
    pub keeps: Vec<String>,
    /// What could not be asked.
    pub not_asked: Vec<String>,
}

/// Digests of keys that are kept to tell equal ones; more are not counted apart.
const MOST_DIFFERENT: usize = 2_000_000;

/// Reads the table once and says what there is to do.
pub fn plan(
    wire: &dyn Wire,
    pace: &Pace,
    setting: &Setting,
    table: &Table,
    prints: &Fingerprinter,
) -> Result<Plan, MoveError> {
    let mut plan = Plan {
        table: setting.table.clone(),
        region: setting.region.clone(),
        attribute: setting.path.to_string(),
        to: setting.target.name(),
        keeps: table.keeps.clone(),
        not_asked: table.not_asked.clone(),
        ..Plan::default()
    };
    let mut different = BTreeSet::new();
    scan::pages(wire, pace, setting, (0, 1), &mut |items| {
        for item in items {
            plan.items += 1;
            if setting.in_primary_key() {
                setting.learn(&item);
            }
            if setting.reference_in(&item).is_some() && !setting.raw_in(&item) {
                plan.moved += 1;
                continue;
            }
            let Some(value) = setting.path.get(&item) else {
                continue;
            };
            match Raw::read(value) {
                Ok(raw) => {
                    plan.raw += 1;
                    match prints.fingerprint(&raw.secret()) {
                        Some(print) if different.len() < MOST_DIFFERENT => {
                            different.insert(print);
                        }
                        Some(_) => {}
                        None => plan.weak += 1,
                    }
                }
                Err(why) => *plan.left.entry(why).or_default() += 1,
            }
        }
        true
    })?;
    plan.different = different.len() as u64;
    plan.cost(setting.target);
    plan.note(setting, table);
    Ok(plan)
}

#[expect(clippy::cast_precision_loss, reason = "counts of items, for people")]
fn number(count: u64) -> f64 {
    count as f64
}

impl Plan {
    fn cost(&mut self, target: Target) {
        let keys = number(self.raw);
        let all = keys + number(self.moved);
        let secrets = all * price::SECRET;
        (self.monthly, self.once, self.seconds) = match target {
            Target::SecretsManager => (
                secrets,
                keys * 2.0 / 10_000.0 * price::SECRET_CALLS,
                keys / price::SECRETS_A_SECOND,
            ),
            Target::ParameterStore => {
                let advanced = all > price::STANDARD_PARAMETERS;
                let month = if advanced {
                    all * price::PARAMETER
                } else {
                    0.0
                };
                (month, 0.0, keys / price::PARAMETERS_A_SECOND)
            }
            Target::Kms => (
                price::KEY,
                keys * 2.0 / 10_000.0 * price::KEY_CALLS,
                keys / price::ITEMS_A_SECOND,
            ),
            Target::Hmac => (
                price::SECRET,
                keys * 2.0 / 10_000.0 * price::SECRET_CALLS,
                keys / price::SECRETS_A_SECOND,
            ),
        };
        if target == Target::Hmac {
            self.monthly_while_open = secrets + price::SECRET;
        }
    }

    fn note(&mut self, setting: &Setting, table: &Table) {
        let mut say = |text: String| self.notes.push(text);
        if self.monthly > 1000.0 {
            say(format!(
                "{} in a vault of a price for each costs {:.0} USD a month: `--to kms` keeps them \
                 encrypted in the items for {:.0} USD a month, `--to hmac` keeps digests where keys are only \
                 compared",
                self.raw + self.moved,
                self.monthly,
                price::KEY
            ));
        }
        if setting.target == Target::Hmac {
            say(
                "digests can't be turned back: until `--finish` each key is held in Secrets Manager so that \
                 `--rollback` works; afterwards nobody has them, and `--rollback` is impossible"
                    .to_owned(),
            );
        }
        if setting.in_primary_key() {
            say(format!(
                "`{}` is part of the primary key: each item is put under the digest of its key and the old one \
                 deleted in one transaction, which costs four times the write units; key attributes are \
                 written to CloudTrail's data events, contributor insights and error messages, where they \
                 stay",
                setting.path
            ));
            say(
                "an application that updates by the raw key makes a new item where the old one was: bring \
                 the generated reader out first, and let updates demand that the item exists"
                    .to_owned(),
            );
        }
        if let Some(name) = setting
            .path
            .attribute()
            .filter(|_| !setting.in_primary_key())
        {
            for index in table.indexes_by(name) {
                say(format!(
                    "the index {index} is keyed by `{name}`: items leave it when they are moved; {}",
                    if setting.target == Target::Hmac {
                        format!("make one keyed by `{name}_hmac` first")
                    } else {
                        "what looks keys up by it needs `--to hmac`".to_owned()
                    }
                ));
            }
        }
        if self.weak > 0 {
            say(format!(
                "{} values are so short or plain that they could be guessed: they are moved too, without a \
                 fingerprint",
                self.weak
            ));
        }
        say(
            "bring the generated reader out before `--apply`: it reads raw keys and references alike"
                .to_owned(),
        );
        if self.raw > 0 {
            self.keeps.push(
                "logs and traces of what was read or written until now: scan them, and rotate every key; \
                 moving does not make a key unseen"
                    .to_owned(),
            );
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} in {}: {} of {} items hold a raw key in `{}`, {} different ones; {} are moved already",
            self.table,
            self.region,
            self.raw,
            self.items,
            self.attribute,
            self.different,
            self.moved
        )?;
        for (why, count) in &self.left {
            writeln!(f, "  left: {count} with {why}")?;
        }
        writeln!(f, "  to {}: {}", self.to, money(self.monthly))?;
        if self.monthly_while_open > self.monthly {
            writeln!(f, "  until --finish: {}", money(self.monthly_while_open))?;
        }
        writeln!(
            f,
            "  once {:.2} USD and about {} at default quotas (prices of us-east-1)",
            self.once,
            duration(self.seconds)
        )?;
        for (head, lines) in [
            ("note", &self.notes),
            ("keeps raw keys", &self.keeps),
            ("not asked", &self.not_asked),
        ] {
            for line in lines {
                writeln!(f, "  {head}: {line}")?;
            }
        }
        Ok(())
    }
}

fn money(monthly: f64) -> String {
    format!("{monthly:.2} USD a month")
}

fn duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{:.0} seconds", seconds.max(1.0))
    } else if seconds < 5400.0 {
        format!("{:.0} minutes", seconds / 60.0)
    } else {
        format!("{:.1} hours", seconds / 3600.0)
    }
}
