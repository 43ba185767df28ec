//! Credentials by the SDK's default chain, profiles, SSO and assumed roles.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use tokio::sync::Mutex;

use super::send::Client;
use crate::error::CloudError;

const CONNECT: Duration = Duration::from_secs(5);
/// To the first byte of an answer; the rest has a limit of its own.
const FIRST_BYTE: Duration = Duration::from_secs(30);
/// Credentials are asked for anew this long before they end.
const EARLY: Duration = Duration::from_mins(5);

/// As whom, and where.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The profile of the AWS configuration; else `AWS_PROFILE`, else `default`.
    pub profile: Option<String>,
    /// The region; else that of the environment or profile.
    pub region: Option<String>,
    /// A role to assume.
    pub role: Option<String>,
}

/// Credentials, endpoints and sockets for one account.
#[derive(Clone)]
pub struct Connection {
    pub(crate) config: Arc<SdkConfig>,
    pub(crate) http: SharedHttpConnector,
    provider: SharedCredentialsProvider,
    cached: Arc<Mutex<Option<Credentials>>>,
    region: String,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({})", self.region)
    }
}

fn tls() -> Provider {
    Provider::Rustls(CryptoMode::Ring)
}

impl Connection {
    /// Looks for credentials; the first call asks for them.
    pub async fn open(access: &Access) -> Result<Self, CloudError> {
        let client = Builder::new().tls_provider(tls()).build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(client);
        if let Some(profile) = &access.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &access.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let config = loader.load().await;
        let region = config
            .region()
            .map(ToString::to_string)
            .ok_or(CloudError::NoRegion)?;
        let mut provider = config
            .credentials_provider()
            .ok_or_else(|| CloudError::Credentials("the chain is empty".to_owned()))?;
        if let Some(role) = &access.role {
            let assumed = aws_config::sts::AssumeRoleProvider::builder(role)
                .session_name("keytrail")
                .configure(&config)
                .build()
                .await;
            provider = SharedCredentialsProvider::new(assumed);
        }
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(CONNECT)
            .read_timeout(FIRST_BYTE)
            .build();
        let http = Connector::builder()
            .tls_provider(tls())
            .connector_settings(settings)
            .build();
        Ok(Self {
            config: Arc::new(config),
            http: SharedHttpConnector::new(http),
            provider,
            cached: Arc::default(),
            region,
        })
    }

    /// The same endpoints, as somebody else: to see whether a pair of keys is accepted.
    pub(crate) fn as_holder(&self, id: &str, secret: &str) -> Self {
        let pair = Credentials::new(id, secret, None, None, "keytrail");
        Self {
            provider: SharedCredentialsProvider::new(pair),
            cached: Arc::default(),
            ..self.clone()
        }
    }

    /// The region of the configuration.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// A client for `region`.
    pub fn client(&self, region: &str) -> Client {
        Client::new(self.clone(), region)
    }

    /// Valid for some minutes more.
    pub(crate) async fn credentials(&self) -> Result<Credentials, CloudError> {
        let mut cached = self.cached.lock().await;
        let soon = SystemTime::now() + EARLY;
        if let Some(known) = &*cached
            && known.expiry().is_none_or(|end| end > soon)
        {
            return Ok(known.clone());
        }
        let fresh = self.provider.provide_credentials().await;
        let fresh = fresh.map_err(|error| CloudError::Credentials(cause(&error)))?;
        *cached = Some(fresh.clone());
        Ok(fresh)
    }
}

/// In a few words: the chain of causes may quote configuration.
fn cause(error: &aws_credential_types::provider::error::CredentialsError) -> String {
    use aws_credential_types::provider::error::CredentialsError as E;
    match error {
        E::CredentialsNotLoaded(_) => "none of the usual places has any",
        E::ProviderTimedOut(_) => "a provider did not answer in time",
        E::InvalidConfiguration(_) => "the AWS configuration is not valid",
        E::ProviderError(_) => "a provider refused",
        _ => "a provider failed",
    }
    .to_owned()
}
