//! `keytrail rotate`: which keys were exposed and how to rotate each, and the rotation itself where an API
//! allows it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use keytrail_model::{Committed, Fact, Fingerprint, Fingerprinter, Held, Secret, Sighting};
use keytrail_move::rotate::{
    AccessKey, Content, Holder, Judge, NewPepper, Record, SecretRotation, Services, Step,
};
use keytrail_move::{MoveError, Pace, Refusal, Seal, Setting, Table, Target};

use crate::run::Reading;
use crate::writing::{Signed, Writes};
use crate::{EngineError, Options, Watch, rules};

/// A key that was exposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// What it is called everywhere; nothing where it could be guessed.
    pub fingerprint: Option<Fingerprint>,
    /// `AWS secret access key`.
    pub title: String,
    /// What a person may see of it.
    pub masked: String,
    /// Nobody was ever meant to have it but the service.
    pub power: String,
    /// How to rotate it.
    pub rotate: String,
    /// Names under which it is used.
    pub names: BTreeSet<String>,
    /// Where it lies and can be taken away.
    pub places: BTreeSet<String>,
    /// Where it stays, whatever is edited.
    pub stays: BTreeSet<String>,
    /// Who must be told.
    pub tell: BTreeSet<String>,
    /// It was seen refused, or somebody said that it is rotated.
    pub rotated: bool,
}

/// The keys in the order in which they are to be rotated: what stays exposed first, then what is certain.
pub fn exposed(
    options: &Options,
    records: &Path,
    watch: &Watch,
) -> Result<Vec<Exposed>, EngineError> {
    let read = Reading::of(options, &rules(), watch)?;
    let mut keys: BTreeMap<String, (u8, Exposed)> = BTreeMap::new();
    for fact in &read.evidence.facts {
        match fact {
            Fact::Sighting(seen) => sighting(&mut keys, seen),
            Fact::Committed(seen) => committed(&mut keys, seen),
            _ => {}
        }
    }
    for fact in &read.evidence.facts {
        if let Fact::StoredKeys(stored) = fact {
            for key in &stored.examples {
                let Some(print) = key.fingerprint else {
                    continue;
                };
                let entry = keys
                    .entry(print.to_string())
                    .or_insert_with(|| (1, fresh(Some(print), &key.provider, &key.masked)));
                entry
                    .1
                    .places
                    .insert(format!("item of {} ({})", stored.table, stored.attribute));
                entry.1.tell.insert(format!(
                    "whoever reads the table {}, its streams, backups and exports",
                    stored.table
                ));
            }
        }
    }
    let rotated = rotated(records);
    let mut list: Vec<(u8, Exposed)> = keys.into_values().collect();
    for (_, key) in &mut list {
        key.rotated = key
            .fingerprint
            .is_some_and(|print| rotated.contains(&print));
    }
    list.sort_by_key(|(certain, key)| {
        let order = (key.rotated, key.stays.is_empty(), u8::MAX - certain);
        (order, key.title.clone(), key.fingerprint)
    });
    Ok(list.into_iter().map(|(_, key)| key).collect())
}

fn fresh(fingerprint: Option<Fingerprint>, title: &str, masked: &str) -> Exposed {
    Exposed {
        fingerprint,
        title: title.to_owned(),
        masked: masked.to_owned(),
        power: String::new(),
        rotate: String::new(),
        names: BTreeSet::new(),
        places: BTreeSet::new(),
        stays: BTreeSet::new(),
        tell: BTreeSet::new(),
        rotated: false,
    }
}

fn of<'k>(
    keys: &'k mut BTreeMap<String, (u8, Exposed)>,
    seen: &Sighting,
) -> Option<&'k mut Exposed> {
    if seen.context.test {
        return None;
    }
    // Keys that could be guessed have no name of their own: they go by what is shown of them and where.
    let name = seen.fingerprint.map_or_else(
        || {
            format!(
                "{} {} {}",
                seen.provider,
                seen.masked,
                seen.location.span().path
            )
        },
        |print| print.to_string(),
    );
    let certain = seen.confidence as u8;
    let entry = keys.entry(name).or_insert_with(|| {
        (
            certain,
            fresh(seen.fingerprint, &seen.title, &seen.masked.to_string()),
        )
    });
    if certain >= entry.0 {
        entry.0 = certain;
        seen.title.clone_into(&mut entry.1.title);
        entry.1.masked = seen.masked.to_string();
    }
    let key = &mut entry.1;
    if key.rotate.is_empty() {
        seen.rotate.clone_into(&mut key.rotate);
        seen.power.clone_into(&mut key.power);
    }
    key.names.extend(seen.context.name.clone());
    Some(key)
}

