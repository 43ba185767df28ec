//! Backup plans and what they select.

use serde_json::{Map, Value, json};

use super::document::{Document, list, text};
use super::regions::Region;
use crate::client::{Call, Paging};

/// As `keytrail-infra` says it of a template.
pub(crate) const SELECTED: &str = "is backed up by AWS Backup";

/// All plans of a region.
pub(crate) async fn collect(region: &Region) -> Document {
    let mut document = Document::default();
    let paging = Paging::new("BackupPlansList", "NextToken", "nextToken");
    let plans = region
        .client
        .list(Call::ListBackupPlans, json!({}), paging)
        .await;
    let plans = document.note(&format!("backup plans of {}", region.place()), plans);
    if plans.is_none() {
        document.unread.insert((String::new(), SELECTED));
    }
    document.count("backup_plans", plans.as_ref().map_or(0, Vec::len));
    for plan in plans.iter().flatten() {
        one(region, plan, &mut document).await;
    }
    document
}

async fn one(region: &Region, plan: &Value, document: &mut Document) {
    let (id, arn) = (text(plan, "BackupPlanId"), text(plan, "BackupPlanArn"));
    let asked = json!({"BackupPlanId": id});
    let found = region.client.call(Call::GetBackupPlan, &asked).await;
    if let Some(found) = document.note(&format!("the plan {arn}"), found) {
        let mut properties = Map::new();
        let plan = found.get("BackupPlan").map(rules).unwrap_or_default();
        properties.insert("BackupPlan".to_owned(), plan);
        document.add(arn, "AWS::Backup::BackupPlan", properties);
    }
    let paging = Paging::new("BackupSelectionsList", "NextToken", "nextToken");
    let selections = region
        .client
        .list(Call::ListBackupSelections, asked, paging)
        .await;
    let selections = document.note(&format!("what {arn} selects"), selections);
    if selections.is_none() {
        document.unread.insert((String::new(), SELECTED));
    }
    for selection in selections.iter().flatten() {
        let number = text(selection, "SelectionId");
        let asked = json!({"BackupPlanId": id, "SelectionId": number});
        let found = region.client.call(Call::GetBackupSelection, &asked).await;
        let found = document.note(&format!("selection {number} of {arn}"), found);
        if let Some(found) = found
            .as_ref()
            .and_then(|answer| answer.get("BackupSelection"))
        {
            let mut properties = Map::new();
            properties.insert("BackupSelection".to_owned(), found.clone());
            let kind = "AWS::Backup::BackupSelection";
            document.add(&format!("{arn}/{number}"), kind, properties);
        }
    }
}

/// CloudFormation calls the rules otherwise.
fn rules(plan: &Value) -> Value {
    json!({
        "BackupPlanName": text(plan, "BackupPlanName"),
        "BackupPlanRule": list(plan, "Rules"),
    })
}
