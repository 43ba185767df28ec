//! JSON v1: the forms that leave the house, with types of their own.
//!
//! Internal types change; these do not, except by additions. Nothing here judges: `keytrail-report`
//! fills them in.

mod fix;
mod lineage;
mod location;
mod report;

pub use fix::{CutEdit, CutState, FindingPlace, Fixes, LeftFinding, SourceEdit};
pub use lineage::{Lineage, Seen, SeenIn};
pub use location::{Location, Step};
pub use report::{
    Check, Confidence, Coverage, CoverageStatus, Edit, Exchange, Finding, Fix, Grade, LeastCut,
    Problem, Report, Safety, Severity, Suppression, Tool, VERSION, Validation,
};

/// The published schema of [`Lineage`], as JSON Schema 2020-12.
pub fn lineage_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Lineage);
    schema.insert("title".to_owned(), "Keytrail lineage, version 1".into());
    schema.into()
}

/// The published schema of [`Fixes`], as JSON Schema 2020-12.
pub fn fix_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Fixes);
    schema.insert("title".to_owned(), "Keytrail fix, version 1".into());
    schema.into()
}

/// The published schema of [`Report`], as JSON Schema 2020-12.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Report);
    schema.insert("title".to_owned(), "Keytrail report, version 1".into());
    schema.into()
}
