//! Arguments of calls: added, and taken out, in the form in which the call is written.

use std::ops::Range;

use ruff_python_ast::{AnyNodeRef, ArgOrKeyword, Expr, ExprCall, ExprDict, Keyword};
use ruff_text_size::Ranged;

use super::Module;
use super::module::bytes;
use crate::{Piece, Why};

/// Longer lines are laid out anew, an argument a line.
const WIDEST: usize = 88;

/// The argument of this name.
pub(crate) fn keyword<'c>(call: &'c ExprCall, name: &str) -> Option<&'c Keyword> {
    let mut all = call.arguments.keywords.iter();
    all.find(|keyword| keyword.arg.as_ref().is_some_and(|arg| arg.as_str() == name))
}

/// The call with these arguments behind its own.
pub(crate) fn add_keywords(
    module: &Module,
    call: &ExprCall,
    added: &[String],
) -> Result<Vec<Piece>, Why> {
    if call.arguments.keywords.iter().any(|it| it.arg.is_none()) {
        return Err(Why::Shape("the call takes its arguments from a dictionary"));
    }
    let all = arguments(module, call);
    let close = call.arguments.end().to_usize() - 1;
    let text = &module.text;
    let Some(last) = all.last() else {
        return Ok(vec![Piece::new(close..close, added.join(", "))]);
    };
    let tail = text.slice(last.end..close);
    let comma = comma(tail);
    if text.begins_line(close) && last.end < text.line_start(close) {
        let indent = text.indent(last.start).to_owned();
        let lines: Vec<String> = added.iter().map(|it| format!("{indent}{it},\n")).collect();
        let at = text.line_start(close);
        let mut pieces = vec![Piece::new(at..at, lines.concat())];
        if comma.is_none() {
            pieces.insert(0, Piece::new(last.end..last.end, ","));
        }
        return Ok(pieces);
    }
    if tail.contains('#') {
        return Err(Why::Shape("a comment stands at the end of the call"));
    }
    let one_line = text.line(call.start().to_usize()) == text.line(close);
    let width = text
        .slice(text.line_start(close)..text.next_line(close))
        .trim_end()
        .chars()
        .count();
    let longer: usize = added.iter().map(|it| it.chars().count() + 2).sum();
    if one_line && width + longer > WIDEST {
        return Ok(vec![one_a_line(module, call, &all, added)]);
    }
    let (at, lead) = match comma {
        Some(comma) => (last.end + comma + 1, " "),
        None => (last.end, ", "),
    };
    Ok(vec![Piece::new(
        at..at,
        format!("{lead}{}", added.join(", ")),
    )])
}

/// All arguments of a call that stands in one line, each in a line of its own.
fn one_a_line(module: &Module, call: &ExprCall, all: &[Range<usize>], added: &[String]) -> Piece {
    let open = call.arguments.start().to_usize() + 1;
    let close = call.arguments.end().to_usize() - 1;
    let outer = module.text.indent(open);
    let inner = module.text.deeper(open, 4);
    let own = all
        .iter()
        .map(|range| module.text.slice(range.clone()).to_owned());
    let lines: Vec<String> = own
        .chain(added.iter().cloned())
        .map(|argument| format!("{inner}{argument},\n"))
        .collect();
    Piece::new(open..close, format!("\n{}{outer}", lines.concat()))
}

/// The call without this argument.
pub(crate) fn remove_keyword(module: &Module, call: &ExprCall, name: &str) -> Option<Piece> {
    let range = keyword(call, name)?.range();
    remove_argument(module, call, bytes(range))
}

/// The call without these arguments.
pub(crate) fn remove_keywords(
    module: &Module,
    call: &ExprCall,
    names: &[&str],
) -> Option<Vec<Piece>> {
    let all = arguments(module, call);
    let gone: Vec<usize> = names
        .iter()
        .filter_map(|name| keyword(call, name))
        .filter_map(|keyword| {
            let start = keyword.start().to_usize();
            all.iter().position(|range| range.start == start)
        })
        .collect();
    // Neighbours go as one.
    let mut joined: Vec<(Range<usize>, bool)> = Vec::new();
    for (at, range) in all.iter().enumerate() {
        let goes = gone.contains(&at);
        match joined.last_mut() {
            Some((before, true)) if goes => before.end = range.end,
            _ => joined.push((range.clone(), goes)),
        }
    }
    let ranges: Vec<Range<usize>> = joined.iter().map(|(range, _)| range.clone()).collect();
    let close = call.arguments.end().to_usize() - 1;
    let pieces = joined.iter().filter(|(_, goes)| *goes);
    pieces
        .map(|(range, _)| remove_of(module, &ranges, close, range))
        .collect()
}

