"""What examples/leaky/terraform and examples/leaky/sam declare, made on a moto server.

    python infrastructure.py          as the templates say
    python infrastructure.py drift    ten changes by hand afterwards
"""

import io
import json
import sys
import zipfile

import boto3
from botocore.exceptions import ClientError

ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
REGION = boto3.session.Session().region_name
PARTNER = "444455556666"

dynamodb = boto3.client("dynamodb")
iam = boto3.client("iam")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(sid, actions, resource, **more):
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource, **more}


def trust(kind, who):
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {kind: who}})


def table_arn(name):
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def schema(hash_key, range_key=None):
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key:
        keys.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return keys


def table(name, hash_key, range_key=None, indexes=(), **more):
    schemas = [schema(hash_key, range_key)] + [index["KeySchema"] for index in indexes]
    names = sorted({key["AttributeName"] for keys in schemas for key in keys})
    if indexes:
        more["GlobalSecondaryIndexes"] = list(indexes)
    dynamodb.create_table(
        TableName=name,
        KeySchema=schema(hash_key, range_key),
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


def index(name, keys, projection="ALL", attributes=None):
    shape = {"ProjectionType": projection}
    if attributes:
        shape["NonKeyAttributes"] = attributes
    return {"IndexName": name, "KeySchema": keys, "Projection": shape}


def tables():
    table(
        "keyring-keys",
        "owner_id",
        "service",
        [
            index("service-index", schema("service")),
            index("status-index", schema("status", "owner_id"), "INCLUDE", ["api_key"]),
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    dynamodb.update_continuous_backups(
        TableName="keyring-keys",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="keyring-production-changes", ShardCount=1)
    stream = kinesis.describe_stream(StreamName="keyring-production-changes")
    dynamodb.put_resource_policy(
        ResourceArn=table_arn("keyring-keys"),
        Policy=document(
            allow(
                "FinanceReads",
                ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"],
                table_arn("keyring-keys"),
                Principal={"AWS": f"arn:aws:iam::{PARTNER}:root"},
            )
        ),
    )
    table(
        "keyring-tokens",
        "token_id",
        indexes=[index("token-index", schema("token")), index("owner-index", schema("owner_id"))],
    )
    table("keyring-usage", "api_key", "day")
    table("keyring-events", "team_id", "event_id")
    table("keyring-audit", "team_id", "at")
    table("keyring-staging-snapshots", "day", "api_key")
    return stream["StreamDescription"]["StreamARN"]


def app_policy():
    return document(
        allow("Tables", ["dynamodb:*"], [f"arn:aws:dynamodb:*:{ACCOUNT}:table/*"]),
        allow("Secrets", ["secretsmanager:GetSecretValue", "ssm:GetParameter*"], "*"),
        allow("Decrypt", ["kms:Decrypt"], "*"),
        allow("Exports", ["s3:PutObject", "s3:GetObject"], "arn:aws:s3:::keyring-exports/*"),
    )


def role(name, trusted, policy_name, policy):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)
    iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=policy)


def principals():
    keys = table_arn("keyring-keys")
    services = [f"{name}.amazonaws.com" for name in ("ecs-tasks", "lambda", "backup", "dax")]
    app_trust = trust("Service", services)
    account = trust("AWS", f"arn:aws:iam::{ACCOUNT}:root")
    role("keyring-app", app_trust, "app", app_policy())
    iam.create_user(UserName="keyring-onprem")
    iam.put_user_policy(UserName="keyring-onprem", PolicyName="app", PolicyDocument=app_policy())
    role(
        "keyring-analytics",
        account,
        "read",
        document(allow("CountKeys", ["dynamodb:Scan", "dynamodb:Query"], [keys, f"{keys}/index/*"])),
    )
    role(
        "keyring-support",
        account,
        "lookup",
        document(allow("LabelAndStatus", ["dynamodb:GetItem"], keys)),
    )
    own_team = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["team-partner"]}}
    role(
        "keyring-partner",
        trust("AWS", f"arn:aws:iam::{PARTNER}:root"),
        "own-team",
        document(allow("OwnTeam", ["dynamodb:Query", "dynamodb:Scan"], keys, Condition=own_team)),
    )
    copies = ["ExportTableToPointInTime", "CreateBackup", "RestoreTableFromBackup",
              "EnableKinesisStreamingDestination", "PartiQLSelect", "PutResourcePolicy"]
    role(
        "keyring-operator",
        account,
        "copies",
        document(allow("Copies", [f"dynamodb:{name}" for name in copies], "*")),
    )
    deploys = ["iam:PassRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "lambda:CreateFunction",
               "lambda:UpdateFunctionCode", "lambda:InvokeFunction"]
    role("keyring-deploy", account, "deploy", document(allow("Deploy", deploys, "*")))
    role(
        "keyring-staging-worker",
        app_trust,
        "replay",
        document(
            allow(
                "Replay",
                ["dynamodb:Query", "secretsmanager:GetSecretValue"],
                [
                    table_arn("keyring-production-*"),
                    keys,
                    f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:keyring/production/*",
                ],
            )
        ),
    )
    # What SAM makes for a function without a role.
    crud = ["GetItem", "DeleteItem", "PutItem", "Scan", "Query", "UpdateItem", "BatchWriteItem",
            "BatchGetItem", "DescribeTable", "ConditionCheckItem"]
    name = "keyring-ReportFunctionRole-1ABCDEFGHIJK"
    role(
        name,
        trust("Service", "lambda.amazonaws.com"),
        "ReportFunctionRolePolicy0",
        document(
            allow("Crud", [f"dynamodb:{action}" for action in crud], [keys, f"{keys}/index/*"])
        ),
    )
    iam.put_role_policy(
        RoleName=name,
        PolicyName="ReportFunctionRolePolicy1",
        PolicyDocument=document(
            allow("Snapshots", "dynamodb:*", table_arn("keyring-staging-snapshots"))
        ),
    )


def code():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context):\n    return None\n")
    return packed.getvalue()


def functions():
    lambda_ = boto3.client("lambda")
    roles = {
        "keyring-production-digest": "keyring-app",
        "keyring-staging-mirror": "keyring-app",
        "keyring-staging-report": "keyring-ReportFunctionRole-1ABCDEFGHIJK",
    }
    for name, holder in roles.items():
        lambda_.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="handler.handler",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{holder}",
            Code={"ZipFile": code()},
            Environment={"Variables": {"KEYS_TABLE": "keyring-keys", "UNRELATED": "not-a-table"}},
        )
    described = dynamodb.describe_table(TableName="keyring-keys")
    lambda_.create_event_source_mapping(
        EventSourceArn=described["Table"]["LatestStreamArn"],
        FunctionName="keyring-staging-mirror",
        StartingPosition="TRIM_HORIZON",
    )


def rest():
    secrets = boto3.client("secretsmanager")
    made = secrets.create_secret(Name="keyring/signing", SecretString="not-to-be-read")
    secrets.put_resource_policy(
        SecretId=made["ARN"],
        ResourcePolicy=document(
            allow(
                "Partner",
                "secretsmanager:GetSecretValue",
                "*",
                Principal={"AWS": f"arn:aws:iam::{PARTNER}:root"},
            )
        ),
    )
    boto3.client("ssm").put_parameter(Name="/keyring/flag", Value="not-to-be-read", Type="SecureString")
    bucket = f"keyring-trail-{ACCOUNT}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    trails = boto3.client("cloudtrail")
    trails.create_trail(Name="keyring", S3BucketName=bucket)
    trails.start_logging(Name="keyring")
    trails.put_event_selectors(
        TrailName="keyring",
        EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}],
    )
    kms = boto3.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/keyring", TargetKeyId=key)
    kms.create_grant(
        KeyId=key,
        GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:role/keyring-app",
        Operations=["Decrypt"],
    )


def backups():
    client = boto3.client("backup")
    client.create_backup_vault(BackupVaultName="keyring")
    plan = client.create_backup_plan(
        BackupPlan={
            "BackupPlanName": "keyring-weekly",
            "Rules": [{"RuleName": "weekly", "TargetBackupVaultName": "keyring",
                       "ScheduleExpression": "cron(0 3 ? * SUN *)"}],
        }
    )
    try:
        client.create_backup_selection(
            BackupPlanId=plan["BackupPlanId"],
            BackupSelection={
                "SelectionName": "keys",
                "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/keyring-app",
                "Resources": [table_arn("keyring-keys")],
            },
        )
    except (ClientError, NotImplementedError) as error:
        print("the server has no backup selections:", type(error).__name__)
    dax = boto3.client("dax")
    dax.create_cluster(
        ClusterName="keyring",
        NodeType="dax.t3.small",
        ReplicationFactor=1,
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/keyring-app",
    )


def create():
    stream = tables()
    try:
        dynamodb.enable_kinesis_streaming_destination(TableName="keyring-keys", StreamArn=stream)
    except ClientError as error:
        print("the server has no Kinesis destinations:", type(error).__name__)
    principals()
    functions()
    rest()
    backups()


def drift():
    """Ten changes, one a line of the test that names them."""
    keys = table_arn("keyring-keys")
    # 1 recovery off
    dynamodb.update_continuous_backups(
        TableName="keyring-keys",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )
    # 2 deletion protection on
    dynamodb.update_table(TableName="keyring-audit", DeletionProtectionEnabled=True)
    # 3 expiry
    dynamodb.update_time_to_live(
        TableName="keyring-tokens",
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
    )
    # 4 a tag
    dynamodb.tag_resource(
        ResourceArn=table_arn("keyring-usage"), Tags=[{"Key": "owner", "Value": "somebody"}]
    )
    # 5 a stream with images
    dynamodb.update_table(
        TableName="keyring-tokens",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    # 6 an index of everything
    dynamodb.update_table(
        TableName="keyring-events",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("team_id", "event_id", "kind")
        ],
        GlobalSecondaryIndexUpdates=[{"Create": index("kind-index", schema("kind"))}],
    )
    # 7 a table that nobody declared
    table("keyring-copy", "owner_id")
    # 8 a role may do more
    iam.put_role_policy(
        RoleName="keyring-support",
        PolicyName="more",
        PolicyDocument=document(allow("More", ["dynamodb:Scan"], keys)),
    )
    # 9 somebody else may assume a role
    iam.update_assume_role_policy(
        RoleName="keyring-analytics", PolicyDocument=trust("AWS", "arn:aws:iam::999988887777:root")
    )
    # 10 a role is gone
    iam.delete_role_policy(RoleName="keyring-operator", PolicyName="copies")
    iam.delete_role(RoleName="keyring-operator")


drift() if sys.argv[1:] == ["drift"] else create()
