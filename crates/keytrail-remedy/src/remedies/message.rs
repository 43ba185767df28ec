//! A message to others without the key in it.

use keytrail_model::{Flow, Sink};

use super::Remedy;
use super::log::masked_call;
use crate::case::Case;
use crate::{Change, Why};

pub(crate) struct MaskInMessage;

/// What is kept for the application itself, and would be of no use as a mask.
const KEPT: [&str; 4] = ["the cache", "S3", "SQS", "the session"];

impl Remedy for MaskInMessage {
    fn name(&self) -> &'static str {
        "mask-in-message"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["key-to-third-party"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let flows = case.facts.flows_at(case.at());
        let kept = |flow: &&Flow| matches!(&flow.sink, Sink::ThirdParty(who) if KEPT.contains(&who.as_str()));
        if flows.iter().copied().any(|flow| kept(&flow)) {
            return Err(Why::Shape(
                "the application itself may read it again: store an alias there",
            ));
        }
        let out = |flow: &Flow| matches!(flow.sink, Sink::ThirdParty(_));
        let changes = masked_call(case, "third-party", "Send", out)?;
        let told = |mut change: Change| {
            change.safety = keytrail_model::FixSafety::Unsafe;
            "whoever gets the message gets `***` in place of the key".clone_into(&mut change.note);
            change
        };
        Ok(changes.into_iter().map(told).collect())
    }
}
