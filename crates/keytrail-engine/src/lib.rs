//! One run: configuration, collectors side by side, facts to graph to findings, what may pass,
//! the report and the verdict. The only place where the rooms are joined.

mod config;
mod date;
mod ignores;
mod nearest;
mod own_rules;

pub use config::{Config, ConfigError, FailOn, Ignore, SOURCES, Spot};
pub use date::Date;
pub use nearest::nearest;
