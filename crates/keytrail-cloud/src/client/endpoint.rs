//! Where a service answers: configured endpoints, partitions, FIPS.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::call::Service;
use crate::error::CloudError;

/// A base URL, and the region that a signature for it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Without a slash at the end.
    pub(crate) url: String,
    pub(crate) region: String,
}

/// The configured endpoint of the service, of all services, or AWS's own.
pub(crate) fn endpoint(
    config: &SdkConfig,
    service: Service,
    region: &str,
) -> Result<Endpoint, CloudError> {
    if let Some(url) = configured(config, service) {
        let url = url.trim_end_matches('/').to_owned();
        let known = url.starts_with("http://") || url.starts_with("https://");
        return if known {
            let region = region.to_owned();
            Ok(Endpoint { url, region })
        } else {
            Err(CloudError::Endpoint {
                service: service.id(),
            })
        };
    }
    Ok(of_aws(service, region, config.use_fips().unwrap_or(false)))
}

fn configured(config: &SdkConfig, service: Service) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service.id())
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let own = config
        .service_config()
        .and_then(|services| services.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

fn of_aws(service: Service, region: &str, fips: bool) -> Endpoint {
    let end = match region {
        _ if region.starts_with("cn-") => "amazonaws.com.cn",
        _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ if region.starts_with("us-iso-") => "c2s.ic.gov",
        _ if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    let host = service.host();
    if service == Service::Iam {
        return iam(region, end, fips);
    }
    let fips = if fips { "-fips" } else { "" };
    Endpoint {
        url: match service {
            Service::DynamoDbStreams if !fips.is_empty() => {
                format!("https://streams.dynamodb{fips}.{region}.{end}")
            }
            _ => format!("https://{host}{fips}.{region}.{end}"),
        },
        region: region.to_owned(),
    }
}

/// IAM has one endpoint a partition.
fn iam(region: &str, end: &str, fips: bool) -> Endpoint {
    let fips = if fips { "-fips" } else { "" };
    let of = |host: &str, region: &str| Endpoint {
        url: format!("https://{host}.{end}"),
        region: region.to_owned(),
    };
    if region.starts_with("cn-") {
        of("iam.cn-north-1", "cn-north-1")
    } else if region.starts_with("us-gov-") {
        of("iam.us-gov", "us-gov-west-1")
    } else if region.starts_with("us-iso") || region.starts_with("eusc-") {
        of(&format!("iam.{region}"), region)
    } else {
        of(&format!("iam{fips}"), "us-east-1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_partitions() {
        let url = |service, region, fips| of_aws(service, region, fips).url;
        assert_eq!(
            url(Service::DynamoDb, "eu-west-1", false),
            "https://dynamodb.eu-west-1.amazonaws.com"
        );
        assert_eq!(
            url(Service::Kms, "us-east-1", true),
            "https://kms-fips.us-east-1.amazonaws.com"
        );
        assert_eq!(
            url(Service::Ssm, "cn-north-1", false),
            "https://ssm.cn-north-1.amazonaws.com.cn"
        );
        assert_eq!(
            url(Service::DynamoDbStreams, "eu-west-1", false),
            "https://streams.dynamodb.eu-west-1.amazonaws.com"
        );
    }

    #[test]
    fn iam_is_signed_for_its_own_region() {
        let iam = |region| of_aws(Service::Iam, region, false);
        assert_eq!(iam("eu-west-1").url, "https://iam.amazonaws.com");
        assert_eq!(iam("eu-west-1").region, "us-east-1");
        assert_eq!(iam("us-gov-east-1").url, "https://iam.us-gov.amazonaws.com");
        assert_eq!(iam("us-gov-east-1").region, "us-gov-west-1");
    }
}
