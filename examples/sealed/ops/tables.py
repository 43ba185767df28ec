"""What Terraform makes, for moto."""

import secrets

import boto3
from django.conf import settings


def _keys(hash_key, range_key=None):
    schema = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key:
        schema.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return schema


def definitions():
    return [
        {
            "TableName": settings.KEYS_TABLE,
            "KeySchema": _keys("owner_id", "service"),
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        },
        {
            "TableName": settings.TOKENS_TABLE,
            "KeySchema": _keys("token_hash"),
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "owner-index",
                    "KeySchema": _keys("owner_id", "token_id"),
                    "Projection": {
                        "ProjectionType": "INCLUDE",
                        "NonKeyAttributes": ["name", "status", "created_at", "expires_at"],
                    },
                }
            ],
        },
        {"TableName": settings.USAGE_TABLE, "KeySchema": _keys("owner_id", "day_service")},
        {"TableName": settings.EVENTS_TABLE, "KeySchema": _keys("owner_id", "event_id")},
        {"TableName": settings.AUDIT_TABLE, "KeySchema": _keys("owner_id", "at")},
    ]


def create_all():
    client = boto3.client("dynamodb")
    for definition in definitions():
        schemas = [definition["KeySchema"]]
        schemas += [index["KeySchema"] for index in definition.get("GlobalSecondaryIndexes", [])]
        names = sorted({part["AttributeName"] for schema in schemas for part in schema})
        client.create_table(
            **definition,
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"Enabled": True, "SSEType": "KMS"},
        )
    boto3.client("s3").create_bucket(Bucket=settings.EXPORT_BUCKET)
    kms = boto3.client("kms")
    key_id = kms.create_key(Description="envelope")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=settings.KEYS_CMK, TargetKeyId=key_id)
    vault = boto3.client("secretsmanager")
    for name in (settings.PEPPER_SECRET, *settings.HOUSE_SECRETS.values()):
        vault.create_secret(Name=name, SecretString=secrets.token_urlsafe(32))
