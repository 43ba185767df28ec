//! The live AWS account, where this build can ask it.

use keytrail_model::Coverage;

use crate::EngineError;
use crate::evidence::not_evaluated;

/// Which accounts and regions to ask.
#[derive(Clone, Debug, Default)]
pub struct Aws {
    /// Profile of the AWS configuration.
    pub profile: Option<String>,
    /// Regions; that of the configuration where there is none.
    pub regions: Vec<String>,
    /// All regions that the account has switched on.
    pub all_regions: bool,
    /// Roles to assume, an account each.
    pub roles: Vec<String>,
    /// The items to read, if any.
    pub items: Option<AwsItems>,
}

/// Which items to read, and at what cost.
#[derive(Clone, Debug, Default)]
pub struct AwsItems {
    /// Tables, by name.
    pub tables: Vec<String>,
    /// Read units a second.
    pub read_units: Option<f64>,
    /// Read units in all.
    pub max_units: Option<f64>,
    /// About so many items of each table.
    pub sample: Option<u64>,
    /// Attributes to read; all where there is none.
    pub attributes: Vec<String>,
    /// Where to keep how far the scan is.
    pub state: Option<std::path::PathBuf>,
}

/// The headers that sign the question whose key it is.
#[cfg(feature = "aws")]
pub(crate) fn sign(
    validation: &keytrail_detect::Validation,
    id: &keytrail_model::Secret,
    secret: &keytrail_model::Secret,
    session: Option<&keytrail_model::Secret>,
) -> Option<Signed> {
    let body = validation.body.as_deref().unwrap_or_default();
    keytrail_cloud::sign_caller_identity((&validation.url, body), id, secret, session)
}

/// Without the AWS SDK there is nothing that signs.
#[cfg(not(feature = "aws"))]
pub(crate) fn sign(
    _: &keytrail_detect::Validation,
    _: &keytrail_model::Secret,
    _: &keytrail_model::Secret,
    _: Option<&keytrail_model::Secret>,
) -> Option<Signed> {
    None
}

/// Names and values of headers.
pub(crate) type Signed = Vec<(String, zeroize::Zeroizing<String>)>;

#[cfg(feature = "aws")]
mod with {
    use keytrail_cloud::{Access, AccountOptions, ItemsOptions};
    use keytrail_model::{Collected, Fingerprinter, Progress};

    pub(crate) use keytrail_cloud::{Account, drift, reconcile};
    pub use keytrail_cloud::{Difference, Group as AwsGroup, least_policy};

    use super::{Aws, AwsItems};
    use crate::EngineError;

    /// Reads items, of the first account and region; the estimates go to `tell` before it begins.
    pub(crate) fn items(
        aws: &Aws,
        wanted: &AwsItems,
        prints: &Fingerprinter,
        progress: &Progress,
        tell: fn(&str),
    ) -> Result<Collected, EngineError> {
        let access = Access {
            profile: aws.profile.clone(),
            region: aws.regions.first().cloned(),
            role: aws.roles.first().cloned(),
        };
        let options = ItemsOptions {
            tables: wanted.tables.clone(),
            read_units: wanted.read_units,
            max_units: wanted.max_units,
            sample: wanted.sample,
            attributes: wanted.attributes.clone(),
            state: wanted.state.clone(),
        };
        let mut told = |estimates: &[keytrail_cloud::Estimate]| {
            for estimate in estimates {
                tell(&estimate.to_string());
            }
        };
        keytrail_cloud::items(&access, &options, prints, progress, &mut told)
            .map(|outcome| Collected {
                facts: outcome.facts,
                coverage: outcome.coverage,
            })
            .map_err(|error| refused(&error))
    }

    fn refused(error: &keytrail_cloud::CloudError) -> EngineError {
        EngineError::Aws {
            hint: error.hint(),
            what: error.to_string(),
        }
    }

    pub(crate) fn collect(aws: &Aws, progress: &Progress) -> Result<Account, EngineError> {
        let options = AccountOptions {
            profile: aws.profile.clone(),
            regions: aws.regions.clone(),
            all_regions: aws.all_regions,
            roles: aws.roles.clone(),
        };
        keytrail_cloud::collect(&options, progress).map_err(|error| refused(&error))
    }
}

#[cfg(not(feature = "aws"))]
mod without {
    use keytrail_model::{Collected, Fact, Progress};

    use super::{Aws, AwsItems};
    use crate::EngineError;

    pub(crate) fn items(
        aws: &Aws,
        _: &AwsItems,
        _: &keytrail_model::Fingerprinter,
        progress: &Progress,
        _: fn(&str),
    ) -> Result<Collected, EngineError> {
        collect(aws, progress).map(|account| account.collected)
    }

    /// There is none: this build asks no account.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Difference {}

    impl std::fmt::Display for Difference {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            match *self {}
        }
    }

    /// What a set of calls is for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum AwsGroup {
        /// `scan --aws` and `drift`.
        Account,
        /// `scan --aws --items`.
        Items,
        /// Reading streams.
        Streams,
        /// Reading a trail's files in a bucket.
        Trail,
    }

    /// Nothing: this build makes no calls.
    pub fn least_policy(_: &[AwsGroup]) -> String {
        String::new()
    }

    /// What there would be of an account.
    pub(crate) struct Account {
        pub(crate) collected: Collected,
        pub(crate) unread: Unread,
        pub(crate) access: Vec<keytrail_infra::AccessModel>,
        pub(crate) held_off: Vec<keytrail_infra::HeldOff>,
    }

    #[derive(Default)]
    pub(crate) struct Unread {
        pub(crate) readers: bool,
    }

    pub(crate) fn collect(_: &Aws, _: &Progress) -> Result<Account, EngineError> {
        Err(EngineError::Aws {
            what: "this build of keytrail can't ask it".to_owned(),
            hint: "build it with the feature `aws`, which is on by default".to_owned(),
        })
    }

    pub(crate) fn drift(_: &[Fact], _: &[Fact], _: &Unread) -> Vec<Difference> {
        Vec::new()
    }

    pub(crate) fn reconcile(_: &[Fact], live: Vec<Fact>, _: &Unread) -> Vec<Fact> {
        live
    }
}

#[cfg(feature = "aws")]
pub(crate) use with::{Account, collect, drift, items, reconcile};
#[cfg(feature = "aws")]
pub use with::{AwsGroup, Difference, least_policy};
#[cfg(not(feature = "aws"))]
pub(crate) use without::{Account, collect, drift, items, reconcile};
#[cfg(not(feature = "aws"))]
pub use without::{AwsGroup, Difference, least_policy};

/// The thread that asked it ended without an answer.
pub(crate) fn broken() -> EngineError {
    EngineError::Aws {
        what: "asking it broke off".to_owned(),
        hint: "this is a mistake of ours; please tell us what you ran".to_owned(),
    }
}

/// Law 4: nobody asked for it.
pub(crate) fn not_asked() -> Coverage {
    not_evaluated(
        "cloud",
        "the live AWS account was not asked; what differs from the templates is not seen. \
         Add --aws to have it read",
    )
}
