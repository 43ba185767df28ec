"""What a team can do with its vendor keys. A key comes in here and leaves only towards its vendor."""

import logging

from django.views.decorators.debug import sensitive_variables

from core.vault import seal, unseal

from . import notify
from .store import KeyStore

logger = logging.getLogger(__name__)


def keys_for_service(team_id, service):
    return KeyStore(team_id).find(prefix=service)


def keys_for_team(team_id):
    return KeyStore(team_id).find()


@sensitive_variables("data")
def store_key(team_id, data):
    service = data["service"]
    KeyStore(team_id).add(
        service,
        seal(team_id, service, data["api_key"]),
        label=data["label"],
        region=data["region"],
        expires_in_days=data.get("expires_in_days"),
    )
    logger.info("team %s stored a key for %s", team_id, service)
    notify.key_stored(team_id, service)


def key_record(team_id, service):
    return KeyStore(team_id).get(service)


def open_key(team_id, service):
    """The key itself, for the relay."""
    return unseal(team_id, service, KeyStore(team_id).sealed(service))


def relabel(team_id, service, label):
    KeyStore(team_id).relabel(service, label)


@sensitive_variables("new_key")
def rotate(team_id, service, new_key):
    return KeyStore(team_id).replace(service, seal(team_id, service, new_key))


def remove(team_id, service):
    KeyStore(team_id).remove(service)


def search(team_id, field, value):
    if field == "service":
        return KeyStore(team_id).find(prefix=value)
    return KeyStore(team_id).search(value)


def move(from_team, to_team, service):
    """Sealed anew for the other team, which must not have one; then gone here."""
    resealed = seal(to_team, service, open_key(from_team, service))
    KeyStore(to_team).add(service, resealed)
    KeyStore(from_team).remove(service)
