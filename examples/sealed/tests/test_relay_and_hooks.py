import json

import boto3
import pytest
import requests
from django.conf import settings
from django.core.management import call_command

from core.aws import tenant_table
from core.clock import epoch
from hooks.signing import sign
from vendors import services

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]
KEY = "kt_live_" + "1" * 40


class Answer:
    status_code = 200
    text = "fine"
    ok = True


@pytest.fixture
def stored():
    data = {"service": "openai", "api_key": KEY, "label": "", "region": "us"}
    services.store_key("team-abc", data)


@pytest.fixture
def vendor(monkeypatch):
    calls = []

    def answer(method, url, **options):
        calls.append((url, options["headers"]))
        return Answer

    monkeypatch.setattr(requests, "request", answer)
    return calls


def test_relay(as_ada, vendor, stored):
    body = {"path": "v1/models", "payload": {}}
    answer = as_ada.post("/api/relay/openai/", body, format="json")
    assert answer.json() == {"status": 200, "body": "fine"}
    url, headers = vendor[0]
    assert url == "https://api.openai.com/v1/models"
    assert headers == {"Authorization": f"Bearer {KEY}"}
    for table in (settings.USAGE_TABLE, settings.AUDIT_TABLE):
        items = tenant_table("team-abc", table).scan()["Items"]
        assert len(items) == 1 and KEY not in str(items)


def test_relay_refuses(as_ada, as_bob, vendor, stored):
    assert as_bob.post("/api/relay/openai/", {}, format="json").status_code == 404
    assert as_ada.post("/api/relay/nobody/", {}, format="json").status_code == 404
    body = {"path": "https://elsewhere.example"}
    assert as_ada.post("/api/relay/openai/", body, format="json").status_code == 400
    assert vendor == []


def test_ping_keeps_the_key_out_of_the_url(as_ada, vendor, stored):
    assert as_ada.post("/api/relay/openai/ping/").json() == {"ok": True}
    assert vendor[0][0] == "https://api.openai.com/v1/ping"


def test_errors_and_logs_hold_no_key(as_ada, stored, monkeypatch, caplog):
    def fail(method, url, headers, **options):
        raise requests.ConnectionError(f"failed with {headers}")

    monkeypatch.setattr(requests, "request", fail)
    answer = as_ada.post("/api/relay/openai/", {}, format="json")
    assert answer.status_code == 502
    assert KEY not in answer.content.decode() + caplog.text


def test_unexpected_error_is_told_in_general(as_ada, stored, monkeypatch, caplog):
    def fail(*args):
        raise RuntimeError(KEY)

    monkeypatch.setattr(services, "keys_for_team", fail)
    as_ada.raise_request_exception = False
    answer = as_ada.get("/api/keys/")
    assert (answer.status_code, answer.json()) == (500, {"detail": "internal error"})
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("keyring")]
    assert ours and KEY not in str(ours)


@pytest.fixture
def endpoint(as_ada):
    answer = as_ada.post("/api/webhooks/", {"service": "stripe"}, format="json")
    assert answer.status_code == 201
    return answer.json()


def post_event(client, endpoint, seconds, **body):
    text = json.dumps(body).encode()
    signature = sign(endpoint["signing_secret"], seconds, text)
    return client.post(
        "/api/webhooks/team-abc/stripe/",
        text,
        "application/json",
        headers={"Keyring-Signature": f"t={seconds},v1={signature}"},
    ).status_code


def test_webhook(client, endpoint):
    event = {"id": "evt_1", "type": "charge.succeeded", "card": "4242"}
    assert client.post("/api/webhooks/team-abc/stripe/", event).status_code == 401
    assert post_event(client, {"signing_secret": "wrong"}, epoch(), **event) == 401
    assert post_event(client, endpoint, epoch() - 900, **event) == 401
    assert post_event(client, endpoint, epoch(), **event) == 202
    assert post_event(client, endpoint, epoch(), **event) == 202
    (item,) = tenant_table("team-abc", settings.EVENTS_TABLE).scan()["Items"]
    assert item["type"] == "charge.succeeded"
    assert "card" not in item and item["expires_at"] > epoch()


def test_webhook_endpoints_are_the_teams(as_ada, as_bob, endpoint):
    assert "signing_secret" not in as_ada.get("/api/webhooks/").json()[0]
    assert as_bob.get("/api/webhooks/").json() == []
    again = as_ada.post("/api/webhooks/", {"service": "stripe"}, format="json")
    assert again.status_code == 400


def test_ops(client, ada, stored):
    assert client.get("/ops/health/").json() == {"ok": True}
    client.force_login(ada)
    assert client.get("/ops/inactive/").json() == []
    assert client.get("/ops/env/").status_code == 403
    assert client.post("/ops/export/").status_code == 403
    ada.is_staff = True
    ada.save()
    assert client.get("/ops/env/").json() == {"environment": "local"}
    name = client.post("/ops/export/").json()["object"]
    bucket = boto3.client("s3")
    body = bucket.get_object(Bucket=settings.EXPORT_BUCKET, Key=name)["Body"].read()
    assert b"openai-v1" in body and KEY.encode() not in body


def test_export_command(stored, capsys):
    call_command("export_keys", "team-abc")
    assert "1 records" in capsys.readouterr().out
