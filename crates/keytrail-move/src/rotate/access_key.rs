//! An access key of an IAM user: a second one beside it, kept in Secrets Manager the moment it is made, seen
//! accepted; then the old one is switched off, seen refused, and deleted.

use keytrail_model::{Fingerprinter, Secret};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::record::{Record, Step};
use super::{CURRENT, Holder, PENDING, PREVIOUS, Services, not_yet};
use crate::error::MoveError;
use crate::seal::Seal;
use crate::wire::Refusal;

/// One rotation of a user's access key.
pub struct AccessKey<'a> {
    /// The user.
    pub user: &'a str,
    /// The secret that holds the pair, as JSON with `AccessKeyId` and `SecretAccessKey`.
    pub store: &'a str,
    /// The services.
    pub services: Services<'a>,
    /// Who asks as somebody else.
    pub holder: &'a dyn Holder,
    /// The project's fingerprints.
    pub prints: &'a Fingerprinter,
    /// How often it is asked whether IAM knows of a change, and how long it is waited between.
    pub patience: (u32, std::time::Duration),
}

impl std::fmt::Debug for AccessKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessKey({})", self.user)
    }
}

/// Id and secret.
type Pair = (String, Zeroizing<String>);

impl AccessKey<'_> {
    /// Up to the overlap. `old` is the key to replace, where the user has two.
    pub fn begin(&self, record: &mut Record, old: Option<&str>) -> Result<(), MoveError> {
        if record.is_idle() {
            let before = self.keys()?;
            let old = Self::old(&before, old)?;
            record.before = before.into_iter().map(|(id, _)| id).collect();
            record.begin(&old, "")?;
        }
        if record.step == Step::Making {
            record.new = self.make(record)?;
            record.reached(Step::Made)?;
        }
        if record.step == Step::Made {
            let (id, secret) = self.new_pair(record)?;
            self.until_accepted(&id, &secret)?;
            if let Some((_, secret)) = self.kept(CURRENT)?.filter(|(id, _)| *id == record.old) {
                record.old_print = self.prints.fingerprint(&Secret::new(secret.as_bytes()));
                record.save()?;
            }
            let version = self.version(&record.new);
            self.services.label(self.store, CURRENT, Some(&version))?;
            self.services.label(self.store, PENDING, None)?;
            record.reached(Step::Overlap)?;
        }
        Ok(())
    }

    /// The pair that was made: a run that died may have handed it out already.
    fn new_pair(&self, record: &Record) -> Result<Pair, MoveError> {
        for stage in [PENDING, CURRENT] {
            if let Some(pair) = self.kept(stage)?.filter(|(id, _)| *id == record.new) {
                return Ok(pair);
            }
        }
        Err(not_yet(
            "the new pair is not in the secret",
            "look who else changes the secret; the old key is untouched",
        ))
    }

    /// The old key is switched off, seen refused and deleted.
    pub fn finish(&self, record: &mut Record) -> Result<(), MoveError> {
        if record.step < Step::Overlap {
            return Err(not_yet(
                "nothing is to be finished",
                "run with --apply first",
            ));
        }
        if record.step == Step::Overlap {
            let (id, secret) = self
                .kept(CURRENT)?
                .filter(|(id, _)| *id == record.new)
                .ok_or_else(|| {
                    not_yet(
                        "the secret no longer holds the new pair",
                        "look who changed it",
                    )
                })?;
            self.until_accepted(&id, &secret)?;
            if !self.was_used(&record.new)? {
                return Err(not_yet(
                    "the new key was never used: the old one stays on",
                    "deploy what reads the secret, then run the same command again",
                ));
            }
            self.switch(&record.old, "Inactive")?;
            record.reached(Step::Off)?;
        }
        if record.step == Step::Off {
            self.see_off(record)?;
            let request = json!({"UserName": self.user, "AccessKeyId": record.old});
            match self.services.ask("iam:DeleteAccessKey", &request)? {
                Ok(_) => {}
                Err(code) if code.starts_with("NoSuchEntity") => {}
                Err(code) => {
                    return Err(not_yet(
                        format!("the old key can't be deleted: {code}"),
                        "run it again",
                    ));
                }
            }
            self.see_refused(record)?;
            if self.services.holder_of(self.store, PREVIOUS)?.is_some() {
                self.services.label(self.store, PREVIOUS, None)?;
            }
            record.reached(Step::Done)?;
        }
        Ok(())
    }

    /// Ids with `Active` or `Inactive`.
    fn keys(&self) -> Result<Vec<(String, String)>, MoveError> {
        let request = json!({"UserName": self.user});
        let answer = self.services.insist("iam:ListAccessKeys", &request)?;
        let list = answer
            .pointer("/ListAccessKeysResult/AccessKeyMetadata")
            .and_then(Value::as_array);
        let text = |key: &Value, field: &str| Some(key.get(field)?.as_str()?.to_owned());
        Ok(list
            .into_iter()
            .flatten()
            .filter_map(|key| Some((text(key, "AccessKeyId")?, text(key, "Status")?)))
            .collect())
    }

    fn old(keys: &[(String, String)], named: Option<&str>) -> Result<String, MoveError> {
        match (keys, named) {
            ([], _) => Err(not_yet(
                "the user has no access key",
                "there is nothing to rotate",
            )),
            ([(only, _)], None) => Ok(only.clone()),
            ([(only, _)], Some(named)) if only == named => Ok(only.clone()),
            ([_], Some(_)) => Err(not_yet("the user has no such access key", "look at its id")),
            _ => Err(not_yet(
                "the user has two access keys already, and IAM allows no third",
                "delete the one that nobody uses",
            )),
        }
    }

    /// Makes the second key and keeps it. One that an earlier run made and could not keep is deleted: nobody
    /// knows its secret.
    fn make(&self, record: &Record) -> Result<String, MoveError> {
        let ours = |(id, _): &(String, String)| !record.before.contains(id);
        if let Some((id, _)) = self.keys()?.into_iter().find(ours) {
            if self.kept(PENDING)?.is_some_and(|(kept, _)| kept == id) {
                return Ok(id);
            }
            let request = json!({"UserName": self.user, "AccessKeyId": id});
            self.services.insist("iam:DeleteAccessKey", &request)?;
        }
        let request = json!({"UserName": self.user});
        // Sent once: a second attempt could make a third key.
        let Ok(answer) = self.services.wire.send("iam:CreateAccessKey", &request) else {
            return Err(not_yet(
                "no new key could be made",
                "run the same command again: one that was made all the same is found and deleted",
            ));
        };
        let text = |field: &str| {
            let path = format!("/CreateAccessKeyResult/AccessKey/{field}");
            answer
                .pointer(&path)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let (Some(id), Some(secret)) = (text("AccessKeyId"), text("SecretAccessKey")) else {
            return Err(not_yet("IAM gave no new key", "run the same command again"));
        };
        self.keep(&id, &Zeroizing::new(secret))?;
        Ok(id)
    }

    /// The version in which a pair is kept follows from its id.
    fn version(&self, id: &str) -> String {
        Seal::new(b"keytrail access key").token(&[self.store.as_bytes(), id.as_bytes()])
    }

    fn keep(&self, id: &str, secret: &Zeroizing<String>) -> Result<(), MoveError> {
        let pair = json!({"AccessKeyId": id, "SecretAccessKey": secret.as_str()});
        let text = Zeroizing::new(pair.to_string());
        let mut request = json!({
            "SecretId": self.store, "ClientRequestToken": self.version(id), "SecretString": text.as_str(),
            "VersionStages": [PENDING],
        });
        match self
            .services
            .ask("secretsmanager:PutSecretValue", &request)?
        {
            Ok(_) => return Ok(()),
            Err(code) if code == "ResourceNotFoundException" => {}
            Err(code) => {
                return Err(not_yet(
                    format!("the new key can't be kept: {code}"),
                    "run it again",
                ));
            }
        }
        // A secret that is new has its first version as its current one; it is pending too.
        if let Some(map) = request.as_object_mut() {
            map.remove("SecretId");
            map.remove("VersionStages");
        }
        request["Name"] = self.store.into();
        self.services
            .insist("secretsmanager:CreateSecret", &request)?;
        self.services
            .label(self.store, PENDING, Some(&self.version(id)))
    }

    fn kept(&self, stage: &str) -> Result<Option<Pair>, MoveError> {
        let request = json!({"SecretId": self.store, "VersionStage": stage});
        let asked = self
            .services
            .ask("secretsmanager:GetSecretValue", &request)?;
        let Ok(answer) = asked else { return Ok(None) };
        let text = answer.get("SecretString").and_then(Value::as_str);
        let pair: Value = text
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let text = |field: &str| pair.get(field)?.as_str().map(str::to_owned);
        Ok(text("AccessKeyId").zip(text("SecretAccessKey").map(Zeroizing::new)))
    }

    /// IAM takes some seconds until it knows a new key everywhere.
    fn until_accepted(&self, id: &str, secret: &str) -> Result<(), MoveError> {
        for _ in 0..self.patience.0 {
            if self.holder.identity(id, secret).is_ok() {
                return Ok(());
            }
            std::thread::sleep(self.patience.1);
        }
        Err(not_yet(
            "the new key is not accepted yet; the old one is untouched",
            "run the same command again in a minute",
        ))
    }

    fn was_used(&self, id: &str) -> Result<bool, MoveError> {
        let request = json!({"AccessKeyId": id});
        let answer = self.services.insist("iam:GetAccessKeyLastUsed", &request)?;
        let used = answer.pointer("/GetAccessKeyLastUsedResult/AccessKeyLastUsed/LastUsedDate");
        Ok(used
            .and_then(Value::as_str)
            .is_some_and(|date| !date.is_empty()))
    }

    fn switch(&self, id: &str, status: &str) -> Result<(), MoveError> {
        let request = json!({"UserName": self.user, "AccessKeyId": id, "Status": status});
        self.services.insist("iam:UpdateAccessKey", &request)?;
        Ok(())
    }

    /// The old key is off, as IAM lists it.
    fn see_off(&self, record: &Record) -> Result<(), MoveError> {
        let on = |(id, status): &(String, String)| *id == record.old && status == "Active";
        if self.keys()?.iter().any(on) {
            return Err(not_yet(
                "somebody switched the old key on again",
                "ask who needs it",
            ));
        }
        Ok(())
    }

    /// Whoever holds the old pair is refused; where nobody has it any longer, IAM's list has to do.
    fn see_refused(&self, record: &Record) -> Result<(), MoveError> {
        if self.keys()?.iter().any(|(id, _)| *id == record.old) {
            return Err(not_yet(
                "the old key is still there",
                "run the same command again",
            ));
        }
        let Some((id, secret)) = self.kept(PREVIOUS)?.filter(|(id, _)| *id == record.old) else {
            return Ok(());
        };
        for _ in 0..self.patience.0 {
            match self.holder.identity(&id, &secret) {
                Err(Refusal::Code(_)) => return Ok(()),
                _ => std::thread::sleep(self.patience.1),
            }
        }
        Err(not_yet(
            "the old key is still accepted: it stays on the list",
            "run the same command again in a minute",
        ))
    }
}
