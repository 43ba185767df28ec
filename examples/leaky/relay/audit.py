"""Who did what, kept for a year."""

from core.clock import now
from core.dynamo import audit_table


def record(team_id, what, detail):
    audit_table().put_item(
        Item={"team_id": team_id, "at": now(), "what": what, "detail": detail},
    )
