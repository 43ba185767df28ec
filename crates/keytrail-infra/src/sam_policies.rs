//! SAM's policy templates that touch tables, as the statements they become.

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
