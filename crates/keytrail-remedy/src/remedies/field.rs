//! An answer without the fields that hold keys.

use ruff_python_ast::{ArgOrKeyword, Expr};
use ruff_text_size::Ranged;

use keytrail_model::names_a_secret;

use super::Remedy;
use crate::case::Case;
use crate::python::{Module, remove_entry};
use crate::{Change, Piece, Why};

pub(crate) struct FieldLeftOut;

impl Remedy for FieldLeftOut {
    fn name(&self) -> &'static str {
        "field-left-out"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["key-in-response"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["response"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let place = case.at();
        let module = case.module()?;
        let call = module.call(place.span())?;
        let names: Vec<&str> = case.finding.subject.split(',').collect();
        let mut found = Found {
            module: &module,
            names,
            pieces: Vec::new(),
            fields: Vec::new(),
        };
        for argument in call.arguments.iter_source_order() {
            found.expr(match argument {
                ArgOrKeyword::Arg(arg) => arg,
                ArgOrKeyword::Keyword(it) => &it.value,
            });
        }
        if found.pieces.is_empty() {
            return Err(Why::Shape(
                "the key is not an entry of a dictionary in this answer",
            ));
        }
        let fields = found.fields.join(" and ");
        let draft = case
            .change(place, found.pieces)
            .title(format!("Leave {fields} out of the answer"))
            .changes(format!("answers have no {fields} any more: callers that need the key get it once, when it is made"));
        Ok(vec![case.making(draft, "response", place).done()])
    }
}

struct Found<'m> {
    module: &'m Module,
    names: Vec<&'m str>,
    pieces: Vec<Piece>,
    fields: Vec<String>,
}

impl Found<'_> {
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Dict(dict) => {
                let leaves: Vec<bool> = dict
                    .items
                    .iter()
                    .map(|item| self.is_key(&item.value))
                    .collect();
                // Two that stand side by side would share what is between them.
                if leaves.windows(2).any(|two| two[0] && two[1]) {
                    return;
                }
                for (item, leaves) in dict.items.iter().zip(leaves) {
                    if !leaves {
                        self.expr(&item.value);
                    } else if let Some(Expr::StringLiteral(field)) = &item.key
                        && let Some(piece) =
                            remove_entry(self.module, dict, item.value.start().to_usize())
                    {
                        self.pieces.push(piece);
                        self.fields.push(format!("`{}`", field.value.to_str()));
                    }
                }
            }
            Expr::List(it) => it.elts.iter().for_each(|part| self.expr(part)),
            Expr::ListComp(it) => self.expr(&it.elt),
            Expr::Call(call) => {
                let arguments = call.arguments.args.iter();
                arguments.for_each(|argument| self.expr(argument));
            }
            _ => {}
        }
    }

    fn is_key(&self, expr: &Expr) -> bool {
        let named = |name: &str| names_a_secret(name) || self.names.contains(&name);
        match expr {
            Expr::Name(it) => named(it.id.as_str()),
            Expr::Attribute(it) => named(it.attr.as_str()),
            Expr::Subscript(it) => match &*it.slice {
                // `item["token"]["S"]` of the client
                Expr::StringLiteral(kind) if kind.value.to_str() == "S" => self.is_key(&it.value),
                Expr::StringLiteral(field) => named(field.value.to_str()),
                _ => false,
            },
            Expr::Call(call) => match (&*call.func, call.arguments.args.first()) {
                (Expr::Attribute(it), Some(Expr::StringLiteral(field))) => {
                    it.attr.as_str() == "get" && named(field.value.to_str())
                }
                _ => false,
            },
            _ => false,
        }
    }
}
