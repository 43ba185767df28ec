//! Every call that moving, rotating and dyeing keys can make, with the right that it needs.

use serde_json::Value;

use crate::client::{Service, Spoken};

macro_rules! calls {
    ($($name:ident = $service:ident, $operation:literal, $action:literal;)*) => {
        /// One operation that writes, or that reads what a reading client must not see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum WriteCall {
            $(
                #[doc = concat!("`", $action, "`")]
                $name,
            )*
        }

        impl WriteCall {
            /// All of them, sorted by name.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The right that it needs.
            pub fn action(self) -> &'static str {
                match self {
                    $(Self::$name => $action,)*
                }
            }

            /// `service:Operation`, by which it is asked for.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $operation,)*
                }
            }

            pub(crate) fn service(self) -> Service {
                match self {
                    $(Self::$name => Service::$service,)*
                }
            }
        }
    };
}

calls! {
    CreateAccessKey = Iam, "iam:CreateAccessKey", "iam:CreateAccessKey";
    CreateSecret = SecretsManager, "secretsmanager:CreateSecret", "secretsmanager:CreateSecret";
    Decrypt = Kms, "kms:Decrypt", "kms:Decrypt";
    DeleteAccessKey = Iam, "iam:DeleteAccessKey", "iam:DeleteAccessKey";
    DeleteItem = DynamoDb, "dynamodb:DeleteItem", "dynamodb:DeleteItem";
    DeleteParameter = Ssm, "ssm:DeleteParameter", "ssm:DeleteParameter";
    DeleteSecret = SecretsManager, "secretsmanager:DeleteSecret", "secretsmanager:DeleteSecret";
    DescribeContinuousBackups = DynamoDb, "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeContinuousBackups";
    DescribeKinesisStreamingDestination = DynamoDb, "dynamodb:DescribeKinesisStreamingDestination", "dynamodb:DescribeKinesisStreamingDestination";
    DescribeSecret = SecretsManager, "secretsmanager:DescribeSecret", "secretsmanager:DescribeSecret";
    DescribeTable = DynamoDb, "dynamodb:DescribeTable", "dynamodb:DescribeTable";
    Encrypt = Kms, "kms:Encrypt", "kms:Encrypt";
    GetAccessKeyLastUsed = Iam, "iam:GetAccessKeyLastUsed", "iam:GetAccessKeyLastUsed";
    GetCallerIdentity = Sts, "sts:GetCallerIdentity", "sts:GetCallerIdentity";
    GetItem = DynamoDb, "dynamodb:GetItem", "dynamodb:GetItem";
    GetParameter = Ssm, "ssm:GetParameter", "ssm:GetParameter";
    GetSecretValue = SecretsManager, "secretsmanager:GetSecretValue", "secretsmanager:GetSecretValue";
    ListAccessKeys = Iam, "iam:ListAccessKeys", "iam:ListAccessKeys";
    ListBackups = DynamoDb, "dynamodb:ListBackups", "dynamodb:ListBackups";
    ListExports = DynamoDb, "dynamodb:ListExports", "dynamodb:ListExports";
    PutItem = DynamoDb, "dynamodb:PutItem", "dynamodb:PutItem";
    PutParameter = Ssm, "ssm:PutParameter", "ssm:PutParameter";
    PutSecretValue = SecretsManager, "secretsmanager:PutSecretValue", "secretsmanager:PutSecretValue";
    Query = DynamoDb, "dynamodb:Query", "dynamodb:Query";
    RestoreSecret = SecretsManager, "secretsmanager:RestoreSecret", "secretsmanager:RestoreSecret";
    Scan = DynamoDb, "dynamodb:Scan", "dynamodb:Scan";
    TransactWriteItems = DynamoDb, "dynamodb:TransactWriteItems", "dynamodb:PutItem";
    UpdateAccessKey = Iam, "iam:UpdateAccessKey", "iam:UpdateAccessKey";
    UpdateItem = DynamoDb, "dynamodb:UpdateItem", "dynamodb:UpdateItem";
    UpdateSecretVersionStage = SecretsManager, "secretsmanager:UpdateSecretVersionStage", "secretsmanager:UpdateSecretVersionStage";
}

impl WriteCall {
    /// The call that is asked for as `service:Operation`.
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|call| call.id() == id)
    }

    fn short(self) -> &'static str {
        let id = self.id();
        id.split_once(':').map_or(id, |(_, operation)| operation)
    }
}

impl Spoken for WriteCall {
    fn service(self) -> Service {
        WriteCall::service(self)
    }

    fn operation(self) -> &'static str {
        self.short()
    }

    fn name(self) -> &'static str {
        self.short()
    }

    fn action(self) -> &'static str {
        WriteCall::action(self)
    }

    /// None of them is asked for by a path.
    fn path(self, _: &Value) -> String {
        "/".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_id() {
        let ids: Vec<&str> = WriteCall::ALL.iter().map(|call| call.short()).collect();
        assert!(ids.is_sorted(), "sort the list");
        for call in WriteCall::ALL {
            assert_eq!(WriteCall::named(call.id()), Some(*call));
            let (service, _) = call.id().split_once(':').unwrap();
            assert_eq!(service, WriteCall::service(*call).host());
        }
        assert_eq!(WriteCall::named("dynamodb:DeleteTable"), None);
    }
}
