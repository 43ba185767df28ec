//! Law 4: "not checked" is a result.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far one source of evidence was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CoverageStatus {
    /// Everything that belongs to the source was read.
    Evaluated,
    /// Some of it could not be read; the problems say what.
    Partial,
    /// It exists or may exist, and was not looked at; the reason says how to supply it.
    NotEvaluated,
    /// There is nothing of the kind here; the reason says why.
    NotApplicable,
}

impl CoverageStatus {
    /// As in JSON v1: `evaluated`, `partial`, `not_evaluated`, `not_applicable`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evaluated => "evaluated",
            Self::Partial => "partial",
            Self::NotEvaluated => "not_evaluated",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// Something that could not be read, with its remedy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// The file, relative to the scanned root.
    pub path: Arc<str>,
    /// The line, where one is known.
    pub line: Option<u32>,
    /// What happened and what to do; never the content of the file.
    pub message: String,
}

/// What was read of one source (`code`, `files`, `infra`, …), and what was not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Coverage {
    /// `code`, `files`, `infra`, `cloud`, `http`, `history`.
    pub source: String,
    /// How far it was read.
    pub status: CoverageStatus,
    /// Why, and how to supply what is missing; empty when evaluated.
    pub reason: String,
    /// What was read, by name: files, functions, routes, tables…
    pub counts: BTreeMap<String, u64>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}
