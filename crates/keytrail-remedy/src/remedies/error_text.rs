//! A fixed text in place of an error's own.

use std::ops::Range;

use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, TraversalSignal, walk_body, walk_expr,
};
use ruff_python_ast::{
    AnyNodeRef, ArgOrKeyword, ExceptHandlerExceptHandler, Expr, ExprCall, FStringPart,
    InterpolatedStringElement,
};
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::Module;
use crate::{Change, Piece, Why};

pub(crate) struct FixedError;

const TEXT: &str = "internal error";

impl Remedy for FixedError {
    fn name(&self) -> &'static str {
        "fixed-error"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["exception-shown"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["exception"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let place = case.at();
        let module = case.module()?;
        let node = module
            .covering(place.span())
            .ok_or(Why::Shape("the place is gone"))?;
        let handler = node.ancestors().find_map(|node| match node {
            AnyNodeRef::ExceptHandlerExceptHandler(it) => Some(it),
            _ => None,
        });
        let hook = node.ancestors().find_map(|node| match node {
            AnyNodeRef::StmtFunctionDef(it) if it.name.as_str() == "process_exception" => {
                it.parameters.args.last()
            }
            _ => None,
        });
        let name = match (handler, hook) {
            (Some(handler), _) => handler
                .name
                .as_ref()
                .map_or("", ruff_python_ast::Identifier::as_str),
            // Django calls it with the error.
            (None, Some(error)) => error.parameter.name.as_str(),
            (None, None) => return Err(Why::Shape("the error is not shown where it is caught")),
        };
        let call = module.call(place.span())?;
        let mut finder = Shown {
            module: &module,
            name,
            pieces: Vec::new(),
        };
        finder.arguments(call);
        let mut pieces = finder.pieces;
        if pieces.is_empty() {
            return Err(Why::Shape(
                "the error's text is put together before this place",
            ));
        }
        if let Some(handler) = handler
            && !name.is_empty()
            && !is_used_elsewhere(handler, name, &pieces)
        {
            pieces.extend(without_name(&module, handler));
        }
        let draft = case
            .change(place, pieces)
            .title("Answer with a fixed text in place of the error's own");
        Ok(vec![case.making(draft, "exception", place).done()])
    }
}

struct Shown<'m> {
    module: &'m Module,
    name: &'m str,
    pieces: Vec<Piece>,
}

impl Shown<'_> {
    fn arguments(&mut self, call: &ExprCall) {
        for argument in call.arguments.iter_source_order() {
            match argument {
                ArgOrKeyword::Arg(arg) => self.expr(arg, AnyNodeRef::from(&call.arguments)),
                ArgOrKeyword::Keyword(it) => self.expr(&it.value, AnyNodeRef::from(it)),
            }
        }
    }

    fn expr(&mut self, expr: &Expr, parent: AnyNodeRef<'_>) {
        if self.is_text(expr) {
            let range = self.module.with_parentheses(expr, parent);
            self.pieces.push(Piece::new(
                range,
                self.module.quotes(&format!("\"{TEXT}\"")),
            ));
            return;
        }
        match expr {
            Expr::Dict(it) => {
                for item in &it.items {
                    self.expr(&item.value, AnyNodeRef::from(it));
                }
            }
            Expr::List(it) => it
                .elts
                .iter()
                .for_each(|part| self.expr(part, AnyNodeRef::from(it))),
            Expr::Tuple(it) => it
                .elts
                .iter()
                .for_each(|part| self.expr(part, AnyNodeRef::from(it))),
            Expr::BinOp(it) => {
                self.expr(&it.left, AnyNodeRef::from(it));
                self.expr(&it.right, AnyNodeRef::from(it));
            }
            Expr::FString(text) => self.f_string(text),
            Expr::Call(call) => self.arguments(call),
            _ => {}
        }
    }

    fn f_string(&mut self, text: &ruff_python_ast::ExprFString) {
        for part in &text.value {
            let FStringPart::FString(part) = part else {
                continue;
            };
            for element in &part.elements {
                if let InterpolatedStringElement::Interpolation(hole) = element
                    && self.is_text(&hole.expression)
                {
                    let range = hole.range();
                    self.pieces.push(Piece::new(
                        range.start().to_usize()..range.end().to_usize(),
                        TEXT,
                    ));
                }
            }
        }
    }

    /// `error`, `str(error)`, `repr(error)`, `error.args[0]`, `traceback.format_exc()`.
    fn is_text(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(it) => it.id.as_str() == self.name,
            Expr::Call(call) => match &*call.func {
                Expr::Name(it) if matches!(it.id.as_str(), "str" | "repr") => call
                    .arguments
                    .args
                    .first()
                    .is_some_and(|arg| self.is_text(arg)),
                Expr::Name(it) => it.id.as_str() == "format_exc",
                Expr::Attribute(it) => it.attr.as_str() == "format_exc",
                _ => false,
            },
            Expr::Attribute(it) => {
                matches!(
                    it.attr.as_str(),
                    "message" | "args" | "response" | "strerror"
                ) && matches!(&*it.value, Expr::Name(name) if name.id.as_str() == self.name)
            }
            Expr::Subscript(it) => self.is_text(&it.value) && !matches!(&*it.value, Expr::Name(_)),
            _ => false,
        }
    }
}

/// The name of the error is used at a place that no piece replaces.
fn is_used_elsewhere(handler: &ExceptHandlerExceptHandler, name: &str, pieces: &[Piece]) -> bool {
    struct Uses<'n> {
        name: &'n str,
        at: Vec<usize>,
    }
    impl<'a> SourceOrderVisitor<'a> for Uses<'_> {
        fn enter_node(&mut self, _: AnyNodeRef<'a>) -> TraversalSignal {
            TraversalSignal::Traverse
        }
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(it) = expr
                && it.id.as_str() == self.name
            {
                self.at.push(it.start().to_usize());
            }
            walk_expr(self, expr);
        }
    }
    let mut uses = Uses {
        name,
        at: Vec::new(),
    };
    walk_body(&mut uses, &handler.body);
    uses.at
        .iter()
        .any(|at| !pieces.iter().any(|piece| piece.range().contains(at)))
}

/// `except Error as error:` without its ` as error`.
fn without_name(module: &Module, handler: &ExceptHandlerExceptHandler) -> Option<Piece> {
    let (kind, name) = (handler.type_.as_ref()?, handler.name.as_ref()?);
    let between = module
        .text
        .slice(kind.end().to_usize()..name.start().to_usize());
    // `except (Error) as error:` keeps its parenthesis
    let at = between.rfind("as")?;
    let start = kind.end().to_usize() + between[..at].trim_end().len();
    let range: Range<usize> = start..name.end().to_usize();
    (!between.contains(['#', '\\', '\n'])).then(|| Piece::new(range, ""))
}
