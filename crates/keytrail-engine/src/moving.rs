//! `keytrail migrate`: settings, client, journals and the mover, table by table.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use keytrail_model::Fingerprinter;
use keytrail_move::{
    Head, Journal, Mover, Pace, Path, Pepper, Plan, Seal, Setting, Standing, Table, Tally, Target,
    Window,
};

use crate::writing::{Signed, Writes};
use crate::{Config, EngineError};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Tell what would be done.
    Plan,
    /// Move the keys out.
    Apply,
    /// Move them back.
    RollBack,
    /// Close the way back.
    Finish,
    /// Write the application's reader.
    Reader,
}

impl Doing {
    fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::RollBack => "rollback",
            Self::Finish => "finish",
            Self::Reader => "reader",
        }
    }
}

/// A migration as it is asked for.
#[derive(Clone, Debug)]
pub struct Moving {
    /// Tables, by name.
    pub tables: Vec<String>,
    /// Regions; that of the configuration where there is none.
    pub regions: Vec<String>,
    /// As whom.
    pub writes: Writes,
    /// Where the keys lie.
    pub attribute: String,
    /// Where they go.
    pub target: Target,
    /// The key of KMS.
    pub kms_key: Option<String>,
    /// The reference's name; that of the attribute with `_ref` where there is none.
    pub reference: Option<String>,
    /// Where the journals lie.
    pub journal: PathBuf,
    /// Items a second.
    pub rate: Option<f64>,
    /// Items under way at a time.
    pub workers: usize,
    /// What.
    pub doing: Doing,
    /// The configuration.
    pub config: Option<PathBuf>,
    /// The project's salt, where it is not in the configuration.
    pub salt: Option<String>,
    /// Whoever watches.
    pub watch: Arc<crate::Watch>,
}

/// What came of one table.
#[derive(Clone, Debug)]
pub enum TableMoved {
    /// What would be done.
    Planned(Box<Plan>),
    /// What was done.
    Done {
        /// The table.
        table: String,
        /// Where.
        region: String,
        /// How many ended how.
        tally: Tally,
        /// How the table is now.
        standing: Standing,
        /// For the signed report.
        report: String,
    },
    /// The application's reader.
    Reader(String),
}

/// Does it; `each` is told of every table as soon as it is done.
pub fn migrate(
    moving: &Moving,
    each: &mut dyn FnMut(TableMoved) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let salt = salt(moving)?;
    let client = Signed::open(&moving.writes, moving.regions.first().map(String::as_str))?;
    let mut regions = moving.regions.clone();
    if regions.is_empty() {
        regions.push(client.region().to_owned());
    }
    let pace = Pace::new(moving.rate);
    for region in &regions {
        let client = client.in_region(region);
        for table in &moving.tables {
            each(one(moving, &client, &pace, &salt, table)?)?;
        }
    }
    Ok(())
}

/// Names and digests are made with it: one that everybody knows would let everybody test guesses.
fn salt(moving: &Moving) -> Result<String, EngineError> {
    let salt = salt_of(moving.config.as_deref(), moving.salt.as_deref())?;
    salt.ok_or_else(|| EngineError::Move {
        what: "the project has no salt".to_owned(),
        hint: "`keytrail init` writes a `keytrail.toml` with one; keep it, names in the vault are made \
               with it"
            .to_owned(),
    })
}

/// That of the environment, or of the configuration.
pub(crate) fn salt_of(
    config: Option<&std::path::Path>,
    given: Option<&str>,
) -> Result<Option<String>, EngineError> {
    let rules = crate::rules();
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
    let config = Config::load(config, std::path::Path::new("."), &ids)?;
    Ok(given.map(str::to_owned).or(config.salt))
}

