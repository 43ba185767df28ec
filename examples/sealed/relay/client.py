"""Calls a vendor with the team's key. The key is in memory for the length of the call, in a header."""

import requests
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from vendors import services

from . import audit, usage


@sensitive_variables()
def _send(team_id, service, method, path, payload=None):
    return requests.request(
        method,
        f"{settings.VENDORS[service]}/{path}",
        headers={"Authorization": f"Bearer {services.open_key(team_id, service)}"},
        json=payload,
        timeout=10,
        allow_redirects=False,
    )


def call(team_id, service, path, payload):
    response = _send(team_id, service, "POST", path, payload)
    usage.count_call(team_id, service)
    audit.record(team_id, "relay", service)
    return response


def ping(team_id, service):
    """Whether the vendor still takes the key."""
    return _send(team_id, service, "GET", "v1/ping").ok
