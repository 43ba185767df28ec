//! Parameters with numbered versions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::reply::{Refused, refused};

#[derive(Default)]
pub(crate) struct Parameters(BTreeMap<String, Vec<String>>);

impl Parameters {
    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Result<Value, Refused> {
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or("");
        match operation {
            "PutParameter" => {
                let overwrite = request.get("Overwrite") == Some(&Value::Bool(true));
                let (name, value) = (text("Name"), text("Value"));
                if value.is_empty() || value.len() > 8192 {
                    return Err(refused("ValidationException"));
                }
                let versions = self.0.entry(name.to_owned()).or_default();
                if !overwrite && !versions.is_empty() {
                    return Err(refused("ParameterAlreadyExists"));
                }
                versions.push(value.to_owned());
                Ok(json!({"Version": versions.len(), "Tier": "Standard"}))
            }
            "GetParameter" => self.value(text("Name")),
            "DeleteParameter" => match self.0.remove(text("Name")) {
                Some(_) => Ok(json!({})),
                None => Err(refused("ParameterNotFound")),
            },
            _ => Err(refused("UnknownOperationException")),
        }
    }

    fn value(&self, asked: &str) -> Result<Value, Refused> {
        let (name, version) = asked.split_once(':').unwrap_or((asked, ""));
        let versions = self
            .0
            .get(name)
            .ok_or_else(|| refused("ParameterNotFound"))?;
        let number = version.parse().unwrap_or(versions.len());
        let value = number.checked_sub(1).and_then(|index| versions.get(index));
        let value = value.ok_or_else(|| refused("ParameterVersionNotFound"))?;
        Ok(
            json!({"Parameter": {"Name": name, "Type": "SecureString", "Value": value, "Version": number}}),
        )
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}