fn sighting(keys: &mut BTreeMap<String, (u8, Exposed)>, seen: &Sighting) {
    let Some(key) = of(keys, seen) else { return };
    let span = seen.location.span();
    let place = format!("{}:{}", span.path, span.line);
    match &seen.context.writer {
        Some(writer) => {
            key.stays
                .insert(format!("log {place}, written by {writer}"));
            key.tell
                .insert("whoever can read the logs, and where they are shipped to".to_owned());
        }
        None if seen.context.ignored_file => {
            key.places.insert(format!("{place} (not committed)"));
        }
        None => {
            key.places.insert(place);
            key.tell
                .insert("whoever can read the repository, its clones and forks".to_owned());
        }
    }
}

fn committed(keys: &mut BTreeMap<String, (u8, Exposed)>, seen: &Committed) {
    let Some(key) = of(keys, &seen.sighting) else {
        return;
    };
    let path = seen.sighting.location.span().path.clone();
    let held = match &seen.held {
        Held::Nothing | Held::Reflog => "this clone's history",
        _ => "the history",
    };
    key.stays
        .insert(format!("{held}, {path}, {} commits", seen.commits));
    key.tell
        .insert("whoever can read the repository, its clones and forks".to_owned());
}

/// Fingerprints of keys whose rotation is done, or was said to be.
fn rotated(records: &Path) -> BTreeSet<Fingerprint> {
    let mut done = BTreeSet::new();
    let Ok(entries) = std::fs::read_dir(records) else {
        return done;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if path.extension().is_some_and(|kind| kind == "json") {
            let record: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let is_done = record.get("step").is_some_and(|step| step == "done");
            let print = record.get("old_print").cloned().unwrap_or_default();
            let print = serde_json::from_value::<Fingerprint>(print).ok();
            done.extend(print.filter(|_| is_done));
        } else if path.file_name().is_some_and(|name| name == DONE) {
            let prints = text.lines().filter_map(|line| line.split(' ').next());
            done.extend(prints.filter_map(|print| print.parse::<Fingerprint>().ok()));
        }
    }
    done
}

const DONE: &str = "rotated.txt";

