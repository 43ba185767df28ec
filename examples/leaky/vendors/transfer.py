"""Moves a key from one team to another in one transaction."""

from django.conf import settings

from core.clock import now
from core.dynamo import dynamodb_client


def move_key(from_team, to_team, service, api_key):
    dynamodb_client().transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": settings.KEYS_TABLE,
                    "Item": {
                        "owner_id": {"S": to_team},
                        "service": {"S": service},
                        "api_key": {"S": api_key},
                        "status": {"S": "active"},
                        "created_at": {"S": now()},
                    },
                }
            },
            {
                "Delete": {
                    "TableName": settings.KEYS_TABLE,
                    "Key": {"owner_id": {"S": from_team}, "service": {"S": service}},
                }
            },
        ]
    )
