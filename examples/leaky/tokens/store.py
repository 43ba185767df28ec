"""The table of our own API tokens."""

import secrets

import boto3
from django.conf import settings

from core.clock import now


class TokenStore:
    def __init__(self):
        self.client = boto3.client(
            "dynamodb", region_name=settings.AWS_REGION, endpoint_url=settings.AWS_ENDPOINT
        )
        self.name = settings.TOKENS_TABLE

    def next_id(self):
        response = self.client.update_item(
            TableName=self.name,
            Key={"token_id": {"S": "counter"}},
            UpdateExpression="ADD seq :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        return f"tok-{int(response['Attributes']['seq']['N']):06d}"

    def issue(self, owner_id, username, name):
        token = "kr_" + secrets.token_urlsafe(32)
        token_id = self.next_id()
        self.client.put_item(
            TableName=self.name,
            Item={
                "token_id": {"S": token_id},
                "token": {"S": token},
                "owner_id": {"S": owner_id},
                "username": {"S": username},
                "name": {"S": name},
                "status": {"S": "active"},
                "created_at": {"S": now()},
            },
        )
        return token_id, token

    def find(self, token):
        response = self.client.query(
            TableName=self.name,
            IndexName="token-index",
            KeyConditionExpression="#token = :token",
            ExpressionAttributeNames={"#token": "token"},
            ExpressionAttributeValues={":token": {"S": token}},
        )
        items = response["Items"]
        return items[0] if items else None

    def get(self, token_id):
        response = self.client.get_item(TableName=self.name, Key={"token_id": {"S": token_id}})
        return response.get("Item")

    def of_team(self, owner_id):
        response = self.client.query(
            TableName=self.name,
            IndexName="owner-index",
            KeyConditionExpression="owner_id = :owner",
            ExpressionAttributeValues={":owner": {"S": owner_id}},
        )
        return response["Items"]

    def revoke(self, token_id):
        self.client.update_item(
            TableName=self.name,
            Key={"token_id": {"S": token_id}},
            UpdateExpression="SET #status = :revoked",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":revoked": {"S": "revoked"}},
        )
