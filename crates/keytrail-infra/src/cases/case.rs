//! A case: a request, and all policies that bear on it.

use serde_json::{Map, Value};

use super::CaseError;
use super::document::{self, Kind, scalars};
use crate::evaluate::{
    Caller, Context, Decision, Policies, Policy, Request, Resource, evaluate, is_account,
};

/// Read and checked.
#[derive(Debug)]
pub(super) struct Case {
    principal: Caller,
    action: String,
    resource: Resource,
    context: Context,
    identity: Vec<Policy>,
    boundary: Option<Vec<Policy>>,
    session: Option<Vec<Policy>>,
    held: Vec<Policy>,
    service_control: Vec<Vec<Policy>>,
    resource_control: Vec<Vec<Policy>>,
}

impl Case {
    pub(super) fn read(case: &Map<String, Value>) -> Result<Self, CaseError> {
        let request = given(case, "request").ok_or(CaseError::Missing("request"))?;
        let request = request
            .as_object()
            .ok_or_else(|| CaseError::Type("request".to_owned(), "an object"))?;
        let account = account(request, "principal_account")?;
        let mut principal = Caller::parse(&principal(request)?)?;
        if account.is_some() {
            principal = principal.in_account(account);
        }
        let resource = text(request, "request.resource", "resource")?.unwrap_or("*");
        let resource =
            Resource::arn(resource).in_account(self::account(request, "resource_account")?);
        let action = text(request, "request.action", "action")?;
        Ok(Self {
            action: action
                .ok_or(CaseError::Missing("request.action"))?
                .to_owned(),
            context: context(request.get("context"))?,
            identity: policies(case, "identity_policies", Kind::Attached)?.unwrap_or_default(),
            boundary: limits(case, "boundaries")?,
            session: limits(case, "session_policy")?,
            held: policies(case, "resource_policy", Kind::Held)?.unwrap_or_default(),
            service_control: levels(case, "service_control_policies", Kind::Attached)?,
            resource_control: levels(case, "resource_control_policies", Kind::Control)?,
            principal,
            resource,
        }
        .free(self::account(case, "management_account")?))
    }

    /// The organisation's policies bind nobody and nothing in its management account.
    fn free(mut self, management: Option<&str>) -> Self {
        if management.is_some() && self.principal.account.as_deref() == management {
            self.service_control.clear();
        }
        if management.is_some() && self.resource.account() == management {
            self.resource_control.clear();
        }
        self
    }

    pub(super) fn decide(&self) -> Decision<'_> {
        let request = Request {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            context: &self.context,
        };
        let policies = Policies {
            identity: &self.identity,
            boundary: self.boundary.as_deref(),
            session: self.session.as_deref(),
            resource: &self.held,
            service_control: &self.service_control,
            resource_control: &self.resource_control,
        };
        evaluate(&request, &policies)
    }
}

/// A field; `null` is none.
fn given<'v>(map: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    map.get(name).filter(|value| !value.is_null())
}

fn text<'v>(
    map: &'v Map<String, Value>,
    place: &str,
    name: &str,
) -> Result<Option<&'v str>, CaseError> {
    let Some(value) = given(map, name) else {
        return Ok(None);
    };
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(Some)
        .ok_or_else(|| CaseError::Type(place.to_owned(), "text"))
}

/// A principal as text, or as policies write it: `{"AWS": "arn:…"}`. A number is an account.
fn principal(request: &Map<String, Value>) -> Result<String, CaseError> {
    let value = given(request, "principal").ok_or(CaseError::Missing("request.principal"))?;
    let value = match value {
        Value::Object(kinds) if kinds.len() == 1 => kinds.values().next().unwrap_or(value),
        other => other,
    };
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(format!("{number:0>12}")),
        _ => Err(CaseError::Type("request.principal".to_owned(), "text")),
    }
}

fn account<'v>(map: &'v Map<String, Value>, name: &str) -> Result<Option<&'v str>, CaseError> {
    match given(map, name) {
        None => Ok(None),
        Some(Value::String(account)) if is_account(account) => Ok(Some(account)),
        Some(_) => Err(CaseError::Type(name.to_owned(), "twelve digits as text")),
    }
}

/// What is not given is absent; `null` says that it is not known; `"*": null` says so of all others.
fn context(value: Option<&Value>) -> Result<Context, CaseError> {
    let keys = match value {
        None | Some(Value::Null) => return Ok(Context::new().complete()),
        Some(Value::Object(keys)) => keys,
        Some(_) => return Err(CaseError::Type("request.context".to_owned(), "an object")),
    };
    let mut context = Context::new();
    let mut complete = true;
    for (key, value) in keys {
        if value.is_null() {
            complete &= key != "*";
            context = context.with_unknown(key);
            continue;
        }
        let values = scalars(value).ok_or_else(|| {
            CaseError::Type(
                "request.context".to_owned(),
                "texts or lists of texts by key",
            )
        })?;
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        context = context.with_values(key, &values);
    }
    Ok(if complete {
        context.complete()
    } else {
        context
    })
}

/// A list of documents; a single one will do.
fn policies(
    case: &Map<String, Value>,
    name: &str,
    kind: Kind,
) -> Result<Option<Vec<Policy>>, CaseError> {
    given(case, name)
        .map(|value| documents(name, value, kind))
        .transpose()
}

/// A layer that limits only where it is: a list without a document is none.
fn limits(case: &Map<String, Value>, name: &str) -> Result<Option<Vec<Policy>>, CaseError> {
    let found = policies(case, name, Kind::Attached)?;
    Ok(found.filter(|documents| !documents.is_empty()))
}

fn documents(place: &str, value: &Value, kind: Kind) -> Result<Vec<Policy>, CaseError> {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter(|(_, item)| !item.is_null())
            .map(|(number, item)| document::policy(&format!("{place}[{number}]"), item, kind))
            .collect(),
        one => Ok(vec![document::policy(place, one, kind)?]),
    }
}

/// A list of documents for each level; documents without a list round them are one level.
fn levels(
    case: &Map<String, Value>,
    name: &str,
    kind: Kind,
) -> Result<Vec<Vec<Policy>>, CaseError> {
    match given(case, name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) if items.iter().all(Value::is_array) => items
            .iter()
            .enumerate()
            .map(|(level, item)| documents(&format!("{name}[{level}]"), item, kind))
            .collect(),
        Some(Value::Array(items)) if items.iter().any(Value::is_array) => {
            let expected = "lists of documents, one a level";
            Err(CaseError::Type(name.to_owned(), expected))
        }
        Some(flat) => Ok(vec![documents(name, flat, kind)?]),
    }
}
