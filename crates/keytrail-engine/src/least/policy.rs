//! Needs into statements.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_graph::{Joined, TableId};
use keytrail_model::{Encryption, Fact, SettingValue, Sink, Source, Table, TableSource, Tree};
use keytrail_report::{LeastPolicy, LeastResource, LeastStatement};

use super::difference::difference;
use super::needs::{Limits, Need, needs};
use crate::run::Reading;
use crate::{EngineError, Options, Watch, rules};

type Conditions = Vec<(String, String, Vec<String>)>;

/// The least policy for the code in the tree. `tag`: the principal tag that carries the partition of
/// whoever is signed in, where sessions have one; then calls on the caller's own partition are held
/// to it.
pub fn policy(
    options: &Options,
    tag: Option<&str>,
    watch: &Watch,
) -> Result<LeastPolicy, EngineError> {
    let read = Reading::of(options, &rules(), watch)?;
    Ok(of(&read, tag))
}

/// The least policy for what was read.
pub(crate) fn of(read: &Reading, tag: Option<&str>) -> LeastPolicy {
    let joined = Joined::new(&read.evidence.facts);
    let mut notes = BTreeSet::new();
    let needs = needs(&joined, &*read.tree, &mut notes);
    let mut statements = tables(&joined, &needs, tag, &mut notes);
    statements.extend(keys(&joined, &needs));
    statements.extend(vaults(&read.evidence.facts));
    statements.extend(sealing(&*read.tree));
    statements.extend(buckets(&read.evidence.facts, &mut notes));
    let difference = difference(&read.evidence, &joined, &needs);
    LeastPolicy {
        statements: named(statements),
        notes: notes.into_iter().collect(),
        difference,
    }
}

/// Statements on tables: those with the same limits on the same resources are one.
fn tables(
    joined: &Joined<'_>,
    needs: &BTreeMap<Need, Limits>,
    tag: Option<&str>,
    notes: &mut BTreeSet<String>,
) -> Vec<LeastStatement> {
    let mut groups: BTreeMap<(String, Vec<LeastResource>, Conditions), BTreeSet<String>> =
        BTreeMap::new();
    for (need, limits) in needs {
        let resources = resources(joined, need, limits);
        if resources.iter().any(|one| one.name.contains('*')) {
            notes.insert(format!(
                "{} calls {} on a table whose name is known in part: its pattern takes in others",
                limits.place, need.action
            ));
        }
        let conditions = conditions(limits, tag);
        if limits.owned && tag.is_none() {
            notes.insert(format!(
                "{} uses only the caller's own partition: with --caller-tag TAG the policy holds it to that",
                limits.place
            ));
        }
        let name = joined.tables.node(need.table).name.to_string();
        let actions = groups.entry((name, resources, conditions)).or_default();
        actions.insert(need.action.to_owned());
    }
    // What differs in nothing but the resource is one statement.
    let mut merged: BTreeMap<(String, Conditions, BTreeSet<String>), BTreeSet<LeastResource>> =
        BTreeMap::new();
    for ((name, resources, conditions), actions) in groups {
        let all = merged.entry((name, conditions, actions)).or_default();
        all.extend(resources);
    }
    let statements = merged
        .into_iter()
        .map(|((name, conditions, actions), resources)| LeastStatement {
            sid: name,
            actions: actions.into_iter().collect(),
            resources: resources.into_iter().collect(),
            conditions,
        });
    statements.collect()
}

fn resources(joined: &Joined<'_>, need: &Need, limits: &Limits) -> Vec<LeastResource> {
    let node = joined.tables.node(need.table);
    let end = need
        .index
        .as_ref()
        .map_or_else(String::new, |index| format!("/index/{index}"));
    let mut names = limits.names.clone();
    if names.is_empty() {
        names.insert(node.name.to_string());
    }
    let template = template(joined, need.table).filter(|_| names.len() == 1);
    let resource = |name: &String| LeastResource {
        service: "dynamodb".to_owned(),
        name: format!("table/{name}{end}"),
        template: template.map(|table| (table.address.to_string(), end.clone())),
    };
    names.iter().map(resource).collect()
}

