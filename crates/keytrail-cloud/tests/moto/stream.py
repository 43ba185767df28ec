"""A table with a stream, and some changes: its ARN goes to the file that is named; `more` changes again."""

import sys

import boto3

client = boto3.client("dynamodb")
if sys.argv[1] == "more":
    client.put_item(TableName="streamed", Item={"id": {"S": "b"}, "label": {"S": "three"}})
    sys.exit()
client.create_table(
    TableName="streamed",
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    BillingMode="PAY_PER_REQUEST",
    StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
)
client.put_item(TableName="streamed", Item={"id": {"S": "a"}, "label": {"S": "one"}})
client.put_item(TableName="streamed", Item={"id": {"S": "a"}, "label": {"S": "two"}})
client.delete_item(TableName="streamed", Key={"id": {"S": "a"}})
arn = client.describe_table(TableName="streamed")["Table"]["LatestStreamArn"]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write(arn)
