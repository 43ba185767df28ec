"""A second judge for the evaluator's cases: a server that enforces IAM, MiniStack or moto.

    BIND_HOST=127.0.0.1 IOT_MTLS_ENABLED=0 AUTH=true GATEWAY_PORT=4599 ministack &
    python judge.py http://127.0.0.1:4599 ministack

Each case that one call of a user or role can put to the test is put: principal and policies are made, the
call is sent, and whether it was refused is compared with what the case expects. What differs is printed with
the case's page. Cases about another account, organisations, sessions and context that a caller can't choose
are left out, with their number.
"""

import collections
import json
import pathlib
import re
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, KIND = sys.argv[1], sys.argv[2]
HERE = {"ministack": "000000000000", "moto": "123456789012"}[KIND]
CASES = pathlib.Path(__file__).parent.parent / "cases"
REGION = "eu-west-1"
KEY = {"owner_id": {"S": "a"}}

CALLS = {
    "dynamodb:GetItem": lambda c, t: c.get_item(TableName=t, Key=KEY),
    "dynamodb:BatchGetItem": lambda c, t: c.batch_get_item(RequestItems={t: {"Keys": [KEY]}}),
    "dynamodb:Query": lambda c, t: c.query(
        TableName=t, KeyConditionExpression="owner_id = :o", ExpressionAttributeValues={":o": {"S": "a"}}
    ),
    "dynamodb:Scan": lambda c, t: c.scan(TableName=t),
    "dynamodb:ListTables": lambda c, t: c.list_tables(),
    "dynamodb:CreateBackup": lambda c, t: c.create_backup(TableName=t, BackupName="backup"),
    "dynamodb:UpdateTable": lambda c, t: c.update_table(TableName=t, BillingMode="PAY_PER_REQUEST"),
}


def client(service, **keys):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=REGION,
        config=Config(retries={"max_attempts": 1}),
        **(keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}),
    )


def cases():
    for path in sorted(CASES.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            if line.strip():
                yield path.stem, json.loads(line)


# A real call carries these, whatever the case says of a request without them.
CARRIED = ("aws:currenttime", "aws:epochtime", "aws:sourceip", "aws:securetransport", "aws:multifactorauthpresent")


def askable(case):
    request = case["request"]
    text = json.dumps(case.get("identity_policies")).lower()
    if any(f'"{key}"' in text for key in CARRIED):
        return "key that every call carries"
    others = ("resource_policy", "service_control_policies", "resource_control_policies", "session_policy")
    if any(case.get(name) for name in others):
        return "other layers"
    if request["action"] not in CALLS:
        return "no such call"
    if request.get("context"):
        return "context"
    if case["expected"] == "allow_if" or "error" in case:
        return "open"
    parts = request["principal"].split(":")
    if len(parts) < 6 or not parts[5].startswith(("user/", "role/")):
        return "principal"
    arn = (request.get("resource") or "").split(":")
    if request["action"] != "dynamodb:ListTables":
        if len(arn) < 6 or arn[3] != REGION or arn[4] != parts[4] or not re.fullmatch(r"table/[\w.-]+", arn[5]):
            return "resource"
    return None


def here(case):
    """The case in the server's own account."""
    account = case["request"]["principal"].split(":")[4]
    return json.loads(json.dumps(case).replace(account, HERE))


def put(case, iam, number):
    """Credentials of a principal that the case's policies are attached to."""
    request = case["request"]
    kind, name = re.fullmatch(r"(user|role)/(?:.*/)?(.+)", request["principal"].split(":")[5]).groups()
    boundary = None
    for position, document in enumerate(case.get("boundaries") or []):
        answer = iam.create_policy(PolicyName=f"b{number}-{position}", PolicyDocument=json.dumps(document))
        boundary = answer["Policy"]["Arn"]
    limit = {"PermissionsBoundary": boundary} if boundary else {}
    if kind == "user":
        iam.create_user(UserName=name, **limit)
        for position, document in enumerate(case.get("identity_policies") or []):
            iam.put_user_policy(UserName=name, PolicyName=f"p{position}", PolicyDocument=json.dumps(document))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}, (kind, name)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{HERE}:root"}}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **limit)
    for position, document in enumerate(case.get("identity_policies") or []):
        iam.put_role_policy(RoleName=name, PolicyName=f"p{position}", PolicyDocument=json.dumps(document))
    made = client("sts").assume_role(RoleArn=f"arn:aws:iam::{HERE}:role/{name}", RoleSessionName="judge")["Credentials"]
    return {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
        "aws_session_token": made["SessionToken"],
    }, (kind, name)


def remove(iam, kind, name):
    if kind == "user":
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=name)
        return
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def enforced(on):
    """moto enforces after so many calls; MiniStack always."""
    if KIND == "moto":
        count = b"0" if on else b"1000000"
        urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/moto-api/reset-auth", data=count, headers={"Content-Type": "text/plain"}))


def judged(keys, action, table):
    enforced(True)
    try:
        return answered(keys, action, table)
    finally:
        enforced(False)


def answered(keys, action, table):
    try:
        CALLS[action](client("dynamodb", **keys), table)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if "AccessDenied" in code:
            return "deny"
        if code in ("UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch"):
            return f"broken: {code}"
        return "allow"
    return "allow"


def main():
    iam, tables = client("iam"), client("dynamodb")
    made = set(tables.list_tables()["TableNames"])
    left, tally, different = collections.Counter(), collections.Counter(), []
    for number, (group, case) in enumerate(cases()):
        reason = askable(case)
        if reason:
            left[reason] += 1
            continue
        case = here(case)
        request = case["request"]
        resource = request.get("resource") or ""
        table = resource.rsplit("/", 1)[-1] if "table/" in resource else "keys"
        if table not in made:
            tables.create_table(
                TableName=table,
                AttributeDefinitions=[{"AttributeName": "owner_id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "owner_id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
            made.add(table)
        try:
            keys, who = put(case, iam, number)
        except ClientError as error:
            left[f"refused by the server: {error.response['Error']['Code']}"] += 1
            kind, name = re.fullmatch(r"(user|role)/(?:.*/)?(.+)", request["principal"].split(":")[5]).groups()
            try:
                remove(iam, kind, name)
            except ClientError:
                pass
            continue
        answer = judged(keys, request["action"], table)
        expected = "allow" if case["expected"] == "allow" else "deny"
        remove(iam, *who)
        tally[(group, answer == expected)] += 1
        if answer != expected:
            different.append((group, case["id"], case["expected"], answer, case["doc"]))
    print(f"{'group':<12} same different")
    for group in sorted({group for group, _ in tally}):
        print(f"{group:<12} {tally[(group, True)]:>4} {tally[(group, False)]:>9}")
    print("left out:", dict(left))
    for line in different:
        print(" | ".join(line))


main()
