//! Secrets with versions, labels, idempotency tokens and deletion that can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::reply::{Refused, refused};

#[derive(Default)]
pub(crate) struct Secrets(BTreeMap<String, Secret>);

#[derive(Default)]
struct Secret {
    versions: BTreeMap<String, Version>,
    deleted: bool,
}

struct Version {
    content: Map<String, Value>,
    labels: BTreeSet<String>,
}

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

fn text<'r>(request: &'r Value, name: &str) -> &'r str {
    request.get(name).and_then(Value::as_str).unwrap_or("")
}

/// What is kept, by the two names under which it can be given.
fn content(request: &Value) -> Result<Map<String, Value>, Refused> {
    let mut given = Map::new();
    for name in ["SecretString", "SecretBinary"] {
        if let Some(value) = request.get(name) {
            let length = value.as_str().map_or(0, str::len);
            if length == 0 || length > 65_536 {
                return Err(refused("ValidationException"));
            }
            given.insert(name.to_owned(), value.clone());
        }
    }
    if given.len() == 1 {
        Ok(given)
    } else {
        Err(refused("InvalidRequestException"))
    }
}

impl Secret {
    fn holder(&self, label: &str) -> Option<String> {
        let found = self
            .versions
            .iter()
            .find(|(_, version)| version.labels.contains(label));
        found.map(|(id, _)| id.clone())
    }

    /// Moves a label; what loses `AWSCURRENT` becomes `AWSPREVIOUS`.
    fn label(&mut self, id: &str, label: &str) {
        let before = self.holder(label);
        if before.as_deref() == Some(id) {
            return;
        }
        if let Some(before) = before {
            if label == CURRENT {
                self.label(&before, PREVIOUS);
            }
            if let Some(version) = self.versions.get_mut(&before) {
                version.labels.remove(label);
            }
        }
        if let Some(version) = self.versions.get_mut(id) {
            version.labels.insert(label.to_owned());
        }
    }

    fn put(
        &mut self,
        id: &str,
        content: Map<String, Value>,
        labels: &[&str],
    ) -> Result<(), Refused> {
        if let Some(known) = self.versions.get(id) {
            return if known.content == content {
                Ok(())
            } else {
                Err(refused("ResourceExistsException"))
            };
        }
        let version = Version {
            content,
            labels: BTreeSet::new(),
        };
        self.versions.insert(id.to_owned(), version);
        for label in labels {
            self.label(id, label);
        }
        Ok(())
    }
}

impl Secrets {
    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Result<Value, Refused> {
        match operation {
            "CreateSecret" => self.create(request),
            "PutSecretValue" => self.put(request),
            "GetSecretValue" => self.value(request),
            "DescribeSecret" => self.describe(request),
            "DeleteSecret" => self.delete(request),
            "RestoreSecret" => self.restore(request),
            "UpdateSecretVersionStage" => self.stage(request),
            _ => Err(refused("UnknownOperationException")),
        }
    }

    fn living(&mut self, request: &Value) -> Result<&mut Secret, Refused> {
        let secret = self.0.get_mut(text(request, "SecretId"));
        let secret = secret.ok_or_else(|| refused("ResourceNotFoundException"))?;
        if secret.deleted {
            return Err(refused("InvalidRequestException"));
        }
        Ok(secret)
    }

    fn create(&mut self, request: &Value) -> Result<Value, Refused> {
        let name = text(request, "Name");
        let token = text(request, "ClientRequestToken");
        if name.is_empty() || token.len() < 32 {
            return Err(refused("ValidationException"));
        }
        let content = content(request)?;
        if let Some(known) = self.0.get(name) {
            if known.deleted {
                return Err(refused("InvalidRequestException"));
            }
            let same = known.versions.get(token);
            if same.is_none_or(|version| version.content != content) {
                return Err(refused("ResourceExistsException"));
            }
        } else {
            let secret = self.0.entry(name.to_owned()).or_default();
            secret.put(token, content, &[CURRENT])?;
        }
        Ok(json!({"Name": name, "VersionId": token, "ARN": name}))
    }

    fn put(&mut self, request: &Value) -> Result<Value, Refused> {
        let token = text(request, "ClientRequestToken").to_owned();
        let content = content(request)?;
        let stages = request.get("VersionStages").and_then(Value::as_array);
        let mut stages: Vec<&str> = stages
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if stages.is_empty() {
            stages.push(CURRENT);
        }
        self.living(request)?.put(&token, content, &stages)?;
        Ok(json!({"Name": text(request, "SecretId"), "VersionId": token, "VersionStages": stages}))
    }

    fn value(&mut self, request: &Value) -> Result<Value, Refused> {
        let secret = self.living(request)?;
        let stage = text(request, "VersionStage");
        let stage = if stage.is_empty() { CURRENT } else { stage };
        let id = match text(request, "VersionId") {
            "" => secret.holder(stage),
            id => Some(id.to_owned()),
        };
        let found = id.and_then(|id| Some((secret.versions.get(&id)?, id)));
        let (version, id) = found.ok_or_else(|| refused("ResourceNotFoundException"))?;
        let mut answer = json!({"VersionId": id, "VersionStages": version.labels});
        for (name, value) in &version.content {
            answer[name] = value.clone();
        }
        Ok(answer)
    }

    fn describe(&mut self, request: &Value) -> Result<Value, Refused> {
        let secret = self
            .0
            .get(text(request, "SecretId"))
            .ok_or_else(|| refused("ResourceNotFoundException"))?;
        let labels: Map<String, Value> = secret
            .versions
            .iter()
            .filter(|(_, version)| !version.labels.is_empty())
            .map(|(id, version)| (id.clone(), json!(version.labels)))
            .collect();
        Ok(json!({"Name": text(request, "SecretId"), "VersionIdsToStages": labels}))
    }

    fn delete(&mut self, request: &Value) -> Result<Value, Refused> {
        let name = text(request, "SecretId").to_owned();
        if request.get("ForceDeleteWithoutRecovery") == Some(&Value::Bool(true)) {
            self.0.remove(&name);
        } else {
            self.living(request)?.deleted = true;
        }
        Ok(json!({"Name": name}))
    }

    fn restore(&mut self, request: &Value) -> Result<Value, Refused> {
        let secret = self.0.get_mut(text(request, "SecretId"));
        secret
            .ok_or_else(|| refused("ResourceNotFoundException"))?
            .deleted = false;
        Ok(json!({"Name": text(request, "SecretId")}))
    }

    fn stage(&mut self, request: &Value) -> Result<Value, Refused> {
        let label = text(request, "VersionStage").to_owned();
        let to = text(request, "MoveToVersionId").to_owned();
        let from = text(request, "RemoveFromVersionId").to_owned();
        let secret = self.living(request)?;
        let holder = secret.holder(&label).unwrap_or_default();
        if !from.is_empty() && from != holder || from.is_empty() && !holder.is_empty() {
            return Err(refused("InvalidParameterException"));
        }
        if to.is_empty() {
            if let Some(version) = secret.versions.get_mut(&from) {
                version.labels.remove(&label);
            }
        } else {
            if !secret.versions.contains_key(&to) {
                return Err(refused("ResourceNotFoundException"));
            }
            secret.label(&to, &label);
        }
        Ok(json!({"Name": text(request, "SecretId")}))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.values().filter(|secret| !secret.deleted).count()
    }
}
