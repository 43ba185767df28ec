import secrets

import pytest

from ops.management.commands import sync_house_keys
from vendors.store import KeyStore

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]


@pytest.fixture
def key():
    return "kt_live_" + secrets.token_hex(20)


@pytest.fixture
def stored(as_ada, key):
    response = as_ada.post("/api/keys/", {"service": "stripe", "api_key": key}, format="json")
    assert response.status_code == 201
    return key


def test_directory_shows_the_key_to_anybody(client, stored):
    response = client.get("/api/services/stripe/keys/")
    assert response.status_code == 200
    assert response.json()[0]["api_key"] == stored


def test_retrieve(as_ada, as_bob, stored):
    assert as_ada.get("/api/keys/stripe/").json()["api_key"] == stored
    assert as_bob.get("/api/keys/stripe/").status_code == 404
    assert as_bob.get("/api/keys/stripe/?team=team-abc").json()["api_key"] == stored


def test_list_is_the_teams(as_ada, as_bob, stored):
    assert len(as_ada.get("/api/keys/").json()) == 1
    assert as_bob.get("/api/keys/").json() == []


def test_rotate_keeps_the_old_key(as_ada, stored, key):
    response = as_ada.post("/api/keys/stripe/rotate/", {"api_key": key[::-1]}, format="json")
    assert response.status_code == 200
    item = KeyStore().get("team-abc", "stripe")
    assert item["api_key"] == key[::-1]
    assert item["previous_key"] != stored


def test_amend_and_remove(as_ada, stored):
    as_ada.patch("/api/keys/stripe/", {"label": "shop"}, format="json")
    assert KeyStore().get("team-abc", "stripe")["label"] == "shop"
    assert as_ada.delete("/api/keys/stripe/").status_code == 204
    assert as_ada.get("/api/keys/stripe/").status_code == 404


def test_import_and_search(as_ada, key):
    rows = [{"service": f"vendor-{n}", "api_key": key} for n in range(3)]
    response = as_ada.post("/api/keys/import/", {"keys": rows}, format="json")
    assert response.json() == {"imported": 3}
    found = as_ada.get("/api/keys/search/?field=service&q=vendor-2").json()
    assert found == [{"owner_id": "team-abc", "service": "vendor-2"}]


def test_transfer(as_ada, as_bob, stored):
    response = as_ada.post("/api/keys/stripe/transfer/", {"team": "team-xyz"}, format="json")
    assert response.status_code == 204
    assert as_ada.get("/api/keys/stripe/").status_code == 404
    assert as_bob.get("/api/keys/stripe/").status_code == 200


def test_console(client, ada, stored):
    assert client.get("/console/keys/").status_code == 302
    client.force_login(ada)
    assert b"stripe" in client.get("/console/keys/").content
    assert stored.encode() in client.get("/console/keys/stripe/").content


def test_house_keys():
    sync_house_keys.Command().handle()
    assert KeyStore().get("house", "sendgrid")
    assert KeyStore().get("house", "aws")
