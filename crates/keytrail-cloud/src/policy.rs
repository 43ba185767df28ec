//! The least policy that a scan needs.

use serde_json::json;

use crate::client::{Call, Group};

/// The policy for these groups of calls, as JSON. Everything in it reads, and nothing in it reads
/// the value of a secret or a parameter.
pub fn least_policy(groups: &[Group]) -> String {
    let statement = |group: Group, sid: &str| {
        let mut actions: Vec<&str> = Call::ALL
            .iter()
            .filter(|call| call.group() == group && !call.needs_no_right())
            .map(|call| call.action())
            .collect();
        actions.sort_unstable();
        actions.dedup();
        json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*"})
    };
    let all = [
        (Group::Account, "KeytrailAccount"),
        (Group::Items, "KeytrailItems"),
        (Group::Streams, "KeytrailStreams"),
        (Group::Trail, "KeytrailTrail"),
    ];
    let statements: Vec<serde_json::Value> = all
        .into_iter()
        .filter(|(group, _)| groups.contains(group))
        .map(|(group, sid)| statement(group, sid))
        .collect();
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    let mut text = serde_json::to_string_pretty(&policy).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reading_and_no_values() {
        let policy = least_policy(&[Group::Account, Group::Items, Group::Streams, Group::Trail]);
        let reads = ["Describe", "Get", "List", "Scan"];
        for call in Call::ALL.iter().filter(|call| !call.needs_no_right()) {
            assert!(policy.contains(call.action()), "{}", call.action());
            let (_, name) = call.action().split_once(':').unwrap();
            assert!(reads.iter().any(|start| name.starts_with(start)), "{name}");
        }
        for value in ["GetSecretValue", "GetParameter", "kms:Decrypt", "\"*:"] {
            assert!(!policy.contains(value), "{value}");
        }
    }
}
