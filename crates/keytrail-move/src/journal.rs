//! What was done, line by line, each line chained to the one before. It holds no raw key. The table
//! is the truth: a journal that was lost costs nothing but the knowledge of what was done when.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::error::MoveError;
use crate::machine::Entry;
use crate::seal::{Seal, random};
use crate::setting::Setting;

/// The last that is known of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The step.
    pub step: String,
    /// The name in the vault.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How far the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Keys can be moved, and moved back.
    Open,
    /// The way back is being closed, or is.
    Closed,
}

/// The journal of one migration.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    nonce: Seal,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    chain: String,
    lines: u64,
    items: BTreeMap<String, Known>,
    window: Window,
}

/// Steps of an item that are known under fixed names.
const WHOLE: &str = "*";

impl Journal {
    /// Opens the journal of a migration in `directory`, or begins one. Only one process may have it.
    pub fn open(directory: &Path, setting: &Head) -> Result<Self, MoveError> {
        std::fs::create_dir_all(directory).map_err(|source| MoveError::File {
            path: directory.to_owned(),
            source,
        })?;
        let path = directory.join(setting.file_name());
        let wrong = |source| MoveError::File {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&path).map_err(wrong)?;
        if file.try_lock().is_err() {
            return Err(MoveError::Journal {
                path,
                why: "is in use by another run".to_owned(),
            });
        }
        let mut read = read(&path, &mut file)?;
        let nonce = match read.head.take() {
            Some(head) => setting.agrees(&path, &head)?,
            None => begin(&path, &mut file, setting)?,
        };
        let mut journal = Self {
            nonce: Seal::new(nonce.as_bytes()),
            inner: Mutex::new(Inner {
                file,
                chain: nonce,
                lines: 0,
                items: BTreeMap::new(),
                window: Window::Open,
            }),
            path,
        };
        journal.replay(&read.lines)?;
        Ok(journal)
    }

    /// The migration's own random bytes.
    pub fn nonce(&self) -> Seal {
        self.nonce.clone()
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn replay(&mut self, lines: &[Value]) -> Result<(), MoveError> {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            let mut bare = line.clone();
            let chain = bare
                .as_object_mut()
                .and_then(|map| map.remove("c"))
                .unwrap_or_default();
            let next = self
                .nonce
                .of(&[inner.chain.as_bytes(), bare.to_string().as_bytes()]);
            if chain.as_str() != next.get(..32) {
                return Err(MoveError::Journal {
                    path: self.path.clone(),
                    why: format!("was changed at line {}", inner.lines + 2),
                });
            }
            inner.chain = next;
            inner.take(&bare);
        }
        Ok(())
    }

    /// Writes a line down. What was written survives the end of this process.
    pub fn note(&self, entry: &Entry) -> Result<(), MoveError> {
        let mut line = json!({"s": entry.step, "i": entry.item, "t": now()});
        for (field, text) in [("n", &entry.name), ("v", &entry.version)] {
            if !text.is_empty() {
                line[field] = text.as_str().into();
            }
        }
        if let Some(print) = entry.print {
            line["f"] = print.to_string().into();
        }
        self.append(line)
    }

    /// The way back is closed from here on.
    pub fn close(&self) -> Result<(), MoveError> {
        self.append(json!({"s": "closing", "i": WHOLE, "t": now()}))?;
        self.sync()
    }

    fn append(&self, mut line: Value) -> Result<(), MoveError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self
            .nonce
            .of(&[inner.chain.as_bytes(), line.to_string().as_bytes()]);
        inner.take(&line);
        line["c"] = next.get(..32).unwrap_or_default().into();
        inner.chain = next;
        let text = format!("{line}\n");
        inner
            .file
            .write_all(text.as_bytes())
            .map_err(|source| MoveError::File {
                path: self.path.clone(),
                source,
            })
    }

    /// What was written survives the end of the machine too.
    pub fn sync(&self) -> Result<(), MoveError> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.file.sync_data().map_err(|source| MoveError::File {
            path: self.path.clone(),
            source,
        })
    }

    /// The last that is known of an item.
    pub fn known(&self, item: &str) -> Option<Known> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.items.get(item).cloned()
    }

    /// All items with the last that is known of each.
    pub fn items(&self) -> BTreeMap<String, Known> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.items.clone()
    }

    /// Whether keys can be moved back.
    pub fn window(&self) -> Window {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .window
    }

    /// Lines so far, and what seals them all.
    pub fn head(&self) -> (u64, String) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.lines, inner.chain.clone())
    }
}

