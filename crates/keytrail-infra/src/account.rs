//! What the live account holds, in CloudFormation's words, by the way that templates take.

use std::sync::Arc;

use keytrail_model::MemoryTree;

use crate::cloudformation;
use crate::collect::{Infra, InfraOptions, in_pool, made_of};
use crate::error::Error;
use crate::read::Sources;

/// Reads one document that `keytrail-cloud` made of an account. It is no file of the tree, so no
/// limit on a template's size holds for it.
pub fn collect_account(path: &Arc<str>, text: &str) -> Infra {
    in_pool(|| {
        let mut sources = Sources::default();
        match cloudformation::parse(path, text) {
            Ok(template) => sources.templates.extend(template),
            Err((line, error)) => sources.problems.push(error.problem(path, Some(line))),
        }
        if sources.templates.is_empty() && sources.problems.is_empty() {
            sources.problems.push(Error::Json.problem(path, None));
        }
        made_of(&MemoryTree::default(), sources, &InfraOptions::default())
    })
}
