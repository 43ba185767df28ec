//! Trails with their selectors.

use serde_json::{Value, json};

use super::document::{Document, pick, text, unknown};
use super::regions::Region;
use crate::client::Call;

/// All trails whose home is this region.
pub(crate) async fn collect(region: &Region) -> Document {
    let mut document = Document::default();
    let asked = json!({"includeShadowTrails": false});
    let found = region.client.call(Call::DescribeTrails, &asked).await;
    let found = document.note(&format!("trails of {}", region.place()), found);
    let found = found.unwrap_or_default();
    let trails = super::document::list(&found, "trailList");
    document.count("trails", trails.len());
    for trail in trails {
        let arn = text(trail, "TrailARN");
        let mut properties = pick(
            trail,
            &[
                ("Name", "TrailName"),
                ("S3BucketName", "S3BucketName"),
                ("IsMultiRegionTrail", "IsMultiRegionTrail"),
                ("IsOrganizationTrail", "IsOrganizationTrail"),
                ("IncludeGlobalServiceEvents", "IncludeGlobalServiceEvents"),
                ("LogFileValidationEnabled", "EnableLogFileValidation"),
                ("KmsKeyId", "KMSKeyId"),
                ("CloudWatchLogsLogGroupArn", "CloudWatchLogsLogGroupArn"),
            ],
        );
        let status = region
            .client
            .call(Call::GetTrailStatus, &json!({"Name": arn}))
            .await;
        let status = document.note(&format!("whether {arn} is on"), status);
        let is_on = status
            .and_then(|answer| answer.get("IsLogging").cloned())
            .unwrap_or_else(unknown);
        properties.insert("IsLogging".to_owned(), is_on);
        let asked = json!({"TrailName": arn});
        let selectors = region.client.call(Call::GetEventSelectors, &asked).await;
        let selectors = document.note(&format!("the selectors of {arn}"), selectors);
        match selectors {
            Some(answer) => {
                let names = ["EventSelectors", "AdvancedEventSelectors"];
                let given = pick(&answer, &names.map(|name| (name, name)));
                properties.extend(given.into_iter().filter(|(_, value)| !is_empty(value)));
            }
            None => drop(properties.insert("EventSelectors".to_owned(), unknown())),
        }
        document.add(arn, "AWS::CloudTrail::Trail", properties);
    }
    document
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_none_or(Vec::is_empty)
}
