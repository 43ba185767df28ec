//! SAM's policy templates that touch tables, keys and vaults, as the statements they become.

use crate::arns::arn;
use crate::text::Text;
use crate::value::Node;

/// One statement: actions, and what follows `table/NAME` in the resources.
pub(crate) type Template = &'static [(&'static [&'static str], &'static [&'static str])];

/// The statements of a template by its name; `None` for templates on other services.
pub(crate) fn template(name: &str) -> Option<Template> {
    Some(match name {
        "DynamoDBCrudPolicy" => &[(
            &[
                "dynamodb:GetItem",
                "dynamodb:DeleteItem",
                "dynamodb:PutItem",
                "dynamodb:Scan",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:BatchGetItem",
                "dynamodb:DescribeTable",
                "dynamodb:ConditionCheckItem",
            ],
            &["", "/index/*"],
        )],
        "DynamoDBReadPolicy" => &[(
            &[
                "dynamodb:GetItem",
                "dynamodb:Scan",
                "dynamodb:Query",
                "dynamodb:BatchGetItem",
                "dynamodb:DescribeTable",
            ],
            &["", "/index/*"],
        )],
        "DynamoDBWritePolicy" => &[(
            &[
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:BatchWriteItem",
            ],
            &["", "/index/*"],
        )],
        "DynamoDBReconfigurePolicy" => &[(&["dynamodb:UpdateTable"], &[""])],
        "DynamoDBStreamReadPolicy" => &[(
            &[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            ],
            &["/stream/*"],
        )],
        "DynamoDBBackupFullAccessPolicy" => &[
            (
                &[
                    "dynamodb:CreateBackup",
                    "dynamodb:DescribeContinuousBackups",
                ],
                &[""],
            ),
            (
                &[
                    "dynamodb:DeleteBackup",
                    "dynamodb:DescribeBackup",
                    "dynamodb:ListBackups",
                ],
                &["/backup/*"],
            ),
        ],
        "DynamoDBRestoreFromBackupPolicy" => &[
            (&["dynamodb:RestoreTableFromBackup"], &["/backup/*"]),
            (
                &[
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                    "dynamodb:GetItem",
                    "dynamodb:Query",
                    "dynamodb:Scan",
                    "dynamodb:BatchWriteItem",
                ],
                &[""],
            ),
        ],
        _ => return None,
    })
}

/// Actions and resource of a template on a KMS key, a secret or a parameter.
pub(crate) fn other_template(name: &str, given: &Node) -> Option<(&'static [&'static str], Text)> {
    let (parameter, service, kind, actions): (_, _, _, &'static [&'static str]) = match name {
        "KMSDecryptPolicy" => ("KeyId", "kms", "key/", &["kms:Decrypt"]),
        "KMSEncryptPolicyV2" => (
            "KeyId",
            "kms",
            "key/",
            &["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        ),
        "AWSSecretsManagerGetSecretValuePolicy" => {
            ("SecretArn", "", "", &["secretsmanager:GetSecretValue"])
        }
        "SSMParameterReadPolicy" => (
            "ParameterName",
            "ssm",
            "parameter/",
            &[
                "ssm:GetParameter",
                "ssm:GetParameters",
                "ssm:GetParametersByPath",
            ],
        ),
        "SSMParameterWithSlashPrefixReadPolicy" => (
            "ParameterName",
            "ssm",
            "parameter",
            &[
                "ssm:GetParameter",
                "ssm:GetParameters",
                "ssm:GetParametersByPath",
            ],
        ),
        _ => return None,
    };
    let value = given.get(parameter).and_then(Node::as_text);
    let value = value.unwrap_or_else(|| Text::hole(None));
    if service.is_empty() {
        return Some((actions, value));
    }
    let mut on = arn(service, kind);
    on.append(&value);
    Some((actions, on))
}

/// What a connector from a function to a table grants.
pub(crate) fn connector(permission: &str) -> Option<Template> {
    Some(match permission {
        "Read" => &[(
            &[
                "dynamodb:GetItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:BatchGetItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:PartiQLSelect",
            ],
            &["", "/index/*"],
        )],
        "Write" => &[(
            &[
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:PartiQLDelete",
                "dynamodb:PartiQLInsert",
                "dynamodb:PartiQLUpdate",
            ],
            &["", "/index/*"],
        )],
        _ => return None,
    })
}
