"""A moto server for the whole run, new tables for each test."""

import os
import socket

import pytest
from moto.server import ThreadedMotoServer


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = _free_port()

# Before Django reads its settings.
os.environ.update(
    AWS_ENDPOINT_URL=f"http://127.0.0.1:{PORT}",
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
)


@pytest.fixture(scope="session")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=PORT, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{PORT}"
    server.stop()


@pytest.fixture
def tables(moto):
    import requests
    from django.core.cache import cache

    from core import aws
    from ops.tables import create_all

    requests.post(f"{moto}/moto-api/reset", timeout=5)
    aws.secret.cache_clear()
    cache.clear()
    create_all()


def _user(name, team):
    from accounts.models import User

    return User.objects.create_user(name, password=f"{name} has a horse", team_id=team)


def _signed_in(user):
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def ada(db):
    return _user("ada", "team-abc")


@pytest.fixture
def bob(db):
    return _user("bob", "team-xyz")


@pytest.fixture
def as_ada(ada):
    return _signed_in(ada)


@pytest.fixture
def as_bob(bob):
    return _signed_in(bob)
