//! `keytrail.toml`, or `[tool.keytrail]` of `pyproject.toml`: what a project says once.

mod error;
mod find;
mod reader;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use keytrail_model::{Environment, Severity};

use crate::{Date, LoginRecipe};
pub use error::{ConfigError, Spot};
use reader::Reader;

/// Sources that this version can read.
pub const SOURCES: [&str; 4] = ["code", "files", "infra", "history"];

/// When a scan fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// On no finding.
    Never,
    /// On findings at or above.
    Severity(Severity),
}

impl std::str::FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        text.parse().map(Self::Severity).map_err(|_| {
            format!("`{text}` is no severity; use info, low, medium, high, critical or never")
        })
    }
}

/// Lets findings pass that a comment in the file can't reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The rule's id.
    pub rule: String,
    /// A glob over paths relative to the scanned root; everywhere when left out.
    pub path: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// What a project says once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from.
    pub file: Option<PathBuf>,
    /// Salt of the fingerprints.
    pub salt: Option<String>,
    /// Globs of files to leave out.
    pub exclude: Vec<String>,
    /// When to fail.
    pub fail_on: Option<FailOn>,
    /// Sources to read; all when left out.
    pub only: Option<Vec<String>>,
    /// Sources without which a scan fails.
    pub require: Vec<String>,
    /// The baseline file; relative to this one's directory.
    pub baseline: Option<PathBuf>,
    /// Findings to let pass.
    pub ignore: Vec<Ignore>,
    /// Severities of rules.
    pub severity: BTreeMap<String, Severity>,
    /// How to sign in to the running service.
    pub login: Vec<LoginRecipe>,
    /// Which deployment a settings module is for, where its name does not say.
    pub environments: BTreeMap<String, Environment>,
}

impl Config {
    /// Reads `explicit`, or looks for a file in `root` and, within the same checkout, above it.
    /// Without any file: the defaults. `rules` are the ids that may be named.
    pub fn load(explicit: Option<&Path>, root: &Path, rules: &[&str]) -> Result<Self, ConfigError> {
        match explicit {
            Some(path) => Self::read(path, rules),
            None => find::file(root)?
                .map_or_else(|| Ok(Self::default()), |path| Self::read(&path, rules)),
        }
    }

    fn read(path: &Path, rules: &[&str]) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut config = Self::parse(path, &text, rules)?;
        if let (Some(baseline), Some(directory)) = (&config.baseline, path.parent()) {
            config.baseline = Some(directory.join(baseline));
        }
        config.file = Some(path.to_owned());
        Ok(config)
    }

    /// Reads `text`, which stands in the file at `path`.
    pub fn parse(path: &Path, text: &str, rules: &[&str]) -> Result<Self, ConfigError> {
        let in_pyproject = path
            .file_name()
            .is_some_and(|name| name == "pyproject.toml");
        Reader { path, text, rules }.config(in_pyproject)
    }
}
