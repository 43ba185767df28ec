//! Facts from settings modules.

use serde::{Deserialize, Serialize};

use super::code::Ident;
use crate::{Fingerprint, Location, Masked};

/// Which deployment a settings module, stack or workspace is for, as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Environment {
    /// Serves customers.
    Production,
    /// Shared, before production.
    Staging,
    /// One developer's machine.
    Development,
    /// Runs tests.
    Test,
    /// The name does not say: the only settings module, or a base for others.
    Unspecified,
}

impl Environment {
    /// Reads the words in the last parts of a module, file or stack name.
    pub fn of_name(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let has = |words: &[&str]| {
            lower
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(|part| words.contains(&part))
        };
        if has(&["prod", "production", "prd", "live"]) {
            Self::Production
        } else if has(&["staging", "stage", "stg", "preprod", "uat", "qa"]) {
            Self::Staging
        } else if has(&[
            "dev",
            "develop",
            "development",
            "local",
            "debug",
            "docker",
            "sandbox",
        ]) {
            Self::Development
        } else if has(&["test", "tests", "testing", "ci", "unittest", "pytest"]) {
            Self::Test
        } else {
            Self::Unspecified
        }
    }

    /// True where outsiders may meet it.
    pub fn is_deployed(self) -> bool {
        matches!(self, Self::Production | Self::Staging | Self::Unspecified)
    }

    /// `production`, `staging`, `development`, `test`, `unspecified`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Development => "development",
            Self::Test => "test",
            Self::Unspecified => "unspecified",
        }
    }
}

/// The value of a setting, as far as the code tells. Never holds a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SettingValue {
    /// `None`.
    None,
    /// `True`, `False`.
    Bool(bool),
    /// An integer.
    Number(i64),
    /// Text that is no key.
    Text(String),
    /// A key in the source: only what may be seen of it.
    Secret {
        /// See [`crate::Sighting::fingerprint`].
        fingerprint: Option<Fingerprint>,
        /// What a person may see.
        masked: Masked,
        /// Length in characters.
        length: usize,
        /// True for `django-insecure-…`.
        insecure_prefix: bool,
    },
    /// List, tuple or set.
    List(Vec<SettingValue>),
    /// Dictionary with constant keys, in source order.
    Dict(Vec<(String, SettingValue)>),
    /// Read from the environment when the process starts.
    FromEnvironment {
        /// The variable.
        name: String,
        /// What is used when it is unset.
        default: Option<Box<SettingValue>>,
        /// True where the text is turned into a real boolean; false where a non-empty text,
        /// `"False"` too, stays a truthy text.
        parsed: bool,
    },
    /// Fetched from Secrets Manager, Parameter Store or a file at start-up.
    FromVault,
    /// Not known from the code.
    Unknown,
}

/// The effective value of one setting in one settings module, layers applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Setting {
    /// `DEBUG`.
    pub name: String,
    /// Its value.
    pub value: SettingValue,
    /// The settings module for which this is the value, `config.settings.production`.
    pub module: Ident,
    /// Which deployment that module is for.
    pub environment: Environment,
    /// False for a layer that other settings modules import and that nothing loads by itself.
    pub loaded: bool,
    /// Where the value is set, perhaps in an imported layer ([`Location::Setting`]). For an
    /// absent setting that matters (`SECURE_SSL_REDIRECT`), the start of the module.
    pub location: Location,
}
