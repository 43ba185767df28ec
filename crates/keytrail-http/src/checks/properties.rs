//! Fields: internal ones in answers, those that the schema does not have, those that a request may set.

use std::collections::BTreeSet;

use keytrail_model::{SurfaceCheck, SurfaceKind};
use serde_json::Value;

use crate::client::{Answer, Ask, Who};
use crate::discover::openapi;
use crate::json;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::Property;
/// Parts of names that only the service should know.
const INTERNAL: &[&str] = &[
    "password_hash",
    "passwordhash",
    "hashed_password",
    "password_digest",
    "otp_secret",
    "totp_secret",
    "mfa_secret",
    "reset_token",
    "internal_note",
    "internal_notes",
    "private_notes",
    "security_answer",
    "risk_score",
    "fraud_score",
    "credit_score",
    "salt",
    "_internal",
    "internal_id",
    "internal_flags",
    "cost_price",
];
/// Fields that decide rights or ownership.
const DECIDING: &[&str] = &[
    "role",
    "roles",
    "is_admin",
    "isadmin",
    "is_staff",
    "is_superuser",
    "admin",
    "permissions",
    "scopes",
    "groups",
    "owner",
    "owner_id",
    "user_id",
    "tenant_id",
    "account_id",
    "organization_id",
    "balance",
    "credit",
    "credits",
    "verified",
    "is_verified",
    "plan",
    "price",
    "api_key",
    "status_internal",
];

pub(super) fn run(scan: &mut Scan<'_>) {
    for read in scan.reads.clone() {
        scan.looked(CHECK);
        let callers = scan.ordinary();
        let answered = callers
            .into_iter()
            .find_map(|who| Some((who, scan.content(&read.target, who)?)));
        if let Some((who, answer)) = answered {
            internal(scan, &read, who, &answer);
            schema(scan, &read, who, &answer);
        }
    }
    writable(scan);
}

fn internal(scan: &mut Scan<'_>, read: &Read, who: Who, answer: &Answer) {
    let Some(value) = &answer.json else { return };
    let fields: BTreeSet<String> = json::leaves(value)
        .into_iter()
        .filter(|leaf| !leaf.value.is_null() && leaf.value.as_str() != Some(""))
        .filter(|leaf| is_internal(leaf.name()) || is_hash(leaf.name(), leaf.value))
        .map(|leaf| leaf.path)
        .collect();
    for field in fields {
        let ask = Ask::get(&read.target, who);
        let sight = Sight::new(
            CHECK,
            SurfaceKind::InternalField,
            &read.operation.route,
            &ask,
            answer,
        )
        .subject(&field)
        .seen(format!(
            "`GET {}` answers {} with `{field}`, which only the service needs.",
            read.operation.route,
            scan.name(who)
        ))
        .compared("The field's name, and that it has a value.")
        .worse(field.contains("password") || field.contains("secret") || field.contains("token"));
        scan.see(sight);
    }
}

fn is_internal(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    INTERNAL.iter().any(|word| {
        lower == *word
            || lower.starts_with("internal_")
            || (word.starts_with('_') && lower.starts_with(word))
    })
}

/// `pbkdf2_sha256$…`, `$2b$…`, `$argon2…` under a password's name.
fn is_hash(name: &str, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    name.to_ascii_lowercase().contains("password")
        && [
            "pbkdf2_", "$2a$", "$2b$", "$argon2", "bcrypt", "sha1$", "scrypt$",
        ]
        .iter()
        .any(|start| text.starts_with(start))
}

/// What the answer has and its schema has not, and the other way round.
fn schema(scan: &mut Scan<'_>, read: &Read, who: Who, answer: &Answer) {
    let (Some(spec), Some(schema), Some(value)) =
        (&scan.survey.spec, &read.operation.response, &answer.json)
    else {
        return;
    };
    let mut walk = Compare {
        root: &spec.root,
        undeclared: BTreeSet::new(),
        drifted: BTreeSet::new(),
        left: 5_000,
    };
    walk.value(value, schema, "", 0);
    let Compare {
        undeclared,
        drifted,
        ..
    } = walk;
    let ask = Ask::get(&read.target, who);
    if !undeclared.is_empty() {
        let names: Vec<String> = undeclared.into_iter().collect();
        let sight = Sight::new(
            CHECK,
            SurfaceKind::UndeclaredField,
            &read.operation.route,
            &ask,
            answer,
        )
        .subject(names.join(","))
        .seen(format!(
            "`GET {}` answers with `{}`, which its schema does not have.",
            read.operation.route,
            names.join("`, `")
        ))
        .compared(
            "The answer's fields were compared with the response's schema, references followed.",
        );
        scan.see(sight);
    }
    if !drifted.is_empty() {
        let names: Vec<String> = drifted.into_iter().collect();
        let sight = Sight::new(
            SurfaceCheck::Inventory,
            SurfaceKind::Drift,
            &read.operation.route,
            &ask,
            answer,
        )
        .subject(names.join(","))
        .seen(format!(
            "`GET {}` does not answer as its schema says: {}.",
            read.operation.route,
            names.join(", ")
        ))
        .compared("The answer's fields and their types were compared with the response's schema.");
        scan.see(sight);
    }
}

