//! CloudFormation's ways to attach a policy.

use keytrail_model::PrincipalKind;

use super::attach::Scene;
use crate::stack::Resource;
use crate::text::Id;
use crate::value::Node;

const WHO: &[(&str, PrincipalKind)] = &[
    ("Roles", PrincipalKind::Role),
    ("RoleName", PrincipalKind::Role),
    ("Users", PrincipalKind::User),
    ("UserName", PrincipalKind::User),
    ("Groups", PrincipalKind::Group),
    ("GroupName", PrincipalKind::Group),
];

pub(super) fn attach(scene: &mut Scene<'_, '_, '_>) {
    let stack = scene.stack;
    for resource in &stack.resources {
        match resource.kind.as_str() {
            "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => own(scene, resource),
            "AWS::IAM::Policy"
            | "AWS::IAM::RolePolicy"
            | "AWS::IAM::UserPolicy"
            | "AWS::IAM::GroupPolicy"
            | "AWS::IAM::ManagedPolicy" => {
                let ids = holders(scene, resource);
                if let Some(document) = resource.body.get("PolicyDocument") {
                    scene.inline(&ids, resource.address(), document);
                }
            }
            "AWS::IAM::UserToGroupAddition" => {
                let groups = scene.holders(resource, "GroupName", PrincipalKind::Group);
                for user in scene.holders(resource, "Users", PrincipalKind::User) {
                    member(scene, &user, &groups);
                }
            }
            _ => {}
        }
    }
}

fn own(scene: &mut Scene<'_, '_, '_>, resource: &Resource) {
    let ids = [resource.id.clone()];
    let body = &resource.body;
    for policy in body.get("Policies").map_or_else(Vec::new, Node::items) {
        if let Some(document) = policy.get("PolicyDocument") {
            scene.inline(&ids, resource.address(), document);
        }
    }
    if let Some(arns) = body.get("ManagedPolicyArns") {
        scene.by_arn(&ids, arns);
    }
    if let Some(boundary) = body.get("PermissionsBoundary") {
        scene.boundary(&resource.id, boundary);
    }
    if let Some(document) = body.get("AssumeRolePolicyDocument") {
        scene.trusts(&resource.id, document);
    }
    if resource.kind == "AWS::IAM::User" {
        let groups = scene.holders(resource, "Groups", PrincipalKind::Group);
        member(scene, &resource.id, &groups);
    }
}

fn holders(scene: &mut Scene<'_, '_, '_>, resource: &Resource) -> Vec<Id> {
    let mut ids = Vec::new();
    for (field, kind) in WHO {
        ids.extend(scene.holders(resource, field, *kind));
    }
    ids
}

fn member(scene: &mut Scene<'_, '_, '_>, user: &Id, groups: &[Id]) {
    if let Some(draft) = scene.principals.drafts.get_mut(user) {
        draft.groups.extend(groups.iter().cloned());
    }
}
