//! What was done, as a document that can be signed.
//!
//! The signature is HMAC-SHA-256 under a key that the user gives. It proves that whoever holds that key
//! made this report and that nothing in it was changed since, and by the journal's last chain link, that
//! the journal is still the one that was reported. It does not prove that the report is true.

use serde_json::{Map, Value, json};

use crate::error::MoveError;
use crate::journal::{Head, Journal};
use crate::machine::Outcome;
use crate::run::{Standing, Tally};
use crate::seal::Seal;
use crate::setting::Setting;

/// A report on one table.
#[must_use]
pub fn report(
    setting: &Setting,
    journal: &Journal,
    action: &str,
    at: &str,
    tally: &Tally,
    standing: &Standing,
) -> Value {
    let (lines, chain) = journal.head();
    let head = Head::of(setting);
    json!({
        "region": head.region, "table": head.table, "attribute": head.path, "to": head.target,
        "reference": head.reference, "action": action, "at": at,
        "outcomes": outcomes(tally),
        "table_now": {
            "items": standing.items, "raw": standing.raw, "references": standing.references,
        },
        "journal": {
            "lines": lines, "chain": chain, "unlike_table": standing.unlike,
            "deleted_since": standing.absent, "without_item": standing.orphans,
        },
    })
}

/// Counts by a word each; refusals and what is left by their reasons.
pub fn outcomes(tally: &Tally) -> Map<String, Value> {
    let mut counts = Map::new();
    for (outcome, count) in &tally.0 {
        let name = match outcome {
            Outcome::Moved => "moved".to_owned(),
            Outcome::Already => "moved_before".to_owned(),
            Outcome::Empty => "without_key".to_owned(),
            Outcome::Left(why) => format!("left: {why}"),
            Outcome::Gone => "deleted_meanwhile".to_owned(),
            Outcome::Busy => "changed_each_time".to_owned(),
            Outcome::Failed(why) => format!("failed: {why}"),
            Outcome::Restored => "restored".to_owned(),
            Outcome::Closed => "closed".to_owned(),
        };
        counts.insert(name, (*count).into());
    }
    counts
}

/// The whole, signed where there is a key. The text is the same for the same content.
pub fn signed(tables: &[Value], key: Option<&Seal>) -> Result<String, MoveError> {
    let mut document = json!({"keytrail_migration": 1, "tables": tables});
    if let Some(key) = key {
        let text = document.to_string();
        document["signature"] =
            json!({"kind": "HMAC-SHA-256", "value": key.digest(text.as_bytes())});
    }
    serde_json::to_string_pretty(&document)
        .map(|text| text + "\n")
        .map_err(|_| MoveError::Signature)
}

/// Whether a report is as it was signed with this key.
pub fn check(text: &str, key: &Seal) -> Result<(), MoveError> {
    let mut document: Value = serde_json::from_str(text).map_err(|_| MoveError::Signature)?;
    let signature = document
        .as_object_mut()
        .and_then(|map| map.remove("signature"));
    let value = signature.as_ref().and_then(|it| it.get("value")?.as_str());
    let bare = document.to_string();
    // Both sides are hashed again, so that no time tells how far they agree.
    let again = |text: &str| key.digest(text.as_bytes());
    if value.is_some_and(|value| again(value) == again(&key.digest(bare.as_bytes()))) {
        Ok(())
    } else {
        Err(MoveError::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_report_is_known_and_a_changed_one_is_not() {
        let key = Seal::new(b"0123456789abcdef0123456789abcdef");
        let text = signed(
            &[json!({"table": "keys", "outcomes": {"moved": 12}})],
            Some(&key),
        )
        .unwrap();
        assert!(check(&text, &key).is_ok());
        assert!(check(&text.replace("12", "13"), &key).is_err());
        assert!(check(&text, &Seal::new(b"another key")).is_err());
        assert!(check(&signed(&[], None).unwrap(), &key).is_err());
        assert!(check("no report", &key).is_err());
    }
}
