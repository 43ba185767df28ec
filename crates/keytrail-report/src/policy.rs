//! The least policy for the code that was read, in the forms that people paste, and how it differs
//! from what is granted.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::text::clean;

/// A policy.
#[derive(Clone, Debug, Default)]
pub struct LeastPolicy {
    /// In order.
    pub statements: Vec<LeastStatement>,
    /// What could not be said exactly, a sentence each.
    pub notes: Vec<String>,
    /// Against what is granted.
    pub difference: Difference,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeastStatement {
    /// Letters and digits.
    pub sid: String,
    /// Sorted.
    pub actions: Vec<String>,
    /// Sorted.
    pub resources: Vec<LeastResource>,
    /// Operator, key, values.
    pub conditions: Vec<(String, String, Vec<String>)>,
}

/// What a statement is on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeastResource {
    /// `dynamodb`.
    pub service: String,
    /// `table/keys`, `table/keys/index/by-service`; `*` for a whole service that knows no resources.
    pub name: String,
    /// The resource of a template that it is: the address, and what comes after its ARN.
    pub template: Option<(String, String)>,
}

/// How rights and needs differ, a line each.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Granted and never used: principal, right, place.
    pub not_used: Vec<String>,
    /// Used and not granted: these calls will fail.
    pub not_granted: Vec<String>,
    /// Granted by patterns that take in more.
    pub too_wide: Vec<String>,
    /// False where no principal is known to be the application: then nothing could be compared.
    pub compared: bool,
}

/// Where the policy is for.
#[derive(Clone, Copy, Debug)]
pub struct PolicyPlace<'p> {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'p str,
    /// `*` for any.
    pub region: &'p str,
    /// `*` for any.
    pub account: &'p str,
}

impl LeastResource {
    fn arn(&self, place: PolicyPlace<'_>) -> String {
        if self.name == "*" {
            return "*".to_owned();
        }
        let (region, account) = match self.service.as_str() {
            "s3" => ("", ""),
            _ => (place.region, place.account),
        };
        let (partition, service, name) = (place.partition, &self.service, &self.name);
        format!("arn:{partition}:{service}:{region}:{account}:{name}")
    }
}

fn document(policy: &LeastPolicy, place: PolicyPlace<'_>) -> Value {
    let statements = policy.statements.iter().map(|statement| {
        let resources: Vec<String> = statement
            .resources
            .iter()
            .map(|one| one.arn(place))
            .collect();
        let mut out = json!({
            "Sid": statement.sid,
            "Effect": "Allow",
            "Action": statement.actions,
            "Resource": resources,
        });
        if !statement.conditions.is_empty() {
            out["Condition"] = conditions(statement);
        }
        out
    });
    let statements: Vec<Value> = statements.collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn conditions(statement: &LeastStatement) -> Value {
    let mut operators = Map::new();
    for (operator, key, values) in &statement.conditions {
        let keys = operators
            .entry(operator.clone())
            .or_insert_with(|| json!({}));
        keys[key] = json!(values);
    }
    Value::Object(operators)
}

/// As a policy document.
pub fn policy_json(policy: &LeastPolicy, place: PolicyPlace<'_>) -> String {
    let text = serde_json::to_string_pretty(&document(policy, place));
    format!("{}\n", text.unwrap_or_default())
}

/// As a data source of Terraform.
pub fn policy_terraform(policy: &LeastPolicy, place: PolicyPlace<'_>) -> String {
    let mut out = String::from("data \"aws_iam_policy_document\" \"keytrail\" {\n");
    for (number, statement) in policy.statements.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let quoted = |texts: &[String]| texts.iter().map(|text| quote(text)).collect::<Vec<_>>();
        let resources: Vec<String> = statement
            .resources
            .iter()
            .map(|one| terraform_arn(one, place))
            .collect();
        let _ = writeln!(out, "  statement {{\n    sid       = \"{}\"", statement.sid);
        let _ = writeln!(
            out,
            "    actions   = [{}]",
            quoted(&statement.actions).join(", ")
        );
        let _ = writeln!(out, "    resources = [{}]", resources.join(", "));
        for (operator, key, values) in &statement.conditions {
            let _ = writeln!(
                out,
                "\n    condition {{\n      test     = \"{operator}\"\n      variable = \"{key}\"\n      values   = [{}]\n    }}",
                quoted(values).join(", ")
            );
        }
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    out
}

/// `${…}` of IAM is no interpolation of Terraform.
fn quote(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}

fn terraform_arn(resource: &LeastResource, place: PolicyPlace<'_>) -> String {
    match &resource.template {
        Some((address, end)) if address.contains('.') && end.is_empty() => {
            format!("{address}.arn")
        }
        Some((address, end)) if address.contains('.') => format!("\"${{{address}.arn}}{end}\""),
        _ => quote(&resource.arn(place)),
    }
}

/// As a managed policy of CloudFormation.
pub fn policy_cloudformation(policy: &LeastPolicy, place: PolicyPlace<'_>) -> String {
    let open = PolicyPlace {
        partition: "${AWS::Partition}",
        region: if place.region == "*" {
            "${AWS::Region}"
        } else {
            place.region
        },
        account: if place.account == "*" {
            "${AWS::AccountId}"
        } else {
            place.account
        },
    };
    let mut document = document(policy, open);
    let listed = document["Statement"].as_array_mut();
    for (statement, least) in listed.into_iter().flatten().zip(&policy.statements) {
        let resources: Vec<Value> = least
            .resources
            .iter()
            .map(|one| match &one.template {
                Some((id, end)) if !id.contains('.') => {
                    json!({"Fn::Sub": format!("${{{id}.Arn}}{end}")})
                }
                _ if one.name == "*" => json!("*"),
                _ => json!({"Fn::Sub": one.arn(open)}),
            })
            .collect();
        statement["Resource"] = json!(resources);
    }
    let template = json!({"Resources": {"KeytrailLeastPolicy": {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": document},
    }}});
    format!(
        "{}\n",
        serde_json::to_string_pretty(&template).unwrap_or_default()
    )
}

/// The difference, for a person.
pub fn policy_difference(policy: &LeastPolicy) -> String {
    let mut out = String::new();
    let difference = &policy.difference;
    let parts = [
        ("Will fail: used and not granted", &difference.not_granted),
        ("Not used: granted and never called", &difference.not_used),
        (
            "Too wide: granted by a pattern that takes in more",
            &difference.too_wide,
        ),
        ("Not said exactly", &policy.notes),
    ];
    if !difference.compared {
        out.push_str(
            "No principal is known to be the application: what is granted was not compared.\n",
        );
    }
    for (title, lines) in parts {
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{title}");
        for line in lines {
            let _ = writeln!(out, "  {}", clean(line));
        }
    }
    if out.is_empty() {
        out.push_str("What is granted is what the code needs.\n");
    }
    out
}

/// The difference, for a machine.
pub fn policy_difference_json(policy: &LeastPolicy) -> String {
    let difference = &policy.difference;
    let value = json!({
        "compared": difference.compared,
        "not_granted": difference.not_granted,
        "not_used": difference.not_used,
        "too_wide": difference.too_wide,
        "notes": policy.notes,
    });
    format!(
        "{}\n",
        serde_json::to_string_pretty(&value).unwrap_or_default()
    )
}
