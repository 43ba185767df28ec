"""A team's vendor keys: one item for each service. No method takes an owner from outside."""

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError
from django.conf import settings

from core.aws import tenant_table, vault_table
from core.clock import epoch, now
from core.vault import SEALED_ATTRIBUTES

METADATA = "service, key_alias, #label, #region, #status, created_at, rotated_at"
NAMES = {"#label": "label", "#region": "region", "#status": "status"}


class Taken(Exception):
    """The team has a key for that service."""


class Missing(Exception):
    """The team has no key for that service."""


def _raise(expected, error):
    """The expected error where a condition failed, else what AWS said."""
    if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
        raise expected from None
    raise error


class KeyStore:
    def __init__(self, team_id):
        self.team_id = team_id

    @property
    def table(self):
        return tenant_table(self.team_id, settings.KEYS_TABLE)

    @property
    def sealed_table(self):
        return vault_table(self.team_id, settings.KEYS_TABLE)

    def _key(self, service):
        return {"owner_id": self.team_id, "service": service}

    def add(self, service, sealed, label="", region="us", expires_in_days=None):
        """Stores a sealed key, or the ARN of a vault secret. Never replaces one."""
        item = {
            "owner_id": self.team_id,
            "service": service,
            "key_alias": f"{service}-v1",
            "label": label,
            "region": region,
            "status": "active",
            "created_at": now(),
            **sealed,
        }
        if expires_in_days:
            item["expires_at"] = epoch(expires_in_days)
        try:
            self.sealed_table.put_item(
                Item=item,
                ConditionExpression="attribute_not_exists(owner_id) AND attribute_not_exists(service)",
            )
        except ClientError as error:
            _raise(Taken, error)

    def get(self, service):
        response = self.table.get_item(
            Key=self._key(service),
            ProjectionExpression=METADATA,
            ExpressionAttributeNames=NAMES,
        )
        if "Item" not in response:
            raise Missing
        return response["Item"]

    def find(self, prefix="", **more):
        """The team's records without their keys, page by page until the end."""
        condition = Key("owner_id").eq(self.team_id)
        if prefix:
            condition &= Key("service").begins_with(prefix)
        items = []
        while True:
            page = self.table.query(
                KeyConditionExpression=condition,
                ProjectionExpression=METADATA,
                ExpressionAttributeNames=NAMES,
                **more,
            )
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return items
            more["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def search(self, label):
        return self.find(FilterExpression=Attr("label").contains(label))

    def inactive(self):
        return self.find(FilterExpression=Attr("status").eq("inactive"))

    def sealed(self, service):
        """What is needed to open an active key, read consistently."""
        response = self.sealed_table.get_item(
            Key=self._key(service),
            ProjectionExpression=f"#status, {SEALED_ATTRIBUTES}",
            ExpressionAttributeNames={"#status": "status"},
            ConsistentRead=True,
        )
        item = response.get("Item")
        if item is None or item["status"] != "active":
            raise Missing
        return item

    def relabel(self, service, label):
        try:
            self.table.update_item(
                Key=self._key(service),
                UpdateExpression="SET #label = :label",
                ConditionExpression="attribute_exists(owner_id)",
                ExpressionAttributeNames={"#label": "label"},
                ExpressionAttributeValues={":label": label},
            )
        except ClientError as error:
            _raise(Missing, error)

    def replace(self, service, sealed):
        rotated_at = now()
        try:
            self.sealed_table.update_item(
                Key=self._key(service),
                UpdateExpression=(
                    "SET wrapped_key = :wrapped, nonce = :nonce, sealed_key = :sealed,"
                    " rotated_at = :now"
                ),
                ConditionExpression="attribute_exists(wrapped_key)",
                ExpressionAttributeValues={
                    ":wrapped": sealed["wrapped_key"],
                    ":nonce": sealed["nonce"],
                    ":sealed": sealed["sealed_key"],
                    ":now": rotated_at,
                },
            )
        except ClientError as error:
            _raise(Missing, error)
        return rotated_at

    def remove(self, service):
        self.table.delete_item(Key=self._key(service))
