//! A comparison that takes the same time wherever the difference is.

use ruff_python_ast::{AnyNodeRef, CmpOp, Expr, ExprCompare};

use super::Remedy;
use crate::case::Case;
use crate::{Change, Piece, Why};

pub(crate) struct ConstantTime;

impl Remedy for ConstantTime {
    fn name(&self) -> &'static str {
        "constant-time"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["compare-in-variable-time"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let node = module
            .covering(case.at().span())
            .ok_or(Why::Shape("the place is gone"))?;
        let (compare, above) = node
            .ancestors()
            .zip(node.ancestors().skip(1))
            .find_map(|(node, above)| match node {
                AnyNodeRef::ExprCompare(it) => Some((it, above)),
                _ => None,
            })
            .ok_or(Why::Shape("it is compared by something else than == or !="))?;
        let (op, right) = only(compare)?;
        let parent = AnyNodeRef::from(compare);
        let left = module.with_parentheses(&compare.left, parent);
        let right = module.with_parentheses(right, parent);
        let (open, close) = match (op, above) {
            (
                CmpOp::NotEq,
                AnyNodeRef::ExprUnaryOp(_) | AnyNodeRef::ExprBinOp(_) | AnyNodeRef::ExprCompare(_),
            ) => ("(not hmac.compare_digest(", "))"),
            (CmpOp::NotEq, _) => ("not hmac.compare_digest(", ")"),
            _ => ("hmac.compare_digest(", ")"),
        };
        // Piece by piece, so that another edit can change what is compared.
        let pieces = vec![
            Piece::new(left.start..left.start, open),
            Piece::new(left.end..right.start, ", "),
            Piece::new(right.end..right.end, close),
        ];
        let draft = case
            .change(case.at(), pieces)
            .import("hmac", None)
            .title("Compare with hmac.compare_digest")
            .changes("what is neither bytes nor ASCII text (None among it) raises TypeError, where it was just unequal");
        Ok(vec![draft.done()])
    }
}

/// One comparison, of two things that are not constants.
fn only(compare: &ExprCompare) -> Result<(CmpOp, &Expr), Why> {
    let shape = Why::Shape("it is compared in a chain, or with a constant");
    match (&*compare.ops, &*compare.comparators) {
        ([op @ (CmpOp::Eq | CmpOp::NotEq)], [right]) => {
            let constant = |expr: &Expr| expr.is_literal_expr();
            if constant(&compare.left) || constant(right) {
                return Err(shape);
            }
            if is_collection(&compare.left) || is_collection(right) {
                return Err(Why::Shape(
                    "it compares collections of keys, which hmac.compare_digest can't",
                ));
            }
            Ok((*op, right))
        }
        _ => Err(shape),
    }
}

/// By what makes it, or by a name in the plural: `set(keys)`, `credential_pairs`.
fn is_collection(expr: &Expr) -> bool {
    let plural = |name: &str| name.ends_with('s') && !name.ends_with("ss");
    match expr {
        Expr::Call(call) => matches!(&*call.func, Expr::Name(it)
            if matches!(it.id.as_str(), "set" | "frozenset" | "list" | "tuple" | "dict" | "sorted")),
        Expr::Name(it) => plural(it.id.as_str()),
        Expr::Attribute(it) => plural(it.attr.as_str()),
        Expr::Subscript(it) => {
            matches!(&*it.slice, Expr::StringLiteral(field) if plural(field.value.to_str()))
        }
        Expr::List(_) | Expr::Tuple(_) | Expr::Set(_) | Expr::Dict(_) => true,
        _ => false,
    }
}
