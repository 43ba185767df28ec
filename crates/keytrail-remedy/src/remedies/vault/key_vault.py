"""Keys are sealed before they are stored; of those that are only recognised, a fingerprint is kept."""

import base64
import functools
import hashlib
import hmac
import os

import boto3


@functools.cache
def _client(service):
    return boto3.client(service, region_name=os.environ.get("AWS_REGION"))


@functools.cache
def _pepper():
    name = os.environ.get("KEY_VAULT_PEPPER", "key-vault/pepper")
    return _client("secretsmanager").get_secret_value(SecretId=name)["SecretString"].encode()


def seal(key):
    """The key under the key KEY_VAULT_KEY of KMS: what is stored in its place."""
    if not key:
        return ""
    alias = os.environ.get("KEY_VAULT_KEY", "alias/key-vault")
    sealed = _client("kms").encrypt(KeyId=alias, Plaintext=key.encode())["CiphertextBlob"]
    return "kms:" + base64.b64encode(sealed).decode()


def unseal(stored):
    """The key itself, for the call that needs it and for nobody else."""
    if not stored or not stored.startswith("kms:"):
        return stored
    sealed = base64.b64decode(stored.removeprefix("kms:"))
    return _client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"].decode()


def fingerprint(key):
    """What is stored in place of a key that is only recognised; the key can't be made from it."""
    return "hmac:" + hmac.new(_pepper(), (key or "").encode(), hashlib.sha256).hexdigest()
