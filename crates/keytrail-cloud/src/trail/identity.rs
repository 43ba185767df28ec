//! `userIdentity`: who a call counts for.

use serde::Deserialize;

/// Who called, as far as it is needed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    arn: Option<String>,
    #[serde(default)]
    principal_id: Option<String>,
    #[serde(default)]
    pub(crate) account_id: Option<String>,
    #[serde(default)]
    invoked_by: Option<String>,
    #[serde(default)]
    session_context: Option<Session>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    #[serde(default)]
    session_issuer: Option<Issuer>,
}

#[derive(Debug, Default, Deserialize)]
struct Issuer {
    #[serde(default)]
    arn: Option<String>,
}

impl Identity {
    /// The role behind a session, the user, the service, or the account of another.
    pub(crate) fn name(&self) -> String {
        let issuer = self.session_context.as_ref();
        let issuer = issuer.and_then(|session| session.session_issuer.as_ref());
        let issuer = issuer.and_then(|issuer| issuer.arn.clone());
        let role = || self.arn.as_deref().and_then(role_of);
        let found = match self.kind.as_str() {
            "AssumedRole" | "FederatedUser" => issuer.or_else(role).or_else(|| self.arn.clone()),
            "AWSService" => self.invoked_by.clone(),
            // All that is told of a caller of another account.
            "AWSAccount" => self.arn.clone().or_else(|| self.account_id.clone()),
            _ => self.arn.clone(),
        };
        let rest = || {
            self.principal_id
                .clone()
                .or_else(|| self.invoked_by.clone())
        };
        found.or_else(rest).unwrap_or_else(|| "unknown".to_owned())
    }
}

/// The role of `arn:aws:sts::1:assumed-role/NAME/SESSION`; its path is not told.
fn role_of(arn: &str) -> Option<String> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let name = rest.split('/').next()?;
    let head = head.replacen(":sts:", ":iam:", 1);
    Some(format!("{head}:role/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(json: &str) -> String {
        serde_json::from_str::<Identity>(json).unwrap().name()
    }

    #[test]
    fn sessions_count_for_their_role() {
        let issued = r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/app/s","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:role/path/app"}}}"#;
        assert_eq!(name(issued), "arn:aws:iam::1:role/path/app");
        let bare = r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/app/s"}"#;
        assert_eq!(name(bare), "arn:aws:iam::1:role/app");
        let user = r#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/ann"}"#;
        assert_eq!(name(user), "arn:aws:iam::1:user/ann");
        let service = r#"{"type":"AWSService","invokedBy":"backup.amazonaws.com"}"#;
        assert_eq!(name(service), "backup.amazonaws.com");
        let other = r#"{"type":"AWSAccount","accountId":"444455556666","principalId":"AIDA:x"}"#;
        assert_eq!(name(other), "444455556666");
        assert_eq!(name("{}"), "unknown");
    }
}
