//! A consistent read where a key is accepted.

use super::Remedy;
use crate::case::Case;
use crate::python::{add_keywords, keyword};
use crate::{Change, Piece, Why};

pub(crate) struct ConsistentRead;

impl Remedy for ConsistentRead {
    fn name(&self) -> &'static str {
        "consistent-read"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["stale-authorization"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let operations = case.facts.operations_at(case.at());
        if operations.is_empty() || operations.iter().any(|it| it.index.is_some()) {
            return Err(Why::Shape(
                "an index can't be read consistently: find the item by it, then read the table",
            ));
        }
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        let pieces = match keyword(call, "ConsistentRead") {
            Some(known) if known.value.is_boolean_literal_expr() => {
                let range = ruff_text_size::Ranged::range(&known.value);
                vec![Piece::new(
                    range.start().to_usize()..range.end().to_usize(),
                    "True",
                )]
            }
            Some(_) => return Err(Why::Shape("ConsistentRead is computed")),
            None => add_keywords(&module, call, &["ConsistentRead=True".to_owned()])?,
        };
        let draft = case
            .change(case.at(), pieces)
            .title("Read the record consistently where it decides who gets in")
            .note("a consistent read costs twice the read units");
        Ok(vec![draft.done()])
    }
}
