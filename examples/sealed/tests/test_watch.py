import importlib.util
from pathlib import Path

import boto3
import pytest

SOURCE = Path(__file__).resolve().parent.parent / "sam" / "consumer" / "watch.py"


@pytest.fixture
def watch():
    spec = importlib.util.spec_from_file_location("watch", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record(service):
    return {"dynamodb": {"Keys": {"owner_id": {"S": "team-abc"}, "service": {"S": service}}}}


def test_names_are_fine(watch):
    assert watch.handler({"Records": [record("stripe")]}, None) == {"records": 1, "seen": 0}


def test_a_key_is_counted(watch, moto):
    event = {"Records": [record("stripe"), record("kt_live_" + "a1" * 20)]}
    assert watch.handler(event, None)["seen"] == 1
    metrics = boto3.client("cloudwatch").list_metrics(Namespace="Keyring")["Metrics"]
    assert metrics[0]["MetricName"] == "KeyInPrimaryKey"
