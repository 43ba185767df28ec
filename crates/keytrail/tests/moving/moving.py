"""Sets scenes on moto for moving_moto.rs, and looks at what became of them."""

import importlib.util
import json
import os
import sys
import urllib.request

import boto3
from botocore.exceptions import ClientError

ITEMS = 20


def raw_key(number):
    # Put together, so that nothing mistakes it for a key.
    return "kt" + "_live_" + "%05dZq%07dx" % (number, number * 7919 % 1000003)


def in_key(attribute):
    return "." not in attribute


def table(name, attribute):
    key = "api_key" if in_key(attribute) else "id"
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    rows = boto3.resource("dynamodb").Table(name)
    for number in range(ITEMS):
        rest = {"owner": "owner-%d" % number, "n": number, "tags": {"a", "b"}, "blob": b"\x00\x01"}
        if in_key(attribute):
            rows.put_item(Item={"api_key": raw_key(number), **rest})
        else:
            rows.put_item(Item={"id": "id-%d" % number, "meta": {"api_key": raw_key(number), "x": None}, **rest})
    print(boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])


def empty(name):
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def dump(name):
    client = boto3.client("dynamodb")
    items = client.get_paginator("scan").paginate(TableName=name).build_full_result()["Items"]
    for line in sorted(json.dumps(item, sort_keys=True, default=lambda b: b.hex()) for item in items):
        print(line)


def module_of(path):
    spec = importlib.util.spec_from_file_location("reader", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def number_of(item):
    return int(item["owner"].split("-")[1])


def read(name, attribute, path):
    module = module_of(path)
    rows = boto3.resource("dynamodb").Table(name)
    items = rows.scan()["Items"]
    for item in items:
        key = raw_key(number_of(item))
        assert module.matches(item, key), item
        assert not module.matches(item, key + "x")
        if in_key(attribute):
            found = module.find(rows, key)
            assert found["owner"] == item["owner"], found
            assert module.find(rows, key + "x") is None
        try:
            assert module.key_of(item) == key
        except LookupError:
            assert "hmac" in str(item), item
    print("%d keys" % len(items))


def renew(name, attribute, path):
    module = module_of(path)
    rows = boto3.resource("dynamodb").Table(name)
    items = rows.scan()["Items"]
    count = sum(module.renewed(rows, item, raw_key(number_of(item))) for item in items)
    assert not any(module.renewed(rows, item, "wrong") for item in rows.scan()["Items"])
    print("%d renewed" % count)


EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def made(name, store):
    iam = boto3.client("iam")
    iam.create_user(UserName=name)
    # moto asks for a right even to be told who one is.
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    pair = iam.create_access_key(UserName=name)["AccessKey"]
    kept = {"AccessKeyId": pair["AccessKeyId"], "SecretAccessKey": pair["SecretAccessKey"]}
    boto3.client("secretsmanager").create_secret(Name=store, SecretString=json.dumps(kept))
    return pair["AccessKeyId"]


def user(name, store):
    print(made(name, store))


def accepted(pair):
    client = boto3.client(
        "sts", aws_access_key_id=pair["AccessKeyId"], aws_secret_access_key=pair["SecretAccessKey"]
    )
    try:
        client.get_caller_identity()
        return "accepted"
    except ClientError as error:
        return error.response["Error"]["Code"]


def pair_of(store, stage, **who):
    client = boto3.client("secretsmanager", **who)
    try:
        return json.loads(client.get_secret_value(SecretId=store, VersionStage=stage)["SecretString"])
    except client.exceptions.ResourceNotFoundException:
        return None


def keys(name, store):
    listed = boto3.client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]
    active = [key["AccessKeyId"] for key in listed if key["Status"] == "Active"]
    current, previous = pair_of(store, "AWSCURRENT"), pair_of(store, "AWSPREVIOUS")
    text = "%d active" % len(active)
    assert current["AccessKeyId"] in active
    if previous:
        assert previous["AccessKeyId"] in active and previous != current
        text += ", current is new, both %s" % accepted(previous)
    else:
        text += ", current is new"
    print(text)


def listed(name):
    print([key["AccessKeyId"] for key in boto3.client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]])


def admin(name, store):
    """A user with all rights, another one whose key is rotated; from now on moto checks who asks."""
    made(name, store)
    iam = boto3.client("iam")
    iam.create_user(UserName="admin")
    iam.put_user_policy(UserName="admin", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    pair = iam.create_access_key(UserName="admin")["AccessKey"]
    boto3.client("secretsmanager").create_secret(
        Name="first", SecretString=json.dumps(pair_of(store, "AWSCURRENT"))
    )
    reset = os.environ["AWS_ENDPOINT_URL"] + "/moto-api/reset-auth"
    plain = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(reset, data=b"0", headers=plain))
    print(pair["AccessKeyId"], pair["SecretAccessKey"])


def held(store, id, secret):
    who = {"aws_access_key_id": id, "aws_secret_access_key": secret}
    previous = pair_of(store, "AWSPREVIOUS", **who)
    text = "AWSCURRENT %s, AWSPREVIOUS " % accepted(pair_of(store, "AWSCURRENT", **who))
    if previous:
        print(text + accepted(previous))
    else:
        print(text + "is no more, first pair %s" % accepted(pair_of("first", "AWSCURRENT", **who)))


def secret(name, value):
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=value)


def current(name):
    print(boto3.client("secretsmanager").get_secret_value(SecretId=name, VersionStage="AWSCURRENT")["SecretString"])


def previous(name):
    client = boto3.client("secretsmanager")
    try:
        print(client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"])
    except client.exceptions.ResourceNotFoundException:
        print("none")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