fn one(
    moving: &Moving,
    client: &Signed,
    pace: &Pace,
    salt: &str,
    name: &str,
) -> Result<TableMoved, EngineError> {
    let table = Table::read(client, pace, name)?;
    let mut setting = setting(moving, client, salt, name, &table)?;
    let prints = Fingerprinter::with_salt(salt.as_bytes());
    match moving.doing {
        Doing::Plan => {
            with_pepper(&mut setting, client, pace, false)?;
            let plan = keytrail_move::plan(client, pace, &setting, &table, &prints)?;
            Ok(TableMoved::Planned(Box::new(plan)))
        }
        Doing::Reader => {
            let finished = moving.journal.is_dir()
                && Journal::open(&moving.journal, &Head::of(&setting))?.window() == Window::Closed;
            let text = keytrail_move::reader(&setting, !finished);
            Ok(TableMoved::Reader(text))
        }
        Doing::Apply | Doing::RollBack | Doing::Finish => {
            with_pepper(&mut setting, client, pace, true)?;
            let journal = Journal::open(&moving.journal, &Head::of(&setting))?;
            setting.nonce = journal.nonce();
            let mover = Mover {
                wire: client,
                setting: &setting,
                journal: &journal,
                prints: &prints,
                pace,
                workers: moving.workers,
                parts: parts(table.bytes),
                progress: &moving.watch.cloud,
            };
            moving.watch.cloud.expect(table.items);
            let (tally, standing) = match moving.doing {
                Doing::RollBack => mover.roll_back()?,
                Doing::Finish => mover.finish()?,
                _ => mover.apply()?,
            };
            let action = moving.doing.name();
            let at = now();
            let report = keytrail_move::report(&setting, &journal, action, &at, &tally, &standing);
            Ok(TableMoved::Done {
                table: name.to_owned(),
                region: setting.region.clone(),
                tally,
                standing,
                report: report.to_string(),
            })
        }
    }
}

fn with_pepper(
    setting: &mut Setting,
    client: &Signed,
    pace: &Pace,
    make: bool,
) -> Result<(), EngineError> {
    if setting.needs_pepper() {
        setting.pepper = Some(Pepper::of(client, pace, &setting.table, make)?);
    }
    Ok(())
}

fn setting(
    moving: &Moving,
    client: &Signed,
    salt: &str,
    name: &str,
    table: &Table,
) -> Result<Setting, EngineError> {
    let path: Path = moving.attribute.parse()?;
    if moving.target == Target::Kms && moving.kms_key.is_none() {
        return Err(EngineError::Move {
            what: "`--to kms` needs a key".to_owned(),
            hint: "add `--key`, an id, ARN or alias of a key in the table's region".to_owned(),
        });
    }
    let reference = moving.reference.clone();
    Ok(Setting {
        region: client.region().to_owned(),
        table: name.to_owned(),
        keys: table.keys.clone(),
        reference: reference.unwrap_or_else(|| format!("{}_ref", path.leaf())),
        path,
        target: moving.target,
        kms_key: moving.kms_key.clone(),
        salt: Seal::new(salt.as_bytes()),
        nonce: Seal::new(b""),
        pepper: None,
        known: Mutex::default(),
    })
}

/// A part for every 64 MB, up to eight.
fn parts(bytes: u64) -> u32 {
    u32::try_from((bytes / 67_108_864).clamp(1, 8)).unwrap_or(1)
}

/// In UTC, to the second.
fn now() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "{}T{hour:02}:{minute:02}:{second:02}Z",
        crate::Date::today()
    )
}

/// The reports of several tables as one document, signed where there is a key.
pub fn signed_report(reports: &[String], key: Option<&[u8]>) -> Result<String, EngineError> {
    let tables: Vec<serde_json::Value> = reports
        .iter()
        .filter_map(|report| serde_json::from_str(report).ok())
        .collect();
    let key = key.map(Seal::new);
    Ok(keytrail_move::signed(&tables, key.as_ref())?)
}

/// Whether a report is as it was signed with this key.
pub fn check_report(text: &str, key: &[u8]) -> Result<(), EngineError> {
    Ok(keytrail_move::check(text, &Seal::new(key))?)
}
