//! Terraform's ways to attach a policy.

use keytrail_model::PrincipalKind;

use super::attach::Scene;
use crate::stack::Resource;
use crate::text::Id;
use crate::value::Node;

const WHO: &[(&str, &str, PrincipalKind)] = &[
    ("role", "roles", PrincipalKind::Role),
    ("user", "users", PrincipalKind::User),
    ("group", "groups", PrincipalKind::Group),
];

pub(super) fn attach(scene: &mut Scene<'_, '_, '_>) {
    let stack = scene.stack;
    for resource in &stack.resources {
        match resource.kind.as_str() {
            "aws_iam_role" => role(scene, resource),
            "aws_iam_user" => {
                if let Some(boundary) = resource.body.get("permissions_boundary") {
                    scene.boundary(&resource.id, boundary);
                }
            }
            "aws_iam_role_policy" | "aws_iam_user_policy" | "aws_iam_group_policy" => {
                let ids = holders(scene, resource);
                if let Some(document) = resource.body.get("policy") {
                    scene.inline(&ids, resource.address(), document);
                }
            }
            "aws_iam_role_policy_attachment"
            | "aws_iam_user_policy_attachment"
            | "aws_iam_group_policy_attachment"
            | "aws_iam_policy_attachment" => {
                let ids = holders(scene, resource);
                if let Some(arn) = resource.body.get("policy_arn") {
                    scene.by_arn(&ids, arn);
                }
            }
            "aws_iam_role_policy_attachments_exclusive" => {
                let ids = scene.holders(resource, "role_name", PrincipalKind::Role);
                if let Some(arns) = resource.body.get("policy_arns") {
                    scene.by_arn(&ids, arns);
                }
            }
            "aws_iam_group_membership" => {
                let groups = scene.holders(resource, "group", PrincipalKind::Group);
                let users = scene.holders(resource, "users", PrincipalKind::User);
                join(scene, &users, &groups);
            }
            "aws_iam_user_group_membership" => {
                let groups = scene.holders(resource, "groups", PrincipalKind::Group);
                let users = scene.holders(resource, "user", PrincipalKind::User);
                join(scene, &users, &groups);
            }
            _ => {}
        }
    }
}

fn role(scene: &mut Scene<'_, '_, '_>, resource: &Resource) {
    let ids = [resource.id.clone()];
    let body = &resource.body;
    for block in body.get("inline_policy").map_or_else(Vec::new, Node::items) {
        if let Some(document) = block.get("policy") {
            scene.inline(&ids, resource.address(), document);
        }
    }
    if let Some(arns) = body.get("managed_policy_arns") {
        scene.by_arn(&ids, arns);
    }
    if let Some(boundary) = body.get("permissions_boundary") {
        scene.boundary(&resource.id, boundary);
    }
    if let Some(document) = body.get("assume_role_policy") {
        scene.trusts(&resource.id, document);
    }
}

fn holders(scene: &mut Scene<'_, '_, '_>, resource: &Resource) -> Vec<Id> {
    let mut ids = Vec::new();
    for (one, many, kind) in WHO {
        for field in [one, many] {
            ids.extend(scene.holders(resource, field, *kind));
        }
    }
    ids
}

fn join(scene: &mut Scene<'_, '_, '_>, users: &[Id], groups: &[Id]) {
    for user in users {
        if let Some(draft) = scene.principals.drafts.get_mut(user) {
            draft.groups.extend(groups.iter().cloned());
        }
    }
}
