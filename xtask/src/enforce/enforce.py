"""A pytest plugin: moto behind a door that asks `keytrail can --cases` for every call on items and
objects, with one identity policy. What the tests themselves call (set-up, and looking whether the
right thing was written) passes: the policy is for the application.

Environment: KEYTRAIL the program, POLICY a policy document in a file, USED a file to which each
statement and action that a test used is written.
"""

import json
import os
import re
import subprocess
import sys
import threading

import pytest

ROLE = "arn:aws:iam::123456789012:role/keyring-app"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/"
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
SETUP = "HTTP_X_KEYTRAIL_SETUP"

policy = json.load(open(os.environ["POLICY"]))
evaluator = subprocess.Popen(
    [os.environ["KEYTRAIL"], "can", "--cases", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)
lock = threading.Lock()
current = {"test": ""}
used = set()


def allowed(action, resource, context):
    case = {
        "id": action,
        "request": {"principal": ROLE, "action": action, "resource": resource, "context": context},
        "identity_policies": [policy],
    }
    with lock:
        evaluator.stdin.write(json.dumps(case) + "\n")
        evaluator.stdin.flush()
        answer = json.loads(evaluator.stdout.readline())
    for statement in answer.get("statements", []):
        used.add((statement["statement"], action, current["test"]))
    return answer.get("decision") == "allow"


def names(body):
    """The top-level attributes that a request names."""
    found = set(body.get("Key", {}))
    aliases = body.get("ExpressionAttributeNames", {})
    for field in ("ProjectionExpression", "FilterExpression", "KeyConditionExpression"):
        for word in re.findall(r"[#\w][\w.\[\]#-]*", body.get(field, "")):
            word = word.split(".")[0].split("[")[0]
            word = aliases.get(word, word)
            if word not in ("AND", "OR", "NOT", "BETWEEN", "IN") and not word.isdigit():
                found.add(word)
    return sorted(found)


def asked(operation, body):
    """Action, resource and context of each part of a call."""
    if operation == "TransactWriteItems":
        for item in body["TransactItems"]:
            for part, value in item.items():
                yield PARTS[part], TABLE + value["TableName"], {"dynamodb:EnclosingOperation": operation}
        return
    if operation in ("BatchWriteItem", "BatchGetItem"):
        for name in body["RequestItems"]:
            yield operation, TABLE + name, {}
        return
    end = "/index/" + body["IndexName"] if "IndexName" in body else ""
    context = {}
    if operation in ("GetItem", "Query", "Scan"):
        listed = "ProjectionExpression" in body
        context["dynamodb:Select"] = body.get("Select", "SPECIFIC_ATTRIBUTES" if listed else "ALL_ATTRIBUTES")
        context["dynamodb:Attributes"] = names(body)
    yield operation, TABLE + body["TableName"] + end, context


ITEMS = {
    "GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem",
    "TransactWriteItems", "TransactGetItems", "ExecuteStatement",
}


class Door:
    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        refused = None if environ.get(SETUP) else self.refused(environ)
        if refused is None:
            return self.inner(environ, start_response)
        start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
        told = {"__type": "AccessDeniedException", "Message": f"not authorized to perform: {refused}"}
        return [json.dumps(told).encode()]

    def refused(self, environ):
        operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
        if operation in ITEMS:
            import io

            raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(raw)
            for action, resource, context in asked(operation, json.loads(raw)):
                if not allowed("dynamodb:" + action, resource, context):
                    return "dynamodb:" + action
        elif "/s3/aws4_request" in environ.get("HTTP_AUTHORIZATION", ""):
            path = environ["PATH_INFO"].strip("/")
            action = {"PUT": "s3:PutObject", "GET": "s3:GetObject"}.get(environ["REQUEST_METHOD"])
            if action and "/" in path and not allowed(action, "arn:aws:s3:::" + path, {}):
                return action
        return None


def is_setup():
    """True where the project's innermost function is the tests' own."""
    root = os.getcwd() + os.sep
    frame = sys._getframe(1)
    while frame:
        file = frame.f_code.co_filename
        if file.startswith(root):
            file = file[len(root):]
            return file.startswith("tests") or file in ("conftest.py", os.path.join("ops", "tables.py"))
        frame = frame.f_back
    return False


def pytest_configure(config):
    import botocore.httpsession
    import moto.server
    from moto.moto_server import threaded_moto_server, werkzeug_app

    dispatcher = werkzeug_app.DomainDispatcherApplication

    def behind_the_door(*arguments, **named):
        return Door(dispatcher(*arguments, **named))

    for module in (moto.server, threaded_moto_server, werkzeug_app):
        if hasattr(module, "DomainDispatcherApplication"):
            module.DomainDispatcherApplication = behind_the_door
    send = botocore.httpsession.URLLib3Session.send

    def sending(self, request):
        if is_setup():
            request.headers["X-Keytrail-Setup"] = "1"
        return send(self, request)

    botocore.httpsession.URLLib3Session.send = sending


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    current["test"] = item.nodeid


def pytest_unconfigure(config):
    evaluator.stdin.close()
    evaluator.wait()
    if os.environ.get("USED"):
        with open(os.environ["USED"], "w") as out:
            for statement, action, test in sorted(used):
                out.write(f"{statement}\t{action}\t{test}\n")