struct Compare<'v> {
    root: &'v Value,
    undeclared: BTreeSet<String>,
    drifted: BTreeSet<String>,
    left: usize,
}

impl<'v> Compare<'v> {
    fn value(&mut self, value: &Value, schema: &'v Value, path: &str, depth: usize) {
        if depth > crate::limits::DEPTH || self.left == 0 {
            return;
        }
        self.left -= 1;
        let Some(schema) = openapi::resolve(self.root, schema) else {
            return;
        };
        match value {
            Value::Object(map) => self.object(map, schema, path, depth),
            Value::Array(items) => {
                let Some(inner) = schema.get("items") else {
                    return;
                };
                for item in items.iter().take(20) {
                    self.value(item, inner, path, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn object(
        &mut self,
        map: &serde_json::Map<String, Value>,
        schema: &'v Value,
        path: &str,
        depth: usize,
    ) {
        let fields = openapi::properties(self.root, schema);
        if fields.is_empty() || openapi::is_open(self.root, schema) {
            return;
        }
        for (name, inner) in map {
            let at = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            match fields.iter().find(|(own, _)| own == name) {
                None => {
                    self.undeclared.insert(at);
                }
                Some((_, field)) => {
                    if let Some(told) = differs(inner, field) {
                        self.drifted.insert(format!("`{at}` is {told}"));
                    }
                    self.value(inner, field, &at, depth + 1);
                }
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(name) {
                self.drifted
                    .insert(format!("`{name}` is required and missing"));
            }
        }
    }
}

/// `text, not a number`, where the kinds can't both be true.
fn differs(value: &Value, schema: &Value) -> Option<String> {
    let declared = openapi::kind(schema);
    let (fits, is) = match value {
        Value::Null => return None,
        Value::Bool(_) => (declared == "boolean", "true or false"),
        Value::Number(_) => (
            matches!(declared.as_str(), "number" | "integer"),
            "a number",
        ),
        Value::String(_) => (declared == "string", "text"),
        Value::Array(_) => (declared == "array", "a list"),
        Value::Object(_) => (declared == "object", "an object"),
    };
    let known = matches!(
        declared.as_str(),
        "boolean" | "number" | "integer" | "string" | "array" | "object"
    );
    (known && !fits).then(|| format!("{is}, not {declared}"))
}

/// Bodies that take fields which decide; nothing is written to find out.
fn writable(scan: &mut Scan<'_>) {
    let writes: Vec<_> = scan
        .survey
        .operations
        .iter()
        .filter(|operation| matches!(operation.method.as_str(), "POST" | "PUT" | "PATCH"))
        .cloned()
        .collect();
    for operation in writes {
        scan.looked(CHECK);
        let fields: Vec<&str> = operation
            .body
            .iter()
            .filter(|field| {
                !field.read_only && DECIDING.contains(&field.name.to_ascii_lowercase().as_str())
            })
            .map(|field| field.name.as_str())
            .collect();
        if fields.is_empty() || operation.route.to_ascii_lowercase().contains("admin") {
            continue;
        }
        let target = crate::fill::target(&operation, &scan.produced, Who::Anonymous);
        let ask = Ask::new(crate::client::Method::Options, &target, Who::Anonymous);
        let answer = scan
            .client
            .one(ask.clone())
            .answer()
            .cloned()
            .unwrap_or_default();
        let mut sight = Sight::new(CHECK, SurfaceKind::MassAssignment, &operation.route, &ask, &answer)
            .method(&operation.method)
            .subject(fields.join(","))
            .seen(format!("The body of `{} {}` may set `{}`, which should be the service's own to decide.", operation.method, operation.route, fields.join("`, `")))
            .compared("Read from the specification; nothing was written to find out whether the service keeps it.")
            .possible();
        sight.worse = fields
            .iter()
            .any(|name| name.contains("admin") || name.contains("role") || name.contains("super"));
        scan.see(sight);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_beside_their_schema() {
        let root = json!({"components": {"schemas": {"K": {"type": "object", "required": ["id", "name"],
            "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "meta": {"type": "object"}}}}}});
        let schema = json!({"type": "object", "properties": {"results": {"type": "array", "items": {"$ref": "#/components/schemas/K"}}}});
        let mut walk = Compare {
            root: &root,
            undeclared: BTreeSet::new(),
            drifted: BTreeSet::new(),
            left: 100,
        };
        walk.value(
            &json!({"results": [{"id": "7", "secret": 1, "meta": {"free": 1}}]}),
            &schema,
            "",
            0,
        );
        assert_eq!(
            walk.undeclared.into_iter().collect::<Vec<_>>(),
            ["results.secret"]
        );
        assert_eq!(walk.drifted.len(), 2);
    }

    #[test]
    fn internal_names_are_told_from_others() {
        assert!(
            is_internal("internal_risk")
                && is_internal("password_hash")
                && is_internal("_internal_id")
        );
        assert!(!is_internal("salted_caramel") && !is_internal("international"));
    }
}
