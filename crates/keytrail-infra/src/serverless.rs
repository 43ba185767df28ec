//! `serverless.yml`: variables resolved, functions and roles spelled out as the resources they
//! become, so that everything after sees a template of `CloudFormation`.

mod expand;
mod variables;

use crate::cloudformation::Template;
use crate::terraform::Files;
use crate::value::Node;

pub(crate) use variables::{Parts, Told};

/// True for a file of the framework, by its shape: a service on AWS with functions or resources.
pub(crate) fn is_service(root: &Node) -> bool {
    let provider = root.get("provider");
    let name = provider.and_then(|it| it.get("name")).or(provider);
    let aws = name.and_then(Node::as_str) == Some("aws");
    aws && root.get("service").is_some()
        && (root.get("functions").is_some() || root.get("resources").is_some())
}

/// The template that a service becomes, what could not be worked out, and the files it takes in.
pub(crate) fn template(service: &Template, files: &dyn Files) -> (Template, Told, Parts) {
    let variables = variables::Variables::new(service, files);
    let root = expand::template(&variables);
    let template = Template {
        path: service.path.clone(),
        root,
    };
    (template, variables.told(), variables.parts())
}
