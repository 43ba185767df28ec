import secrets

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.core.management import call_command

from core.vault import seal, unseal
from vendors import services
from vendors.store import KeyStore, Missing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]


@pytest.fixture
def key():
    return "kt_live_" + secrets.token_hex(20)


@pytest.fixture
def stored(as_ada, key):
    response = as_ada.post("/api/keys/", {"service": "stripe", "api_key": key}, format="json")
    assert response.status_code == 201
    return key


def raw_items():
    return boto3.client("dynamodb").scan(TableName=settings.KEYS_TABLE)["Items"]


def test_no_item_holds_the_key(stored):
    (item,) = raw_items()
    assert stored not in str(item)
    assert {"wrapped_key", "nonce", "sealed_key", "key_alias"} <= item.keys()
    assert services.open_key("team-abc", "stripe") == stored


def test_nobody_gets_in_without_signing_in(client, stored):
    for path in ("services/stripe/keys/", "keys/", "keys/stripe/", "tokens/", "webhooks/"):
        assert client.get(f"/api/{path}").status_code == 401
    assert client.get("/ops/inactive/").status_code == 401
    assert client.get("/ops/env/").status_code == 302


@pytest.mark.parametrize("path", ["services/stripe/keys/", "keys/", "keys/stripe/"])
def test_no_answer_holds_the_key(as_ada, stored, path):
    response = as_ada.get(f"/api/{path}")
    assert response.status_code == 200
    assert stored not in response.content.decode()
    assert "stripe-v1" in response.content.decode()


def test_another_team_sees_nothing(as_bob, stored):
    assert as_bob.get("/api/keys/").json() == []
    assert as_bob.get("/api/services/stripe/keys/").json() == []
    assert as_bob.get("/api/keys/stripe/?team=team-abc").status_code == 404
    assert as_bob.patch("/api/keys/stripe/", {"label": "x"}, format="json").status_code == 404
    as_bob.delete("/api/keys/stripe/")
    assert services.open_key("team-abc", "stripe") == stored


def test_who_has_no_team_is_refused(as_ada, ada):
    ada.team_id = ""
    assert as_ada.get("/api/keys/").status_code == 403


def test_a_second_key_does_not_replace_the_first(as_ada, stored, key):
    body = {"service": "stripe", "api_key": key[::-1]}
    assert as_ada.post("/api/keys/", body, format="json").status_code == 409
    assert services.open_key("team-abc", "stripe") == stored


def test_amend_takes_the_label_only(as_ada, stored, key):
    body = {"label": "shop", "status": "inactive", "sealed_key": key}
    assert as_ada.patch("/api/keys/stripe/", body, format="json").status_code == 204
    record = as_ada.get("/api/keys/stripe/").json()
    assert (record["label"], record["status"]) == ("shop", "active")
    assert services.open_key("team-abc", "stripe") == stored


def test_rotate_drops_the_old_key(as_ada, stored, key):
    response = as_ada.post("/api/keys/stripe/rotate/", {"api_key": key[::-1]}, format="json")
    assert response.status_code == 200
    assert services.open_key("team-abc", "stripe") == key[::-1]
    response = as_ada.post("/api/keys/nobody/rotate/", {"api_key": key}, format="json")
    assert response.status_code == 404


def test_import_and_search(as_ada, as_bob, key):
    rows = [{"service": f"vendor-{n}", "api_key": key} for n in range(3)]
    response = as_ada.post("/api/keys/import/", {"keys": rows + rows[:1]}, format="json")
    assert response.json() == {"imported": 3}
    found = as_ada.get("/api/keys/search/?field=service&q=vendor-2").json()
    assert found == [{"service": "vendor-2"}]
    assert as_bob.get("/api/keys/search/?field=service&q=vendor").json() == []
    assert as_ada.get("/api/keys/search/?field=sealed_key&q=a").status_code == 400
    as_ada.patch("/api/keys/vendor-1/", {"label": "the shop"}, format="json")
    assert as_ada.get("/api/keys/search/?q=shop").json() == [{"service": "vendor-1"}]


def test_transfer_is_for_staff(as_ada, ada, as_bob, stored):
    path, body = "/api/keys/stripe/transfer/", {"team": "team-xyz"}
    assert as_ada.post(path, body, format="json").status_code == 403
    ada.is_staff = True
    assert as_ada.post(path, {"team": "house"}, format="json").status_code == 400
    assert as_ada.post(path, body, format="json").status_code == 204
    assert services.open_key("team-xyz", "stripe") == stored
    assert as_ada.get("/api/keys/stripe/").status_code == 404


def test_a_sealed_key_opens_only_in_its_place(key):
    KeyStore("team-abc").add("stripe", seal("team-abc", "stripe", key))
    record = KeyStore("team-abc").sealed("stripe")
    with pytest.raises((ClientError, InvalidTag)):
        unseal("team-xyz", "stripe", record)
    with pytest.raises(Missing):
        KeyStore("team-xyz").sealed("stripe")


def test_expiry(as_ada, key):
    body = {"service": "stripe", "api_key": key, "expires_in_days": 2}
    as_ada.post("/api/keys/", body, format="json")
    assert "expires_at" in raw_items()[0]


def test_console(client, ada, stored):
    assert client.get("/console/keys/").status_code == 302
    client.force_login(ada)
    assert b"stripe" in client.get("/console/keys/").content
    page = client.get("/console/keys/stripe/").content.decode()
    assert "stripe-v1" in page and stored not in page
    assert client.get("/console/keys/nobody/").status_code == 404


def test_house_keys_stay_in_the_vault(capsys):
    call_command("sync_house_keys")
    call_command("sync_house_keys")
    assert capsys.readouterr().out == "sendgrid added\nsendgrid is there\n"
    (item,) = raw_items()
    assert item["arn"]["S"].startswith("arn:aws:secretsmanager:")
    vault = boto3.client("secretsmanager")
    value = vault.get_secret_value(SecretId=settings.HOUSE_SECRETS["sendgrid"])["SecretString"]
    assert services.open_key("house", "sendgrid") == value
