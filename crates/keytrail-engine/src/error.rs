//! Why a run can't be done.

use std::path::PathBuf;

use keytrail_files::{ExportError, FilesError};
use keytrail_report::BaselineError;

use crate::ConfigError;

/// Why a run can't be done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A path can't be opened.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// How far reading exports is can't be kept.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The configuration can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The baseline file can't be read.
    #[error("cannot read the baseline {}: {source}", path.display())]
    BaselineUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key that is asked for by a file can't be read.
    #[error("cannot read the key in {}: {source}", path.display())]
    KeyUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key is asked for by something else.
    #[error("{}", if *key { "what you gave looks like a key: it is not repeated here" } else { "what you gave is no fingerprint" })]
    NoFingerprint {
        /// It looks like the key itself.
        key: bool,
    },
    /// The baseline file means nothing.
    #[error("{}: {source}", path.display())]
    Baseline {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BaselineError,
    },
    /// An ignore's path in the configuration is no glob.
    #[error("in the configuration: {source}")]
    Glob {
        /// Why.
        source: globset::Error,
    },
    /// The live account can't be asked.
    #[error("the AWS account: {what}")]
    Aws {
        /// Why.
        what: String,
        /// What to do.
        hint: String,
    },
    /// Keys can't be moved or rotated.
    #[error("{what}")]
    Move {
        /// Why.
        what: String,
        /// What to do.
        hint: String,
    },
    /// Edits can't be written.
    #[error(transparent)]
    Remedy(#[from] keytrail_remedy::RemedyError),
    /// The files of a trail can't be read.
    #[error("the trail: {what}")]
    Trail {
        /// Why.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The running service can't be asked.
    #[error("the service: {what}")]
    Http {
        /// Why.
        what: String,
        /// What to do.
        hint: String,
        /// False where it is the service that does not answer.
        answers: bool,
    },
    /// Keys can't be dyed.
    #[error("dyeing: {what}")]
    Dye {
        /// Why.
        what: String,
        /// What to do.
        hint: String,
    },
    /// There is no file at all, or none that a source reads.
    #[error("nothing to check: {reason}")]
    Nothing {
        /// Why.
        reason: String,
    },
}

impl EngineError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Files(error) => error.hint().to_owned(),
            Self::Export(error) => error.hint().to_owned(),
            Self::Config(error) => error.hint(),
            Self::BaselineUnreadable { .. } => {
                "write one with `keytrail baseline -o FILE`".to_owned()
            }
            Self::KeyUnreadable { .. } => "give `@FILE` with the key in it, or `@-`".to_owned(),
            Self::NoFingerprint { key: true } => {
                "clear it from your shell's history; give `@FILE` with the key in it, or `@-`"
                    .to_owned()
            }
            Self::NoFingerprint { key: false } => {
                "a fingerprint has 32 hexadecimal digits; `@FILE` asks for the key in a file"
                    .to_owned()
            }
            Self::Baseline { source, .. } => source.hint().to_owned(),
            Self::Glob { .. } => "globs look like `config/*.py` or `vendor/**`".to_owned(),
            Self::Remedy(error) => error.hint().to_owned(),
            Self::Aws { hint, .. }
            | Self::Move { hint, .. }
            | Self::Trail { hint, .. }
            | Self::Http { hint, .. }
            | Self::Dye { hint, .. } => hint.clone(),
            Self::Nothing { .. } => {
                "give the directory of the application, and look at `exclude` and `--only`"
                    .to_owned()
            }
        }
    }

    /// As published: 2 for a mistake of the caller, 3 for nothing to check, 4 for an account
    /// or a service that was asked for and does not answer.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Nothing { .. } => 3,
            Self::Aws { .. } | Self::Trail { .. } | Self::Http { answers: false, .. } => 4,
            _ => 2,
        }
    }
}
