//! Why keys can't be moved or rotated.

use std::path::PathBuf;

/// Why a run stops. What had been done until then stays done, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The path is none.
    #[error("`{0}` is no path of an attribute")]
    Path(String),
    /// The service refuses us altogether.
    #[error("{what}")]
    Refused {
        /// Why.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A call failed again and again.
    #[error("{call} failed {times} times in a row, the last time with {why}")]
    Tired {
        /// Which.
        call: &'static str,
        /// How often.
        times: u32,
        /// The last answer.
        why: String,
    },
    /// The journal can't be used.
    #[error("the journal {} {why}", path.display())]
    Journal {
        /// Which.
        path: PathBuf,
        /// What about it.
        why: String,
    },
    /// A file can't be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The table is not such that its keys can be moved so.
    #[error("{what}")]
    Unfit {
        /// Why.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The window is closed.
    #[error("this migration is finished; it can't be rolled back")]
    Finished,
    /// Raw keys are left.
    #[error("{left} keys still lie in the table")]
    NotDone {
        /// How many.
        left: u64,
    },
    /// No random numbers can be had.
    #[error("the system gives no random numbers")]
    Random,
    /// What was signed is not what is read.
    #[error("the signature does not fit the report")]
    Signature,
}

impl MoveError {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Path(_) => "write it as `api_key` or `metadata.api_key`".to_owned(),
            Self::Refused { hint, .. } | Self::Unfit { hint, .. } => hint.clone(),
            Self::Tired { .. } => {
                "nothing is lost: run the same command again when the service is well; it goes on from there"
                    .to_owned()
            }
            Self::Journal { .. } => {
                "name another directory with --journal; what is moved already is found in the table"
                    .to_owned()
            }
            Self::File { .. } => "look at its rights and its directory".to_owned(),
            Self::Finished => {
                "the keys are in the vault; the application has to read them from there".to_owned()
            }
            Self::NotDone { .. } => {
                "run with --apply again; if they keep coming, something still writes raw keys".to_owned()
            }
            Self::Random => "run again".to_owned(),
            Self::Signature => "give the key with which it was signed".to_owned(),
        }
    }
}
