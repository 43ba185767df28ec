//! A secret of Secrets Manager: the new version waits under `AWSPENDING`, is judged, becomes `AWSCURRENT`;
//! the old one stays `AWSPREVIOUS` until it is seen refused.

use keytrail_model::{Fingerprinter, Secret};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::record::{Record, Step};
use super::{CURRENT, Judge, PENDING, PREVIOUS, Services, not_yet};
use crate::error::MoveError;
use crate::seal::{Seal, random};

/// What the new version is.
#[derive(Debug)]
pub enum Content {
    /// Random letters and digits, so many.
    Random(usize),
    /// What the provider gave out.
    Given(Secret),
}

/// One rotation of a secret.
#[derive(Debug)]
pub struct SecretRotation<'a> {
    /// Its name.
    pub name: &'a str,
    /// The field, where the secret is a JSON document.
    pub field: Option<&'a str>,
    /// The services.
    pub services: Services<'a>,
    /// The project's fingerprints.
    pub prints: &'a Fingerprinter,
}

impl SecretRotation<'_> {
    /// Up to the overlap: the new key is handed out, the old one still works.
    pub fn begin(
        &self,
        record: &mut Record,
        content: &Content,
        judge: &dyn Judge,
    ) -> Result<(), MoveError> {
        if record.is_idle() {
            let old = self.services.holder_of(self.name, CURRENT)?;
            let old = old.ok_or_else(|| not_yet("the secret has no value", "put one first"))?;
            let fresh = random().ok_or(MoveError::Random)?;
            let token = Seal::new(fresh.as_bytes()).token(&[self.name.as_bytes()]);
            record.begin(&old, &token)?;
        }
        if record.step == Step::Making {
            record.old_print = self.print(&record.old)?;
            self.put(record, content)?;
            record.reached(Step::Made)?;
        }
        if record.step == Step::Made {
            let key = self.key(&record.new)?;
            if judge.accepted(&key)? == Some(false) {
                return Err(not_yet(
                    "the new key is not accepted; the old one is still handed out",
                    "let the provider accept it, then run the same command again",
                ));
            }
            self.services.label(self.name, CURRENT, Some(&record.new))?;
            self.services.label(self.name, PENDING, None)?;
            record.reached(Step::Overlap)?;
        }
        self.seen_current(record)
    }

    /// Whoever asks is given the new version.
    fn seen_current(&self, record: &Record) -> Result<(), MoveError> {
        let request = json!({"SecretId": self.name, "VersionStage": CURRENT});
        let answer = self
            .services
            .insist("secretsmanager:GetSecretValue", &request)?;
        let version = answer.get("VersionId").and_then(Value::as_str);
        if version == Some(&record.new) {
            Ok(())
        } else {
            Err(not_yet(
                "the secret is not what this rotation made of it: somebody else changed it",
                "look who rotates it too",
            ))
        }
    }

    /// The old key is seen refused, and its version let go.
    pub fn finish(&self, record: &mut Record, judge: &dyn Judge) -> Result<(), MoveError> {
        if record.step == Step::Done {
            return Ok(());
        }
        if record.step < Step::Overlap {
            return Err(not_yet(
                "nothing is to be finished",
                "run with --apply first",
            ));
        }
        self.seen_current(record)?;
        let new = self.key(&record.new)?;
        if judge.accepted(&new)? == Some(false) {
            return Err(not_yet(
                "the new key is not accepted any longer",
                "the old one is kept; look what became of the new one",
            ));
        }
        if self.services.holder_of(self.name, PREVIOUS)?.as_deref() == Some(&record.old) {
            let old = self.key(&record.old)?;
            match judge.accepted(&old)? {
                Some(true) => {
                    return Err(not_yet(
                        "the old key is still accepted: it stays on the list",
                        "revoke it where it was made, then run the same command again",
                    ));
                }
                None => {
                    return Err(not_yet(
                        "nobody can tell whether the old key is refused",
                        "give --test, a command that gets a key on standard input and fails where it is \
                         refused",
                    ));
                }
                Some(false) => {}
            }
            self.services.label(self.name, PREVIOUS, None)?;
        }
        self.seen_gone()?;
        record.reached(Step::Done)
    }

    /// Nobody is given the old version any longer.
    fn seen_gone(&self) -> Result<(), MoveError> {
        let request = json!({"SecretId": self.name, "VersionStage": PREVIOUS});
        match self
            .services
            .ask("secretsmanager:GetSecretValue", &request)?
        {
            Err(code) if code == "ResourceNotFoundException" => Ok(()),
            _ => Err(not_yet(
                "the old version is still given out",
                "look who rotates the secret too",
            )),
        }
    }

    fn text(&self, version: &str) -> Result<Zeroizing<String>, MoveError> {
        let request = json!({"SecretId": self.name, "VersionId": version});
        let answer = self
            .services
            .insist("secretsmanager:GetSecretValue", &request)?;
        let text = answer.get("SecretString").and_then(Value::as_str);
        text.map(|text| Zeroizing::new(text.to_owned()))
            .ok_or_else(|| not_yet("the secret is no text", "rotate it by hand"))
    }

    /// The key in a version.
    fn key(&self, version: &str) -> Result<Zeroizing<String>, MoveError> {
        let text = self.text(version)?;
        let Some(field) = self.field else {
            return Ok(text);
        };
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let key = document.get(field).and_then(Value::as_str);
        key.map(|key| Zeroizing::new(key.to_owned()))
            .ok_or_else(|| not_yet(format!("the secret has no field `{field}`"), "look at it"))
    }

    fn print(&self, version: &str) -> Result<Option<keytrail_model::Fingerprint>, MoveError> {
        let key = self.key(version)?;
        Ok(self.prints.fingerprint(&Secret::new(key.as_bytes())))
    }

    /// Puts the new version where nobody is given it yet; one that is there already stays.
    fn put(&self, record: &Record, content: &Content) -> Result<(), MoveError> {
        let key = match content {
            Content::Random(length) => letters(*length)?,
            Content::Given(secret) => Zeroizing::new(
                secret.with_bytes(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            ),
        };
        let text = match self.field {
            None => key,
            Some(field) => {
                let old = self.text(&record.old)?;
                let mut document: Value = serde_json::from_str(&old).unwrap_or_default();
                if document.get(field).is_none() {
                    let what = format!("the secret has no field `{field}`");
                    return Err(not_yet(what, "look at it"));
                }
                document[field] = key.as_str().into();
                Zeroizing::new(document.to_string())
            }
        };
        let request = json!({
            "SecretId": self.name, "ClientRequestToken": record.new, "SecretString": text.as_str(),
            "VersionStages": [PENDING],
        });
        match self
            .services
            .ask("secretsmanager:PutSecretValue", &request)?
        {
            Ok(_) => Ok(()),
            // Put by a run that died: what it made up is in the vault.
            Err(code) if code == "ResourceExistsException" => Ok(()),
            Err(code) => Err(not_yet(
                format!("the new version can't be put: {code}"),
                "look the code up in Secrets Manager's documentation",
            )),
        }
    }
}

/// Letters and digits, each as likely as any other.
pub(super) fn letters(count: usize) -> Result<Zeroizing<String>, MoveError> {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = Zeroizing::new(String::with_capacity(count));
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while text.len() < count {
        getrandom::fill(&mut bytes[..]).map_err(|_| MoveError::Random)?;
        // 248 is the largest multiple of 62 in a byte.
        for byte in bytes.iter().filter(|byte| **byte < 248) {
            if text.len() < count {
                text.push(char::from(ALPHABET[usize::from(byte % 62)]));
            }
        }
    }
    Ok(text)
}
