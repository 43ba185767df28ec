use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate as model;

/// A place that a person can go and look at.
///
/// Every kind but `exchange` lies in a file: `path` is relative to the scanned root and `/`-separated; lines and
/// columns start at 1, columns count Unicode scalar values, and `end_column` is one past the last
/// character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Location {
    /// Source code.
    Code {
        /// The file.
        path: String,
        /// First line.
        line: u32,
        /// First column.
        column: u32,
        /// Last line.
        end_line: u32,
        /// One past the last column.
        end_column: u32,
        /// Qualified name of the function or class that holds it, where there is one.
        symbol: Option<String>,
    },
    /// A resource of a template.
    Resource {
        /// The file.
        path: String,
        /// First line.
        line: u32,
        /// First column.
        column: u32,
        /// Last line.
        end_line: u32,
        /// One past the last column.
        end_column: u32,
        /// `aws_dynamodb_table.keys`, or a logical id.
        address: String,
    },
    /// One statement of a policy.
    Statement {
        /// The file.
        path: String,
        /// First line.
        line: u32,
        /// First column.
        column: u32,
        /// Last line.
        end_line: u32,
        /// One past the last column.
        end_column: u32,
        /// Address of the policy with `Sid` or number.
        policy: String,
    },
    /// A setting of the application.
    Setting {
        /// The file.
        path: String,
        /// First line.
        line: u32,
        /// First column.
        column: u32,
        /// Last line.
        end_line: u32,
        /// One past the last column.
        end_column: u32,
        /// `DEBUG`.
        name: String,
    },
    /// Other text in a file.
    File {
        /// The file.
        path: String,
        /// First line.
        line: u32,
        /// First column.
        column: u32,
        /// Last line.
        end_line: u32,
        /// One past the last column.
        end_column: u32,
    },
    /// A file as a commit of the history has it; the tree need not have it any more.
    Commit {
        /// The file.
        path: String,
        /// First line.
        line: u32,
        /// First column.
        column: u32,
        /// Last line.
        end_line: u32,
        /// One past the last column.
        end_column: u32,
        /// The commit's full name, or that of the object where no commit holds it.
        commit: String,
    },
    /// An answer of the running service.
    Exchange {
        /// `GET`.
        method: String,
        /// The path with its parameters by name: `/api/keys/{id}/`.
        route: String,
        /// The URL that was asked, keys in it masked.
        url: String,
    },
}

impl From<&model::Location> for Location {
    fn from(location: &model::Location) -> Self {
        let span = location.span();
        let path = span.path.to_string();
        let (line, column) = (span.line, span.column);
        let (end_line, end_column) = (span.end_line, span.end_column);
        match location {
            model::Location::Code { symbol, .. } => Self::Code {
                path,
                line,
                column,
                end_line,
                end_column,
                symbol: symbol.as_deref().map(str::to_owned),
            },
            model::Location::Resource { address, .. } => Self::Resource {
                path,
                line,
                column,
                end_line,
                end_column,
                address: address.to_string(),
            },
            model::Location::Statement { policy, .. } => Self::Statement {
                path,
                line,
                column,
                end_line,
                end_column,
                policy: policy.to_string(),
            },
            model::Location::Setting { name, .. } => Self::Setting {
                path,
                line,
                column,
                end_line,
                end_column,
                name: name.to_string(),
            },
            model::Location::File { .. } => Self::File {
                path,
                line,
                column,
                end_line,
                end_column,
            },
            model::Location::Commit { commit, .. } => Self::Commit {
                path,
                line,
                column,
                end_line,
                end_column,
                commit: commit.to_string(),
            },
            model::Location::Exchange { method, url, .. } => Self::Exchange {
                method: method.to_string(),
                route: path,
                url: url.to_string(),
            },
        }
    }
}

/// One hop of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What happens there, a clause in the present tense.
    pub label: String,
    /// Where.
    pub location: Location,
}

impl From<&model::Step> for Step {
    fn from(step: &model::Step) -> Self {
        Self {
            label: step.label.clone(),
            location: (&step.location).into(),
        }
    }
}
