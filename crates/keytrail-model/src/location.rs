//! Places that a person can go and look at.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A range of characters in one file.
///
/// Lines and columns start at 1; columns count Unicode scalar values; the end column is
/// one past the last character. `path` is relative to the scanned root, with `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileSpan {
    /// Relative to the scanned root, `/`-separated.
    pub path: Arc<str>,
    /// First line, from 1.
    pub line: u32,
    /// First column, from 1.
    pub column: u32,
    /// Last line, from 1.
    pub end_line: u32,
    /// One past the last column, from 1.
    pub end_column: u32,
}

impl FileSpan {
    /// A span that covers the start of `line` only, for readers that know no columns.
    pub fn line(path: &Arc<str>, line: u32) -> Self {
        Self {
            path: Arc::clone(path),
            line,
            column: 1,
            end_line: line,
            end_column: 1,
        }
    }
}

impl fmt::Display for FileSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What lies in an account has no lines.
        if self.path.starts_with("arn:") {
            return f.write_str(&self.path);
        }
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// Where a fact was seen. Each kind says how to find it again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Location {
    /// Source code, inside the function or class `symbol` where there is one.
    Code {
        /// Where.
        span: FileSpan,
        /// Qualified name, `package.module.Class.method`; survives moved lines.
        symbol: Option<Arc<str>>,
    },
    /// A resource of a template.
    Resource {
        /// Where.
        span: FileSpan,
        /// `aws_dynamodb_table.keys`, or the logical id of a CloudFormation resource.
        address: Arc<str>,
    },
    /// One statement of a policy.
    Statement {
        /// Where.
        span: FileSpan,
        /// Address of the policy that holds it, with `Sid` or number: `aws_iam_policy.app#ReadKeys`.
        policy: Arc<str>,
    },
    /// A setting of the application.
    Setting {
        /// Where the effective value is set.
        span: FileSpan,
        /// `DEBUG`, `REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES`.
        name: Arc<str>,
    },
    /// Some other text in a file (a key in `.env`, a line of a log).
    File {
        /// Where.
        span: FileSpan,
    },
    /// A file as a commit of the history has it; the tree need not have it any more.
    Commit {
        /// Where in that version of the file.
        span: FileSpan,
        /// The commit's full name, or that of the object where no commit holds it.
        commit: Arc<str>,
    },
    /// An answer of the running service.
    Exchange {
        /// The route as its path, no lines.
        span: FileSpan,
        /// `GET`.
        method: Arc<str>,
        /// The URL that was asked, keys in it masked.
        url: Arc<str>,
    },
}

impl Location {
    /// The same place; of an exchange the same method and route, whatever the URL was.
    pub fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Exchange { span, method, .. },
                Self::Exchange {
                    span: other_span,
                    method: other_method,
                    ..
                },
            ) => span == other_span && method == other_method,
            _ => self == other,
        }
    }

    /// An answer to `method` on `route`, at `url`.
    pub fn exchange(method: &str, route: &str, url: &str) -> Self {
        Self::Exchange {
            span: FileSpan::line(&Arc::from(route), 0),
            method: Arc::from(method),
            url: Arc::from(url),
        }
    }

    /// The place in a file; of an exchange, its route.
    pub fn span(&self) -> &FileSpan {
        match self {
            Self::Code { span, .. }
            | Self::Resource { span, .. }
            | Self::Statement { span, .. }
            | Self::Setting { span, .. }
            | Self::File { span }
            | Self::Commit { span, .. }
            | Self::Exchange { span, .. } => span,
        }
    }

    /// The name that stays when lines move: function, resource address, setting.
    pub fn symbol(&self) -> Option<&str> {
        match self {
            Self::Code { symbol, .. } => symbol.as_deref(),
            Self::Resource { address, .. } => Some(address),
            Self::Statement { policy, .. } => Some(policy),
            Self::Setting { name, .. } => Some(name),
            Self::Exchange { method, .. } => Some(method),
            Self::File { .. } | Self::Commit { .. } => None,
        }
    }

    /// `code`, `resource`, `statement`, `setting`, `file`, `commit` or `exchange`, as in JSON v1.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Code { .. } => "code",
            Self::Resource { .. } => "resource",
            Self::Statement { .. } => "statement",
            Self::Setting { .. } => "setting",
            Self::File { .. } => "file",
            Self::Commit { .. } => "commit",
            Self::Exchange { .. } => "exchange",
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Exchange { method, url, .. } = self {
            return write!(f, "{method} {url}");
        }
        self.span().fmt(f)?;
        match self {
            Self::Commit { commit, .. } => write!(f, " in {}", commit.get(..10).unwrap_or(commit)),
            _ => Ok(()),
        }
    }
}

/// One hop of evidence: what happens there, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Step {
    /// A short clause in the present tense: `put_item stores it as api_key`.
    pub label: String,
    /// Where that is.
    pub location: Location,
}

impl Step {
    /// `label` at `location`.
    pub fn new(label: impl Into<String>, location: Location) -> Self {
        Self {
            label: label.into(),
            location,
        }
    }
}
