//! The signature of one question, "who am I?", under a key that was found. It is sent by whoever validates keys;
//! everybody may ask it, and it needs no right and changes nothing.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use keytrail_model::Secret;
use zeroize::Zeroizing;

/// The region of STS's endpoint that the providers' file names.
const REGION: &str = "us-east-1";

/// Headers that sign a POST of `body` to `url` by this key; `None` for a key that is no text.
pub fn sign_caller_identity(
    (url, body): (&str, &str),
    id: &Secret,
    secret: &Secret,
    session: Option<&Secret>,
) -> Option<Vec<(String, Zeroizing<String>)>> {
    let text = |secret: &Secret| {
        secret.with_bytes(|bytes| std::str::from_utf8(bytes).ok().map(str::to_owned))
    };
    let session = match session {
        Some(session) => Some(text(session)?),
        None => None,
    };
    // The SDK wipes what it holds of a key.
    let identity = Credentials::new(text(id)?, text(secret)?, session, None, "found").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("sts")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .ok()?
        .into();
    // How the body is written is signed with it.
    let kind = [("content-type", "application/x-www-form-urlencoded")].into_iter();
    let signable = SignableRequest::new("POST", url, kind, SignableBody::Bytes(body.as_bytes()));
    let (instructions, _) = sign(signable.ok()?, &params).ok()?.into_parts();
    let (headers, _) = instructions.into_parts();
    let headers = headers.into_iter();
    Some(
        headers
            .map(|header| {
                (
                    header.name().to_owned(),
                    Zeroizing::new(header.value().to_owned()),
                )
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_names_the_id_and_holds_no_secret() {
        let id = Secret::new(format!("AKIA{}", "QYLPMN5HHHFPZAM2").as_bytes());
        let secret = Secret::new(b"kq7Zp2Vx9LmR4tYw8BnCkq7Zp2Vx9LmR4tYw8BnC");
        let session = Secret::new(b"session-of-the-key");
        let request = (
            "https://sts.us-east-1.amazonaws.com/",
            "Action=GetCallerIdentity",
        );
        let headers = sign_caller_identity(request, &id, &secret, Some(&session)).unwrap();
        let value = |name: &str| {
            let mut all = headers.iter();
            all.find(|(it, _)| it == name)
                .map(|(_, value)| value.as_str())
                .unwrap()
        };
        let signature = value("authorization");
        assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIAQYLPMN5HHHFPZAM2/"));
        assert!(signature.contains("/us-east-1/sts/aws4_request"));
        assert_eq!(value("x-amz-security-token"), "session-of-the-key");
        assert!(headers.iter().all(|(_, value)| !value.contains("kq7Z")));
        let other = sign_caller_identity((request.0, "Action=Other"), &id, &secret, None).unwrap();
        assert!(other.iter().all(|(_, value)| **value != signature));
        assert!(sign_caller_identity(request, &Secret::new(b"\xff"), &secret, None).is_none());
    }
}
