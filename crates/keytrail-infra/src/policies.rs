//! Policy documents of templates into the evaluator's policies.

use std::collections::BTreeSet;
use std::sync::Arc;

use keytrail_model::{FileSpan, Location, Problem};

use crate::arns::spellings;
use crate::error::Error;
use crate::evaluate::{
    Actions, Condition, Effect, Operator, Policy, PrincipalPattern, Principals, ResourcePattern,
    Resources, Statement,
};
use crate::glob::fits;
use crate::json;
use crate::stack::Index;
use crate::text::{Piece, RefKind, Text};
use crate::value::{Node, Value};

/// Reads documents and keeps count of what can't be read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) tables: &'a Index,
    pub(crate) problems: BTreeSet<Problem>,
    /// Places of statements whose resource is not known.
    pub(crate) unresolved_resources: BTreeSet<FileSpan>,
    /// Places of policies that are not known.
    pub(crate) unresolved_policies: BTreeSet<FileSpan>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(tables: &'a Index) -> Self {
        Self {
            tables,
            problems: BTreeSet::new(),
            unresolved_resources: BTreeSet::new(),
            unresolved_policies: BTreeSet::new(),
        }
    }

    /// A document in any of its forms; `address` names whatever holds it.
    pub(crate) fn policy(&mut self, address: &str, document: &Node) -> Policy {
        let mut statements = Vec::new();
        for alternative in document.alternatives() {
            let parsed = match &alternative.value {
                Value::Text(text) => json::text(text, &alternative.span),
                Value::Null => continue,
                _ => Some(alternative.clone()),
            };
            match parsed.as_ref().filter(|node| node.as_map().is_some()) {
                Some(parsed) => {
                    let first = statements.len();
                    self.document(address, parsed, &mut statements);
                    // One of several documents: which one, the template's condition says.
                    if document.alternatives().len() > 1 {
                        statements[first..]
                            .iter_mut()
                            .for_each(|one| one.maybe = true);
                    }
                }
                None => self.unresolved_policy(&alternative.span),
            }
        }
        Policy {
            address: Arc::from(address),
            statements,
        }
    }

    pub(crate) fn unresolved_policy(&mut self, span: &FileSpan) {
        self.unresolved_policies.insert(span.clone());
        self.problems
            .insert(Error::UnresolvedPolicy.problem(&span.path, Some(span.line)));
    }

    fn document(&mut self, address: &str, document: &Node, out: &mut Vec<Statement>) {
        // Only the newer version knows policy variables; without one it is the older.
        let variables = document.get("Version").and_then(Node::as_str) == Some("2012-10-17");
        let listed = document.get("Statement").map_or_else(Vec::new, Node::items);
        let optional = document
            .get("Statement")
            .map_or_else(Vec::new, Node::optional_items);
        for node in listed {
            let number = out.len() + 1;
            match self.statement(address, number, node, variables) {
                Some(mut statement) => {
                    statement.maybe |= optional.iter().any(|other| std::ptr::eq(*other, node));
                    out.push(statement);
                }
                None => self.unresolved_policy(&node.span),
            }
        }
    }

    /// One statement by itself, as SAM allows.
    pub(crate) fn statement(
        &mut self,
        address: &str,
        number: usize,
        node: &Node,
        variables: bool,
    ) -> Option<Statement> {
        let map = node.as_map()?;
        let name = match node.get("Sid").and_then(Node::as_text) {
            Some(sid) if sid.len() > 0 => sid.shown(),
            _ => number.to_string(),
        };
        let effect = match node.get("Effect").map(Node::as_str) {
            Some(Some("Deny")) => Effect::Deny,
            Some(Some("Allow")) => Effect::Allow,
            _ => return None,
        };
        let actions = match (node.get("Action"), node.get("NotAction")) {
            (Some(actions), _) => Actions::Only(actions.texts()),
            (None, Some(actions)) => Actions::AllBut(actions.texts()),
            (None, None) => return None,
        };
        let location = Location::Statement {
            span: place(address, &node.span),
            policy: Arc::from(format!("{address}#{name}")),
        };
        let resources = self.resources(node, &actions, effect);
        // What may be allowed counts; what may be denied does not, so a Deny with a choice in it is open.
        let choice = ["Action", "NotAction", "Resource", "NotResource"]
            .iter()
            .filter_map(|field| node.get(field))
            .any(|field| !field.optional_items().is_empty());
        let (conditions, open) = conditions(node);
        Some(Statement {
            name,
            effect,
            principals: principals(node),
            actions,
            resources,
            conditions,
            variables,
            open: open || map.open,
            maybe: choice && effect == Effect::Deny,
            location,
        })
    }

    fn resources(&mut self, node: &Node, actions: &Actions, effect: Effect) -> Resources {
        let (listed, all_but) = match (node.get("Resource"), node.get("NotResource")) {
            (Some(listed), _) => (listed.items(), false),
            (None, Some(listed)) => (listed.items(), true),
            (None, None) => (Vec::new(), false),
        };
        let mut patterns = Vec::new();
        for item in listed {
            let Some(text) = item.as_text() else { continue };
            let spellings = spellings(&text, self.tables);
            if effect == Effect::Allow && self.is_open(&spellings) {
                self.unresolved(node, actions);
            }
            patterns.push(ResourcePattern::new(text.shown(), spellings));
        }
        if all_but {
            Resources::AllBut(patterns)
        } else {
            Resources::Only(patterns)
        }
    }

    /// True where the table's name in a pattern is not known, nor the same unknown as some table's.
    fn is_open(&self, spellings: &[Text]) -> bool {
        let open = |text: &Text| {
            if foreign(text) {
                return false;
            }
            let tail = after_account(text);
            tail.pieces().iter().any(|piece| match piece {
                Piece::Hole(Some(name)) => !self.names_a_table(name),
                Piece::Ref(id, RefKind::Name) => self.tables.get(id).is_none(),
                Piece::Hole(None) | Piece::Ref(_, RefKind::Other(_)) => true,
                _ => false,
            })
        };
        spellings.iter().all(open)
    }

    fn names_a_table(&self, hole: &str) -> bool {
        let names = self.tables.entries.iter().flat_map(|entry| &entry.names);
        names.flat_map(Text::pieces).any(|piece| match piece {
            Piece::Hole(Some(name)) => **name == *hole,
            _ => false,
        })
    }

    fn unresolved(&mut self, node: &Node, actions: &Actions) {
        let Some(action) = touching(actions) else {
            return;
        };
        if self.unresolved_resources.insert(node.span.clone()) {
            let error = Error::UnresolvedResource(action);
            self.problems
                .insert(error.problem(&node.span.path, Some(node.span.line)));
        }
    }
}

