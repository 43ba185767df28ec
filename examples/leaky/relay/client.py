"""Calls a vendor with the team's key."""

import requests
import sentry_sdk
from django.conf import settings

from vendors import services

from . import audit, usage


class NoKey(Exception):
    """The team has no active key for the service."""


def call(team_id, service, path, payload):
    record = services.active_key(team_id, service)
    if record is None:
        raise NoKey(service)
    api_key = record["api_key"]
    sentry_sdk.set_extra("key_record", record)
    response = requests.post(
        f"{settings.VENDORS[service]}/{path}",
        headers={"Authorization": f"Bearer {api_key}"},
        json=payload,
        timeout=10,
    )
    usage.count_call(api_key, service)
    audit.record(team_id, "relay", record)
    return response


def ping(team_id, service):
    """Whether the vendor still takes the key."""
    record = services.active_key(team_id, service)
    if record is None:
        raise NoKey(service)
    url = f"{settings.VENDORS[service]}/v1/ping?api_key={record['api_key']}"
    return requests.get(url, timeout=10).ok
