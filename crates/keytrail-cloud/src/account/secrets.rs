//! Secrets: names, keys, rotation and policies; never a value.

use serde_json::json;

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
    let mut arns = Vec::new();
    for secret in secrets.iter().flatten() {
        let same = ["Name", "Description", "KmsKeyId", "Tags"];
        let arn = text(secret, "ARN");
        let mut properties = pick(secret, &same.map(|name| (name, name)));
        // A description is prose of the owner's, in which anything may stand.
        properties.remove("Description");
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