impl Inner {
    fn take(&mut self, line: &Value) {
        self.lines += 1;
        let text = |field: &str| {
            let value = line.get(field).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let item = text("i");
        if item == WHOLE {
            self.window = Window::Closed;
            return;
        }
        let known = Known {
            step: text("s"),
            name: text("n"),
            version: text("v"),
        };
        self.items.insert(item, known);
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// What a journal is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Where the table is.
    pub region: String,
    /// The table.
    pub table: String,
    /// The place of the key.
    pub path: String,
    /// Where the keys go.
    pub target: &'static str,
    /// The name of the reference.
    pub reference: String,
}

impl Head {
    /// Of a migration.
    pub fn of(setting: &Setting) -> Self {
        Self {
            region: setting.region.clone(),
            table: setting.table.clone(),
            path: setting.path.to_string(),
            target: setting.target.name(),
            reference: setting.reference.clone(),
        }
    }

    fn file_name(&self) -> String {
        let clean = |text: &str| -> String {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            text.chars()
                .map(|c| if plain(c) { c } else { '-' })
                .collect()
        };
        format!(
            "{}.{}.{}.jsonl",
            clean(&self.region),
            clean(&self.table),
            clean(&self.path)
        )
    }

    fn value(&self, nonce: &str) -> Value {
        json!({
            "keytrail_journal": 1, "region": self.region, "table": self.table,
            "attribute": self.path, "to": self.target, "reference": self.reference, "nonce": nonce,
        })
    }

    /// The nonce, if the journal is of the same migration.
    fn agrees(&self, path: &Path, head: &Value) -> Result<String, MoveError> {
        let nonce = head.get("nonce").and_then(Value::as_str).unwrap_or("");
        if &self.value(nonce) == head && !nonce.is_empty() {
            return Ok(nonce.to_owned());
        }
        Err(MoveError::Journal {
            path: path.to_owned(),
            why: "is of a migration with other settings".to_owned(),
        })
    }
}

fn begin(path: &Path, file: &mut File, head: &Head) -> Result<String, MoveError> {
    let nonce = random().ok_or(MoveError::Random)?;
    let line = format!("{}\n", head.value(&nonce));
    let written = file
        .write_all(line.as_bytes())
        .and_then(|()| file.sync_data());
    written.map_err(|source| MoveError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(nonce)
}

#[derive(Default)]
struct Read {
    head: Option<Value>,
    lines: Vec<Value>,
}

/// Reads all whole lines, and cuts off one that a killed run left half written.
fn read(path: &Path, file: &mut File) -> Result<Read, MoveError> {
    let wrong = |source| MoveError::File {
        path: path.to_owned(),
        source,
    };
    let mut read = Read::default();
    let mut whole = 0;
    file.seek(SeekFrom::Start(0)).map_err(wrong)?;
    let mut reader = BufReader::new(&*file);
    let mut line = String::new();
    while reader.read_line(&mut line).map_err(wrong)? > 0 {
        if !line.ends_with('\n') {
            break;
        }
        let value: Value = serde_json::from_str(&line).map_err(|_| MoveError::Journal {
            path: path.to_owned(),
            why: format!("can't be read at line {}", read.lines.len() + 1),
        })?;
        whole += line.len() as u64;
        if read.head.is_none() {
            read.head = Some(value);
        } else {
            read.lines.push(value);
        }
        line.clear();
    }
    drop(reader);
    file.set_len(whole).map_err(wrong)?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            region: "us-east-1".to_owned(),
            table: "keys".to_owned(),
            path: "api_key".to_owned(),
            target: "secretsmanager",
            reference: "api_key_ref".to_owned(),
        }
    }

    fn entry(item: &str, step: &'static str) -> Entry {
        Entry {
            step,
            item: item.to_owned(),
            name: "n".to_owned(),
            version: String::new(),
            print: None,
        }
    }

    #[test]
    fn what_was_noted_is_known_again_and_a_torn_line_is_cut() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(directory.path(), &head()).unwrap();
        journal.note(&entry("a", "intent")).unwrap();
        journal.note(&entry("a", "moved")).unwrap();
        journal.note(&entry("b", "intent")).unwrap();
        let (path, token) = (journal.path().to_owned(), journal.nonce().token(&[b"x"]));
        assert!(Journal::open(directory.path(), &head()).is_err(), "in use");
        drop(journal);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"s\":\"mov").unwrap();
        let again = Journal::open(directory.path(), &head()).unwrap();
        assert_eq!(again.nonce().token(&[b"x"]), token);
        assert_eq!(again.known("a").unwrap().step, "moved");
        assert_eq!(again.known("b").unwrap().step, "intent");
        again.note(&entry("b", "moved")).unwrap();
        drop(again);
        let last = Journal::open(directory.path(), &head()).unwrap();
        assert_eq!(last.known("b").unwrap().step, "moved");
        assert_eq!(last.head().0, 4);
    }

    #[test]
    fn a_line_that_was_changed_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(directory.path(), &head()).unwrap();
        journal.note(&entry("a", "intent")).unwrap();
        journal.note(&entry("b", "moved")).unwrap();
        let path = journal.path().to_owned();
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"intent\"", "\"moved\"")).unwrap();
        let error = Journal::open(directory.path(), &head()).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        let mut other = head();
        other.target = "ssm";
        assert!(Journal::open(directory.path(), &other).is_err());
    }
}
