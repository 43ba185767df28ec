//! CloudFormation, SAM and what CDK writes: templates into stacks of evaluated resources.

mod conditions;
mod extensions;
mod intrinsics;
mod nested;
mod stacks;
mod yaml;

pub(crate) use stacks::{Template, looks_like_template, parse, stacks};

/// The value of YAML text inside something else.
pub(crate) fn yaml_value(path: &std::sync::Arc<str>, text: &str) -> Option<crate::value::Node> {
    yaml::file(path, text).ok()
}

/// A whole file of YAML; the line of what is wrong with it else.
pub(crate) fn yaml_file(
    path: &std::sync::Arc<str>,
    text: &str,
) -> Result<crate::value::Node, (u32, crate::error::Error)> {
    yaml::file(path, text).map_err(|bad| (bad.line, bad.error))
}
