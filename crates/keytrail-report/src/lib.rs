//! Findings become words, pictures and a verdict: one file per output format, the grade, the
//! baseline and the gate.
//!
//! This crate is pure: it decides nothing about the world and writes nothing; each renderer
//! returns text. Source lines come from a [`Sources`], which hands them out redacted.

mod baseline;
mod checks;
mod gate;
mod gitlab;
mod grade;
mod html;
mod input;
mod json;
mod junit;
mod lineage;
mod markdown;
mod mermaid;
mod policy;
mod readers;
mod rights;
mod sarif;
mod section;
mod snippet;
mod terminal;
mod text;
mod way;
mod who;

pub use baseline::{Baseline, BaselineError, BaselineKey, FindingIdentity, identity, keys};
pub use gate::{Gate, Verdict};
pub use gitlab::gitlab;
pub use grade::{Grading, grade};
pub use html::html;
pub use input::{LeastCut, NoSources, Report, RuleInfo, SourceLine, Sources};
pub use json::{fix_schema, json, lineage_schema, schema, v1};
pub use junit::junit;
pub use lineage::lineage;
pub use markdown::markdown;
pub use policy::{
    Difference, LeastPolicy, LeastResource, LeastStatement, PolicyPlace, policy_cloudformation,
    policy_difference, policy_difference_json, policy_json, policy_terraform,
};
pub use readers::{Becomes, Doors, Reader, Seen, Stopped, TableReaders, readers};
pub use rights::{Allowance, allowances, reads};
pub use sarif::sarif;
pub use section::Section;
pub use terminal::{TerminalOptions, terminal};
pub use who::{Standing, who};
