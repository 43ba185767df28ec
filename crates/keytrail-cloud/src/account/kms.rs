//! KMS keys: policies, grants, rotation, aliases.

use serde_json::{Map, Value, json};

use super::document::{Document, list, pick, policy, text, unknown};
use super::regions::{Region, side_by_side};
use crate::client::{Call, Paging};

/// All keys of a region, and the ARNs of those that AWS manages.
pub(crate) async fn collect(region: &Region) -> (Document, Vec<String>) {
    let mut document = Document::default();
    let place = region.place();
    let paging = Paging::new("Keys", "NextMarker", "Marker");
    let keys = region.client.list(Call::ListKeys, json!({}), paging).await;
    let keys = document.note(&format!("KMS keys of {place}"), keys);
    let keys: Vec<String> = keys
        .iter()
        .flatten()
        .map(|key| text(key, "KeyArn").to_owned())
        .collect();
    let paging = Paging::new("Aliases", "NextMarker", "Marker");
    let aliases = region
        .client
        .list(Call::ListAliases, json!({}), paging)
        .await;
    let aliases = document.note(&format!("KMS aliases of {place}"), aliases);
    for alias in aliases.iter().flatten() {
        let same = [("AliasName", "AliasName"), ("TargetKeyId", "TargetKeyId")];
        let arn = text(alias, "AliasArn");
        if alias.get("TargetKeyId").is_some() {
            document.add(arn, "AWS::KMS::Alias", pick(alias, &same));
        }
    }
    document.count("kms_keys", keys.len());
    let shared = region.clone();
    let read = side_by_side(keys, move |arn| {
        let region = shared.clone();
        async move { key(&region, &arn).await }
    })
    .await;
    let mut managed = Vec::new();
    for (one, by_aws) in read {
        document.merge(one);
        managed.extend(by_aws);
    }
    (document, managed)
}

async fn key(region: &Region, arn: &str) -> (Document, Option<String>) {
    let mut document = Document::default();
    let client = &region.client;
    let request = json!({"KeyId": arn});
    let described = client.call(Call::DescribeKey, &request).await;
    let described = document.note(&format!("the key {arn}"), described);
    let metadata = described
        .as_ref()
        .and_then(|answer| answer.get("KeyMetadata"))
        .cloned()
        .unwrap_or_default();
    if text(&metadata, "KeyManager") == "AWS" {
        return (document, Some(arn.to_owned()));
    }
    let same = [
        "Description",
        "KeySpec",
        "KeyUsage",
        "MultiRegion",
        "Enabled",
    ];
    let mut properties = pick(&metadata, &same.map(|name| (name, name)));
    if matches!(
        text(&metadata, "KeyState"),
        "PendingDeletion" | "PendingReplicaDeletion"
    ) {
        // Beside that it is switched off, of course.
        properties.remove("Enabled");
        let day = metadata.get("DeletionDate").cloned();
        properties.insert("DeletionDate".to_owned(), day.unwrap_or_else(|| json!(0)));
    }
    let asked = json!({"KeyId": arn, "PolicyName": "default"});
    let found = client.call(Call::GetKeyPolicy, &asked).await;
    let found = document.note(&format!("the policy of {arn}"), found);
    let mut key_policy = found
        .as_ref()
        .and_then(|answer| answer.get("Policy"))
        .map_or_else(unknown, policy);
    add_grants(region, arn, &mut key_policy, &mut document).await;
    properties.insert("KeyPolicy".to_owned(), key_policy);
    // Only symmetric keys that encrypt can be rotated.
    if matches!(text(&metadata, "KeySpec"), "" | "SYMMETRIC_DEFAULT") {
        let rotation = client.call(Call::GetKeyRotationStatus, &request).await;
        let rotation = document.note(&format!("the rotation of {arn}"), rotation);
        let rotation = rotation
            .and_then(|answer| answer.get("KeyRotationEnabled").cloned())
            .unwrap_or_else(unknown);
        properties.insert("EnableKeyRotation".to_owned(), rotation);
    }
    document.add(arn, "AWS::KMS::Key", properties);
    (document, None)
}

/// A grant allows what a statement of the key's policy would.
async fn add_grants(region: &Region, arn: &str, policy: &mut Value, document: &mut Document) {
    let paging = Paging::new("Grants", "NextMarker", "Marker");
    let grants = region
        .client
        .list(Call::ListGrants, json!({"KeyId": arn}), paging)
        .await;
    let Some(grants) = document.note(&format!("the grants of {arn}"), grants) else {
        return;
    };
    document.count("kms_grants", grants.len());
    if let Some(Value::Array(statements)) = policy.get_mut("Statement") {
        statements.extend(grants.iter().map(statement));
    }
}

fn statement(grant: &Value) -> Value {
    let actions: Vec<String> = list(grant, "Operations")
        .iter()
        .filter_map(Value::as_str)
        .map(|name| format!("kms:{name}"))
        .collect();
    let grantee = text(grant, "GranteePrincipal");
    let kind = if grantee.ends_with(".amazonaws.com") {
        "Service"
    } else {
        "AWS"
    };
    let mut statement = json!({
        "Sid": format!("Grant{}", text(grant, "GrantId")),
        "Effect": "Allow",
        "Principal": {kind: grantee},
        "Action": actions,
        "Resource": "*",
    });
    let context = ["EncryptionContextEquals", "EncryptionContextSubset"]
        .iter()
        .find_map(|name| grant.get("Constraints")?.get(*name)?.as_object());
    if let Some(context) = context.filter(|context| !context.is_empty()) {
        let conditions: Map<String, Value> = context
            .iter()
            .map(|(key, value)| (format!("kms:EncryptionContext:{key}"), value.clone()))
            .collect();
        statement["Condition"] = json!({"StringEquals": conditions});
    }
    statement
}
