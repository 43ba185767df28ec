"""The table of events that vendors send us."""

import uuid

from core.clock import now
from core.dynamo import events_table


def save_event(team_id, service, body):
    item = {**body, "team_id": team_id, "event_id": uuid.uuid4().hex}
    item["service"] = service
    item["received_at"] = now()
    events_table().put_item(Item=item)
    return item["event_id"]
