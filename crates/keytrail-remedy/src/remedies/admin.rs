//! A column of the admin that shows keys.

use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::remove_element;
use crate::{Change, Piece, Why};

pub(crate) struct NoColumn;

impl Remedy for NoColumn {
    fn name(&self) -> &'static str {
        "no-column"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["key-not-masked-in-admin"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let shape = Why::Shape("the column is not listed in the class itself");
        let module = case.module()?;
        let span = case.at().span();
        let start = module
            .text
            .offset(span.line, span.column)
            .ok_or(shape.clone())?;
        let node = module.covering_range(start..start).ok_or(shape.clone())?;
        let class = node.ancestors().find_map(|node| match node {
            AnyNodeRef::StmtClassDef(it) => Some(it),
            _ => None,
        });
        let statement = class
            .ok_or(shape.clone())?
            .body
            .iter()
            .find_map(|it| match it {
                Stmt::Assign(it) => {
                    let first = module.text.line(it.start().to_usize());
                    let last = module.text.line(it.end().to_usize());
                    (first..=last).contains(&span.line).then_some(it)
                }
                _ => None,
            });
        let statement = statement.ok_or(shape.clone())?;
        let [Expr::Name(name)] = statement.targets.as_slice() else {
            return Err(shape);
        };
        let elements: &[Expr] = match &*statement.value {
            Expr::Tuple(it) => &it.elts,
            Expr::List(it) => &it.elts,
            _ => return Err(shape),
        };
        let is_key = |element: &&Expr| {
            matches!(element, Expr::StringLiteral(it)
                if case.finding.message.contains(&format!("`{}`", it.value.to_str())))
        };
        let keys: Vec<&Expr> = elements.iter().filter(is_key).collect();
        let [key] = keys.as_slice() else {
            return Err(Why::Shape("several of its columns show keys"));
        };
        let piece = match name.id.as_str() {
            // Out of the list it could be edited: out of the form instead.
            "readonly_fields" if elements.len() == 1 => {
                let range = name.start().to_usize()..name.end().to_usize();
                Piece::new(range, "exclude")
            }
            "list_display" if elements.len() > 1 => {
                remove_element(&module, &statement.value, key).ok_or(shape)?
            }
            _ => {
                return Err(Why::Shape(
                    "the admin needs the column: show a mask in its place",
                ));
            }
        };
        let draft = case
            .change(case.at(), vec![piece])
            .title("Leave the key out of the admin")
            .changes("people who work in the admin do not see the key any more");
        Ok(vec![draft.done()])
    }
}
