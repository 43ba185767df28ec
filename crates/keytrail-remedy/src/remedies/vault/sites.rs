//! The places that change, file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use keytrail_model::{Flow, Location, Operation, Source};
use ruff_python_ast::{AnyNodeRef, Expr, ExprCall};
use ruff_text_size::Ranged;

use super::find::{Scope, is_mention, mentions_in, values_in};
use super::kept::{Form, Kept, is_comparison, is_use};
use crate::Why;
use crate::case::Case;
use crate::python::Module;

/// What is put round expressions of one file.
#[derive(Default)]
pub(super) struct Sites {
    pub(super) by_file: BTreeMap<Arc<str>, Site>,
}

#[derive(Default)]
pub(super) struct Site {
    pub(super) wrapped: BTreeMap<(usize, usize), String>,
    pub(super) functions: BTreeSet<&'static str>,
    /// One of the places, for the module's name.
    pub(super) place: Option<Location>,
    pub(super) line: u32,
}

impl Sites {
    fn wrap(&mut self, module: &Module, place: &Location, expr: &Expr, functions: &[&'static str]) {
        let range = expr.start().to_usize()..expr.end().to_usize();
        let site = self
            .by_file
            .entry(Arc::clone(&place.span().path))
            .or_default();
        if site.functions.is_empty() {
            site.place = Some(place.clone());
            site.line = module.text.line(range.start);
        }
        let mut text = module.source(expr).to_owned();
        for function in functions.iter().rev() {
            text = format!("{function}({text})");
            site.functions.insert(function);
        }
        site.wrapped
            .insert((range.start, range.end - range.start), text);
    }
}

/// All of them for one attribute.
pub(super) fn sites(case: &Case<'_>, kept: &Kept<'_>, form: Form) -> Result<Sites, Why> {
    let mut sites = Sites::default();
    for operation in kept.operations() {
        incoming(case, kept, form, operation, &mut sites)?;
    }
    if sites.by_file.is_empty() {
        return Err(Why::Shape(
            "only what other items hold gets into it: seal it there",
        ));
    }
    for flow in kept.flows_out() {
        if is_comparison(flow) {
            compared(case, kept, form, flow, &mut sites)?;
        } else if form == Form::Sealed && is_use(flow) {
            used(case, kept, flow, &mut sites)?;
        }
    }
    Ok(sites)
}

/// What is written under the attribute, or looked up by it.
fn incoming(
    case: &Case<'_>,
    kept: &Kept<'_>,
    form: Form,
    operation: &Operation,
    sites: &mut Sites,
) -> Result<(), Why> {
    let flows: Vec<&Flow> = kept
        .flows_in(&operation.location)
        .into_iter()
        .filter(|flow| flow.transform.is_readable())
        .collect();
    let named = operation.writes.contains(&kept.attribute)
        || operation.filter.contains(&kept.attribute)
        || operation
            .keys
            .iter()
            .any(|bound| bound.attribute.as_deref() == Some(kept.attribute.as_str()));
    if flows.is_empty() && (!named || is_hidden(kept, operation)) {
        return Ok(());
    }
    let Some(functions) = functions(kept, form, &flows)? else {
        return Ok(());
    };
    let mut places: Vec<&Location> = vec![&operation.location];
    for flow in &flows {
        places.extend(flow.steps.iter().rev().map(|step| &step.location));
    }
    let name = kept.name();
    for place in places {
        let found = with_call(case, place, |module, call, scope| {
            let values = values_in(call, scope, name);
            for value in &values {
                sites.wrap(module, place, value, functions);
            }
            !values.is_empty()
        });
        if found? {
            return Ok(());
        }
    }
    Err(Why::Shape(
        "what is stored under the attribute is no entry of a dictionary",
    ))
}

/// Something unreadable is stored there already.
fn is_hidden(kept: &Kept<'_>, operation: &Operation) -> bool {
    let all = kept.flows_in(&operation.location);
    !all.is_empty() && all.iter().all(|flow| !flow.transform.is_readable())
}

/// What is put round a value that comes from there; `None` where it is kept well already.
fn functions(
    kept: &Kept<'_>,
    form: Form,
    flows: &[&Flow],
) -> Result<Option<&'static [&'static str]>, Why> {
    let mut ways: BTreeSet<Option<Form>> = BTreeSet::new();
    for flow in flows {
        ways.insert(match &flow.source {
            // What `unseal` does not know it passes on.
            Source::Item(read, path) => Some(kept.form_of(read, path).unwrap_or(Form::Sealed)),
            _ => None,
        });
    }
    let ways: Vec<Option<Form>> = ways.into_iter().collect();
    match (form, ways.as_slice()) {
        (Form::Sealed, [] | [None]) => Ok(Some(&["seal"])),
        (Form::Fingerprint, [] | [None]) => Ok(Some(&["fingerprint"])),
        (Form::Fingerprint, [Some(Form::Sealed)]) => Ok(Some(&["fingerprint", "unseal"])),
        (_, [Some(_)]) => Ok(None),
        _ => Err(Why::Shape(
            "new keys and keys of other items go through one write",
        )),
    }
}

