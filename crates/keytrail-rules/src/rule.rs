//! What a rule is.

use keytrail_model::{Finding, Severity};

use crate::Context;

/// A kind of evidence, as collectors gather it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Python source.
    Code,
    /// Files of any sort, for keys in them.
    Files,
    /// Terraform, CloudFormation, SAM.
    Infra,
    /// The commits of the repository.
    History,
    /// Items of tables: of the live account, or of an export.
    Items,
    /// The running service.
    Http,
}

impl Kind {
    /// As the source is called in coverage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Files => "files",
            Self::Infra => "infra",
            Self::History => "history",
            Self::Items => "items",
            Self::Http => "http",
        }
    }

    /// Why a rule that needs it says nothing, and how to supply it.
    pub(crate) fn missing(self) -> (&'static str, &'static str) {
        match self {
            Self::Code => (
                "no Python source with settings, routes or DynamoDB calls was read",
                "scan the directory that holds the Django project, with `code` among the sources",
            ),
            Self::Files => (
                "files were not searched for keys",
                "scan with `files` among the sources",
            ),
            Self::Infra => (
                "no template that declares a table or a policy was read",
                "scan the directory that holds the Terraform, CloudFormation or SAM templates too",
            ),
            Self::History => (
                "no git history was read",
                "scan a clone with `history` among the sources",
            ),
            Self::Items => (
                "no items of a table were read",
                "scan an export of the table, or the live account with --items",
            ),
            Self::Http => ("no running service was asked", "name one with --url"),
        }
    }
}

/// What is known of a rule without running it.
#[derive(Debug)]
pub struct Meta {
    /// The name of the thing allowed: `raw-key-stored`.
    pub id: &'static str,
    /// A short sentence without a full stop.
    pub title: &'static str,
    /// CWE numbers.
    pub cwe: &'static [u32],
    /// How bad off any path.
    pub severity: Severity,
    /// Kinds of evidence; one of them is enough, more make it surer.
    pub needs: &'static [Kind],
    /// The page, in Markdown.
    pub page: &'static str,
}

/// Looks for one thing.
pub trait Rule: Sync {
    /// What is known without running it.
    fn meta(&self) -> &'static Meta;

    /// Adds what it finds. Order does not matter; `evaluate` sorts and merges.
    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>);
}
