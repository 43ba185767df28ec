//! A mask in place of a key, or of what holds one, in a log call.

use std::ops::Range;

use keytrail_model::{Flow, Sink, Source, names_a_secret};
use ruff_python_ast::{
    AnyNodeRef, ArgOrKeyword, Expr, ExprCall, FStringPart, InterpolatedStringElement,
};
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::Module;
use crate::{Change, Piece, Why};

pub(crate) struct MaskInLog;

const MASK: &str = "***";

impl Remedy for MaskInLog {
    fn name(&self) -> &'static str {
        "mask-in-log"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["item-in-log", "key-in-log"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["log"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let to_log = |flow: &Flow| matches!(flow.sink, Sink::Log(_) | Sink::Print);
        masked_call(case, "log", "Log", to_log)
    }
}

pub(crate) struct MaskInMonitoring;

impl Remedy for MaskInMonitoring {
    fn name(&self) -> &'static str {
        "mask-in-monitoring"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["key-to-monitoring"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["third-party"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        if case.finding.rule != "key-to-monitoring" {
            return Err(Why::NoRemedy);
        }
        let out = |flow: &Flow| matches!(flow.sink, Sink::ThirdParty(_));
        if !case.facts.flows_at(case.at()).iter().any(|flow| out(flow)) {
            return Err(Why::NoRemedy);
        }
        masked_call(case, "third-party", "Send", out)
    }
}

/// The call at the finding's place with a mask for each key in its arguments.
pub(super) fn masked_call(
    case: &Case<'_>,
    kind: &str,
    verb: &str,
    goes_there: impl Fn(&Flow) -> bool,
) -> Result<Vec<Change>, Why> {
    let place = case.at();
    let flows = case.facts.flows_at(place).iter().copied();
    let named = Named::of(flows.filter(|flow| goes_there(flow)), &case.finding.subject);
    let module = case.module()?;
    let call = module.call(place.span())?;
    let mut pieces = Vec::new();
    for (at, argument) in call.arguments.iter_source_order().enumerate() {
        let (value, parent) = match argument {
            ArgOrKeyword::Arg(arg) => (arg, AnyNodeRef::from(&call.arguments)),
            ArgOrKeyword::Keyword(it) => (&it.value, AnyNodeRef::from(it)),
        };
        // The message itself may be the key: `logger.info(token)`.
        let only = at == 0 && matches!(value, Expr::StringLiteral(_));
        if !only {
            named.mask(&module, value, parent, &mut pieces);
        }
    }
    if pieces.is_empty() {
        return Err(Why::Shape(
            "which argument carries the key can't be told from the call",
        ));
    }
    let what = if named.items {
        "what holds keys"
    } else {
        "the key"
    };
    let draft = case
        .change(place, pieces)
        .title(format!("{verb} a mask in place of {what}"));
    Ok(vec![case.making(draft, kind, place).done()])
}

/// What to look for in the call.
struct Named {
    /// Attributes, fields and settings with keys.
    names: Vec<String>,
    /// Expressions as the flows' steps show them: line and column of their beginning and end.
    spans: Vec<(u32, u32, u32, u32)>,
    /// Whole items arrive.
    items: bool,
}

impl Named {
    fn of<'f>(flows: impl Iterator<Item = &'f Flow>, subject: &str) -> Self {
        let mut named = Self {
            names: subject.split(',').map(str::to_owned).collect(),
            spans: Vec::new(),
            items: false,
        };
        for flow in flows {
            if let Source::Item(_, path) = &flow.source {
                named.items |= !names_a_secret(path);
            }
            for step in &flow.steps {
                let span = step.location.span();
                named
                    .spans
                    .push((span.line, span.column, span.end_line, span.end_column));
            }
        }
        named
    }

    fn is_key(&self, name: &str) -> bool {
        names_a_secret(name) || self.names.iter().any(|it| it == name)
    }

