"""A team's inventory of keys for the finance team: aliases, never keys."""

import json
import uuid

from django.conf import settings

from core.aws import tenant_session
from core.clock import today
from vendors import services

FIELDS = ("service", "key_alias", "label", "status", "created_at")


def export_keys(team_id):
    records = services.keys_for_team(team_id)
    lines = "\n".join(
        json.dumps({field: record.get(field) for field in FIELDS}) for record in records
    )
    name = f"{team_id}/{today()}-{uuid.uuid4().hex}.jsonl"
    tenant_session(team_id).client("s3").put_object(
        Bucket=settings.EXPORT_BUCKET,
        Key=name,
        Body=lines.encode(),
    )
    return name, len(records)
