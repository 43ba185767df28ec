"""Seals the keys that must be replayed, and makes fingerprints of those that must only be recognised."""

import hashlib
import hmac
import json
import os

import boto3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from .aws import secret, vault_session

SEALED_ATTRIBUTES = "wrapped_key, nonce, sealed_key, arn"


def _context(owner_id, service):
    """Binds a sealed key to its place: elsewhere it does not open."""
    return {"table": settings.KEYS_TABLE, "owner_id": owner_id, "service": service}


def _associated(context):
    return json.dumps(context, sort_keys=True).encode()


@sensitive_variables()
def seal(owner_id, service, api_key):
    """Envelope encryption: the attributes that stand in the item instead of the key."""
    context = _context(owner_id, service)
    kms = vault_session(owner_id).client("kms")
    data_key = kms.generate_data_key(
        KeyId=settings.KEYS_CMK, KeySpec="AES_256", EncryptionContext=context
    )
    nonce = os.urandom(12)
    cipher = AESGCM(data_key["Plaintext"])
    return {
        "wrapped_key": data_key["CiphertextBlob"],
        "nonce": nonce,
        "sealed_key": cipher.encrypt(nonce, api_key.encode(), _associated(context)),
    }


@sensitive_variables()
def unseal(owner_id, service, record):
    """The key itself. The caller hands it to the vendor and to nobody else."""
    session = vault_session(owner_id)
    if "arn" in record:
        vault = session.client("secretsmanager")
        return vault.get_secret_value(SecretId=record["arn"])["SecretString"]
    context = _context(owner_id, service)
    data_key = session.client("kms").decrypt(
        KeyId=settings.KEYS_CMK,
        CiphertextBlob=record["wrapped_key"].value,
        EncryptionContext=context,
    )
    cipher = AESGCM(data_key["Plaintext"])
    return cipher.decrypt(
        record["nonce"].value, record["sealed_key"].value, _associated(context)
    ).decode()


@sensitive_variables()
def fingerprint(purpose, value):
    """HMAC-SHA-256 under the pepper. One way; the purpose keeps uses apart."""
    pepper = secret(settings.PEPPER_SECRET).encode()
    return hmac.new(pepper, f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()


def same(left, right):
    return hmac.compare_digest(left.encode(), right.encode())


def arn_of(name):
    """Where a house secret lives; its value is not read."""
    return boto3.client("secretsmanager").describe_secret(SecretId=name)["ARN"]