/// Somebody rotated this key by hand.
pub fn mark_rotated(records: &Path, print: Fingerprint) -> Result<(), EngineError> {
    let path = records.join(DONE);
    let wrong = |source| MoveError::File {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(records).map_err(wrong)?;
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .map_err(wrong)?;
    writeln!(file, "{print} {}", crate::Date::today()).map_err(wrong)?;
    Ok(())
}

/// What is rotated.
#[derive(Debug)]
pub enum Rotated {
    /// A secret of Secrets Manager.
    Secret {
        /// Its name.
        name: String,
        /// The field, where it is a JSON document.
        field: Option<String>,
        /// The new key, where the provider gave one out; made up where it is absent.
        new: Option<Secret>,
        /// Letters of one that is made up.
        length: usize,
        /// A command that gets a key on standard input and fails where it is refused.
        test: Option<String>,
    },
    /// An access key of an IAM user.
    AccessKey {
        /// The user.
        user: String,
        /// The secret that holds the pair.
        store: String,
        /// The key to replace, where it is not the only one.
        old: Option<String>,
    },
    /// The pepper of a table's digests.
    Pepper {
        /// The table.
        table: String,
        /// The place of its keys.
        attribute: String,
        /// The reference's name.
        reference: Option<String>,
    },
}

/// A rotation as it is asked for.
#[derive(Debug)]
pub struct Rotation {
    /// Of what.
    pub what: Rotated,
    /// As whom.
    pub writes: Writes,
    /// Where.
    pub region: Option<String>,
    /// Where records lie.
    pub records: PathBuf,
    /// Switch the old one off, see it refused, let it go.
    pub finish: bool,
    /// The project's salt, where it is not in the configuration.
    pub salt: Option<String>,
    /// The configuration.
    pub config: Option<PathBuf>,
}

/// Rotates; how far it is now, in a sentence.
pub fn rotate(rotation: &Rotation) -> Result<String, EngineError> {
    let client = Signed::open(&rotation.writes, rotation.region.as_deref())?;
    let pace = Pace::new(None);
    let services = Services {
        wire: &client,
        pace: &pace,
    };
    let salt = crate::moving::salt_of(rotation.config.as_deref(), rotation.salt.as_deref())?;
    let prints = salt.map_or_else(Fingerprinter::default, |salt| {
        Fingerprinter::with_salt(salt.as_bytes())
    });
    let record = match &rotation.what {
        Rotated::Secret { .. } => secret(rotation, services, &prints)?,
        Rotated::AccessKey { user, store, old } => {
            let mut record = Record::open(&rotation.records, "access-key", user)?;
            let key = AccessKey {
                user,
                store,
                services,
                holder: &client,
                prints: &prints,
                patience: (20, Duration::from_millis(1500)),
            };
            if rotation.finish {
                key.finish(&mut record)?;
            } else {
                key.begin(&mut record, old.as_deref())?;
            }
            record
        }
        Rotated::Pepper {
            table,
            attribute,
            reference,
        } => {
            let mut record = Record::open(&rotation.records, "pepper", table)?;
            let setting = of_pepper(&client, &pace, table, attribute, reference.as_deref())?;
            let pepper = NewPepper {
                setting: &setting,
                services,
            };
            if rotation.finish {
                pepper.finish(&mut record)?;
            } else {
                pepper.begin(&mut record)?;
            }
            record
        }
    };
    Ok(told(&record))
}

fn secret(
    rotation: &Rotation,
    services: Services<'_>,
    prints: &Fingerprinter,
) -> Result<Record, EngineError> {
    let Rotated::Secret {
        name,
        field,
        new,
        length,
        test,
    } = &rotation.what
    else {
        unreachable!("only secrets come here")
    };
    let mut record = Record::open(&rotation.records, "secret", name)?;
    let secret = SecretRotation {
        name,
        field: field.as_deref(),
        services,
        prints,
    };
    let judge = Asked(test.as_deref());
    if rotation.finish {
        secret.finish(&mut record, &judge)?;
    } else {
        let given = |new: &Secret| Content::Given(new.with_bytes(Secret::new));
        let content = new.as_ref().map_or(Content::Random(*length), given);
        secret.begin(&mut record, &content, &judge)?;
    }
    Ok(record)
}

fn of_pepper(
    client: &Signed,
    pace: &Pace,
    table: &str,
    attribute: &str,
    reference: Option<&str>,
) -> Result<Setting, EngineError> {
    let described = Table::read(client, pace, table)?;
    let path: keytrail_move::Path = attribute.parse()?;
    let reference = reference.map_or_else(|| format!("{}_ref", path.leaf()), str::to_owned);
    Ok(Setting {
        region: client.region().to_owned(),
        table: table.to_owned(),
        keys: described.keys,
        path,
        reference,
        target: Target::Hmac,
        kms_key: None,
        salt: Seal::new(b""),
        nonce: Seal::new(b""),
        pepper: None,
        known: Mutex::default(),
    })
}

fn told(record: &Record) -> String {
    let how = match record.step {
        Step::Making => "the new one is being made",
        Step::Made => "the new one is made; nobody uses it yet",
        Step::Overlap => {
            "the new one is handed out; the old one works still. `--finish` switches it off"
        }
        Step::Off => "the old one is switched off, and was not seen refused yet",
        Step::Done => "the old one was seen refused, and is gone",
    };
    format!("{} {}: {how}\n", record.kind, record.name)
}

/// The user's command.
struct Asked<'a>(Option<&'a str>);

impl Judge for Asked<'_> {
    fn accepted(&self, key: &str) -> Result<Option<bool>, MoveError> {
        let Some(command) = self.0 else {
            return Ok(None);
        };
        let wrong = |source| MoveError::File {
            path: PathBuf::from(command),
            source,
        };
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(wrong)?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that closes its input has decided already.
            let _ = stdin.write_all(key.as_bytes());
        }
        let status = child.wait().map_err(wrong)?;
        // A command that is not there, or that was killed, has decided nothing.
        match status.code() {
            Some(126 | 127) | None => Ok(None),
            Some(code) => Ok(Some(code == 0)),
        }
    }
}

impl Holder for Signed {
    fn identity(&self, id: &str, secret: &str) -> Result<String, Refusal> {
        self.identity_as(id, secret)
    }
}
