//! A filter without a limit that counts before it.

use super::Remedy;
use crate::case::Case;
use crate::python::remove_keyword;
use crate::{Change, Why};

pub(crate) struct NoLimit;

impl Remedy for NoLimit {
    fn name(&self) -> &'static str {
        "no-limit-before-filter"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["limit-before-filter"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        let shape = Why::Shape("the limit does not stand in this call");
        let piece = remove_keyword(&module, call, "Limit").ok_or(shape)?;
        let draft = case
            .change(case.at(), vec![piece])
            .title("Take the limit away: it counts items before the filter does")
            .changes("all matches of the first page come back: take the first in the code, and read further pages where a partition is larger than 1 MB");
        Ok(vec![draft.done()])
    }
}
