//! What is asked of the services, as they want it written. Every request may be sent twice.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::machine::Act;
use crate::path::{Item, Names};
use crate::raw::{Kind, Raw};
use crate::reference::{Reference, Target};
use crate::setting::Setting;

/// DynamoDB takes expressions of 4 KB with 300 operators.
const LONGEST_EXPRESSION: usize = 4000;
const MOST_OPERATORS: usize = 290;

fn send(call: &'static str, request: Value) -> Act {
    Act::Send { call, request }
}

/// Puts a key into the vault under a name where nothing is yet.
pub(crate) fn store(setting: &Setting, name: &str, raw: &Raw, key: &Item) -> Act {
    match setting.target {
        Target::SecretsManager | Target::Hmac => {
            let mut request = json!({"Name": name, "ClientRequestToken": setting.token(name, raw)});
            let (field, text) = raw.secret_field();
            request[field] = text.into();
            with_kms_key(setting, "KmsKeyId", &mut request);
            send("secretsmanager:CreateSecret", request)
        }
        Target::ParameterStore => parameter(setting, name, raw, false),
        Target::Kms => send(
            "kms:Encrypt",
            json!({
                "KeyId": setting.kms_key,
                "Plaintext": raw.base64(),
                "EncryptionContext": setting.context(key),
            }),
        ),
    }
}

fn with_kms_key(setting: &Setting, field: &str, request: &mut Value) {
    if let Some(key) = &setting.kms_key {
        request[field] = key.as_str().into();
    }
}

/// Parameters hold text: bytes are written as base64.
fn parameter(setting: &Setting, name: &str, raw: &Raw, overwrite: bool) -> Act {
    let mut request = json!({
        "Name": name, "Value": raw.text(), "Type": "SecureString", "Overwrite": overwrite,
    });
    with_kms_key(setting, "KeyId", &mut request);
    send("ssm:PutParameter", request)
}

/// Puts a key into the vault under a name that has something else already.
pub(crate) fn put(setting: &Setting, name: &str, raw: &Raw) -> Act {
    if setting.target == Target::ParameterStore {
        return parameter(setting, name, raw, true);
    }
    let mut request = json!({"SecretId": name, "ClientRequestToken": setting.token(name, raw)});
    let (field, text) = raw.secret_field();
    request[field] = text.into();
    send("secretsmanager:PutSecretValue", request)
}

/// What lies under the name now.
pub(crate) fn peek(name: &str) -> Act {
    send(
        "ssm:GetParameter",
        json!({"Name": name, "WithDecryption": true}),
    )
}

/// Takes a deletion back.
pub(crate) fn undelete(name: &str) -> Act {
    send("secretsmanager:RestoreSecret", json!({"SecretId": name}))
}

/// Deletes what was held, within a week.
pub(crate) fn drop_secret(name: &str) -> Act {
    send(
        "secretsmanager:DeleteSecret",
        json!({"SecretId": name, "RecoveryWindowInDays": 7}),
    )
}

/// Reads the key that a reference leads to.
pub(crate) fn fetch(setting: &Setting, reference: &Reference, key: &Item) -> Act {
    match reference.store {
        Target::SecretsManager | Target::Hmac => send(
            "secretsmanager:GetSecretValue",
            json!({"SecretId": reference.name, "VersionId": reference.version}),
        ),
        Target::ParameterStore => peek(&format!("{}:{}", reference.name, reference.version)),
        Target::Kms => send(
            "kms:Decrypt",
            json!({"CiphertextBlob": reference.blob, "EncryptionContext": setting.context(key)}),
        ),
    }
}

/// The key in an answer to [`fetch`].
pub(crate) fn fetched(store: Target, kind: Kind, answer: &Value) -> Option<Raw> {
    let text = |value: &Value, field: &str| value.get(field)?.as_str().map(str::to_owned);
    match store {
        Target::SecretsManager | Target::Hmac => {
            let field = match kind {
                Kind::Text => "SecretString",
                Kind::Binary => "SecretBinary",
            };
            Some(Raw::new(kind, &text(answer, field)?))
        }
        Target::ParameterStore => Some(Raw::new(kind, &text(answer.get("Parameter")?, "Value")?)),
        Target::Kms => Raw::of_base64(kind, &text(answer, "Plaintext")?),
    }
}

/// A consistent read of one item.
pub(crate) fn read(setting: &Setting, key: &Item) -> Act {
    send(
        "dynamodb:GetItem",
        json!({"TableName": setting.table, "Key": key, "ConsistentRead": true}),
    )
}

