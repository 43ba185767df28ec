//! Secrets: names, keys, rotation and policies; never a value.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::document::{Document, pick, policy, text};
use super::regions::{Region, side_by_side};
use crate::client::{Call, Paging};

/// All secrets of a region.
pub(crate) async fn collect(region: &Region) -> Document {
    let mut document = Document::default();
    let paging = Paging::new("SecretList", "NextToken", "NextToken");
    let asked = json!({"IncludePlannedDeletion": false});
    let secrets = region.client.list(Call::ListSecrets, asked, paging).await;
    let secrets = document.note(&format!("secrets of {}", region.place()), secrets);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0.0, |now| now.as_secs_f64());
    let mut arns = Vec::new();
    for secret in secrets.iter().flatten() {
        let same = ["Name", "Description", "KmsKeyId", "Tags"];
        let arn = text(secret, "ARN");
        let mut properties = pick(secret, &same.map(|name| (name, name)));
        // A description is prose of the owner's, in which anything may stand.
        properties.remove("Description");
        for (name, day) in [
            ("RotationMissedDate", missed(secret, now)),
            ("UnusedSinceDate", unused(secret, now)),
        ] {
            properties.extend(day.map(|day| (name.to_owned(), json!(day))));
        }
        document.add(arn, "AWS::SecretsManager::Secret", properties);
        if secret.get("RotationEnabled") == Some(&json!(true)) {
            let mut properties = pick(
                secret,
                &[
                    ("RotationLambdaARN", "RotationLambdaARN"),
                    ("RotationRules", "RotationRules"),
                ],
            );
            properties.insert("SecretId".to_owned(), json!(arn));
            let kind = "AWS::SecretsManager::RotationSchedule";
            document.add(&format!("{arn}/rotation"), kind, properties);
        }
        arns.push(arn.to_owned());
    }
    document.count("secrets", arns.len());
    let shared = region.clone();
    let read = side_by_side(arns, move |arn| {
        let region = shared.clone();
        async move { own_policy(&region, &arn).await }
    })
    .await;
    for one in read {
        document.merge(one);
    }
    document
}

async fn own_policy(region: &Region, arn: &str) -> Document {
    let mut document = Document::default();
    let asked = json!({"SecretId": arn});
    let found = region.client.call(Call::GetResourcePolicy, &asked).await;
    let found = document.note(&format!("the policy of {arn}"), found);
    if let Some(found) = found
        .as_ref()
        .and_then(|answer| answer.get("ResourcePolicy"))
    {
        let mut properties = serde_json::Map::new();
        properties.insert("SecretId".to_owned(), json!(arn));
        properties.insert("ResourcePolicy".to_owned(), policy(found));
        let kind = "AWS::SecretsManager::ResourcePolicy";
        document.add(&format!("{arn}/policy"), kind, properties);
    }
    document
}

const DAY: f64 = 86_400.0;
/// Days after which a secret that nobody reads is left over.
const UNUSED: f64 = 90.0;

/// When it should have been rotated and was not, a day or longer ago.
fn missed(secret: &Value, now: f64) -> Option<f64> {
    if secret.get("RotationEnabled") != Some(&json!(true)) {
        return None;
    }
    let at = |field: &str| secret.get(field).and_then(Value::as_f64);
    let days = secret.pointer("/RotationRules/AutomaticallyAfterDays");
    let by_days = || {
        let last = at("LastRotatedDate").or_else(|| at("CreatedDate"))?;
        Some(last + days?.as_f64()? * DAY)
    };
    // The next date names the day at whose end it is due.
    let due = at("NextRotationDate").or_else(by_days)?;
    (due + DAY < now).then_some(due)
}

/// Since when nobody read it, where that is long ago; AWS tells days, and none for never.
fn unused(secret: &Value, now: f64) -> Option<f64> {
    let at = |field: &str| secret.get(field).and_then(Value::as_f64);
    let since = at("LastAccessedDate").or_else(|| at("CreatedDate"))?;
    (since + UNUSED * DAY < now).then_some(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1_000.0 * DAY;

    fn day(number: u32) -> f64 {
        f64::from(number) * DAY
    }

    #[test]
    fn a_rotation_that_is_overdue() {
        let on = |extra: Value| {
            let mut secret =
                json!({"RotationEnabled": true, "RotationRules": {"AutomaticallyAfterDays": 30}});
            for (name, value) in extra.as_object().unwrap() {
                secret[name] = value.clone();
            }
            missed(&secret, NOW)
        };
        assert_eq!(on(json!({"NextRotationDate": day(998)})), Some(day(998)));
        assert_eq!(on(json!({"NextRotationDate": day(999)})), None);
        assert_eq!(on(json!({"LastRotatedDate": day(960)})), Some(day(990)));
        assert_eq!(on(json!({"LastRotatedDate": day(980)})), None);
        assert_eq!(on(json!({"CreatedDate": day(900)})), Some(day(930)));
        assert_eq!(missed(&json!({"LastRotatedDate": day(1)}), NOW), None);
    }

    #[test]
    fn a_secret_that_nobody_reads() {
        assert_eq!(
            unused(
                &json!({"CreatedDate": day(1), "LastAccessedDate": day(990)}),
                NOW
            ),
            None
        );
        let old = json!({"CreatedDate": day(1), "LastAccessedDate": day(900)});
        assert_eq!(unused(&old, NOW), Some(day(900)));
        assert_eq!(unused(&json!({"CreatedDate": day(1)}), NOW), Some(day(1)));
        assert_eq!(unused(&json!({"CreatedDate": day(950)}), NOW), None);
    }
}
