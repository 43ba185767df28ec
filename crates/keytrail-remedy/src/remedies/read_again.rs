//! What an index finds is read again from the table, consistently, before it is believed.

use std::fmt::Write as _;

use keytrail_model::{Operation, OperationKind};
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_body, walk_expr};
use ruff_python_ast::{AnyNodeRef, Expr, ExprSubscript, Stmt};
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::keyword;
use crate::{Change, Piece, Why};

pub(crate) struct ReadAgain;

impl Remedy for ReadAgain {
    fn name(&self) -> &'static str {
        "read-again"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["stale-authorization"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let operations = case.facts.operations_at(case.at());
        let operation = operations
            .iter()
            .find(|it| it.kind == OperationKind::Query && it.index.is_some())
            .ok_or(Why::Shape("it is no query on an index"))?;
        let keys = own_key(case, operation).ok_or(Why::Shape(
            "the table's own key is known neither from templates nor from a get_item",
        ))?;
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        let shape = Why::Shape("the answer's items are not taken out in one place");
        let Expr::Attribute(method) = &*call.func else {
            return Err(shape);
        };
        let node = module
            .covering_range(call.start().to_usize()..call.end().to_usize())
            .ok_or(shape.clone())?;
        let mut answer = None;
        let mut body: &[Stmt] = module.body();
        for node in node.ancestors() {
            match node {
                AnyNodeRef::StmtAssign(it)
                    if answer.is_none() && it.value.range() == call.range() =>
                {
                    if let [Expr::Name(name)] = it.targets.as_slice() {
                        answer = Some(name.id.as_str());
                    }
                }
                AnyNodeRef::StmtFunctionDef(it) => {
                    body = &it.body;
                    break;
                }
                _ => {}
            }
        }
        let mut items = Items {
            answer: answer.ok_or(shape.clone())?,
            found: Vec::new(),
        };
        walk_body(&mut items, body);
        let [one] = items.found.as_slice() else {
            return Err(shape);
        };
        let indent = module.text.indent(one.start().to_usize());
        let source = module.source(*one);
        let mut arguments = String::new();
        if let Some(table) = keyword(call, "TableName") {
            let _ = writeln!(arguments, "{indent}            {},", module.source(table));
        }
        let key: Vec<String> = keys
            .iter()
            .map(|key| format!("\"{key}\": item[\"{key}\"]"))
            .collect();
        let _ = writeln!(arguments, "{indent}            Key={{{}}},", key.join(", "));
        let _ = writeln!(arguments, "{indent}            ConsistentRead=True,");
        let receiver = module.source(&*method.value);
        let text = format!(
            "[\n{indent}    answer[\"Item\"]\n{indent}    for answer in (\n{indent}        {receiver}.get_item(\n{arguments}{indent}        )\n{indent}        for item in {source}\n{indent}    )\n{indent}    if \"Item\" in answer\n{indent}]"
        );
        let range = one.start().to_usize()..one.end().to_usize();
        let draft = case
            .change(case.at(), vec![Piece::new(range, module.quotes(&text))])
            .title("Read what the index found once more from the table, consistently")
            .changes("each hit costs one more read; the role needs dynamodb:GetItem on the table");
        Ok(vec![draft.done()])
    }
}

/// Whole: of the template, else as a `get_item` on the same table names it.
fn own_key<'c>(case: &Case<'c>, operation: &Operation) -> Option<Vec<&'c str>> {
    let names = &operation.table.names;
    let declared = names
        .iter()
        .flat_map(|name| case.facts.tables_named(name))
        .map(|table| {
            table
                .keys
                .iter()
                .map(|key| key.attribute.as_str())
                .collect()
        });
    let gets = case.facts.operations().filter(|other| {
        let same = other.table.names.iter().any(|name| names.contains(name));
        same && other.kind == OperationKind::GetItem
    });
    let used = gets.filter_map(|other| {
        let keys = other.keys.iter().map(|bound| bound.attribute.as_deref());
        keys.collect::<Option<Vec<&str>>>()
    });
    let mut all = declared.chain(used);
    all.find(|keys: &Vec<&str>| !keys.is_empty())
}

struct Items<'m> {
    answer: &'m str,
    found: Vec<&'m ExprSubscript>,
}

impl<'m> SourceOrderVisitor<'m> for Items<'m> {
    fn visit_expr(&mut self, expr: &'m Expr) {
        if let Expr::Subscript(it) = expr
            && matches!(&*it.value, Expr::Name(name) if name.id.as_str() == self.answer)
            && matches!(&*it.slice, Expr::StringLiteral(field) if field.value.to_str() == "Items")
        {
            self.found.push(it);
        }
        walk_expr(self, expr);
    }
}
