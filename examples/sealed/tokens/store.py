"""Our own API tokens. Only their fingerprints are kept: a token is shown once and can't be read again."""

import secrets
import uuid

from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from core.aws import tenant_table, tokens_table
from core.clock import epoch, now
from core.vault import fingerprint

LIFETIME_DAYS = 90
SHOWN = "token_hash, token_id, #name, #status, created_at, expires_at"
NAMES = {"#name": "name", "#status": "status"}


@sensitive_variables("token")
def issue(team_id, username, name):
    token = "kr_" + secrets.token_urlsafe(32)
    token_id = uuid.uuid4().hex
    tokens_table().put_item(
        Item={
            "token_hash": fingerprint("token", token),
            "token_id": token_id,
            "owner_id": team_id,
            "username": username,
            "name": name,
            "status": "active",
            "created_at": now(),
            "expires_at": epoch(LIFETIME_DAYS),
        },
        ConditionExpression="attribute_not_exists(token_hash)",
    )
    return token_id, token


@sensitive_variables("token")
def recognise(token):
    """Owner and user of a token that may be used, or None. Read consistently from the table."""
    response = tokens_table().get_item(
        Key={"token_hash": fingerprint("token", token)},
        ProjectionExpression="owner_id, username, token_id, #status, expires_at",
        ExpressionAttributeNames={"#status": "status"},
        ConsistentRead=True,
    )
    record = response.get("Item")
    if record is None or record["status"] != "active" or record["expires_at"] <= epoch():
        return None
    return record


def _owned(team_id, condition):
    response = tenant_table(team_id, settings.TOKENS_TABLE).query(
        IndexName="owner-index",
        KeyConditionExpression=condition,
        ProjectionExpression=SHOWN,
        ExpressionAttributeNames=NAMES,
    )
    return response["Items"]


def of_team(team_id):
    return _owned(team_id, Key("owner_id").eq(team_id))


def get(team_id, token_id):
    items = _owned(team_id, Key("owner_id").eq(team_id) & Key("token_id").eq(token_id))
    return items[0] if items else None


def revoke(team_id, token_id):
    """Whether the team had such a token. The condition asks for the owner again."""
    record = get(team_id, token_id)
    if record is None:
        return False
    try:
        tokens_table().update_item(
            Key={"token_hash": record["token_hash"]},
            UpdateExpression="SET #status = :revoked",
            ConditionExpression="owner_id = :owner",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":revoked": "revoked", ":owner": team_id},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True
