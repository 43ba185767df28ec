//! Every call that Keytrail can make, with the right that it needs.

/// An AWS service and how it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Service {
    ApplicationAutoScaling,
    Backup,
    CloudTrail,
    Dax,
    DynamoDb,
    DynamoDbStreams,
    Ec2,
    Iam,
    Kms,
    Lambda,
    S3,
    SecretsManager,
    Ssm,
    Sts,
}

/// How a request looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// A JSON document; the operation stands in `X-Amz-Target` behind this.
    Json {
        target: &'static str,
        version: &'static str,
    },
    /// A form; the answer is XML.
    Query { version: &'static str },
    /// A GET of a path.
    Rest,
    /// A GET of a bucket or an object, whose signature names what the body holds.
    S3,
}

impl Service {
    /// In host names, and in the scope of a signature.
    pub(crate) fn host(self) -> &'static str {
        match self {
            Self::ApplicationAutoScaling => "application-autoscaling",
            Self::Backup => "backup",
            Self::CloudTrail => "cloudtrail",
            Self::Dax => "dax",
            Self::DynamoDb => "dynamodb",
            Self::DynamoDbStreams => "streams.dynamodb",
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
            Self::Kms => "kms",
            Self::Lambda => "lambda",
            Self::S3 => "s3",
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
        }
    }

    /// In the scope of a signature.
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Self::DynamoDbStreams => "dynamodb",
            other => other.host(),
        }
    }

    /// As in `AWS_ENDPOINT_URL_<…>` and in the `services` section of a profile.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::ApplicationAutoScaling => "Application Auto Scaling",
            Self::DynamoDbStreams => "DynamoDB Streams",
            Self::DynamoDb => "DynamoDB",
            Self::SecretsManager => "Secrets Manager",
            Self::CloudTrail => "CloudTrail",
            other => other.host(),
        }
    }

    pub(crate) fn protocol(self) -> Protocol {
        let json = |target, version| Protocol::Json { target, version };
        match self {
            Self::Backup | Self::Lambda => Protocol::Rest,
            Self::S3 => Protocol::S3,
            Self::ApplicationAutoScaling => json("AnyScaleFrontendService", "1.1"),
            Self::CloudTrail => json(
                "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
                "1.1",
            ),
            Self::Dax => json("AmazonDAXV3", "1.1"),
            Self::DynamoDb => json("DynamoDB_20120810", "1.0"),
            Self::DynamoDbStreams => json("DynamoDBStreams_20120810", "1.0"),
            Self::Kms => json("TrentService", "1.1"),
            Self::SecretsManager => json("secretsmanager", "1.1"),
            Self::Ssm => json("AmazonSSM", "1.1"),
            Self::Ec2 => Protocol::Query {
                version: "2016-11-15",
            },
            Self::Iam => Protocol::Query {
                version: "2010-05-08",
            },
            Self::Sts => Protocol::Query {
                version: "2011-06-15",
            },
        }
    }
}

/// What a set of calls is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// `scan --aws` and `drift`.
    Account,
    /// `scan --aws --items`.
    Items,
    /// Reading streams.
    Streams,
    /// Reading a trail's files in a bucket.
    Trail,
}

macro_rules! calls {
    ($($name:ident = $service:ident, $group:ident, $action:literal;)*) => {
        /// One operation of a service. All of them read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Call {
            $(
                #[doc = concat!("`", $action, "`")]
                $name,
            )*
        }

        impl Call {
            /// All of them, sorted.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The operation's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The right that it needs.
            pub fn action(self) -> &'static str {
                match self {
                    $(Self::$name => $action,)*
                }
            }

            /// What it is for.
            pub fn group(self) -> Group {
                match self {
                    $(Self::$name => Group::$group,)*
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
    DescribeClusters = Dax, Account, "dax:DescribeClusters";
    DescribeContinuousBackups = DynamoDb, Account, "dynamodb:DescribeContinuousBackups";
    DescribeKey = Kms, Account, "kms:DescribeKey";
    DescribeKinesisStreamingDestination = DynamoDb, Account, "dynamodb:DescribeKinesisStreamingDestination";
    DescribeParameters = Ssm, Account, "ssm:DescribeParameters";
    DescribeRegions = Ec2, Account, "ec2:DescribeRegions";
    DescribeScalableTargets = ApplicationAutoScaling, Account, "application-autoscaling:DescribeScalableTargets";
    DescribeStream = DynamoDbStreams, Streams, "dynamodb:DescribeStream";
    DescribeTable = DynamoDb, Account, "dynamodb:DescribeTable";
    DescribeTimeToLive = DynamoDb, Account, "dynamodb:DescribeTimeToLive";
    DescribeTrails = CloudTrail, Account, "cloudtrail:DescribeTrails";
    GetAccountAuthorizationDetails = Iam, Account, "iam:GetAccountAuthorizationDetails";
    GetBackupPlan = Backup, Account, "backup:GetBackupPlan";
    GetBackupSelection = Backup, Account, "backup:GetBackupSelection";
    GetCallerIdentity = Sts, Account, "sts:GetCallerIdentity";
    GetEventSelectors = CloudTrail, Account, "cloudtrail:GetEventSelectors";
    GetKeyPolicy = Kms, Account, "kms:GetKeyPolicy";
    GetKeyRotationStatus = Kms, Account, "kms:GetKeyRotationStatus";
    GetObject = S3, Trail, "s3:GetObject";
    GetRecords = DynamoDbStreams, Streams, "dynamodb:GetRecords";
    GetResourcePolicy = SecretsManager, Account, "secretsmanager:GetResourcePolicy";
    GetShardIterator = DynamoDbStreams, Streams, "dynamodb:GetShardIterator";
    GetTableResourcePolicy = DynamoDb, Account, "dynamodb:GetResourcePolicy";
    GetTrailStatus = CloudTrail, Account, "cloudtrail:GetTrailStatus";
    ListAliases = Kms, Account, "kms:ListAliases";
    ListBackupPlans = Backup, Account, "backup:ListBackupPlans";
    ListBackupSelections = Backup, Account, "backup:ListBackupSelections";
    ListBackups = DynamoDb, Account, "dynamodb:ListBackups";
    ListEventSourceMappings = Lambda, Account, "lambda:ListEventSourceMappings";
    ListExports = DynamoDb, Account, "dynamodb:ListExports";
    ListFunctions = Lambda, Account, "lambda:ListFunctions";
    ListGrants = Kms, Account, "kms:ListGrants";
    ListKeys = Kms, Account, "kms:ListKeys";
    ListObjectsV2 = S3, Trail, "s3:ListBucket";
    ListSecrets = SecretsManager, Account, "secretsmanager:ListSecrets";
    ListTables = DynamoDb, Account, "dynamodb:ListTables";
    ListTagsOfResource = DynamoDb, Account, "dynamodb:ListTagsOfResource";
    Scan = DynamoDb, Items, "dynamodb:Scan";
}

impl Call {
    /// The operation as the service knows it.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::GetTableResourcePolicy => "GetResourcePolicy",
            other => other.name(),
        }
    }

    /// The answer has no need of a right: everybody may ask who one is.
    pub fn needs_no_right(self) -> bool {
        matches!(self, Self::GetCallerIdentity)
    }
}
