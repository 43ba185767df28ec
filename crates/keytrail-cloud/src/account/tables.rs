//! Tables with their settings, replicas, copies and policies.

use serde_json::{Map, Value, json};

use super::document::{Document, list, pick, policy, text, unknown};
use super::regions::Region;
use crate::client::{Call, Paging};
use crate::error::CloudError;

/// As `keytrail-infra` says it of a template.
pub(crate) const KINESIS: &str = "sends its changes to a Kinesis stream";

/// All tables of a region.
pub(crate) async fn collect(region: &Region) -> Document {
    let mut document = Document::default();
    let paging = Paging::new(
        "TableNames",
        "LastEvaluatedTableName",
        "ExclusiveStartTableName",
    );
    let listed = region
        .client
        .list(Call::ListTables, json!({}), paging)
        .await;
    let what = format!("the tables of {}", region.place());
    let names = document.note(&what, listed).unwrap_or_default();
    let names: Vec<String> = names
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    document.count("tables", names.len());
    let shared = region.clone();
    let read = super::regions::side_by_side(names, move |name| {
        let region = shared.clone();
        async move { table(&region, &name).await }
    })
    .await;
    for one in read {
        document.merge(one);
    }
    if document.resources().any(is_provisioned) {
        document.merge(scaling(region).await);
    }
    document
}

fn is_provisioned(resource: &Value) -> bool {
    resource.pointer("/Properties/BillingMode") == Some(&json!("PROVISIONED"))
}

/// What lets provisioned capacity follow the load.
async fn scaling(region: &Region) -> Document {
    let mut document = Document::default();
    let paging = Paging::new("ScalableTargets", "NextToken", "NextToken");
    let asked = json!({"ServiceNamespace": "dynamodb"});
    let found = region
        .client
        .list(Call::DescribeScalableTargets, asked, paging)
        .await;
    let what = format!("the scaling of tables of {}", region.place());
    let targets = document.note(&what, found);
    // One target that may be for any table: nothing is said of any.
    let targets = targets.unwrap_or_else(|| vec![json!({"ResourceId": unknown()})]);
    for (number, target) in targets.iter().enumerate() {
        let same = ["ResourceId", "ScalableDimension", "ServiceNamespace"];
        let properties = pick(target, &same.map(|name| (name, name)));
        let id = format!("scaling/{}/{number}", region.place());
        document.add(
            &id,
            "AWS::ApplicationAutoScaling::ScalableTarget",
            properties,
        );
    }
    document
}

async fn table(region: &Region, name: &str) -> Document {
    let mut document = Document::default();
    let request = json!({"TableName": name});
    let what = format!("table {name} in {}", region.place());
    let described = region.client.call(Call::DescribeTable, &request).await;
    let Some(mut answer) = document.note(&what, described) else {
        return document;
    };
    let description = answer.get_mut("Table").map(Value::take).unwrap_or_default();
    let arn = text(&description, "TableArn").to_owned();
    let mut properties = description_of(&description, &region.aws_keys);
    properties.insert("TableName".to_owned(), json!(name));
    let asked = settings(region, &request, &arn, &what, &mut document).await;
    properties.extend(asked);
    let replicas = replicas(region, &description, &request, &mut document).await;
    if !replicas.is_empty() {
        properties.insert("Replicas".to_owned(), json!(replicas));
    }
    copies(region, name, &arn, &what, &mut document).await;
    document.add(&arn, "AWS::DynamoDB::Table", properties);
    document
}

/// What one call says about a table.
fn description_of(description: &Value, aws_keys: &[String]) -> Map<String, Value> {
    let mut properties = pick(
        description,
        &[
            ("KeySchema", "KeySchema"),
            ("AttributeDefinitions", "AttributeDefinitions"),
            ("DeletionProtectionEnabled", "DeletionProtectionEnabled"),
        ],
    );
    for field in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        let indexes = list(description, field).iter();
        let indexes: Vec<Value> = indexes
            .map(|index| {
                let same = ["IndexName", "KeySchema", "Projection"];
                Value::Object(pick(index, &same.map(|name| (name, name))))
            })
            .collect();
        if !indexes.is_empty() {
            properties.insert(field.to_owned(), json!(indexes));
        }
    }
    if let Some(stream) = description.get("StreamSpecification")
        && stream.get("StreamEnabled").and_then(Value::as_bool) != Some(false)
    {
        let view = json!({"StreamViewType": text(stream, "StreamViewType")});
        properties.insert("StreamSpecification".to_owned(), view);
    }
    // Without a summary a table was never billed by request.
    let units = description.pointer("/ProvisionedThroughput/ReadCapacityUnits");
    let mode = description.pointer("/BillingModeSummary/BillingMode");
    if units.and_then(Value::as_u64).is_some_and(|units| units > 0)
        && mode.is_none_or(|mode| mode == "PROVISIONED")
    {
        properties.insert("BillingMode".to_owned(), json!("PROVISIONED"));
    }
    if let Some(encryption) = encryption(description, aws_keys) {
        properties.insert("SSESpecification".to_owned(), encryption);
    }
    properties
}

/// No description is the key that AWS owns; a key of AWS's own management is named by none.
fn encryption(description: &Value, aws_keys: &[String]) -> Option<Value> {
    let found = description.get("SSEDescription")?;
    let on = matches!(text(found, "Status"), "ENABLED" | "ENABLING" | "UPDATING");
    let mut out = json!({"SSEEnabled": on});
    let key = text(found, "KMSMasterKeyArn");
    if !key.is_empty() && !aws_keys.iter().any(|own| own == key) {
        out["KMSMasterKeyId"] = json!(key);
    }
    Some(out)
}

