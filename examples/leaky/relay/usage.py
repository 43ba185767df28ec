"""Counts calls for the monthly bill."""

from core.clock import today
from core.dynamo import usage_table


def count_call(api_key, service):
    usage_table().update_item(
        Key={"api_key": api_key, "day": today()},
        UpdateExpression="ADD calls :one SET service = :service",
        ExpressionAttributeValues={":one": 1, ":service": service},
    )
