//! The pepper of digests, in two generations: new digests are made under the new one, old ones are known
//! until each was renewed; then the old generation goes.

use std::collections::BTreeMap;

use serde_json::json;

use super::record::{Record, Step};
use super::{CURRENT, PREVIOUS, Services, not_yet};
use crate::error::MoveError;
use crate::scan;
use crate::seal::{Seal, random};
use crate::setting::Setting;

/// One rotation of a table's pepper.
#[derive(Debug)]
pub struct NewPepper<'a> {
    /// The table and the place of its keys.
    pub setting: &'a Setting,
    /// The services.
    pub services: Services<'a>,
}

/// Items by the generation of their digest.
pub fn generations(
    services: Services<'_>,
    setting: &Setting,
) -> Result<BTreeMap<String, u64>, MoveError> {
    let mut counts = BTreeMap::new();
    scan::pages(
        services.wire,
        services.pace,
        setting,
        (0, 1),
        &mut |items| {
            for item in items {
                if let Some(reference) = setting.reference_in(&item)
                    && !reference.digest.is_empty()
                {
                    *counts.entry(reference.pepper.1).or_default() += 1;
                }
            }
            true
        },
    )?;
    Ok(counts)
}

impl NewPepper<'_> {
    /// Up to the overlap: digests are made under the new one, and those under the old one are known.
    pub fn begin(&self, record: &mut Record) -> Result<(), MoveError> {
        if self.setting.in_primary_key() {
            return Err(not_yet(
                "the digest is the primary key, so that items can't be renewed where they are",
                "migrate the table anew into one with another pepper",
            ));
        }
        let name = Setting::pepper_name(&self.setting.table);
        if record.is_idle() {
            let old = self.services.holder_of(&name, CURRENT)?;
            let old =
                old.ok_or_else(|| not_yet("the table has no pepper", "migrate it to hmac first"))?;
            let fresh = random().ok_or(MoveError::Random)?;
            record.begin(&old, &Seal::new(fresh.as_bytes()).token(&[name.as_bytes()]))?;
        }
        if record.step == Step::Making {
            let fresh = random().ok_or(MoveError::Random)?;
            // Current at once: the one that was becomes the previous one, in the same call.
            let request = json!({
                "SecretId": name, "ClientRequestToken": record.new, "SecretString": fresh,
                "VersionStages": [CURRENT],
            });
            match self
                .services
                .ask("secretsmanager:PutSecretValue", &request)?
            {
                Ok(_) => {}
                Err(code) if code == "ResourceExistsException" => {}
                Err(code) => return Err(not_yet(format!("no new pepper: {code}"), "run it again")),
            }
            record.reached(Step::Overlap)?;
        }
        let both = self.services.holder_of(&name, CURRENT)?.as_deref() == Some(&record.new)
            && self.services.holder_of(&name, PREVIOUS)?.as_deref() == Some(&record.old);
        if both || record.step == Step::Done {
            Ok(())
        } else {
            Err(not_yet(
                "the pepper's generations are not those of this rotation",
                "look who else changes the secret",
            ))
        }
    }

    /// The old generation goes, once no digest is under it.
    pub fn finish(&self, record: &mut Record) -> Result<(), MoveError> {
        if record.step == Step::Done {
            return Ok(());
        }
        if record.step < Step::Overlap {
            return Err(not_yet(
                "nothing is to be finished",
                "run with --apply first",
            ));
        }
        let counts = generations(self.services, self.setting)?;
        let old: u64 = counts
            .iter()
            .filter(|(generation, _)| **generation != record.new)
            .map(|(_, count)| count)
            .sum();
        if old > 0 {
            return Err(not_yet(
                format!("{old} digests are still under the old pepper"),
                "they are renewed when their keys are used (`renewed` of the generated reader); revoke what is \
                 never used",
            ));
        }
        let name = Setting::pepper_name(&self.setting.table);
        self.services.label(&name, PREVIOUS, None)?;
        let request = json!({"SecretId": name, "VersionStage": PREVIOUS});
        match self
            .services
            .ask("secretsmanager:GetSecretValue", &request)?
        {
            Err(code) if code == "ResourceNotFoundException" => record.reached(Step::Done),
            _ => Err(not_yet("the old pepper is still given out", "run it again")),
        }
    }
}
