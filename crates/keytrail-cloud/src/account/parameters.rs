//! Parameters: names, types and keys; never a value.

use serde_json::json;

use super::document::{Document, pick, text};
use super::regions::Region;
use crate::client::{Call, Paging};

/// All parameters of a region.
pub(crate) async fn collect(region: &Region) -> Document {
    let mut document = Document::default();
    let paging = Paging::new("Parameters", "NextToken", "NextToken");
    let asked = json!({"MaxResults": 50});
    let found = region
        .client
        .list(Call::DescribeParameters, asked, paging)
        .await;
    let found = document.note(&format!("parameters of {}", region.place()), found);
    for parameter in found.iter().flatten() {
        let same = ["Name", "Type", "KeyId", "Tier"];
        let name = text(parameter, "Name").trim_start_matches('/');
        let arn = region.arn("ssm", &format!("parameter/{name}"));
        let properties = pick(parameter, &same.map(|name| (name, name)));
        document.add(&arn, "AWS::SSM::Parameter", properties);
    }
    document.count("parameters", found.map_or(0, |all| all.len()));
    document
}
