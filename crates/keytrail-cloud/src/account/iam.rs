//! Roles, users, groups and policies: one call tells all.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::document::{Document, list, text};
use super::regions::Region;
use crate::client::Call;

/// All of the account.
pub(crate) async fn collect(region: &Region) -> Document {
    let mut document = Document::default();
    let mut details = Details::default();
    let asked = json!({"MaxItems": 1000});
    let read = each_page(region, asked, &mut details).await;
    let what = format!("roles, users and policies of {}", region.account);
    let complete = document.note(&what, read).is_some();
    document.count("principals", details.holders());
    if complete {
        details.write(&mut document);
    }
    document
}

async fn each_page(
    region: &Region,
    asked: Value,
    details: &mut Details,
) -> Result<(), crate::error::CloudError> {
    // The list lies one level below the root of the XML, so pages are walked by hand.
    let mut asked = asked;
    let call = Call::GetAccountAuthorizationDetails;
    let mut last = String::new();
    for _ in 0..MOST_PAGES {
        let answer = region.client.call(call, &asked).await?;
        let result = answer
            .get("GetAccountAuthorizationDetailsResult")
            .cloned()
            .unwrap_or_default();
        details.add(&result);
        let marker = text(&result, "Marker").to_owned();
        if text(&result, "IsTruncated") != "true" || marker.is_empty() {
            return Ok(());
        }
        if marker == last {
            return Err(crate::error::CloudError::Repeats { call: call.name() });
        }
        asked["Marker"] = json!(marker);
        last = marker;
    }
    Err(crate::error::CloudError::Endless {
        call: call.name(),
        most: MOST_PAGES,
    })
}

const MOST_PAGES: usize = 1_000;

#[derive(Debug, Default)]
struct Details {
    roles: Vec<Value>,
    users: Vec<Value>,
    groups: Vec<Value>,
    policies: Vec<Value>,
}

impl Details {
    fn add(&mut self, page: &Value) {
        self.roles.extend_from_slice(list(page, "RoleDetailList"));
        self.users.extend_from_slice(list(page, "UserDetailList"));
        self.groups.extend_from_slice(list(page, "GroupDetailList"));
        self.policies.extend_from_slice(list(page, "Policies"));
    }

    fn holders(&self) -> usize {
        self.roles.len() + self.users.len() + self.groups.len()
    }

    fn write(&self, document: &mut Document) {
        let mut used = BTreeSet::new();
        for role in &self.roles {
            let mut properties = holder(role, "RolePolicyList", &mut used);
            properties.insert("RoleName".to_owned(), json!(text(role, "RoleName")));
            let trust = decoded(role.get("AssumeRolePolicyDocument"));
            properties.insert("AssumeRolePolicyDocument".to_owned(), trust);
            document.add(text(role, "Arn"), "AWS::IAM::Role", properties);
        }
        for user in &self.users {
            let mut properties = holder(user, "UserPolicyList", &mut used);
            properties.insert("UserName".to_owned(), json!(text(user, "UserName")));
            properties.insert("Groups".to_owned(), json!(list(user, "GroupList")));
            document.add(text(user, "Arn"), "AWS::IAM::User", properties);
        }
        for group in &self.groups {
            let mut properties = holder(group, "GroupPolicyList", &mut used);
            properties.insert("GroupName".to_owned(), json!(text(group, "GroupName")));
            document.add(text(group, "Arn"), "AWS::IAM::Group", properties);
        }
        for policy in &self.policies {
            let arn = text(policy, "Arn");
            if used.contains(arn) {
                document.add(arn, "AWS::IAM::ManagedPolicy", managed(policy));
            }
        }
    }
}

/// What roles, users and groups have in common.
fn holder(from: &Value, inline: &str, used: &mut BTreeSet<String>) -> Map<String, Value> {
    let inline: Vec<Value> = list(from, inline)
        .iter()
        .map(|policy| {
            json!({
                "PolicyName": text(policy, "PolicyName"),
                "PolicyDocument": decoded(policy.get("PolicyDocument")),
            })
        })
        .collect();
    let attached: Vec<&str> = list(from, "AttachedManagedPolicies")
        .iter()
        .map(|policy| text(policy, "PolicyArn"))
        .collect();
    used.extend(attached.iter().map(|arn| (*arn).to_owned()));
    let mut properties = Map::new();
    properties.insert("Policies".to_owned(), json!(inline));
    properties.insert("ManagedPolicyArns".to_owned(), json!(attached));
    let tags = list(from, "Tags");
    if !tags.is_empty() {
        properties.insert("Tags".to_owned(), json!(tags));
    }
    let boundary = from.pointer("/PermissionsBoundary/PermissionsBoundaryArn");
    if let Some(boundary) = boundary.and_then(Value::as_str) {
        used.insert(boundary.to_owned());
        properties.insert("PermissionsBoundary".to_owned(), json!(boundary));
    }
    properties
}

fn managed(policy: &Value) -> Map<String, Value> {
    let versions = list(policy, "PolicyVersionList");
    let current = versions
        .iter()
        .find(|version| text(version, "IsDefaultVersion") == "true")
        .or(versions.first());
    let mut properties = Map::new();
    properties.insert(
        "ManagedPolicyName".to_owned(),
        json!(text(policy, "PolicyName")),
    );
    let document = decoded(current.and_then(|version| version.get("Document")));
    properties.insert("PolicyDocument".to_owned(), document);
    properties
}

/// Documents come with `%XX`; what is no JSON then stays text.
fn decoded(document: Option<&Value>) -> Value {
    let text = document.and_then(Value::as_str).unwrap_or_default();
    let plain = if text.trim_start().starts_with('{') {
        text.to_owned()
    } else {
        unescaped(text)
    };
    serde_json::from_str(&plain).unwrap_or(Value::String(plain))
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        if let Some(code) = code {
            bytes.push(code);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded() {
        let of = |text: &str| decoded(Some(&json!(text)));
        assert_eq!(of("%7B%22Version%22%3A%221%22%7D"), json!({"Version": "1"}));
        assert_eq!(of("{\"a\": \"100%25\"}"), json!({"a": "100%25"}));
        assert_eq!(of("%zz%7"), json!("%zz%7"));
    }
}
