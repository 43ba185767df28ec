"""Staging."""

import os

import dj_database_url

from core.monitoring import start_sentry

from .base import *  # noqa: F403

ENVIRONMENT = "staging"
SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {
    "default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60, ssl_require=True)
}

ALLOWED_HOSTS = ["api.staging.keyring.example"]
CSRF_TRUSTED_ORIGINS = ["https://api.staging.keyring.example"]
CORS_ALLOWED_ORIGINS = ["https://app.staging.keyring.example"]

KEYS_TABLE = "keyring-staging-keys"
TOKENS_TABLE = "keyring-staging-tokens"
USAGE_TABLE = "keyring-staging-usage"
EVENTS_TABLE = "keyring-staging-events"
AUDIT_TABLE = "keyring-staging-audit"
EXPORT_BUCKET = "keyring-staging-exports"
KEYS_CMK = "alias/keyring-staging-envelope"
PEPPER_SECRET = "keyring/staging/pepper"
HOUSE_SECRETS = {"sendgrid": "keyring/staging/house/sendgrid"}
SLACK_WEBHOOK_SECRET = "keyring/staging/slack"
TENANT_ROLE_ARN = os.environ["TENANT_ROLE_ARN"]
VAULT_ROLE_ARN = os.environ["VAULT_ROLE_ARN"]

start_sentry(os.environ.get("SENTRY_DSN"), ENVIRONMENT)
