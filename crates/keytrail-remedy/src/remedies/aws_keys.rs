//! The default chain of credentials in place of keys that are handed over.

use super::Remedy;
use crate::case::Case;
use crate::python::{keyword, remove_keywords};
use crate::{Change, Why};

pub(crate) struct DefaultChain;

const KEYS: [&str; 3] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];

impl Remedy for DefaultChain {
    fn name(&self) -> &'static str {
        "default-chain"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["long-lived-aws-key"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        let there: Vec<&str> = KEYS
            .into_iter()
            .filter(|name| keyword(call, name).is_some())
            .collect();
        if there.is_empty() {
            return Err(Why::Shape(
                "the keys are not handed over by name in this call",
            ));
        }
        let pieces = remove_keywords(&module, call, &there)
            .ok_or(Why::Shape("a comment stands between the arguments"))?;
        let draft = case
            .change(case.at(), pieces)
            .title("Let boto3 find its credentials: the role of the machine, function or container")
            .changes(
                "the process needs a role with the rights that the key had; then delete the key",
            );
        Ok(vec![draft.done()])
    }
}
