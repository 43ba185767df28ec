"""A developer's machine and the tests: SQLite, a moto server, no TLS."""

import os

from django.core.management.utils import get_random_secret_key

from .base import *  # noqa: F403
from .base import BASE_DIR

ENVIRONMENT = "local"
SECRET_KEY = get_random_secret_key()
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("KEYRING_DATABASE", BASE_DIR / "db.sqlite3"),
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
SECURE_HSTS_SECONDS = 0

KEYS_TABLE = "keyring-local-keys"
TOKENS_TABLE = "keyring-local-tokens"
USAGE_TABLE = "keyring-local-usage"
EVENTS_TABLE = "keyring-local-events"
AUDIT_TABLE = "keyring-local-audit"
EXPORT_BUCKET = "keyring-local-exports"
KEYS_CMK = "alias/keyring-local-envelope"
PEPPER_SECRET = "keyring/local/pepper"
HOUSE_SECRETS = {"sendgrid": "keyring/local/house/sendgrid"}
TENANT_ROLE_ARN = "arn:aws:iam::123456789012:role/keyring-local-tenant"
VAULT_ROLE_ARN = "arn:aws:iam::123456789012:role/keyring-local-vault"
