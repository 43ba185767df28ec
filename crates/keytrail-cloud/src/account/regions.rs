//! One region of one account, and work done side by side in it.

use std::future::Future;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::document::text;
use crate::client::{Call, Client, Connection, Paging};
use crate::error::CloudError;

/// Calls in flight at a time, for each region.
const SIDE_BY_SIDE: usize = 8;

/// A region with what is known of it before the rest.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) connection: Connection,
    pub(crate) client: Client,
    pub(crate) account: String,
    /// ARNs of keys that AWS manages.
    pub(crate) aws_keys: Vec<String>,
}

impl Region {
    /// `123456789012/eu-west-1`.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.account, self.client.region())
    }

    /// The ARN of something of this region.
    pub(crate) fn arn(&self, service: &str, rest: &str) -> String {
        let region = self.client.region();
        let partition = partition(region);
        format!("arn:{partition}:{service}:{region}:{}:{rest}", self.account)
    }
}

pub(crate) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// The regions that the account has switched on.
pub(crate) async fn all(client: &Client) -> Result<Vec<String>, CloudError> {
    let paging = Paging::new("regionInfo", "nextToken", "NextToken");
    let found = client
        .list(Call::DescribeRegions, json!({}), paging)
        .await?;
    let mut names: Vec<String> = found
        .iter()
        .map(|region| text(region, "regionName").to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The account that the credentials belong to.
pub(crate) async fn account(client: &Client) -> Result<String, CloudError> {
    let answer = client.call(Call::GetCallerIdentity, &Value::Null).await?;
    let found = answer.pointer("/GetCallerIdentityResult/Account");
    let known = found
        .and_then(Value::as_str)
        .filter(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()));
    known.map(str::to_owned).ok_or(CloudError::Malformed {
        call: Call::GetCallerIdentity.name(),
        what: "identity",
    })
}

/// Runs `work` over all inputs, a few at a time; answers in the order of the inputs.
pub(crate) async fn side_by_side<I, T, F, W>(inputs: Vec<I>, work: W) -> Vec<T>
where
    I: Send + 'static,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
    W: Fn(I) -> F,
{
    let mut running = JoinSet::new();
    let mut done: Vec<(usize, T)> = Vec::new();
    for (number, input) in inputs.into_iter().enumerate() {
        if running.len() >= SIDE_BY_SIDE
            && let Some(Ok(one)) = running.join_next().await
        {
            done.push(one);
        }
        let one = work(input);
        running.spawn(async move { (number, one.await) });
    }
    while let Some(one) = running.join_next().await {
        done.extend(one.ok());
    }
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, one)| one).collect()
}
