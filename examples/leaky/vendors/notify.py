"""Tells the team's channel about changes."""

import requests
from django.conf import settings


def key_stored(team_id, service, api_key):
    if not settings.SLACK_WEBHOOK:
        return
    requests.post(
        settings.SLACK_WEBHOOK,
        json={"text": f"{team_id} stored a {service} key: {api_key}"},
        timeout=5,
    )
