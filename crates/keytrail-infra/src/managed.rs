//! Policies that AWS manages, as far as they touch tables: which actions each allows.
//!
//! Source: the policy reference of the IAM documentation. Statements on other services are left
//! out; a managed policy that is not here touches no table, or is not known (and then counted).

use std::sync::Arc;

use keytrail_model::{FileSpan, Location};

use crate::evaluate::{Actions, Effect, Policy, ResourcePattern, Resources, Statement};
use crate::text::Text;

/// What a managed policy allows on tables.
enum Allows {
    Actions(&'static [&'static str], &'static str),
    AllBut(&'static [&'static str]),
}

const STREAM: &[&str] = &[
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
];

/// Sorted by name.
const POLICIES: &[(&str, Allows)] = &[
    (
        "AWSBackupServiceRolePolicyForBackup",
        Allows::Actions(
            &[
                "dynamodb:DescribeTable",
                "dynamodb:CreateBackup",
                "dynamodb:StartAwsBackupJob",
                "dynamodb:ListTagsOfResource",
            ],
            "arn:aws:dynamodb:*:*:table/*",
        ),
    ),
    (
        "AWSBackupServiceRolePolicyForRestores",
        Allows::Actions(
            &[
                "dynamodb:Scan",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
                "dynamodb:PutItem",
                "dynamodb:GetItem",
                "dynamodb:DeleteItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:DescribeTable",
                "dynamodb:RestoreTableFromBackup",
                "dynamodb:RestoreTableFromAwsBackup",
            ],
            "arn:aws:dynamodb:*:*:table/*",
        ),
    ),
    (
        "AWSElasticBeanstalkWorkerTier",
        Allows::Actions(
            &[
                "dynamodb:BatchGetItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:UpdateItem",
            ],
            "arn:aws:dynamodb:*:*:table/*-stack-AWSEBWorkerCronLeaderRegistry*",
        ),
    ),
    (
        "AWSLambdaDynamoDBExecutionRole",
        Allows::Actions(STREAM, "*"),
    ),
    ("AWSLambdaInvocation-DynamoDB", Allows::Actions(STREAM, "*")),
    (
        "AWSLambda_FullAccess",
        Allows::Actions(&["dynamodb:ListStreams"], "*"),
    ),
    ("AdministratorAccess", Allows::Actions(&["*"], "*")),
    (
        "AdministratorAccess-AWSElasticBeanstalk",
        Allows::Actions(
            &[
                "dynamodb:CreateTable",
                "dynamodb:DescribeTable",
                "dynamodb:UpdateTable",
            ],
            "arn:aws:dynamodb:*:*:table/awseb-e-*",
        ),
    ),
    (
        "AmazonDynamoDBFullAccess",
        Allows::Actions(&["dynamodb:*"], "*"),
    ),
    (
        "AmazonDynamoDBFullAccess_v2",
        Allows::Actions(&["dynamodb:*"], "*"),
    ),
    (
        "AmazonDynamoDBFullAccesswithDataPipeline",
        Allows::Actions(&["dynamodb:*"], "*"),
    ),
    (
        "AmazonDynamoDBReadOnlyAccess",
        Allows::Actions(
            &[
                "dynamodb:BatchGetItem",
                "dynamodb:Describe*",
                "dynamodb:GetAbacStatus",
                "dynamodb:GetItem",
                "dynamodb:GetResourcePolicy",
                "dynamodb:List*",
                "dynamodb:PartiQLSelect",
                "dynamodb:Query",
                "dynamodb:Scan",
            ],
            "*",
        ),
    ),
    (
        "AmazonElasticMapReduceRole",
        Allows::Actions(&["dynamodb:*"], "*"),
    ),
    (
        "AmazonElasticMapReduceforEC2Role",
        Allows::Actions(&["dynamodb:*"], "*"),
    ),
    ("DataScientist", Allows::Actions(&["dynamodb:*"], "*")),
    (
        "DatabaseAdministrator",
        Allows::Actions(&["dynamodb:*"], "*"),
    ),
    (
        "PowerUserAccess",
        Allows::AllBut(&["iam:*", "organizations:*", "account:*"]),
    ),
    (
        "ReadOnlyAccess",
        Allows::Actions(
            &[
                "dynamodb:BatchGet*",
                "dynamodb:Describe*",
                "dynamodb:Get*",
                "dynamodb:List*",
                "dynamodb:PartiQLSelect",
                "dynamodb:Query",
                "dynamodb:Scan",
            ],
            "*",
        ),
    ),
];

/// The policy of this ARN or name, placed where it is attached. `None` for one that touches no
/// table or is not known.
pub(crate) fn policy(arn: &str, attached: &FileSpan) -> Option<Policy> {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let (name, allows) = POLICIES.iter().find(|(known, _)| *known == name)?;
    let texts = |patterns: &[&str]| patterns.iter().map(|one| Text::literal(*one)).collect();
    let (actions, resource) = match allows {
        Allows::Actions(actions, resource) => (Actions::Only(texts(actions)), *resource),
        Allows::AllBut(actions) => (Actions::AllBut(texts(actions)), "*"),
    };
    let address = format!("{name} (managed by AWS)");
    let statement = Statement {
        name: "1".to_owned(),
        effect: Effect::Allow,
        principals: None,
        actions,
        resources: Resources::Only(vec![ResourcePattern::literal(resource)]),
        conditions: Vec::new(),
        variables: true,
        open: false,
        maybe: false,
        location: Location::Statement {
            span: attached.clone(),
            policy: Arc::from(format!("{address}#1")),
        },
    };
    Some(Policy {
        address: Arc::from(address),
        statements: vec![statement],
    })
}

/// True for the ARN of a policy that AWS manages.
pub(crate) fn is_managed(arn: &str) -> bool {
    arn.contains(":iam::aws:policy/")
}