/// The one template resource that a table is, where there is one and no module round it.
fn template<'f>(joined: &Joined<'f>, table: TableId) -> Option<&'f Table> {
    let mut declared = joined.tables.node(table).in_templates();
    let first = declared.next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let usable = first.source != TableSource::Code
        && !first.address.starts_with("module.")
        && first.address.chars().all(plain);
    (usable && declared.next().is_none()).then_some(first)
}

fn conditions(limits: &Limits, tag: Option<&str>) -> Conditions {
    let mut all = Vec::new();
    let mut add = |operator: &str, key: &str, values: Vec<String>| {
        all.push((operator.to_owned(), key.to_owned(), values));
    };
    if let Some(attributes) = &limits.attributes {
        let listed = attributes.iter().cloned().collect();
        add("ForAllValues:StringEquals", "dynamodb:Attributes", listed);
        let select = vec!["SPECIFIC_ATTRIBUTES".to_owned()];
        add("StringEquals", "dynamodb:Select", select);
    }
    if let Some(tag) = tag.filter(|_| limits.owned) {
        let own = vec![format!("${{aws:PrincipalTag/{tag}}}")];
        // `ForAllValues` alone lets through a request without any key.
        add("ForAllValues:StringEquals", "dynamodb:LeadingKeys", own);
        add("Null", "dynamodb:LeadingKeys", vec!["false".to_owned()]);
    }
    all
}

/// Tables under a key of the customer's own: DynamoDB decrypts in the caller's name, for that table.
fn keys(joined: &Joined<'_>, needs: &BTreeMap<Need, Limits>) -> Vec<LeastStatement> {
    let tables: BTreeSet<TableId> = needs.keys().map(|need| need.table).collect();
    // Tables whose key no other template can name share one statement.
    let mut keyed: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    for id in tables {
        let node = joined.tables.node(id);
        if let Some(table) = node.main()
            && let Encryption::CustomerManaged(key) = &table.encryption
        {
            let template = key
                .strip_suffix(".arn")
                .filter(|address| address.contains('.') && !address.starts_with("module."));
            keyed
                .entry(template)
                .or_default()
                .push(node.name.to_string());
        }
    }
    let own = keyed.into_iter().map(|(template, names)| LeastStatement {
        sid: match names.as_slice() {
            [only] => format!("{only}Key"),
            _ => "TableKeys".to_owned(),
        },
        actions: vec!["kms:Decrypt".to_owned()],
        resources: vec![LeastResource {
            service: "kms".to_owned(),
            name: "key/*".to_owned(),
            template: template.map(|address| (address.to_owned(), String::new())),
        }],
        conditions: vec![
            (
                "StringEquals".to_owned(),
                "kms:EncryptionContext:aws:dynamodb:tableName".to_owned(),
                names,
            ),
            (
                "StringLike".to_owned(),
                "kms:ViaService".to_owned(),
                vec!["dynamodb.*.amazonaws.com".to_owned()],
            ),
        ],
    });
    own.collect()
}

