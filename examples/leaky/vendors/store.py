"""The table of vendor keys: one item for each team and service."""

import logging

from boto3.dynamodb.conditions import Attr, Key

from core.clock import now
from core.dynamo import keys_table

logger = logging.getLogger(__name__)


class KeyStore:
    def __init__(self):
        self.table = keys_table()

    def add(self, owner_id, service, api_key, metadata=None, label=""):
        item = {
            "owner_id": owner_id,
            "service": service,
            "api_key": api_key,
            "label": label,
            "status": "active",
            "metadata": metadata or {},
            "created_at": now(),
        }
        self.table.put_item(Item=item)
        return item

    def get(self, owner_id, service):
        response = self.table.get_item(Key={"owner_id": owner_id, "service": service})
        item = response.get("Item")
        logger.debug("read %s", item)
        return item

    def by_service(self, service):
        response = self.table.query(
            IndexName="service-index",
            KeyConditionExpression=Key("service").eq(service),
        )
        return response["Items"]

    def by_status(self, status):
        response = self.table.query(
            IndexName="status-index",
            KeyConditionExpression=Key("status").eq(status),
        )
        return response["Items"]

    def active(self, owner_id, name):
        """The team's active key for a vendor, in any mode ("stripe", "stripe-test")."""
        response = self.table.query(
            KeyConditionExpression=Key("owner_id").eq(owner_id) & Key("service").begins_with(name),
            FilterExpression=Attr("status").eq("active"),
            Limit=1,
        )
        items = response["Items"]
        return items[0] if items else None

    def everything(self):
        items, start = [], {}
        while True:
            page = self.table.scan(**start)
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return items
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def search(self, field, value):
        response = self.table.scan(
            FilterExpression=f"contains({field}, :value)",
            ExpressionAttributeValues={":value": value},
        )
        return response["Items"]

    def replace_secret(self, owner_id, service, api_key, previous):
        response = self.table.update_item(
            Key={"owner_id": owner_id, "service": service},
            UpdateExpression="SET api_key = :key, previous_key = :previous, rotated_at = :now",
            ExpressionAttributeValues={":key": api_key, ":previous": previous, ":now": now()},
            ReturnValues="ALL_NEW",
        )
        return response["Attributes"]

    def overwrite(self, item):
        self.table.put_item(Item=item)

    def remove(self, owner_id, service):
        self.table.delete_item(Key={"owner_id": owner_id, "service": service})
