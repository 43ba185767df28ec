//! What runs as whom: functions, tasks, machines, services, pods.

use std::collections::BTreeMap;

use keytrail_model::{Location, PrincipalKind, Step};

use super::Principals;
use super::attach::at;
use crate::stack::{Resource, Stack};
use crate::text::{Id, Text};
use crate::value::{Node, Value};

/// A kind of resource, the field that names its role, and what it is called.
const ROLES: &[(&str, &str, &str)] = &[
    (
        "AWS::AppRunner::Service",
        "InstanceConfiguration.InstanceRoleArn",
        "App Runner service",
    ),
    (
        "AWS::AppSync::DataSource",
        "ServiceRoleArn",
        "AppSync data source",
    ),
    (
        "AWS::Backup::BackupSelection",
        "BackupSelection.IamRoleArn",
        "AWS Backup selection",
    ),
    (
        "AWS::Batch::JobDefinition",
        "ContainerProperties.JobRoleArn",
        "Batch job",
    ),
    (
        "AWS::CodeBuild::Project",
        "ServiceRole",
        "CodeBuild project",
    ),
    ("AWS::DAX::Cluster", "IAMRoleARN", "DAX cluster"),
    (
        "AWS::ECS::TaskDefinition",
        "TaskRoleArn",
        "ECS task definition",
    ),
    ("AWS::EKS::PodIdentityAssociation", "RoleArn", "EKS pods"),
    ("AWS::Glue::Job", "Role", "Glue job"),
    ("AWS::Lambda::Function", "Role", FUNCTION),
    ("AWS::Pipes::Pipe", "RoleArn", "EventBridge pipe"),
    ("AWS::Serverless::Function", "Role", FUNCTION),
    ("AWS::Serverless::StateMachine", "Role", "state machine"),
    (
        "AWS::StepFunctions::StateMachine",
        "RoleArn",
        "state machine",
    ),
    (
        "aws_apprunner_service",
        "instance_configuration.instance_role_arn",
        "App Runner service",
    ),
    (
        "aws_appsync_datasource",
        "service_role_arn",
        "AppSync data source",
    ),
    (
        "aws_backup_selection",
        "iam_role_arn",
        "AWS Backup selection",
    ),
    ("aws_codebuild_project", "service_role", "CodeBuild project"),
    ("aws_dax_cluster", "iam_role_arn", "DAX cluster"),
    (
        "aws_ecs_task_definition",
        "task_role_arn",
        "ECS task definition",
    ),
    ("aws_eks_pod_identity_association", "role_arn", "EKS pods"),
    ("aws_glue_job", "role_arn", "Glue job"),
    ("aws_lambda_function", "role", FUNCTION),
    ("aws_pipes_pipe", "role_arn", "EventBridge pipe"),
    ("aws_sfn_state_machine", "role_arn", "state machine"),
];

/// A kind of resource, the field that names its instance profile, and what it is called.
const PROFILES: &[(&str, &str, &str)] = &[
    (
        "AWS::AutoScaling::LaunchConfiguration",
        "IamInstanceProfile",
        "launch configuration",
    ),
    ("AWS::EC2::Instance", "IamInstanceProfile", "EC2 instance"),
    (
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.IamInstanceProfile.Arn",
        "launch template",
    ),
    (
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.IamInstanceProfile.Name",
        "launch template",
    ),
    ("aws_instance", "iam_instance_profile", "EC2 instance"),
    (
        "aws_launch_configuration",
        "iam_instance_profile",
        "launch configuration",
    ),
    (
        "aws_launch_template",
        "iam_instance_profile.arn",
        "launch template",
    ),
    (
        "aws_launch_template",
        "iam_instance_profile.name",
        "launch template",
    ),
];

pub(super) fn attach(stacks: &[Stack], all: &mut Principals) {
    let profiles = profiles(stacks, all);
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        for (_, field, word) in ROLES.iter().filter(|(kind, _, _)| *kind == resource.kind) {
            if let Some(node) = resource.body.path(field) {
                let ids = roles(all, node);
                run(all, &ids, &label(word, resource), &resource.location());
                if *word == FUNCTION {
                    function(all, &ids, resource);
                }
            }
        }
        for (_, field, word) in PROFILES
            .iter()
            .filter(|(kind, _, _)| *kind == resource.kind)
        {
            if let Some(node) = resource.body.path(field) {
                let ids = behind(&profiles, node);
                run(all, &ids, &label(word, resource), &resource.location());
            }
        }
        others(resource, &profiles, all);
    }
}

fn label(word: &str, resource: &Resource) -> String {
    format!("{word} {}", resource.label())
}

fn run(all: &mut Principals, ids: &[Id], label: &str, location: &Location) {
    for id in ids {
        if let Some(draft) = all.drafts.get_mut(id) {
            draft.runs.insert(Step::new(label, location.clone()));
        }
    }
}

const FUNCTION: &str = "Lambda function";

/// Whoever changes the code of a function acts as its role.
fn function(all: &mut Principals, ids: &[Id], resource: &Resource) {
    let fields = ["function_name", "FunctionName"];
    let names = fields.iter().find_map(|field| resource.body.get(field));
    let names = names.map_or_else(Vec::new, Node::texts);
    for id in ids {
        if let Some(draft) = all.drafts.get_mut(id) {
            draft
                .functions
                .insert(Id::clone(&resource.id), names.clone());
        }
    }
}

