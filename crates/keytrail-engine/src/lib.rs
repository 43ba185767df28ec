//! One run: configuration, collectors side by side, facts to graph to findings, what may pass,
//! the report and the verdict. The only place where the rooms are joined.

mod aws;
mod cache;
mod can;
mod config;
mod date;
#[cfg(feature = "aws")]
mod dye;
mod error;
mod evidence;
mod forest;
mod gateway;
mod http;
mod ignores;
mod least;
mod lineage;
mod moving;
mod nearest;
mod options;
mod own_rules;
mod readers;
mod redacted;
mod rotation;
mod rules;
mod run;
mod trail;
mod validate;
mod watch;
mod writing;

pub use aws::{Aws, AwsGroup, AwsItems, Difference, least_policy};
pub use can::{Reads, Replies, can, reads};
pub use config::{Config, ConfigError, FailOn, Ignore, SOURCES, Spot};
pub use date::Date;
#[cfg(feature = "aws")]
pub use dye::{Dye, DyeJournal, DyePlace, Dyed, PlaceKind, clean as clean_dye, dye};
pub use error::EngineError;
pub use http::{Http, LoginRecipe};
pub use keytrail_http::LlmDepth;
pub use keytrail_http::{BUDGET as HTTP_BUDGET, RATE as HTTP_RATE};
pub use keytrail_infra::{Question, Reply, Verdict, cases};
pub use keytrail_model::{Location, Secret};
pub use keytrail_move::{
    MoveError, Outcome as MoveOutcome, Plan as MovePlan, Standing, Tally, Target, outcomes,
};
pub use keytrail_remedy::{Change, Closes, Edited, Left, Store, Why};
pub use least::policy;
pub use lineage::{WhichKey, lineage};
pub use moving::{Doing, Moving, TableMoved, check_report, migrate, signed_report};
pub use nearest::nearest;
pub use options::Options;
pub use rotation::{Exposed, Rotated as RotatedKey, Rotation, exposed, mark_rotated, rotate};
pub use rules::rules;
pub use run::{Answer, Fixed, Fixing, Outcome, drift, fix, scan, who};
pub use trail::Trail;
pub use validate::Validate;
pub use watch::Watch;
pub use writing::Writes;
