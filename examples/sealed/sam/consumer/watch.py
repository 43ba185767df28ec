"""Looks for keys where only names belong. The stream has primary keys and no images."""

import re

import boto3

KEY = re.compile(
    r"AKIA[A-Z2-7]{16}|[a-z]{2,6}_(?:live_|test_)?[A-Za-z0-9_-]{20,}|[A-Za-z0-9+/]{40,}"
)


def looks_like_key(record):
    values = record["dynamodb"]["Keys"].values()
    return any(KEY.search(value.get("S", "")) for value in values)


def handler(event, context):
    seen = sum(looks_like_key(record) for record in event["Records"])
    if seen:
        boto3.client("cloudwatch").put_metric_data(
            Namespace="Keyring",
            MetricData=[{"MetricName": "KeyInPrimaryKey", "Value": seen, "Unit": "Count"}],
        )
    return {"records": len(event["Records"]), "seen": seen}
