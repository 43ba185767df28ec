//! Graph and facts → findings. One rule is one `.rs` and one `.md` under `rules`; the page is
//! documentation and test at once.
//!
//! Pure: a rule never reads a file, the clock or the network. A weakness that lies on an
//! exposure path takes that path's severity, actor and steps; one that lies on none is hygiene.

mod area;
mod around;
mod context;
mod draft;
mod evaluate;
mod fence;
mod given_out;
mod grants;
mod page;
mod rule;
mod rules;
mod surface;

pub use area::{Area, Case, Section};
pub use context::Context;
pub use draft::Draft;
pub use evaluate::{NotEvaluated, Outcome, evaluate};
pub use fence::{Example, Expected, File};
pub use page::{Page, PageError};
pub use rule::{Kind, Meta, Rule};
pub use rules::RULES;

/// The rule of this id.
pub fn find(id: &str) -> Option<&'static dyn Rule> {
    RULES
        .binary_search_by(|rule| rule.meta().id.cmp(id))
        .ok()
        .map(|at| RULES[at])
}
