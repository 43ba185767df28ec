"""The tables as Terraform makes them, for moto."""

from django.conf import settings

from core.dynamo import dynamodb_client, s3_client


def _keys(hash_key, range_key=None):
    schema = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key:
        schema.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return schema


def _index(name, hash_key, range_key=None, projection="ALL", attributes=None):
    shape = {"ProjectionType": projection}
    if attributes:
        shape["NonKeyAttributes"] = attributes
    return {"IndexName": name, "KeySchema": _keys(hash_key, range_key), "Projection": shape}


def definitions():
    return [
        {
            "TableName": settings.KEYS_TABLE,
            "KeySchema": _keys("owner_id", "service"),
            "GlobalSecondaryIndexes": [
                _index("service-index", "service"),
                _index("status-index", "status", "owner_id", "INCLUDE", ["api_key"]),
            ],
        },
        {
            "TableName": settings.TOKENS_TABLE,
            "KeySchema": _keys("token_id"),
            "GlobalSecondaryIndexes": [
                _index("token-index", "token"),
                _index("owner-index", "owner_id"),
            ],
        },
        {"TableName": settings.USAGE_TABLE, "KeySchema": _keys("api_key", "day")},
        {"TableName": settings.EVENTS_TABLE, "KeySchema": _keys("team_id", "event_id")},
        {"TableName": settings.AUDIT_TABLE, "KeySchema": _keys("team_id", "at")},
    ]


def create_all():
    client = dynamodb_client()
    for definition in definitions():
        schemas = [definition["KeySchema"]]
        schemas += [index["KeySchema"] for index in definition.get("GlobalSecondaryIndexes", [])]
        names = sorted({part["AttributeName"] for schema in schemas for part in schema})
        client.create_table(
            **definition,
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            BillingMode="PAY_PER_REQUEST",
        )
    s3_client().create_bucket(Bucket=settings.EXPORT_BUCKET)
