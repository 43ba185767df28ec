//! PartiQL: which table, which attributes, and what stands for each `?`.

use std::sync::Arc;

use super::Machine;
use super::arguments::Arguments;
use super::aws_text::statement_table;
use super::operation::{OperationRecord, ProjectionRecord};
use super::record::SinkKind;
use super::shape::Shape;
use super::value::Value;
use crate::program::Site;
use crate::syntax::ir::{ArgumentKind, Expr, ExprId};

/// A `?` of a statement.
#[derive(Debug, PartialEq, Eq)]
struct Placeholder<'t> {
    /// Empty when it is not known.
    attribute: &'t str,
    equal: bool,
    /// Behind WHERE.
    condition: bool,
}

impl Machine<'_> {
    /// `execute_statement`, and each statement of a batch or transaction.
    pub(super) fn statement_call(
        &mut self,
        site: Site,
        arguments: &Arguments,
        record: &mut OperationRecord,
    ) {
        let words = self.shared.words;
        let lists = [words.statements, words.transact_statements];
        let single = arguments.named(words.statement).map(|statement| {
            let parameters = arguments.named(words.parameters).unwrap_or_default();
            (statement, parameters)
        });
        let many = lists.into_iter().find_map(|list| {
            let list = arguments.named(list)?;
            Some((list.field(words.statement), list.field(words.parameters)))
        });
        let Some((statement, all)) = single.or(many) else {
            return;
        };
        record.text.join(&statement.text());
        let texts: Vec<Arc<str>> = statement
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Str(text) => Some(Arc::from(self.text(*text))),
                Shape::Pattern(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        let written_out = self.written_parameters(site);
        for (number, text) in texts.iter().enumerate() {
            Self::statement_head(text, record);
            let values = written_out.get(number).map_or(&[][..], Vec::as_slice);
            self.placeholders_of(site, text, values, &all, record);
        }
    }

    fn statement_head(text: &str, record: &mut OperationRecord) {
        let lower = text.to_ascii_lowercase();
        let from = ["from ", "into ", "update "]
            .iter()
            .find_map(|word| lower.find(word).map(|at| at + word.len()));
        if let Some(at) = from {
            let (name, index) = statement_table(&text[at..]);
            record.table.add_shape(Shape::Pattern(Arc::from(name)));
            if !index.is_empty() {
                record.index = Some(Value::of(Shape::Pattern(Arc::from(index))));
            }
        }
        if lower.trim_start().starts_with("select")
            && let Some(end) = lower.find(" from")
        {
            let list = lower.find("select").map_or(0, |at| at + 6);
            let list = text.get(list..end).unwrap_or("").trim();
            record.projection = if list == "*" {
                ProjectionRecord::Whole
            } else {
                let mut list: Vec<String> = list
                    .split(',')
                    .map(|name| name.trim().trim_matches(['"', '\'']).to_owned())
                    .collect();
                list.sort();
                ProjectionRecord::Attributes(list)
            };
        }
    }

    fn placeholders_of(
        &mut self,
        site: Site,
        text: &str,
        values: &[Value],
        all: &Value,
        record: &mut OperationRecord,
    ) {
        for (position, placeholder) in placeholders(text).into_iter().enumerate() {
            // a list that is not written out is not told apart
            let value = match values.get(position) {
                Some(value) => value,
                None => all,
            };
            let attribute = placeholder.attribute;
            if placeholder.condition {
                let name = (!attribute.is_empty()).then(|| attribute.to_owned());
                let value = value.flat_keep_constant();
                record.keys.push((name, placeholder.equal, value));
            } else {
                let name = if attribute.is_empty() { "*" } else { attribute };
                record.writes.push(name.to_owned());
                let path: Arc<str> = Arc::from(attribute);
                let mut value = value.flat();
                value.shapes.clear();
                self.sink(&SinkKind::Store(site, path), site, &value);
            }
        }
    }

    /// The parameters of each statement of the call at `site`, where they are written out there.
    fn written_parameters(&mut self, site: Site) -> Vec<Vec<Value>> {
        let module = self.module;
        if site.0 != self.function.0 || self.holder.is_some() || site.is_head() {
            return Vec::new();
        }
        let Expr::Call(_, arguments) = module.ir.expr(site.1) else {
            return Vec::new();
        };
        let mut lists = Vec::new();
        for argument in arguments {
            let ArgumentKind::Keyword(name) = argument.kind else {
                continue;
            };
            match module.ir.text(name) {
                "Parameters" => lists.push(argument.value),
                "Statements" | "TransactStatements" => {
                    let Expr::Sequence(statements) = module.ir.expr(argument.value) else {
                        return Vec::new();
                    };
                    lists.extend(
                        statements
                            .iter()
                            .filter_map(|&one| self.entry(one, "Parameters")),
                    );
                }
                _ => {}
            }
        }
        lists
            .into_iter()
            .map(|list| match module.ir.expr(list) {
                Expr::Sequence(parts) => parts.iter().map(|&part| self.expr(part)).collect(),
                _ => Vec::new(),
            })
            .collect()
    }

    fn entry(&self, dictionary: ExprId, name: &str) -> Option<ExprId> {
        let Expr::Dict(entries) = self.module.ir.expr(dictionary) else {
            return None;
        };
        entries.iter().find_map(|(key, value)| {
            let Expr::Str(text) = self.module.ir.expr((*key)?) else {
                return None;
            };
            (self.module.ir.text(*text) == name).then_some(*value)
        })
    }
}

/// Each `?` outside quotes, with the attribute that it stands for.
fn placeholders(text: &str) -> Vec<Placeholder<'_>> {
    let lower = text.to_ascii_lowercase();
    let condition = lower.find(" where ").unwrap_or(text.len());
    let mut found = Vec::new();
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'\'' | b'"', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            (b'?', None) => found.push(placeholder(&text[..at], at > condition)),
            _ => {}
        }
    }
    found
}

/// By what stands before it: `api_key = ?`, `'api_key': ?`, `begins_with(service, ?)`.
fn placeholder(before: &str, condition: bool) -> Placeholder<'_> {
    let before = before.trim_end();
    let operator = before.trim_end_matches(['=', ':', '<', '>', ',', '!']);
    let sign = &before[operator.len()..];
    let name = operator
        .trim_end()
        .trim_end_matches(['\'', '"'])
        .rsplit([' ', '\'', '"', '(', '{', ',', '\n', '\t'])
        .next()
        .unwrap_or("");
    let known = !sign.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    Placeholder {
        attribute: if known { name } else { "" },
        equal: sign == "=" || sign == ":",
        condition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_know_their_attributes() {
        let names = |text| -> Vec<(String, bool)> {
            placeholders(text)
                .into_iter()
                .map(|it| (it.attribute.to_owned(), it.condition))
                .collect()
        };
        let own = |name: &str, condition| (name.to_owned(), condition);
        assert_eq!(
            names("INSERT INTO \"keys\" VALUE {'owner_id': ?, 'why': 'what?', 'api_key' : ?}"),
            [own("owner_id", false), own("api_key", false)]
        );
        assert_eq!(
            names(
                "UPDATE keys SET api_key=? SET n = ? WHERE owner_id = ? AND begins_with(\"service\", ?)"
            ),
            [
                own("api_key", false),
                own("n", false),
                own("owner_id", true),
                own("service", true)
            ]
        );
        assert_eq!(
            names("SELECT * FROM keys WHERE id IN [?, ?]")[0],
            own("", true)
        );
    }
}
