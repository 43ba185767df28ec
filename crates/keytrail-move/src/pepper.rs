//! The pepper of digests: made once, kept in Secrets Manager, the same for every run.

use serde_json::{Value, json};

use crate::error::MoveError;
use crate::pace::Pace;
use crate::patience;
use crate::seal::{Seal, random};
use crate::setting::{Pepper, Setting};
use crate::wire::Wire;

impl Pepper {
    /// The pepper of a table; made where there is none, unless only a plan is wanted: then digests are
    /// under a pepper that nobody keeps.
    pub fn of(wire: &dyn Wire, pace: &Pace, table: &str, make: bool) -> Result<Self, MoveError> {
        let name = Setting::pepper_name(table);
        for _ in 0..3 {
            if let Some(found) = current(wire, pace, &name)? {
                return Ok(found);
            }
            let fresh = random().ok_or(MoveError::Random)?;
            if !make {
                return Ok(Self {
                    name,
                    version: String::new(),
                    seal: Seal::new(fresh.as_bytes()),
                });
            }
            let request = json!({
                "Name": name,
                "ClientRequestToken": Seal::new(fresh.as_bytes()).token(&[b"pepper"]),
                "SecretString": fresh,
            });
            // Whoever was first made it: it is read again.
            match patience::send(wire, pace, "secretsmanager:CreateSecret", &request)? {
                Ok(_) => {}
                Err(code) if code == "ResourceExistsException" => {}
                Err(code) => return Err(refused(&name, &code)),
            }
        }
        Err(refused(&name, "no value"))
    }
}

fn refused(name: &str, code: &str) -> MoveError {
    MoveError::Unfit {
        what: format!("the pepper {name} can't be had: {code}"),
        hint: "look at the secret of that name in Secrets Manager".to_owned(),
    }
}

fn current(wire: &dyn Wire, pace: &Pace, name: &str) -> Result<Option<Pepper>, MoveError> {
    let request = json!({"SecretId": name});
    let answer = match patience::send(wire, pace, "secretsmanager:GetSecretValue", &request)? {
        Ok(answer) => answer,
        Err(code) if code == "ResourceNotFoundException" => return Ok(None),
        Err(code) => return Err(refused(name, &code)),
    };
    let text = |field: &str| answer.get(field).and_then(Value::as_str);
    let (Some(value), Some(version)) = (text("SecretString"), text("VersionId")) else {
        return Err(refused(name, "no text"));
    };
    Ok(Some(Pepper {
        name: name.to_owned(),
        version: version.to_owned(),
        seal: Seal::new(value.as_bytes()),
    }))
}
