import pytest
from rest_framework.test import APIClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]


@pytest.fixture
def issued(as_ada):
    response = as_ada.post("/api/tokens/", {"name": "ci"}, format="json")
    assert response.status_code == 201
    return response.json()


def test_token_signs_in(issued):
    client = APIClient()
    header = f"Bearer {issued['token']}"
    assert client.get("/api/keys/", HTTP_AUTHORIZATION=header).status_code == 200
    assert client.get(f"/api/keys/?access_token={issued['token']}").status_code == 200
    assert client.get("/api/keys/", HTTP_AUTHORIZATION="Bearer nonsense").status_code == 401
    assert client.get("/api/keys/").status_code == 401


def test_verify(client, issued):
    response = client.post("/api/tokens/verify/", {"token": issued["token"]})
    assert response.json() == {"valid": True, "team": "team-abc"}
    assert client.post("/api/tokens/verify/", {"token": "kr_no"}).json() == {"valid": False}


def test_list_read_and_revoke(client, as_ada, issued):
    assert len(as_ada.get("/api/tokens/").json()["tokens"]) == 1
    path = f"/api/tokens/{issued['token_id']}/"
    assert as_ada.get(path).json()["status"] == "active"
    assert as_ada.delete(path).status_code == 204
    response = client.post("/api/tokens/verify/", {"token": issued["token"]})
    assert response.json() == {"valid": False}
