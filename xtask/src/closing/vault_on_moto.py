"""pytest plugin: what `keytrail fix` makes the example need, on the moto server of its tests."""

import os
import secrets

import boto3
import pytest

for name in ("SECRET_KEY", "VENDOR_API_KEY"):
    os.environ.setdefault(name, "for-tests-" + secrets.token_hex(24))
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost")


@pytest.fixture(autouse=True)
def vault(request):
    if "tables" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("tables")
    endpoint = request.getfixturevalue("moto")
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    client = {"region_name": "us-east-1", "endpoint_url": endpoint}
    kms = boto3.client("kms", **client)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/key-vault", TargetKeyId=key)
    vault = boto3.client("secretsmanager", **client)
    vault.create_secret(Name="key-vault/pepper", SecretString=secrets.token_hex(32))
    import key_vault

    key_vault._client.cache_clear()
    key_vault._pepper.cache_clear()
    yield
