//! DAX clusters.

use serde_json::{Map, json};

use super::document::{Document, text};
use super::regions::Region;
use crate::client::{Call, Paging};

/// All clusters of a region.
pub(crate) async fn collect(region: &Region) -> Document {
    let mut document = Document::default();
    let paging = Paging::new("Clusters", "NextToken", "NextToken");
    let found = region
        .client
        .list(Call::DescribeClusters, json!({}), paging)
        .await;
    // DAX is not everywhere; where it is not, no host answers.
    let found = match found {
        Err(crate::error::CloudError::Transport { .. }) => Ok(Vec::new()),
        other => other,
    };
    let found = document.note(&format!("DAX clusters of {}", region.place()), found);
    document.count("dax_clusters", found.as_ref().map_or(0, Vec::len));
    for cluster in found.iter().flatten() {
        let status = cluster.pointer("/SSEDescription/Status");
        let on = status.and_then(serde_json::Value::as_str) == Some("ENABLED");
        let encryption = match text(cluster, "ClusterEndpointEncryptionType") {
            "" => "NONE",
            kind => kind,
        };
        let mut properties = Map::new();
        let mut put = |name: &str, value| properties.insert(name.to_owned(), value);
        put("ClusterName", json!(text(cluster, "ClusterName")));
        put("IAMRoleARN", json!(text(cluster, "IamRoleArn")));
        put("SSESpecification", json!({"SSEEnabled": on}));
        put("ClusterEndpointEncryptionType", json!(encryption));
        if let Some(nodes) = cluster.get("TotalNodes") {
            put("ReplicationFactor", nodes.clone());
        }
        document.add(text(cluster, "ClusterArn"), "AWS::DAX::Cluster", properties);
    }
    document
}
