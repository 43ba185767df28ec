//! What one run is to do.

use std::path::PathBuf;

use crate::evidence::Kept;
use crate::{Aws, Date, FailOn, Http, Trail, Validate};

/// What one run is to do; what is not said comes from the configuration, then from the defaults.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directories and files, read as one tree; empty where only a service is asked.
    pub paths: Vec<PathBuf>,
    /// Sources to read.
    pub only: Option<Vec<String>>,
    /// Globs of files to leave out, beside those of the configuration.
    pub exclude: Vec<String>,
    /// The configuration file; looked for when not said.
    pub config: Option<PathBuf>,
    /// The baseline file.
    pub baseline: Option<PathBuf>,
    /// True to use no baseline, not even the configured one.
    pub without_baseline: bool,
    /// True to leave out what the baseline or the base of the change knows, in place of marking it. Without either,
    /// the baseline is `keytrail-baseline.txt`.
    pub new_only: bool,
    /// Let pass what was there already at the commit that this revision and the checked-out one
    /// both come from.
    pub diff: Option<String>,
    /// The directory in which facts and names of searched objects are kept from one run to the next; `None` to keep none.
    pub cache: Option<PathBuf>,
    /// Where to keep how far reading exports of tables is.
    pub resume: Option<PathBuf>,
    /// When to fail; `high` when nobody says.
    pub fail_on: Option<FailOn>,
    /// Sources that must be read wholly, beside those of the configuration.
    pub require: Vec<String>,
    /// The salt, before that of the configuration.
    pub salt: Option<String>,
    /// The live account; not asked unless said.
    pub aws: Option<Aws>,
    /// The files of a trail; not read unless said.
    pub trail: Option<Trail>,
    /// The workspace of Terraform that is meant.
    pub workspace: Option<String>,
    /// The running service; not asked unless said.
    pub http: Option<Http>,
    /// Whether vendors are asked if the keys that were found still work; they are not unless said.
    pub validate: Option<Validate>,
    /// Is told what reading items will cost, before it begins.
    pub tell: fn(&str),
    /// The day of the run, for ignores that expire.
    pub today: Date,
    /// Keytrail's version.
    pub version: String,
}

impl Options {
    pub(crate) fn kept(&self) -> Option<Kept<'_>> {
        self.cache.as_deref().map(|directory| Kept {
            directory,
            version: &self.version,
        })
    }

    /// The current directory, everything by default.
    pub fn new(version: &str, today: Date) -> Self {
        Self {
            paths: vec![PathBuf::from(".")],
            only: None,
            exclude: Vec::new(),
            config: None,
            baseline: None,
            without_baseline: false,
            new_only: false,
            diff: None,
            cache: None,
            resume: None,
            fail_on: None,
            require: Vec::new(),
            salt: None,
            aws: None,
            trail: None,
            workspace: None,
            http: None,
            validate: None,
            tell: |_| {},
            today,
            version: version.to_owned(),
        }
    }
}