/// The call without the argument that stands in `range`.
pub(crate) fn remove_argument(
    module: &Module,
    call: &ExprCall,
    range: Range<usize>,
) -> Option<Piece> {
    let all = arguments(module, call);
    let close = call.arguments.end().to_usize() - 1;
    remove_of(module, &all, close, &range)
}

/// Takes one of several things between commas away; `close` is where their bracket closes.
fn remove_of(
    module: &Module,
    all: &[Range<usize>],
    close: usize,
    range: &Range<usize>,
) -> Option<Piece> {
    let at = all.iter().position(|it| it.start == range.start)?;
    let text = &module.text;
    let end = all[at].end;
    let tail = text.slice(end..all.get(at + 1).map_or(close, |next| next.start));
    let behind = comma(tail).map_or(end, |comma| end + comma + 1);
    let rest = text.slice(behind..text.next_line(behind));
    // Alone on its lines: the lines go.
    if text.begins_line(all[at].start) && rest.trim().is_empty() && text.next_line(behind) <= close
    {
        return Some(Piece::new(
            text.line_start(all[at].start)..text.next_line(behind),
            "",
        ));
    }
    if tail.contains('#') {
        return None;
    }
    let piece = match (
        at.checked_sub(1).map(|before| &all[before]),
        all.get(at + 1),
    ) {
        (_, Some(next)) => all[at].start..next.start,
        (Some(before), None) => before.end..end,
        (None, None) => all[at].start..behind,
    };
    Some(Piece::new(piece, ""))
}

/// The arguments in the order of the source, with the parentheses round each.
fn arguments(module: &Module, call: &ExprCall) -> Vec<Range<usize>> {
    let parent = AnyNodeRef::from(&call.arguments);
    call.arguments
        .iter_source_order()
        .map(|argument| match argument {
            ArgOrKeyword::Arg(arg) => module.with_parentheses(arg, parent),
            ArgOrKeyword::Keyword(keyword) => {
                let value = module.with_parentheses(&keyword.value, AnyNodeRef::from(keyword));
                keyword.start().to_usize()..value.end.max(keyword.end().to_usize())
            }
        })
        .collect()
}

/// Where the comma is in what follows an argument; comments may hold others.
fn comma(tail: &str) -> Option<usize> {
    let mut in_comment = false;
    tail.char_indices().find_map(|(at, c)| {
        in_comment = (in_comment || c == '#') && c != '\n';
        (c == ',' && !in_comment).then_some(at)
    })
}

/// The list or tuple without one of its elements.
pub(crate) fn remove_element(module: &Module, list: &Expr, element: &Expr) -> Option<Piece> {
    let parent = AnyNodeRef::from(list);
    let elements = match list {
        Expr::List(it) => &it.elts,
        Expr::Tuple(it) if it.parenthesized => &it.elts,
        _ => return None,
    };
    let all: Vec<Range<usize>> = elements
        .iter()
        .map(|it| module.with_parentheses(it, parent))
        .collect();
    let own = all
        .iter()
        .find(|range| range.contains(&element.start().to_usize()))?
        .clone();
    let piece = remove_of(module, &all, list.end().to_usize() - 1, &own)?;
    let pair = list.is_tuple_expr() && elements.len() == 2;
    // A tuple of one keeps its comma.
    let second = pair
        && elements
            .last()
            .is_some_and(|it| it.start() == element.start());
    if second && module.source(list).ends_with(',').eq(&false) && piece.text.is_empty() {
        return Some(Piece::new(piece.range(), ","));
    }
    (!pair).then_some(piece)
}

/// The dictionary without the entry whose value begins at `at`.
pub(crate) fn remove_entry(module: &Module, dict: &ExprDict, at: usize) -> Option<Piece> {
    let parent = AnyNodeRef::from(dict);
    let all: Vec<Range<usize>> = dict
        .items
        .iter()
        .map(|item| {
            let value = module.with_parentheses(&item.value, parent);
            let start = item.key.as_ref().map_or(value.start, |key| {
                module.with_parentheses(key, parent).start
            });
            start..value.end
        })
        .collect();
    let entry = all.iter().find(|range| range.contains(&at))?.clone();
    remove_of(module, &all, dict.end().to_usize() - 1, &entry)
}
