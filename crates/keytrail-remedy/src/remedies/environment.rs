//! The names of environment variables without their values.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr};
use ruff_python_ast::{ArgOrKeyword, Expr};
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::Module;
use crate::{Change, Piece, Why};

pub(crate) struct NamesOnly;

impl Remedy for NamesOnly {
    fn name(&self) -> &'static str {
        "names-only"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["environment-shown"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        let mut found = Whole {
            module: &module,
            pieces: Vec::new(),
        };
        for argument in call.arguments.iter_source_order() {
            found.visit_expr(match argument {
                ArgOrKeyword::Arg(it) => it,
                ArgOrKeyword::Keyword(it) => &it.value,
            });
        }
        if found.pieces.is_empty() {
            return Err(Why::Shape("the environment does not stand in this call"));
        }
        let draft = case
            .change(case.at(), found.pieces)
            .title("Show the names of the variables and none of their values")
            .changes("whoever reads values there gets `***`");
        Ok(vec![draft.done()])
    }
}

struct Whole<'m> {
    module: &'m Module,
    pieces: Vec<Piece>,
}

impl<'m> SourceOrderVisitor<'m> for Whole<'m> {
    fn visit_expr(&mut self, expr: &'m Expr) {
        if let Some(environ) = whole(self.module, expr) {
            let text = format!("{{name: \"***\" for name in {environ}}}");
            let range = expr.start().to_usize()..expr.end().to_usize();
            self.pieces
                .push(Piece::new(range, self.module.quotes(&text)));
        } else {
            walk_expr(self, expr);
        }
    }
}

/// `os.environ`, and what copies all of it.
fn whole<'m>(module: &'m Module, expr: &Expr) -> Option<&'m str> {
    match expr {
        Expr::Attribute(it) if it.attr.as_str() == "environ" => Some(module.source(expr)),
        Expr::Name(it) if it.id.as_str() == "environ" => Some(module.source(expr)),
        Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
            (Expr::Name(it), [one]) if it.id.as_str() == "dict" => whole(module, one),
            (Expr::Attribute(it), []) if matches!(it.attr.as_str(), "copy" | "items") => {
                whole(module, &it.value)
            }
            _ => None,
        },
        Expr::Dict(dict) => match dict.items.as_slice() {
            [only] if only.key.is_none() => whole(module, &only.value),
            _ => None,
        },
        _ => None,
    }
}
