//! The owner from whoever is signed in, in place of what the caller names.

use keytrail_model::{Location, Origin};
use ruff_python_ast::{AnyNodeRef, Expr, ExprCall};
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::Module;
use crate::{Change, Piece, Why};

pub(crate) struct OwnerFromSession;

impl Remedy for OwnerFromSession {
    fn name(&self) -> &'static str {
        "owner-from-session"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["unowned-lookup"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["owner"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let place = match case.graph_edits("owner").next() {
            Some(edit) if !self.rules().contains(&case.finding.rule) => edit.location.clone(),
            _ => case.at().clone(),
        };
        let operations = case.facts.operations_at(&place);
        let origins = operations
            .iter()
            .flat_map(|operation| &operation.keys)
            .flat_map(|bound| &bound.origins);
        for origin in origins {
            let Origin::Caller(_, step) = origin else {
                continue;
            };
            if let Some(change) = at(case, &step.location, &place)? {
                return Ok(vec![change]);
            }
        }
        Err(Why::Shape(
            "which attribute of the user is the owner is for a person to say",
        ))
    }
}

/// `request.GET.get("team", request.user.team_id)` is the user's own team.
fn at(case: &Case<'_>, read: &Location, operation: &Location) -> Result<Option<Change>, Why> {
    if !read.span().path.ends_with(".py") {
        return Ok(None);
    }
    let module = case.files.module(&read.span().path)?;
    let Some(node) = module.covering(read.span()) else {
        return Ok(None);
    };
    let call = node.ancestors().find_map(|node| match node {
        AnyNodeRef::ExprCall(it) => own(&module, it).map(|own| (it, own)),
        _ => None,
    });
    let Some((call, own)) = call else {
        return Ok(None);
    };
    let range = call.start().to_usize()..call.end().to_usize();
    let draft = case
        .change(read, vec![Piece::new(range, own)])
        .title("Take the owner from whoever is signed in")
        .changes("callers can't name another owner any more");
    Ok(Some(case.making(draft, "owner", operation).done()))
}

/// What stands in the second place, where that is of the signed-in user.
fn own<'m>(module: &'m Module, call: &ExprCall) -> Option<&'m str> {
    let Expr::Attribute(get) = &*call.func else {
        return None;
    };
    let [Expr::StringLiteral(_), own @ Expr::Attribute(_)] = &*call.arguments.args else {
        return None;
    };
    let source = module.source(own);
    let of_user = ["request.user.", "self.request.user."];
    (get.attr.as_str() == "get" && of_user.iter().any(|start| source.starts_with(start)))
        .then_some(source)
}
