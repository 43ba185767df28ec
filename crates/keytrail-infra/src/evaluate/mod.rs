//! The evaluator: may this caller do this to that?
//!
//! Pure: policies, a request and what is known of its context go in, a [`Decision`] with the
//! statements that made it comes out. It reads no template and knows no table; template, live
//! account and single cases hand it the same types. Why it is believed to be right: `CORRECTNESS.md`.

mod applies;
mod caller;
mod condition;
mod context;
mod decision;
mod describe;
mod layers;
mod operator;
mod policy;
mod principal;
mod resource;
mod value;

pub use caller::{Caller, CallerKind, NoPrincipal};
pub use condition::Condition;
pub use context::{Context, ContextValue};
pub use decision::{Alternative, Deciding, Decision, Layer, Remaining};
pub use layers::{Policies, evaluate};
pub use operator::{Compare, Family, Operator, Quantifier};
pub use policy::{Actions, Effect, Policy, Resources, Statement};
pub use principal::{PrincipalPattern, Principals};
pub use resource::{Resource, ResourcePattern};

pub(crate) use caller::{arns_of, is_account};
pub(crate) use describe::condition as condition_text;
pub(crate) use principal::Named;
pub(crate) use resource::arn as arn_fit;

/// Who wants to do what to which resource, under which circumstances.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Caller,
    /// `dynamodb:GetItem`.
    pub action: &'a str,
    /// On what.
    pub resource: &'a Resource,
    /// What is known of the request besides.
    pub context: &'a Context,
}