/// The stored key is compared with one that is presented.
fn compared(
    case: &Case<'_>,
    kept: &Kept<'_>,
    form: Form,
    flow: &Flow,
    sites: &mut Sites,
) -> Result<(), Why> {
    let shape = Why::Shape("which side of a comparison is the stored key is not plain to see");
    let place = &flow.location;
    let module = case.files.module(&place.span().path)?;
    let node = module.covering(place.span()).ok_or(shape.clone())?;
    let compared = node.ancestors().find_map(|node| match node {
        AnyNodeRef::ExprCompare(it) => match &*it.comparators {
            [right] => Some((&*it.left, right)),
            _ => None,
        },
        AnyNodeRef::ExprCall(it) => match &*it.arguments.args {
            [left, right] => Some((left, right)),
            _ => None,
        },
        _ => None,
    });
    let (left, right) = compared.ok_or(shape.clone())?;
    let (left, right) = (receiver(left), receiver(right));
    let scope = Scope::round(&module, left.start().to_usize());
    let stored = |expr: &Expr| is_mention(expr, &scope, kept.name());
    let (own, presented) = match (stored(left), stored(right)) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        _ => return Err(shape),
    };
    match form {
        Form::Fingerprint => sites.wrap(&module, place, presented, &["fingerprint"]),
        Form::Sealed => sites.wrap(&module, place, own, &["unseal"]),
    }
    Ok(())
}

/// `text` of `text.encode()`.
fn receiver(expr: &Expr) -> &Expr {
    match expr {
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(it) if it.attr.as_str() == "encode" => &it.value,
            _ => expr,
        },
        _ => expr,
    }
}

/// The key is opened as near to its use as it can be seen.
fn used(case: &Case<'_>, kept: &Kept<'_>, flow: &Flow, sites: &mut Sites) -> Result<(), Why> {
    let steps = flow.steps.iter().rev().map(|step| &step.location);
    for place in std::iter::once(&flow.location).chain(steps) {
        let found = with_call(case, place, |module, call, scope| {
            let mentions = mentions_in(call, scope, kept.name());
            for mention in &mentions {
                sites.wrap(module, place, mention, &["unseal"]);
            }
            !mentions.is_empty()
        });
        if found? {
            return Ok(());
        }
    }
    Err(Why::Shape(
        "where the key is used again is not plain to see",
    ))
}

/// Does `what` with the call at a place of the code; false where there is none.
fn with_call(
    case: &Case<'_>,
    place: &Location,
    what: impl FnOnce(&Module, &ExprCall, &Scope<'_>) -> bool,
) -> Result<bool, Why> {
    if !matches!(place, Location::Code { .. }) {
        return Ok(false);
    }
    let module: Rc<Module> = match case.files.module(&place.span().path) {
        Ok(module) => module,
        // A step through a template.
        Err(Why::Broken | Why::Unreadable) => return Ok(false),
        Err(why) => return Err(why),
    };
    let Ok(call) = module.call(place.span()) else {
        return Ok(false);
    };
    let scope = Scope::round(&module, call.start().to_usize());
    Ok(what(&module, call, &scope))
}
