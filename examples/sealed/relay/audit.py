"""Who did what, kept for a year."""

import uuid

from django.conf import settings

from core.aws import tenant_table
from core.clock import epoch, now


def record(team_id, what, service):
    tenant_table(team_id, settings.AUDIT_TABLE).put_item(
        Item={
            "owner_id": team_id,
            "at": f"{now()}#{uuid.uuid4().hex}",
            "what": what,
            "service": service,
            "expires_at": epoch(365),
        },
        ConditionExpression="attribute_not_exists(owner_id)",
    )
