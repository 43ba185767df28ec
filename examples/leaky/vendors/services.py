"""What a team can do with its vendor keys."""

import logging

from django.core.cache import cache

from . import notify
from .store import KeyStore
from .wrapping import wrap

logger = logging.getLogger(__name__)


def keys_for_service(service):
    """Who uses a vendor: shown on the integrations page."""
    return KeyStore().by_service(service)


def keys_for_team(team_id):
    return [item for item in KeyStore().everything() if item["owner_id"] == team_id]


def store_key(team_id, data):
    service = data["service"]
    api_key = data["api_key"]
    metadata = {
        "region": data.get("region", "us"),
        "webhook_secret": data.get("webhook_secret", ""),
    }
    item = KeyStore().add(team_id, service, api_key, metadata, data.get("label", ""))
    logger.info("team %s stored %s key %s", team_id, service, api_key)
    cache.set(f"key:{team_id}:{service}", api_key, timeout=3600)
    notify.key_stored(team_id, service, api_key)
    return item


def key_record(team_id, service):
    return KeyStore().get(team_id, service)


def active_key(team_id, service):
    return KeyStore().active(team_id, service)


def amend(team_id, service, changes):
    store = KeyStore()
    item = store.get(team_id, service) or {}
    item = {**item, **changes, "owner_id": team_id, "service": service}
    store.overwrite(item)
    return item


def rotate(team_id, service, new_key):
    """Puts a new key in place and keeps the old one until the vendor has dropped it."""
    store = KeyStore()
    old = store.get(team_id, service)
    return store.replace_secret(team_id, service, new_key, wrap(old["api_key"]))


def search(field, value):
    return KeyStore().search(field, value)
