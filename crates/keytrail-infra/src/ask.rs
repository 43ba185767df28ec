//! One question to the access model, for a person: may this principal do this to that, and by
//! which statement?

use std::collections::BTreeSet;
use std::sync::Arc;

use keytrail_model::Step;

use crate::access::{AccessModel, Subject, TableTarget};
use crate::actions;
use crate::evaluate::{
    Alternative, Caller, Context, Deciding, Decision, Layer, Policies, Request, Resource, evaluate,
};
use crate::grants::step;
use crate::held::Holder;
use crate::text::Text;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Address, name or ARN of a principal.
    pub principal: String,
    /// `dynamodb:GetItem`.
    pub action: String,
    /// A table's name or address, with `/index/NAME` perhaps; an ARN; `*`.
    pub resource: String,
    /// Condition keys with their values; no value: the request lacks the key.
    pub context: Vec<(String, Vec<String>)>,
    /// True where the request has no other keys.
    pub complete: bool,
}

/// The word of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Outright.
    Allowed,
    /// Under conditions.
    AllowedIf,
    /// A `Deny` fits.
    Denied,
    /// Nothing allows it.
    NotAllowed,
}

/// The answer for one principal under one set of policies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reply {
    /// The principal's address.
    pub principal: Arc<str>,
    /// The word.
    pub verdict: Verdict,
    /// What decided: for each way to be allowed its statements and the conditions that are left.
    pub ways: Vec<(Vec<Step>, Vec<String>)>,
    /// The kind of policy that should have allowed it and does not.
    pub missing: Option<String>,
}

impl AccessModel {
    /// Answers a question: for every principal that is meant, once for each answer its variable
    /// files give. Empty where no such principal is known.
    pub fn ask(&self, question: &Question, tables: &[TableTarget]) -> Vec<Reply> {
        let resource = self.resource(&question.resource, tables);
        let context = context(question);
        let mut replies = BTreeSet::new();
        for subject in self
            .subjects
            .iter()
            .filter(|one| one.is_called(&question.principal))
        {
            for world in &subject.worlds {
                for held in self.held_by(&resource, world.stack) {
                    let policies = Policies {
                        identity: &world.identity,
                        boundary: world.boundary.as_deref(),
                        resource: held,
                        ..Policies::default()
                    };
                    let request = Request {
                        principal: &subject.caller,
                        action: &question.action,
                        resource: &resource.resource,
                        context: &context,
                    };
                    replies.insert(reply(&subject.address, &evaluate(&request, &policies)));
                }
            }
        }
        replies.into_iter().collect()
    }

    /// Every principal that can be asked about.
    pub fn principals(&self) -> Vec<Arc<str>> {
        self.subjects
            .iter()
            .map(|one| Arc::clone(&one.address))
            .collect()
    }

    /// The address of the principal that is called so, by address, name or ARN.
    pub fn principal(&self, text: &str) -> Option<Arc<str>> {
        let mut found = self.subjects.iter().filter(|one| one.is_called(text));
        found.next().map(|one| Arc::clone(&one.address))
    }

    fn resource(&self, text: &str, tables: &[TableTarget]) -> Meant {
        let rest = text
            .split_once(":table/")
            .filter(|_| text.starts_with("arn:"))
            .map_or(text, |(_, rest)| rest);
        let (name, end) = match rest.split_once('/') {
            Some((name, end)) => (name, format!("/{end}")),
            None => (rest, String::new()),
        };
        let found = tables
            .iter()
            .find(|table| &*table.address == name || table.names.iter().any(|other| other == name));
        let unknown;
        let table = match found {
            Some(table) => table,
            // Not in this tree, but a name all the same.
            None if !text.contains([':', '*']) => {
                unknown = TableTarget::named(name);
                &unknown
            }
            None => {
                return Meant {
                    resource: Resource::arn(text),
                    table: None,
                };
            }
        };
        // What the ARN says of region and account counts; the table's other spellings do as well.
        let literal = text.starts_with("arn:").then(|| Text::literal(text));
        let holder = if end.starts_with("/stream") {
            Holder::Stream
        } else {
            Holder::Table
        };
        Meant {
            resource: self.spelled(table, &Text::literal(end), literal),
            table: Some((Arc::clone(&table.address), holder)),
        }
    }

    fn held_by(&self, meant: &Meant, stack: usize) -> Vec<&[crate::evaluate::Policy]> {
        match &meant.table {
            Some((address, holder)) => self.held.of(address, *holder, stack),
            None => vec![&[]],
        }
    }
}

struct Meant {
    resource: Resource,
    table: Option<(Arc<str>, Holder)>,
}

impl Subject {
    fn is_called(&self, text: &str) -> bool {
        if *self.address == *text || self.caller.name.as_deref() == Some(text) {
            return true;
        }
        let Ok(asked) = Caller::parse(text) else {
            return false;
        };
        text.starts_with("arn:") && asked.kind == self.caller.kind && asked.name == self.caller.name
    }
}

fn context(question: &Question) -> Context {
    let mut context = actions::context(&question.action);
    for (key, values) in &question.context {
        context = if values.is_empty() {
            context.without(key)
        } else {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            context.with_values(key, &values)
        };
    }
    if question.complete {
        context = context.complete();
    }
    context
}

fn reply(principal: &Arc<str>, decision: &Decision<'_>) -> Reply {
    let (verdict, ways, missing) = match decision {
        Decision::Allow(by) => (Verdict::Allowed, vec![(steps(by), Vec::new())], None),
        Decision::AllowedIf(ways) => (Verdict::AllowedIf, ways.iter().map(way).collect(), None),
        Decision::ExplicitDeny(by) => (
            Verdict::Denied,
            vec![(steps(std::slice::from_ref(by)), Vec::new())],
            None,
        ),
        Decision::ImplicitDeny(layer) => (Verdict::NotAllowed, Vec::new(), Some(lacks(*layer))),
    };
    Reply {
        principal: Arc::clone(principal),
        verdict,
        ways,
        missing,
    }
}

fn lacks(layer: Layer) -> String {
    format!("no {layer} allows it")
}

fn way(way: &Alternative<'_>) -> (Vec<Step>, Vec<String>) {
    let texts = way
        .conditions
        .iter()
        .map(|condition| condition.text.clone());
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    (steps(&way.by), texts)
}

fn steps(by: &[Deciding<'_>]) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for by in by {
        let step = step(by);
        if !all.contains(&step) {
            all.push(step);
        }
    }
    all
}
