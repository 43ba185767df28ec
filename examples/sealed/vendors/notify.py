"""Tells the team's channel about changes: that there was one, never the key."""

import requests
from django.conf import settings

from core.aws import secret


def key_stored(team_id, service):
    if not settings.SLACK_WEBHOOK_SECRET:
        return
    requests.post(
        secret(settings.SLACK_WEBHOOK_SECRET),
        json={"text": f"{team_id} stored a {service} key"},
        timeout=5,
        allow_redirects=False,
    )
