//! Monitoring without what people sent.

use keytrail_model::{FileSpan, Location};
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::keyword;
use crate::{Change, Piece, Why};

/// What sends requests and variables as they are.
const SWITCHES: [&str; 3] = ["send_default_pii", "include_local_variables", "with_locals"];

pub(crate) struct NoPersonalData;

impl Remedy for NoPersonalData {
    fn name(&self) -> &'static str {
        "no-personal-data"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["key-to-monitoring"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        // One alone would leave the other open.
        let pieces: Vec<Piece> = SWITCHES
            .iter()
            .filter_map(|name| match &keyword(call, name)?.value {
                Expr::BooleanLiteral(it) if it.value => {
                    let range = it.start().to_usize()..it.end().to_usize();
                    Some(Piece::new(range, "False"))
                }
                _ => None,
            })
            .collect();
        if pieces.is_empty() {
            return Err(Why::Shape(
                "what sends requests does not stand in this call",
            ));
        }
        let line = module.text.line(call.start().to_usize());
        let place = Location::File {
            span: FileSpan::line(&case.at().span().path, line),
        };
        let draft = case
            .change(&place, pieces)
            .title("Keep requests' headers, cookies and users out of monitoring")
            .changes(
                "events in the monitoring name no users and show no headers and variables any more",
            );
        Ok(vec![draft.done()])
    }
}
