//! CloudFormation, SAM and what CDK writes: templates into stacks of evaluated resources.

mod intrinsics;
mod stacks;
mod yaml;

pub(crate) use stacks::{Template, looks_like_template, parse, stacks};
