//! One signed request, sent again where the service asks for patience.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::http::Request as SmithyRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::call::{Call, Protocol};
use super::connect::Connection;
use super::endpoint::{Endpoint, endpoint};
use super::spoken::Spoken;
use super::{body, json_of_xml};
use crate::error::CloudError;

/// Attempts at a call that is throttled or breaks.
const ATTEMPTS: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Sends calls of [`Call`] to one region.
#[derive(Clone)]
pub struct Client {
    connection: Connection,
    region: String,
    made: Arc<Mutex<BTreeSet<Call>>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.region)
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) bytes: Vec<u8>,
}

impl Client {
    pub(crate) fn new(connection: Connection, region: &str) -> Self {
        Self {
            connection,
            region: region.to_owned(),
            made: Arc::default(),
        }
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The calls that were made so far.
    pub fn made(&self) -> BTreeSet<Call> {
        self.made
            .lock()
            .map(|made| made.clone())
            .unwrap_or_default()
    }

    /// Makes a call; its answer as JSON.
    pub(crate) async fn call(&self, call: Call, request: &Value) -> Result<Value, CloudError> {
        let bytes = self.bytes(call, request).await?;
        parsed(call, &bytes)
    }

    /// Makes a call; its answer as it came.
    pub(crate) async fn bytes(&self, call: Call, request: &Value) -> Result<Vec<u8>, CloudError> {
        let mut wait = Wait::default();
        loop {
            match self.once(call, request).await {
                Err(error) if wait.again(&error) => tokio::time::sleep(wait.next()).await,
                Err(CloudError::Throttled { call, .. }) => {
                    return Err(CloudError::Throttled {
                        call,
                        times: ATTEMPTS,
                    });
                }
                found => return found,
            }
        }
    }

    /// One attempt; the body of a good answer.
    pub(crate) async fn once(&self, call: Call, request: &Value) -> Result<Vec<u8>, CloudError> {
        let answer = self.send(call, request).await?;
        if (200..300).contains(&answer.status) {
            Ok(answer.bytes)
        } else {
            Err(failure(call, &answer))
        }
    }

    async fn send(&self, call: Call, request: &Value) -> Result<Answer, CloudError> {
        if let Ok(mut made) = self.made.lock() {
            made.insert(call);
        }
        self.connection.send(&self.region, call, request).await
    }
}

impl Connection {
    /// Signs one request and carries it; what came back, good or bad.
    pub(crate) async fn send<C: Spoken>(
        &self,
        region: &str,
        call: C,
        request: &Value,
    ) -> Result<Answer, CloudError> {
        let endpoint = endpoint(&self.config, call.service(), region)?;
        let signed = self.signed(call, request, &endpoint).await?;
        let broken = |why| CloudError::Transport {
            call: call.name(),
            host: host(&endpoint.url),
            why,
        };
        let signed = SmithyRequest::try_from(signed).map_err(|_| broken("it can't be written"))?;
        let response = self.http.call(signed).await.map_err(|error| {
            broken(if error.is_timeout() {
                "no answer in time"
            } else if error.is_io() {
                "the connection failed"
            } else {
                "the exchange failed"
            })
        })?;
        let status = response.status().as_u16();
        let bytes = body::read(call.name(), response.into_body()).await?;
        Ok(Answer { status, bytes })
    }

