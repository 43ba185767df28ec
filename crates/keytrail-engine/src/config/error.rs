use std::fmt;
use std::path::{Path, PathBuf};

/// A place in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Spot {
    /// The place of the byte at `offset` of `text`.
    pub(super) fn at(path: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML.
    #[error("{spot}: {message}")]
    Syntax {
        /// Where.
        spot: Spot,
        /// What the parser says.
        message: String,
    },
    /// A key that means nothing.
    #[error("{spot}: unknown key `{key}`")]
    UnknownKey {
        /// Where.
        spot: Spot,
        /// The key.
        key: String,
        /// What was meant, perhaps.
        nearest: Option<String>,
        /// All that could stand there.
        known: Vec<String>,
    },
    /// A rule that does not exist.
    #[error("{spot}: there is no rule `{rule}`")]
    UnknownRule {
        /// Where.
        spot: Spot,
        /// The rule.
        rule: String,
        /// What was meant, perhaps.
        nearest: Option<String>,
    },
    /// A value of the wrong kind.
    #[error("{spot}: `{key}` must be {expected}")]
    WrongValue {
        /// Where.
        spot: Spot,
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A table lacks a key.
    #[error("{spot}: this table needs `{key}`")]
    MissingKey {
        /// Where.
        spot: Spot,
        /// The key.
        key: &'static str,
    },
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => "check the path and its permissions".to_owned(),
            Self::Syntax { .. } => "mend the file; it must be TOML".to_owned(),
            Self::UnknownKey {
                nearest: Some(nearest),
                ..
            }
            | Self::UnknownRule {
                nearest: Some(nearest),
                ..
            } => format!("did you mean `{nearest}`?"),
            Self::UnknownKey { known, .. } => format!("known here: {}", known.join(", ")),
            Self::UnknownRule { .. } => "`keytrail rules` lists them all".to_owned(),
            Self::WrongValue { .. } => "see docs/configuration.md".to_owned(),
            Self::MissingKey { key: "reason", .. } => {
                "say why the finding may pass; whoever reads it next year will want to know"
                    .to_owned()
            }
            Self::MissingKey { .. } => "add it".to_owned(),
        }
    }
}