/// Secrets that the code fetches by a known name.
fn vaults(facts: &[Fact]) -> Vec<LeastStatement> {
    let service = |name: &str| {
        facts
            .iter()
            .any(|fact| matches!(fact, Fact::AwsClient(client) if client.service == name))
    };
    let names: BTreeSet<&str> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Flow(flow) => match &flow.source {
                Source::Vault(name) if !name.is_empty() => Some(name.as_str()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let statement = |service: &str, action: &str, kind: &str, end: &str| LeastStatement {
        sid: format!("{service}Vault"),
        actions: vec![action.to_owned()],
        resources: names
            .iter()
            .map(|name| LeastResource {
                service: service.to_owned(),
                name: format!("{kind}{}{end}", name.trim_start_matches('/')),
                template: None,
            })
            .collect(),
        conditions: Vec::new(),
    };
    let kinds = [
        (
            "secretsmanager",
            "secretsmanager:GetSecretValue",
            "secret:",
            "-??????",
        ),
        ("ssm", "ssm:GetParameter", "parameter/", ""),
    ];
    kinds
        .into_iter()
        .filter(|(name, ..)| !names.is_empty() && service(name))
        .map(|(name, action, kind, end)| statement(name, action, kind, end))
        .collect()
}

/// What the module needs that `keytrail fix` adds to seal keys.
fn sealing(tree: &dyn Tree) -> Vec<LeastStatement> {
    let seals = |path: &str| path == "key_vault.py" || path.ends_with("/key_vault.py");
    if !tree.entries().iter().any(|entry| seals(&entry.path)) {
        return Vec::new();
    }
    let statement = |sid: &str, actions: &[&str], service: &str, name: &str| LeastStatement {
        sid: sid.to_owned(),
        actions: actions.iter().map(|&action| action.to_owned()).collect(),
        resources: vec![LeastResource {
            service: service.to_owned(),
            name: name.to_owned(),
            template: None,
        }],
        conditions: Vec::new(),
    };
    let mut seal = statement("KeyVault", &["kms:Decrypt", "kms:Encrypt"], "kms", "key/*");
    // A policy names keys by id, which the code does not know.
    seal.conditions.push((
        "ForAnyValue:StringEquals".to_owned(),
        "kms:ResourceAliases".to_owned(),
        vec!["alias/key-vault".to_owned()],
    ));
    let read = ["secretsmanager:GetSecretValue"];
    let pepper = "secret:key-vault/pepper-??????";
    vec![
        seal,
        statement("KeyVaultPepper", &read, "secretsmanager", pepper),
    ]
}

/// Buckets that the code writes to: the settings that name one.
fn buckets(facts: &[Fact], notes: &mut BTreeSet<String>) -> Vec<LeastStatement> {
    let writes = facts.iter().any(
        |fact| matches!(fact, Fact::Flow(flow) if matches!(&flow.sink, Sink::ThirdParty(who) if who == "S3")),
    );
    if !writes {
        return Vec::new();
    }
    let names: BTreeSet<String> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Setting(setting) if setting.name.contains("BUCKET") => text(&setting.value),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        notes.insert("the code writes to a bucket of S3 of which no name is known".to_owned());
        return Vec::new();
    }
    let resources = names.into_iter().map(|name| LeastResource {
        service: "s3".to_owned(),
        name: format!("{name}/*"),
        template: None,
    });
    vec![LeastStatement {
        sid: "Buckets".to_owned(),
        actions: vec!["s3:PutObject".to_owned()],
        resources: resources.collect(),
        conditions: Vec::new(),
    }]
}

fn text(value: &SettingValue) -> Option<String> {
    match value {
        SettingValue::Text(text) => Some(text.clone()),
        SettingValue::FromEnvironment {
            default: Some(default),
            ..
        } => text(default),
        _ => None,
    }
}

/// Sids of letters and digits, each once.
fn named(mut statements: Vec<LeastStatement>) -> Vec<LeastStatement> {
    let mut taken = BTreeSet::new();
    for statement in &mut statements {
        let mut base = String::new();
        for word in statement.sid.split(|c: char| !c.is_ascii_alphanumeric()) {
            let (first, rest) = word.split_at(word.len().min(1));
            base.push_str(&first.to_ascii_uppercase());
            base.push_str(rest);
        }
        let mut sid = base.clone();
        let mut number = 2;
        while !taken.insert(sid.clone()) {
            sid = format!("{base}{number}");
            number += 1;
        }
        statement.sid = sid;
    }
    statements
}
