import boto3
import pytest
from django.conf import settings
from rest_framework.test import APIClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]


@pytest.fixture
def issued(as_ada):
    response = as_ada.post("/api/tokens/", {"name": "ci"}, format="json")
    assert response.status_code == 201
    return response.json()


def with_token(token):
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")


def test_token_signs_in(issued):
    assert with_token(issued["token"]).get("/api/keys/").status_code == 200
    answer = with_token("nonsense").get("/api/keys/")
    assert answer.status_code == 401 and "nonsense" not in answer.content.decode()
    assert APIClient().get(f"/api/keys/?access_token={issued['token']}").status_code == 401


def test_the_table_holds_no_token(issued):
    items = boto3.client("dynamodb").scan(TableName=settings.TOKENS_TABLE)["Items"]
    assert len(items) == 1 and issued["token"] not in str(items)


def test_verify_is_for_our_services(as_ada, ada, issued):
    body = {"token": issued["token"]}
    assert as_ada.post("/api/tokens/verify/", body, format="json").status_code == 403
    ada.is_staff = True
    answer = as_ada.post("/api/tokens/verify/", body, format="json")
    assert answer.json() == {"valid": True, "team": "team-abc"}
    body = {"token": "kr_no"}
    assert as_ada.post("/api/tokens/verify/", body, format="json").json() == {"valid": False}


def test_read_and_revoke(as_ada, as_bob, issued):
    path = f"/api/tokens/{issued['token_id']}/"
    assert issued["token"] not in as_ada.get(path).content.decode()
    assert len(as_ada.get("/api/tokens/").json()["tokens"]) == 1
    assert as_bob.get(path).status_code == 404
    assert as_bob.delete(path).status_code == 404
    assert with_token(issued["token"]).get("/api/keys/").status_code == 200
    assert as_ada.delete(path).status_code == 204
    assert with_token(issued["token"]).get("/api/keys/").status_code == 401


def test_issuing_is_throttled(as_ada):
    answers = [as_ada.post("/api/tokens/", {}, format="json").status_code for _ in range(11)]
    assert answers == [201] * 10 + [429]
    assert as_ada.get("/api/tokens/").status_code == 200


def test_passwords_are_throttled(client, ada):
    body = {"username": "ada", "password": "wrong"}
    answers = [client.post("/accounts/login/", body).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