/// Recovery, expiry, tags, policy: a call each.
async fn settings(
    region: &Region,
    request: &Value,
    arn: &str,
    what: &str,
    document: &mut Document,
) -> Map<String, Value> {
    let client = &region.client;
    let mut properties = Map::new();
    let recovery = client.call(Call::DescribeContinuousBackups, request).await;
    let recovery = document.note(&format!("recovery of {what}"), recovery);
    let recovery = recovery.map_or_else(unknown, |answer| json!(is_recoverable(&answer)));
    properties.insert(
        "PointInTimeRecoverySpecification".to_owned(),
        json!({"PointInTimeRecoveryEnabled": recovery}),
    );

    let expiry = client.call(Call::DescribeTimeToLive, request).await;
    let expiry = document.note(&format!("expiry of {what}"), expiry);
    let expiry = expiry.map_or_else(
        || Some(json!({"AttributeName": unknown()})),
        |answer| expiring(&answer),
    );
    if let Some(expiry) = expiry {
        properties.insert("TimeToLiveSpecification".to_owned(), expiry);
    }

    let paging = Paging::new("Tags", "NextToken", "NextToken");
    let tags = json!({"ResourceArn": arn});
    let tags = client.list(Call::ListTagsOfResource, tags, paging).await;
    let tags = document.note(&format!("tags of {what}"), tags);
    properties.insert("Tags".to_owned(), tags.map_or_else(unknown, Value::Array));

    let asked = json!({"ResourceArn": arn});
    let own = match client.call(Call::GetTableResourcePolicy, &asked).await {
        Err(CloudError::Service { code, .. }) if code == "PolicyNotFoundException" => None,
        other => document.note(&format!("the policy of {what}"), other),
    };
    if let Some(own) = own.as_ref().and_then(|answer| answer.get("Policy")) {
        let own = json!({"PolicyDocument": policy(own)});
        properties.insert("ResourcePolicy".to_owned(), own);
    }
    properties
}

fn is_recoverable(answer: &Value) -> bool {
    let status = answer.pointer(
        "/ContinuousBackupsDescription/PointInTimeRecoveryDescription/PointInTimeRecoveryStatus",
    );
    status.and_then(Value::as_str) == Some("ENABLED")
}

fn expiring(answer: &Value) -> Option<Value> {
    let found = answer.get("TimeToLiveDescription")?;
    let on = matches!(text(found, "TimeToLiveStatus"), "ENABLED" | "ENABLING");
    on.then(|| json!({"AttributeName": text(found, "AttributeName"), "Enabled": true}))
}

/// Each replica has settings of its own, and only its region tells them.
async fn replicas(
    region: &Region,
    description: &Value,
    request: &Value,
    document: &mut Document,
) -> Vec<Value> {
    let mut out = Vec::new();
    for replica in list(description, "Replicas") {
        let name = text(replica, "RegionName");
        let there = region.connection.client(name);
        let what = format!(
            "recovery of the replica of {} in {name}",
            text(description, "TableName")
        );
        let recovery = there.call(Call::DescribeContinuousBackups, request).await;
        let recovery = document.note(&what, recovery);
        let mut one = json!({
            "Region": name,
            "PointInTimeRecoverySpecification": {
                "PointInTimeRecoveryEnabled":
                    recovery.map_or_else(unknown, |answer| json!(is_recoverable(&answer))),
            },
        });
        let key = text(replica, "KMSMasterKeyId");
        if !key.is_empty() && !region.aws_keys.iter().any(|own| own == key) {
            one["SSESpecification"] = json!({"KMSMasterKeyId": key});
        }
        out.push(one);
    }
    out
}

/// Kinesis, exports, backups.
async fn copies(region: &Region, name: &str, arn: &str, what: &str, document: &mut Document) {
    let client = &region.client;
    let mut found = Vec::new();
    let by_name = json!({"TableName": name});
    let kinesis = client
        .call(Call::DescribeKinesisStreamingDestination, &by_name)
        .await;
    let kinesis = document.note(&format!("Kinesis destinations of {what}"), kinesis);
    if kinesis.is_none() {
        document.unread.insert((arn.to_owned(), KINESIS));
    }
    let kinesis = kinesis.unwrap_or_default();
    let sends = list(&kinesis, "KinesisDataStreamDestinations")
        .iter()
        .any(|one| text(one, "DestinationStatus") == "ACTIVE");
    if sends {
        found.push(KINESIS.to_owned());
    }
    let paging = Paging::new("ExportSummaries", "NextToken", "NextToken");
    let exports = client
        .list(Call::ListExports, json!({"TableArn": arn}), paging)
        .await;
    let exports = document.note(&format!("exports of {what}"), exports);
    if exports.is_some_and(|exports| !exports.is_empty()) {
        found.push("is exported to S3".to_owned());
    }
    let paging = Paging::new(
        "BackupSummaries",
        "LastEvaluatedBackupArn",
        "ExclusiveStartBackupArn",
    );
    let backups = client.list(Call::ListBackups, by_name, paging).await;
    let backups = document.note(&format!("backups of {what}"), backups);
    let made = backups
        .iter()
        .flatten()
        .map(|backup| text(backup, "BackupName"));
    found.extend(made.map(|name| format!("is kept in the backup {name}")));
    if !found.is_empty() {
        let copies = document.copies.entry(arn.to_owned()).or_default();
        copies.extend(found);
    }
}