    /// Masks the largest parts of the expression that are a key by their name, or the whole of
    /// it where an item arrives under a name of its own.
    fn mask(&self, module: &Module, expr: &Expr, parent: AnyNodeRef<'_>, out: &mut Vec<Piece>) {
        let whole = || module.with_parentheses(expr, parent);
        match expr {
            Expr::Name(name) if self.items || self.is_key(name.id.as_str()) => {
                out.push(masked(module, whole()));
            }
            Expr::Attribute(it) if self.is_key(it.attr.as_str()) => {
                out.push(masked(module, whole()));
            }
            Expr::Subscript(it) => match &*it.slice {
                Expr::StringLiteral(field) if self.is_key(field.value.to_str()) => {
                    out.push(masked(module, whole()));
                }
                // another field of the item
                Expr::StringLiteral(field)
                    if self.items
                        && matches!(field.value.to_str(), "Item" | "Items" | "Attributes") =>
                {
                    out.push(masked(module, whole()));
                }
                _ => {}
            },
            Expr::Call(call) => self.mask_call(module, call, whole(), out),
            Expr::FString(text) => self.mask_f_string(module, text, out),
            Expr::BinOp(it) => {
                let parent = AnyNodeRef::from(it);
                self.mask(module, &it.left, parent, out);
                self.mask(module, &it.right, parent, out);
            }
            Expr::Dict(it) => {
                let parent = AnyNodeRef::from(it);
                for item in &it.items {
                    self.mask(module, &item.value, parent, out);
                }
            }
            Expr::Tuple(it) => {
                let parent = AnyNodeRef::from(it);
                it.elts
                    .iter()
                    .for_each(|part| self.mask(module, part, parent, out));
            }
            Expr::List(it) => {
                let parent = AnyNodeRef::from(it);
                it.elts
                    .iter()
                    .for_each(|part| self.mask(module, part, parent, out));
            }
            _ => {}
        }
    }

    /// `item.get("api_key")` as a whole; what is put into a text, part by part.
    fn mask_call(
        &self,
        module: &Module,
        call: &ExprCall,
        whole: Range<usize>,
        out: &mut Vec<Piece>,
    ) {
        let first = call.arguments.args.first();
        let parent = AnyNodeRef::from(&call.arguments);
        match &*call.func {
            Expr::Attribute(it) if matches!(it.attr.as_str(), "get" | "pop") => {
                if let Some(Expr::StringLiteral(field)) = first
                    && self.is_key(field.value.to_str())
                {
                    out.push(masked(module, whole));
                }
            }
            Expr::Attribute(it) if matches!(it.attr.as_str(), "format" | "dumps") => {
                for argument in call.arguments.iter_source_order() {
                    match argument {
                        ArgOrKeyword::Arg(arg) => self.mask(module, arg, parent, out),
                        ArgOrKeyword::Keyword(it) => {
                            self.mask(module, &it.value, AnyNodeRef::from(it), out);
                        }
                    }
                }
            }
            Expr::Name(it) if matches!(it.id.as_str(), "str" | "repr" | "dict" | "list") => {
                let before = out.len();
                if let Some(first) = first {
                    self.mask(module, first, parent, out);
                }
                // `dict("***")` would fail where `dict(item)` did not
                if out.len() > before {
                    out.truncate(before);
                    out.push(masked(module, whole));
                }
            }
            // A call of its own: only where the flow says that its result is what arrives.
            _ => {
                if self.items && self.arrives(module, &whole) {
                    out.push(masked(module, whole));
                }
            }
        }
    }

    fn arrives(&self, module: &Module, range: &Range<usize>) -> bool {
        self.spans
            .iter()
            .any(|&(line, column, end_line, end_column)| {
                module.text.offset(line, column) == Some(range.start)
                    && module.text.offset(end_line, end_column) == Some(range.end)
            })
    }

    /// `{api_key}` becomes `***`.
    fn mask_f_string(
        &self,
        module: &Module,
        text: &ruff_python_ast::ExprFString,
        out: &mut Vec<Piece>,
    ) {
        for part in &text.value {
            let FStringPart::FString(part) = part else {
                continue;
            };
            let before = out.len();
            for element in &part.elements {
                let InterpolatedStringElement::Interpolation(hole) = element else {
                    continue;
                };
                let mut inner = Vec::new();
                self.mask(module, &hole.expression, AnyNodeRef::from(hole), &mut inner);
                if !inner.is_empty() {
                    let range = hole.range();
                    out.push(Piece::new(
                        range.start().to_usize()..range.end().to_usize(),
                        MASK,
                    ));
                }
            }
            // Nothing is left to be filled in: an ordinary text.
            let holes = part.elements.interpolations().count();
            let source = module.source(part);
            let literal = ["{{", "}}"].iter().any(|brace| source.contains(brace));
            if holes > 0 && out.len() - before == holes && !literal && source.starts_with('f') {
                let start = part.range().start().to_usize();
                out.push(Piece::new(start..start + 1, ""));
            }
        }
    }
}

fn masked(module: &Module, range: Range<usize>) -> Piece {
    Piece::new(range, module.quotes(&format!("\"{MASK}\"")))
}
