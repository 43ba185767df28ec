//! Environment variables that carry a table's name.

use std::borrow::Cow;

use keytrail_model::EnvBinding;

use crate::addresses::Addresses;
use crate::principals::{beanstalk_settings, decoded};
use crate::stack::{Index, Resource, Stack};
use crate::text::{Id, RefKind, Text};
use crate::value::Node;

/// All bindings of all stacks.
pub(crate) fn build(stacks: &[Stack], tables: &Index, addresses: &Addresses) -> Vec<EnvBinding> {
    let mut out = Vec::new();
    for stack in stacks {
        for resource in &stack.resources {
            for variable in variables(stack, resource) {
                let ids = variable
                    .value
                    .texts()
                    .into_iter()
                    .flat_map(|text| carried(&text, tables));
                for id in ids.collect::<Vec<_>>() {
                    out.push(EnvBinding {
                        variable: variable.name.clone(),
                        table: addresses.public(&id),
                        location: resource.at(&variable.value.span),
                    });
                }
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

/// The tables whose name or ARN a value is.
fn carried(text: &Text, tables: &Index) -> Vec<Id> {
    let whole = match text.as_reference() {
        Some((_, RefKind::Other(_))) => return Vec::new(),
        Some(_) => true,
        None => text
            .known()
            .is_some_and(|known| !known.contains('/') || known.starts_with("arn:")),
    };
    let named = text
        .pieces()
        .iter()
        .any(|piece| matches!(piece, crate::text::Piece::Hole(Some(_))));
    if !whole && !named {
        return Vec::new();
    }
    tables
        .find(text, "table/")
        .into_iter()
        .map(|entry| entry.id.clone())
        .collect()
}

struct Variable<'n> {
    name: String,
    value: Cow<'n, Node>,
}

fn variables<'n>(stack: &'n Stack, resource: &'n Resource) -> Vec<Variable<'n>> {
    let body = &resource.body;
    let of_map = |node: Option<&'n Node>| -> Vec<Variable<'n>> {
        node.and_then(Node::as_map)
            .into_iter()
            .flat_map(|map| &map.fields)
            .map(|(name, field)| Variable {
                name: name.clone(),
                value: Cow::Borrowed(&field.node),
            })
            .collect()
    };
    match resource.kind.as_str() {
        "aws_lambda_function" => of_map(body.path("environment.variables")),
        "AWS::Lambda::Function" => of_map(body.path("Environment.Variables")),
        "AWS::Serverless::Function" => {
            let globals = stack.globals.as_ref();
            let mut all = of_map(globals.and_then(|globals| globals.path("Environment.Variables")));
            all.extend(of_map(body.path("Environment.Variables")));
            all
        }
        "aws_ecs_task_definition" => containers(body.get("container_definitions")),
        "AWS::ECS::TaskDefinition" => containers(body.get("ContainerDefinitions")),
        "aws_batch_job_definition" => containers(body.get("container_properties")),
        "aws_apprunner_service" => of_map(body.path(
            "source_configuration.image_repository.image_configuration.runtime_environment_variables",
        )),
        "AWS::AppRunner::Service" => pairs(body.path(
            "SourceConfiguration.ImageRepository.ImageConfiguration.RuntimeEnvironmentVariables",
        )),
        "aws_codebuild_project" => pairs(body.path("environment.environment_variable")),
        "AWS::CodeBuild::Project" => pairs(body.path("Environment.EnvironmentVariables")),
        "aws_elastic_beanstalk_environment"
        | "aws_elastic_beanstalk_configuration_template"
        | "AWS::ElasticBeanstalk::Environment"
        | "AWS::ElasticBeanstalk::ConfigurationTemplate" => {
            let settings = beanstalk_settings(body, "aws:elasticbeanstalk:application:environment");
            let own = settings.into_iter().map(|(name, value)| Variable {
                name,
                value: Cow::Borrowed(value),
            });
            own.collect()
        }
        _ => Vec::new(),
    }
}

/// The variables of all containers of a task.
fn containers(node: Option<&Node>) -> Vec<Variable<'_>> {
    let mut out = Vec::new();
    for alternative in node.map_or(&[][..], Node::alternatives) {
        let Some(list) = decoded(alternative) else {
            continue;
        };
        for container in list.items() {
            let environment = container
                .get("environment")
                .or_else(|| container.get("Environment"));
            for (name, value) in named(environment) {
                out.push(Variable {
                    name,
                    value: Cow::Owned(value.clone()),
                });
            }
        }
    }
    out
}

fn pairs(node: Option<&Node>) -> Vec<Variable<'_>> {
    let own = named(node).into_iter().map(|(name, value)| Variable {
        name,
        value: Cow::Borrowed(value),
    });
    own.collect()
}

/// A list of names and values.
fn named(node: Option<&Node>) -> Vec<(String, &Node)> {
    let items = node.map_or_else(Vec::new, Node::items);
    items
        .into_iter()
        .filter_map(|item| {
            let name = item.get("name").or_else(|| item.get("Name"))?;
            let value = item.get("value").or_else(|| item.get("Value"))?;
            Some((name.as_str()?.to_owned(), value))
        })
        .collect()
}
