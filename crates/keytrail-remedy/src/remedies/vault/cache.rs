//! A key in the cache, sealed.

use keytrail_model::{FileSpan, Location, Sink};
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_body, walk_expr};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use super::helper::{self, MODULE};
use crate::case::Case;
use crate::remedies::Remedy;
use crate::{Change, Piece, Why};

pub(crate) struct SealedInCache;

impl Remedy for SealedInCache {
    fn name(&self) -> &'static str {
        "sealed-in-cache"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["key-to-third-party"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let place = case.at();
        let flows = case.facts.flows_at(place);
        if !flows
            .iter()
            .any(|flow| matches!(&flow.sink, Sink::ThirdParty(who) if who == "the cache"))
        {
            return Err(Why::NoRemedy);
        }
        let module = case.module()?;
        let call = module.call(place.span())?;
        let value = match (&*call.func, &*call.arguments.args) {
            (Expr::Attribute(it), [_, value, ..]) if matches!(it.attr.as_str(), "set" | "add") => {
                value
            }
            _ => {
                return Err(Why::Shape(
                    "what is put into the cache does not stand in this call",
                ));
            }
        };
        if !matches!(
            value,
            Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_)
        ) {
            return Err(Why::Shape("more than the key is put into the cache"));
        }
        let root = helper::import_root(case, place);
        if is_read(case, &root)? {
            return Err(Why::Shape(
                "the cache is read again: unseal the key there by hand",
            ));
        }
        let text = format!("seal({})", module.source(value));
        let range = value.start().to_usize()..value.end().to_usize();
        let at = Location::File {
            span: FileSpan::line(&place.span().path, place.span().line),
        };
        let group = format!("{MODULE}:cache:{}:{}", place.span().path, place.span().line);
        let draft = case
            .change(&at, vec![Piece::new(range, text)])
            .import(MODULE, Some("seal"))
            .title("Keep the key in the cache sealed")
            .changes("the cache holds a text that only KMS opens; nothing in this code reads it")
            .group(&group);
        let mut changes = vec![case.making(draft, "third-party", place).done()];
        changes.extend(helper::change(case, &root, &module)?);
        Ok(changes)
    }
}

/// Some module below the root takes things out of a cache.
fn is_read(case: &Case<'_>, root: &str) -> Result<bool, Why> {
    for path in case.files.python_below(root) {
        let module = match case.files.module(&path) {
            Ok(module) => module,
            Err(Why::Broken | Why::NotUtf8) => continue,
            Err(why) => return Err(why),
        };
        let mut reads = Reads(false);
        walk_body(&mut reads, module.body());
        if reads.0 {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Reads(bool);

impl<'m> SourceOrderVisitor<'m> for Reads {
    fn visit_expr(&mut self, expr: &'m Expr) {
        self.0 |= matches!(expr, Expr::Call(call) if takes_out(call));
        walk_expr(self, expr);
    }
}

/// `cache.get(…)`, `caches["default"].get(…)`.
fn takes_out(call: &ExprCall) -> bool {
    let Expr::Attribute(it) = &*call.func else {
        return false;
    };
    let named = |expr: &Expr| match expr {
        Expr::Name(it) => it.id.as_str().contains("cache"),
        Expr::Attribute(it) => it.attr.as_str().contains("cache"),
        _ => false,
    };
    let of_cache = match &*it.value {
        Expr::Subscript(it) => named(&it.value),
        other => named(other),
    };
    of_cache && matches!(it.attr.as_str(), "get" | "get_many" | "get_or_set" | "pop")
}
