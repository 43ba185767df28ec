"""Takes over a team's keys from another key manager."""

from core.clock import now
from core.dynamo import keys_table


def import_keys(team_id, rows):
    count = 0
    with keys_table().batch_writer() as batch:
        for row in rows:
            batch.put_item(
                Item={
                    "owner_id": team_id,
                    "service": row["service"],
                    "api_key": row["api_key"],
                    "status": "active",
                    "created_at": now(),
                }
            )
            count += 1
    return count