fn update(setting: &Setting, item: &Item, change: &str, condition: &str, names: Names) -> Act {
    let mut request = json!({
        "TableName": setting.table,
        "Key": setting.key_of(item),
        "UpdateExpression": change,
        "ConditionExpression": condition,
    });
    names.into_request(&mut request);
    send("dynamodb:UpdateItem", request)
}

/// Sets the reference and takes the raw key away, if it is still the one that was read and nobody
/// else has set a reference meanwhile.
pub(crate) fn switch(setting: &Setting, item: &Item, raw: &Raw, new: &Reference) -> Act {
    let mut names = Names::default();
    let path = setting.path.named(&mut names);
    let reference = setting.reference_path().named(&mut names);
    let old = setting.reference_path().get(item);
    let before = match old {
        Some(old) => format!("{reference} = {}", names.value(old)),
        None => format!("attribute_not_exists({reference})"),
    };
    let condition = format!("{path} = {} AND {before}", names.value(&raw.value()));
    let mut change = format!("SET {reference} = {}", names.value(&new.value()));
    if let Some(digest) = setting.digest_path() {
        let digest = digest.named(&mut names);
        let value = names.value(&json!({"S": new.digest}));
        let _ = write!(change, ", {digest} = {value}");
    }
    let _ = write!(change, " REMOVE {path}");
    update(setting, item, &change, &condition, names)
}

/// Puts the raw key back where it was and takes the reference away; where a newer raw key lies there
/// already, that stays.
pub(crate) fn restore(setting: &Setting, item: &Item, raw: Option<&Raw>) -> Act {
    let mut names = Names::default();
    let reference = setting.reference_path().named(&mut names);
    let old = setting.reference_path().get(item).cloned();
    let old = names.value(&old.unwrap_or(Value::Null));
    let mut condition = format!("{reference} = {old}");
    let mut change = String::new();
    if let Some(raw) = raw {
        let path = setting.path.named(&mut names);
        let _ = write!(condition, " AND attribute_not_exists({path})");
        let _ = write!(change, "SET {path} = {} ", names.value(&raw.value()));
    }
    let _ = write!(change, "REMOVE {reference}");
    if let Some(digest) = setting.digest_path() {
        let _ = write!(change, ", {}", digest.named(&mut names));
    }
    update(setting, item, &change, &condition, names)
}

/// The reference without the way back.
pub(crate) fn close(setting: &Setting, item: &Item, less: &Reference) -> Act {
    let mut names = Names::default();
    let reference = setting.reference_path().named(&mut names);
    let old = setting.reference_path().get(item).cloned();
    let condition = format!("{reference} = {}", names.value(&old.unwrap_or(Value::Null)));
    let change = format!("SET {reference} = {}", names.value(&less.value()));
    update(setting, item, &change, &condition, names)
}

/// An item under one primary key becomes an item under another, wholly or not at all, if both places
/// are still as they were read. `None` where the item has too many attributes to say so.
pub(crate) fn exchange(
    setting: &Setting,
    source: &Item,
    there: Option<&Item>,
    content: &Item,
) -> Option<Act> {
    let mut put = json!({"TableName": setting.table, "Item": content});
    let mut names = Names::default();
    let condition = if let Some(there) = there {
        exactly(setting, there, &mut names)?
    } else {
        let name = names.of(setting.keys.first().map_or("", String::as_str));
        format!("attribute_not_exists({name})")
    };
    put["ConditionExpression"] = condition.into();
    names.into_request(&mut put);
    let mut delete = json!({"TableName": setting.table, "Key": setting.key_of(source)});
    let mut names = Names::default();
    delete["ConditionExpression"] = exactly(setting, source, &mut names)?.into();
    names.into_request(&mut delete);
    Some(send(
        "dynamodb:TransactWriteItems",
        json!({"TransactItems": [{"Put": put}, {"Delete": delete}]}),
    ))
}

/// The item has exactly these attributes with these values, and none of the others that were ever seen
/// in this table.
fn exactly(setting: &Setting, item: &Item, names: &mut Names) -> Option<String> {
    let mut terms = Vec::new();
    for (name, value) in item {
        let name = names.of(name);
        terms.push(format!("{name} = {}", names.value(value)));
    }
    for name in setting.known_names() {
        if !item.contains_key(&name) {
            terms.push(format!("attribute_not_exists({})", names.of(&name)));
        }
    }
    let count = terms.len() * 2;
    let text = terms.join(" AND ");
    (text.len() <= LONGEST_EXPRESSION && count <= MOST_OPERATORS).then_some(text)
}
