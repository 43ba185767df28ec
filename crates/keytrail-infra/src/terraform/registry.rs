//! Modules of the registry for which there is a stand-in of our own (`modules/*.tf`): which source
//! means which, and where what they make is placed.

use std::collections::BTreeSet;
use std::sync::Arc;

use keytrail_model::FileSpan;

use super::ast::Block;
use super::hcl;
use super::names::remote_source;
use super::scope::Scope;
use super::source::{Project, Source};
use crate::value::{Field, Map, Node, Value};

/// What the directories of stand-ins begin with: no path of a tree does.
const MARK: &str = "@registry/";

/// A module of `terraform-aws-modules` with its part below `modules/`, and its stand-in.
type StandIn = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const STAND_INS: &[StandIn] = &[
    ("dynamodb-table", "", "dynamodb-table", include_str!("../../modules/dynamodb-table.tf")),
    ("iam", "iam-assumable-role", "iam-assumable-role", include_str!("../../modules/iam-assumable-role.tf")),
    ("iam", "iam-assumable-role-with-oidc", "iam-assumable-role-with-oidc", include_str!("../../modules/iam-assumable-role-with-oidc.tf")),
    ("iam", "iam-group-with-policies", "iam-group-with-policies", include_str!("../../modules/iam-group-with-policies.tf")),
    ("iam", "iam-policy", "iam-policy", include_str!("../../modules/iam-policy.tf")),
    ("iam", "iam-role", "iam-role", include_str!("../../modules/iam-role.tf")),
    ("iam", "iam-role-for-service-accounts", "iam-role-for-service-accounts", include_str!("../../modules/iam-role-for-service-accounts.tf")),
    ("iam", "iam-role-for-service-accounts-eks", "iam-role-for-service-accounts", include_str!("../../modules/iam-role-for-service-accounts.tf")),
    ("iam", "iam-user", "iam-user", include_str!("../../modules/iam-user.tf")),
    ("kms", "", "kms", include_str!("../../modules/kms.tf")),
    ("lambda", "", "lambda", include_str!("../../modules/lambda.tf")),
    ("secrets-manager", "", "secrets-manager", include_str!("../../modules/secrets-manager.tf")),
];

/// `terraform-aws-modules/kms/aws`, `git::https://github.com/terraform-aws-modules/terraform-aws-iam.git//modules/iam-user?ref=v5`.
fn find(source: &str) -> Option<&'static StandIn> {
    let (_, rest) = source.split_once("terraform-aws-modules/")?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (package, inner) = rest.split_once("//").unwrap_or((rest, ""));
    let name = package.trim_end_matches(".git");
    let name = name.strip_suffix("/aws").unwrap_or(name);
    let name = name.strip_prefix("terraform-aws-").unwrap_or(name);
    let inner = inner.trim_end_matches('/');
    let inner = inner.strip_prefix("modules/").unwrap_or(inner);
    STAND_INS.iter().find(|it| it.0 == name && it.1 == inner)
}

/// The directory of the stand-in that a module block means.
pub(super) fn dir(call: &Block) -> Option<String> {
    let found = find(remote_source(call)?)?;
    Some(format!("{MARK}{}", found.2))
}

pub(super) fn is_stand_in(path: &str) -> bool {
    path.starts_with(MARK)
}

/// The stand-ins that a project calls.
pub(super) fn sources(project: &Project) -> Vec<Source> {
    let modules = project.modules.values();
    let calls = modules.flat_map(|module| module.modules.values());
    let called: BTreeSet<String> = calls.filter_map(dir).collect();
    let of = |dir: String| {
        let (.., text) = STAND_INS.iter().find(|it| dir[MARK.len()..] == *it.2)?;
        let path: Arc<str> = Arc::from(format!("{dir}/main.tf"));
        let (body, _) = hcl::file(&path, text);
        Some(Source {
            path,
            body,
            is_variables: false,
        })
    };
    called.into_iter().filter_map(of).collect()
}

/// The block in the tree by which something of a stand-in came to be.
pub(super) fn call<'p>(scope: &Scope<'p>) -> Option<&'p Block> {
    let mut module = std::rc::Rc::clone(&scope.module);
    while is_stand_in(&module.source.dir) {
        let (outer, block) = module
            .caller
            .as_ref()
            .map(|(scope, block)| (scope.module.clone(), *block))?;
        if !is_stand_in(&outer.source.dir) {
            return Some(block);
        }
        module = outer;
    }
    None
}

/// What stands in a stand-in is placed at the block that calls it.
pub(super) fn placed(node: &Node, at: &FileSpan) -> Node {
    let span = if is_stand_in(&node.span.path) {
        at
    } else {
        &node.span
    };
    let all = |items: &[Node]| {
        items
            .iter()
            .map(|item| placed(item, at))
            .collect::<Vec<_>>()
    };
    let value = match &node.value {
        Value::List(items) => Value::List(Arc::new(all(items))),
        Value::OneOf(items) => Value::OneOf(Arc::new(all(items))),
        Value::Encoded(inner) => Value::Encoded(Arc::new(placed(inner, at))),
        Value::Map(map) => {
            let mut out = Map {
                open: map.open,
                ..Map::default()
            };
            for (name, field) in &map.fields {
                let key = if is_stand_in(&field.key.path) {
                    at.clone()
                } else {
                    field.key.clone()
                };
                let node = placed(&field.node, at);
                out.fields.insert(name.clone(), Field { key, node });
            }
            Value::Map(Arc::new(out))
        }
        other => other.clone(),
    };
    Node::new(value, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_mean_their_stand_in() {
        let name = |source: &str| find(source).map(|it| it.2);
        assert_eq!(
            name("terraform-aws-modules/dynamodb-table/aws"),
            Some("dynamodb-table")
        );
        assert_eq!(
            name("registry.terraform.io/terraform-aws-modules/kms/aws"),
            Some("kms")
        );
        assert_eq!(
            name(
                "git::https://github.com/terraform-aws-modules/terraform-aws-iam.git//modules/iam-user?ref=v5.30.0"
            ),
            Some("iam-user")
        );
        assert_eq!(
            name("terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts-eks"),
            Some("iam-role-for-service-accounts")
        );
        assert_eq!(name("terraform-aws-modules/vpc/aws"), None);
        assert_eq!(name("terraform-aws-modules/iam/aws"), None);
        assert_eq!(name("./modules/kms"), None);
    }

    #[test]
    fn every_stand_in_parses_whole() {
        for (.., name, text) in STAND_INS {
            let path: Arc<str> = Arc::from(*name);
            let (body, bad) = hcl::file(&path, text);
            assert!(bad.is_empty(), "{name}");
            assert!(body.blocks("resource").next().is_some(), "{name}");
        }
    }
}
