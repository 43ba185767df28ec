"""Keeps which keys existed on a day."""

import datetime
import os

import boto3


def handler(event, context):
    dynamodb = boto3.resource("dynamodb")
    keys = dynamodb.Table(os.environ["KEYS_TABLE"])
    snapshots = dynamodb.Table(os.environ["SNAPSHOTS_TABLE"])
    day = datetime.date.today().isoformat()
    items = keys.scan()["Items"]
    for item in items:
        snapshots.put_item(
            Item={"day": day, "api_key": item["api_key"], "owner_id": item["owner_id"]}
        )
    return {"kept": len(items)}