fn roles(all: &Principals, node: &Node) -> Vec<Id> {
    let texts = node.texts();
    let found = texts
        .iter()
        .flat_map(|text| all.lookup(text, PrincipalKind::Role));
    found.collect()
}

/// The roles behind each instance profile, by identity and by name.
fn profiles(stacks: &[Stack], all: &Principals) -> BTreeMap<String, Vec<Id>> {
    let mut out: BTreeMap<String, Vec<Id>> = BTreeMap::new();
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        let (role, name) = match resource.kind.as_str() {
            "aws_iam_instance_profile" => ("role", "name"),
            "AWS::IAM::InstanceProfile" => ("Roles", "InstanceProfileName"),
            _ => continue,
        };
        let ids = resource
            .body
            .get(role)
            .map_or_else(Vec::new, |node| roles(all, node));
        let names = resource.body.get(name).map_or_else(Vec::new, Node::texts);
        let known = names.iter().filter_map(Text::known).map(str::to_owned);
        for key in known.chain([resource.id.to_string()]) {
            out.entry(key).or_default().extend(ids.iter().cloned());
        }
    }
    out
}

fn behind(profiles: &BTreeMap<String, Vec<Id>>, node: &Node) -> Vec<Id> {
    node.texts()
        .iter()
        .flat_map(|text| {
            let key = if let Some((id, _)) = text.as_reference() {
                id.to_string()
            } else {
                let pattern = text.pattern();
                pattern.rsplit('/').next().unwrap_or_default().to_owned()
            };
            profiles.get(&key).cloned().unwrap_or_default()
        })
        .collect()
}

/// What does not fit the tables: implicit roles, settings in lists, annotations.
fn others(resource: &Resource, profiles: &BTreeMap<String, Vec<Id>>, all: &mut Principals) {
    match resource.kind.as_str() {
        "AWS::Serverless::Function" => {
            if let Some(role) = super::sam::implicit_role(resource) {
                function(all, std::slice::from_ref(&role), resource);
                run(
                    all,
                    &[role],
                    &label("Lambda function", resource),
                    &resource.location(),
                );
            }
        }
        "aws_elastic_beanstalk_environment"
        | "aws_elastic_beanstalk_configuration_template"
        | "AWS::ElasticBeanstalk::Environment"
        | "AWS::ElasticBeanstalk::ConfigurationTemplate" => {
            for (name, value) in
                beanstalk_settings(&resource.body, "aws:autoscaling:launchconfiguration")
            {
                if name == "IamInstanceProfile" {
                    let ids = behind(profiles, value);
                    run(
                        all,
                        &ids,
                        &label("Elastic Beanstalk environment", resource),
                        &at(resource, value),
                    );
                }
            }
        }
        "aws_batch_job_definition" => {
            let container = resource.body.get("container_properties");
            if let Some(node) = container
                .and_then(decoded)
                .as_ref()
                .and_then(|node| node.get("jobRoleArn"))
            {
                let ids = roles(all, node);
                run(
                    all,
                    &ids,
                    &label("Batch job", resource),
                    &resource.location(),
                );
            }
        }
        kind if kind.starts_with("kubernetes_service_account") => {
            let annotations = resource.body.path("metadata.annotations");
            if let Some(node) = annotations.and_then(|node| node.get("eks.amazonaws.com/role-arn"))
            {
                let ids = roles(all, node);
                run(
                    all,
                    &ids,
                    &label("EKS service account", resource),
                    &at(resource, node),
                );
            }
        }
        _ => {}
    }
}

/// The settings of one namespace of an Elastic Beanstalk environment.
pub(crate) fn beanstalk_settings<'b>(body: &'b Node, namespace: &str) -> Vec<(String, &'b Node)> {
    let listed = ["setting", "OptionSettings"]
        .iter()
        .find_map(|field| body.get(field))
        .map_or_else(Vec::new, Node::items);
    let field =
        |node: &'b Node, lower: &str, upper: &str| node.get(lower).or_else(|| node.get(upper));
    listed
        .into_iter()
        .filter(|node| {
            field(node, "namespace", "Namespace").and_then(Node::as_str) == Some(namespace)
        })
        .filter_map(|node| {
            let name = field(node, "name", "OptionName")?.as_str()?.to_owned();
            Some((name, field(node, "value", "Value")?))
        })
        .collect()
}

/// JSON text as the value it holds.
pub(crate) fn decoded(node: &Node) -> Option<Node> {
    match &node.value {
        Value::Text(text) => crate::json::text(text, &node.span),
        Value::Encoded(inner) => Some((**inner).clone()),
        _ => Some(node.clone()),
    }
}

/// Service accounts of Kubernetes manifests that stand for a role: role name and place.
pub(crate) fn workloads(all: &mut Principals, annotations: &[(String, Location)]) {
    for (arn, location) in annotations {
        let ids = all.lookup(&Text::literal(arn.clone()), PrincipalKind::Role);
        run(all, &ids, "EKS service account", location);
    }
}