    async fn signed<C: Spoken>(
        &self,
        call: C,
        request: &Value,
        endpoint: &Endpoint,
    ) -> Result<http::Request<SdkBody>, CloudError> {
        let (path, headers, body) = written(call, request);
        let method = match call.service().protocol() {
            Protocol::Rest | Protocol::S3 => "GET",
            Protocol::Json { .. } | Protocol::Query { .. } => "POST",
        };
        let uri = format!("{}{path}", endpoint.url);
        let broken = || CloudError::Endpoint {
            service: call.service().id(),
        };
        let credentials = self.credentials().await?;
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&endpoint.region)
            .name(call.service().signing_name())
            .time(SystemTime::now())
            .settings(settings(call))
            .build()
            .map_err(|_| broken())?
            .into();
        let named = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable = SignableRequest::new(method, &uri, named, SignableBody::Bytes(&body))
            .map_err(|_| broken())?;
        let (instructions, _) = sign(signable, &params).map_err(|_| broken())?.into_parts();
        let mut builder = http::Request::builder().method(method).uri(&uri);
        for (name, value) in &headers {
            builder = builder.header(*name, value);
        }
        let mut request = builder.body(SdkBody::from(body)).map_err(|_| broken())?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// Path with query, headers and body of a request.
fn written<C: Spoken>(call: C, request: &Value) -> (String, Vec<(&'static str, String)>, Vec<u8>) {
    match call.service().protocol() {
        Protocol::Json { target, version } => {
            let headers = vec![
                ("content-type", format!("application/x-amz-json-{version}")),
                ("x-amz-target", format!("{target}.{}", call.operation())),
            ];
            ("/".to_owned(), headers, request.to_string().into_bytes())
        }
        Protocol::Query { version } => {
            let mut form = format!("Action={}&Version={version}", call.operation());
            for (name, value) in request.as_object().into_iter().flatten() {
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let _ = write!(form, "&{name}={}", encoded(&value));
            }
            let kind = "application/x-www-form-urlencoded".to_owned();
            (
                "/".to_owned(),
                vec![("content-type", kind)],
                form.into_bytes(),
            )
        }
        Protocol::Rest => (call.path(request), Vec::new(), Vec::new()),
        Protocol::S3 => (bucket_path(request), Vec::new(), Vec::new()),
    }
}

/// S3 signs the hash of the body, and paths as they are.
fn settings<C: Spoken>(call: C) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if call.service().protocol() == Protocol::S3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

/// An object, or a page of a bucket's names.
fn bucket_path(request: &Value) -> String {
    let field = |name: &str| request.get(name).and_then(Value::as_str);
    let bucket = encoded(field("Bucket").unwrap_or_default());
    if let Some(key) = field("Key") {
        let parts: Vec<String> = key.split('/').map(encoded).collect();
        return format!("/{bucket}/{}", parts.join("/"));
    }
    let mut path = format!("/{bucket}?");
    if let Some(token) = field("ContinuationToken") {
        let _ = write!(path, "continuation-token={}&", encoded(token));
    }
    let prefix = encoded(field("Prefix").unwrap_or_default());
    let _ = write!(path, "list-type=2&prefix={prefix}");
    path
}

/// Fields named in the path go there, the rest into the query.
pub(super) fn rest_path(call: Call, request: &Value) -> String {
    let field = |name: &str| {
        encoded(
            request
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default(),
        )
    };
    let (path, token) = match call {
        Call::ListFunctions => ("/2015-03-31/functions".to_owned(), "Marker"),
        Call::ListEventSourceMappings => ("/2015-03-31/event-source-mappings".to_owned(), "Marker"),
        Call::GetBackupPlan => (
            format!("/backup/plans/{}", field("BackupPlanId")),
            "nextToken",
        ),
        Call::ListBackupSelections => (
            format!("/backup/plans/{}/selections", field("BackupPlanId")),
            "nextToken",
        ),
        Call::GetBackupSelection => (
            format!(
                "/backup/plans/{}/selections/{}",
                field("BackupPlanId"),
                field("SelectionId")
            ),
            "nextToken",
        ),
        _ => ("/backup/plans".to_owned(), "nextToken"),
    };
    match field(token) {
        value if value.is_empty() => path,
        value => format!("{path}?{token}={value}"),
    }
}

/// Everything but unreserved characters as `%XX`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

pub(crate) fn parsed<C: Spoken>(call: C, bytes: &[u8]) -> Result<Value, CloudError> {
    let bad = |what| CloudError::Malformed {
        call: call.name(),
        what,
    };
    let text = std::str::from_utf8(bytes).map_err(|_| bad("UTF-8"))?;
    match call.service().protocol() {
        Protocol::Query { .. } => json_of_xml(text).ok_or_else(|| bad("XML")),
        _ => serde_json::from_str(text).map_err(|_| bad("JSON")),
    }
}

/// Tells what a bad answer means.
pub(crate) fn failure<C: Spoken>(call: C, answer: &Answer) -> CloudError {
    let code = code(&answer.bytes).unwrap_or_else(|| format!("HTTP status {}", answer.status));
    let call_name = call.name();
    match code.as_str() {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AuthorizationError" => CloudError::Denied {
            action: call.action(),
        },
        "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "AuthFailure"
        | "MissingAuthenticationToken" => CloudError::Credentials(code),
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "Throttling"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "LimitExceededException"
        | "SlowDown" => CloudError::Throttled {
            call: call_name,
            times: 1,
        },
        _ => CloudError::Service {
            call: call_name,
            code,
        },
    }
}

/// `__type` of a JSON error, `Code` of an XML one; only what looks like a code.
fn code(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(64 * 1024))?).ok()?;
    let found = if text.trim_start().starts_with('{') {
        let body: Value = serde_json::from_str(text).ok()?;
        let mut named = ["__type", "code", "Code"].iter();
        named
            .find_map(|name| body.get(name)?.as_str())
            .map(str::to_owned)?
    } else {
        let (_, rest) = text.split_once("<Code>")?;
        rest.split_once("</Code>")?.0.to_owned()
    };
    let short = found.rsplit('#').next().unwrap_or(&found);
    let plain = !short.is_empty()
        && short.len() <= 64
        && short
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'.');
    plain.then(|| short.to_owned())
}

fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or(rest);
    // A user name and password before the host are nobody's business.
    host.rsplit('@').next().unwrap_or(host).to_owned()
}

/// Exponential waiting with a spread that needs no random numbers of quality.
#[derive(Debug, Default)]
pub(crate) struct Wait {
    attempt: u32,
}

impl Wait {
    pub(crate) fn again(&mut self, error: &CloudError) -> bool {
        let passing = match error {
            CloudError::Throttled { .. } | CloudError::Transport { .. } => true,
            CloudError::Service { code, .. } => {
                code.starts_with("HTTP status 5")
                    || matches!(
                        code.as_str(),
                        "InternalServerError" | "InternalFailure" | "ServiceUnavailable"
                    )
            }
            _ => false,
        };
        self.attempt += 1;
        passing && self.attempt < ATTEMPTS
    }

    pub(crate) fn next(&self) -> Duration {
        let whole = FIRST_WAIT
            .saturating_mul(2_u32.saturating_pow(self.attempt))
            .min(LONGEST_WAIT);
        let nanos = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |now| now.subsec_nanos());
        whole / 2 + whole.mul_f64(f64::from(nanos % 1000) / 2000.0)
    }
}
