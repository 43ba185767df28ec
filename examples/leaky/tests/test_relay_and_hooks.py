import boto3
import pytest
import requests
from django.core.management import call_command

from core.dynamo import audit_table, events_table, usage_table
from vendors.store import KeyStore

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]


class Answer:
    status_code = 200
    text = "fine"
    ok = True


@pytest.fixture
def vendor(monkeypatch):
    calls = []

    def answer(url, **options):
        calls.append((url, options))
        return Answer

    monkeypatch.setattr(requests, "post", answer)
    monkeypatch.setattr(requests, "get", answer)
    return calls


def test_relay(as_ada, vendor):
    KeyStore().add("team-abc", "openai", "kt_live_" + "1" * 40)
    payload = {"path": "v1/models", "payload": {}}
    response = as_ada.post("/api/relay/openai/", payload, format="json")
    assert response.json() == {"status": 200, "body": "fine"}
    assert vendor[0][0] == "https://api.openai.com/v1/models"
    assert usage_table().scan()["Count"] == 1
    assert audit_table().scan()["Count"] == 1


def test_relay_without_key_or_vendor(as_ada, vendor):
    assert as_ada.post("/api/relay/openai/").status_code == 404
    assert as_ada.post("/api/relay/nobody/").status_code == 404


def test_ping(as_ada, vendor):
    KeyStore().add("team-abc", "openai", "kt_live_" + "1" * 40)
    assert as_ada.post("/api/relay/openai/ping/").json() == {"ok": True}


def test_webhook(client):
    body = {"type": "charge.succeeded", "amount": 12.5}
    response = client.post("/api/webhooks/team-abc/stripe/", body, "application/json")
    assert response.status_code == 202
    assert events_table().scan()["Items"][0]["type"] == "charge.succeeded"


def test_webhook_endpoints(as_ada):
    response = as_ada.post("/api/webhooks/", {"team_id": "team-abc", "service": "stripe"})
    assert response.status_code == 201
    assert response.json()["signing_secret"].startswith("whs_")
    assert len(as_ada.get("/api/webhooks/").json()) == 1


def test_ops(client, ada, moto):
    assert client.get("/ops/health/").json() == {"ok": True}
    assert "PATH" in client.get("/ops/env/").json()
    assert client.get("/ops/inactive/").json() == []
    assert client.post("/ops/export/").status_code == 403
    KeyStore().add("team-abc", "openai", "kt_live_" + "1" * 40)
    ada.is_staff = True
    ada.save()
    client.force_login(ada)
    name = client.post("/ops/export/").json()["object"]
    s3 = boto3.client("s3", endpoint_url=moto, region_name="us-east-1")
    assert b"kt_live_" in s3.get_object(Bucket="keyring-exports", Key=name)["Body"].read()


def test_export_command(capsys):
    call_command("export_keys")
    assert "0 records" in capsys.readouterr().out
