//! Monitoring without what people sent.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::keyword;
use crate::{Change, Piece, Why};

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
        let on = keyword(call, "send_default_pii").map(|it| &it.value);
        let Some(Expr::BooleanLiteral(value)) = on.filter(|_| true) else {
            return Err(Why::Shape(
                "what sends requests does not stand in this call",
            ));
        };
        let range = value.start().to_usize()..value.end().to_usize();
        let draft = case
            .change(case.at(), vec![Piece::new(range, "False")])
            .title("Keep requests' headers, cookies and users out of monitoring")
            .changes("events in the monitoring name no users and show no headers any more");
        Ok(vec![draft.done()])
    }
}
