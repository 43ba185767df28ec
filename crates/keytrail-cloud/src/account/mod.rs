//! What an account holds, in CloudFormation's words.
//!
//! Every service's answers become resources of one document, which `keytrail-infra` reads as it reads
//! a template: the same facts come out because the same code makes them. What may not be asked is
//! written as unknown, and told with the right that is missing.

mod backups;
mod collect;
mod dax;
mod document;
mod functions;
mod iam;
mod kms;
mod parameters;
mod places;
mod regions;
mod secrets;
mod tables;
mod trails;

pub use collect::{Account, AccountOptions, collect};
