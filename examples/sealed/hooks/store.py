"""The table of events that vendors send us."""

from botocore.exceptions import ClientError
from django.conf import settings

from core.aws import tenant_table
from core.clock import epoch, now


def save_event(endpoint, event_id, event_type):
    """Keeps an event for a month; one that comes twice is kept once."""
    try:
        tenant_table(endpoint.team_id, settings.EVENTS_TABLE).put_item(
            Item={
                "owner_id": endpoint.team_id,
                "event_id": event_id,
                "service": endpoint.service,
                "type": event_type,
                "received_at": now(),
                "expires_at": epoch(30),
            },
            ConditionExpression="attribute_not_exists(owner_id)",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
