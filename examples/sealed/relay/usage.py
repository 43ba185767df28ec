"""Counts calls for the monthly bill."""

from django.conf import settings

from core.aws import tenant_table
from core.clock import epoch, today


def count_call(team_id, service):
    tenant_table(team_id, settings.USAGE_TABLE).update_item(
        Key={"owner_id": team_id, "day_service": f"{today()}#{service}"},
        UpdateExpression="ADD calls :one SET expires_at = :expiry",
        ExpressionAttributeValues={":one": 1, ":expiry": epoch(400)},
    )