/// Where a statement stands: in the live account, whose addresses are ARNs, that is with whatever
/// holds it.
pub(crate) fn place(address: &str, span: &FileSpan) -> FileSpan {
    if address.starts_with("arn:") {
        FileSpan::line(&Arc::from(address), 1)
    } else {
        span.clone()
    }
}

/// A policy document as JSON, from a file or the live account; `None` where it is no document.
/// `path` is where its statements are said to stand.
pub fn parse_policy(address: &str, path: &Arc<str>, json: &str) -> Option<Policy> {
    let document = json::file(path, json).ok()?;
    document.get("Statement")?;
    let none = Index::default();
    let mut reader = Reader::new(&none);
    let policy = reader.policy(address, &document);
    reader.unresolved_policies.is_empty().then_some(policy)
}

/// True for what is surely the ARN of something that is no table.
fn foreign(text: &Text) -> bool {
    if let Some(Piece::Ref(_, RefKind::Arn)) = text.pieces().first() {
        return true;
    }
    let shown = text.pattern();
    let service = shown.split(':').nth(2);
    shown.starts_with("arn:") && service.is_some_and(|name| !fits(name, "dynamodb"))
}

/// What follows the fifth colon, or all of it where there are fewer.
pub(crate) fn after_account(text: &Text) -> Text {
    let mut colons = 0;
    let mut out = Text::default();
    for piece in text.pieces() {
        match piece {
            Piece::Lit(text) => {
                let mut rest = text.as_str();
                while colons < 5 {
                    let Some((_, after)) = rest.split_once(':') else {
                        break;
                    };
                    colons += 1;
                    rest = after;
                    if colons == 5 {
                        out = Text::default();
                    }
                }
                out.push(Piece::Lit(rest.to_owned()));
            }
            other => out.push(other.clone()),
        }
    }
    out
}

/// An action of `DynamoDB` that a statement allows, as written.
fn touching(actions: &Actions) -> Option<String> {
    match actions {
        Actions::Only(patterns) => patterns.iter().map(Text::shown).find(|pattern| {
            *pattern == "*" || pattern.to_ascii_lowercase().starts_with("dynamodb:")
        }),
        Actions::AllBut(_) => Some("all but some actions".to_owned()),
    }
}

/// `Principal` or `NotPrincipal`, where the statement has one.
fn principals(node: &Node) -> Option<Principals> {
    match (node.get("Principal"), node.get("NotPrincipal")) {
        (Some(listed), _) => Some(Principals::Only(patterns(listed))),
        (None, Some(listed)) => Some(Principals::AllBut(patterns(listed))),
        (None, None) => None,
    }
}

fn patterns(listed: &Node) -> Vec<PrincipalPattern> {
    let Some(map) = listed.as_map() else {
        let everyone = listed.texts().iter().any(|text| text.known() == Some("*"));
        return everyone
            .then_some(PrincipalPattern::Everyone)
            .into_iter()
            .collect();
    };
    map.fields
        .iter()
        .flat_map(|(kind, field)| {
            let texts = field.node.texts().into_iter();
            texts.map(|text| PrincipalPattern::of(kind, text))
        })
        .collect()
}

/// The conditions of a statement, and whether some could not be read.
pub(crate) fn conditions(node: &Node) -> (Vec<Condition>, bool) {
    let Some(block) = node.get("Condition") else {
        return (Vec::new(), false);
    };
    let Some(operators) = block.as_map() else {
        return (Vec::new(), true);
    };
    let mut out = Vec::new();
    let mut open = operators.open;
    for (name, field) in &operators.fields {
        let keys = field.node.as_map();
        let (Some(operator), Some(keys)) = (Operator::parse(name), keys) else {
            open = true;
            continue;
        };
        open |= keys.open;
        for (key, field) in &keys.fields {
            out.push(Condition {
                operator,
                key: key.clone(),
                values: field.node.texts(),
            });
        }
    }
    (out, open)
}
